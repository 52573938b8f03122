/*
 * inflate_copy.h - the copy of a match in the fast loop: in large steps, which may write up to
 * DP__OUT_SLACK behind its end.
 *
 * A step copies at most as many as the match reaches back, so it reads only what is there.
 */
#include "formats/inflate_core.h"

/* The literals of an entry, without its lowest byte. What is written beyond their number is
 * overwritten later. */
static inline void put_text(uint8_t *out, uint32_t lits)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(out, &lits, sizeof lits);
#else
	out[0] = (uint8_t)lits;
	out[1] = (uint8_t)(lits >> 8);
	out[2] = (uint8_t)(lits >> 16);
#endif
}

static inline void put_marks(uint16_t *out, uint32_t lits)
{
	out[0] = (uint8_t)lits;
	out[1] = (uint8_t)(lits >> 8);
	out[2] = (uint8_t)(lits >> 16);
}

/* Two steps of 16 are enough for most. */
static inline void copy_steps(uint8_t *out, size_t far, const uint8_t *end)
{
	const uint8_t *from = out - far;
	memcpy(out, from, 16);
	memcpy(out + 16, from + 16, 16);
	for (out += 32; DP__UNLIKELY(out < end); out += 32) {
		from += 32;
		memcpy(out, from, 16);
		memcpy(out + 16, from + 16, 16);
	}
}

static inline void copy_text(uint8_t *out, size_t far, size_t len)
{
	const uint8_t *from = out - far, *end = out + len;
	if (DP__LIKELY(far >= 16)) {
		copy_steps(out, far, end);
	} else if (far >= 8) {
		for (; out < end; out += 8, from += 8)
			memcpy(out, from, 8);
	} else if (far == 1) {
		memset(out, *from, len);
	} else {
		while (out < end)
			*out++ = *from++;
	}
}

static inline void copy_marks(uint16_t *out, size_t far, size_t len)
{
	const uint16_t *from = out - far, *end = out + len;
	if (DP__LIKELY(far >= 16)) {
		for (; out < end; out += 16, from += 16)
			memcpy(out, from, 32);
	} else {
		while (out < end)
			*out++ = *from++;
	}
}
