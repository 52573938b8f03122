/* bytes.c - integers of both byte orders, doubles and varints out of and into bytes. */
#include "core/base/bytes.h"

#include <string.h>

#define VARINT_MAX 10

static uint64_t cur_le(dp__cur *cur, size_t n)
{
	const uint8_t *p = dp__cur_bytes(cur, n);
	uint64_t v = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t cur_be(dp__cur *cur, size_t n)
{
	const uint8_t *p = dp__cur_bytes(cur, n);
	uint64_t v = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static dp_code put_le(dp__buf *buf, uint64_t v, size_t n, dp_error *err)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	return dp__buf_add(buf, bytes, n, err);
}

const uint8_t *dp__cur_bytes(dp__cur *cur, uint64_t n)
{
	const uint8_t *p = cur->p;

	if (cur->bad || n > dp__cur_left(cur)) {
		cur->bad = true;
		return NULL;
	}
	cur->p += n;
	return p;
}

uint8_t dp__cur_u8(dp__cur *cur)
{
	return (uint8_t)cur_le(cur, 1);
}

uint16_t dp__cur_le16(dp__cur *cur)
{
	return (uint16_t)cur_le(cur, 2);
}

uint32_t dp__cur_le32(dp__cur *cur)
{
	return (uint32_t)cur_le(cur, 4);
}

uint64_t dp__cur_le64(dp__cur *cur)
{
	return cur_le(cur, 8);
}

uint32_t dp__cur_be32(dp__cur *cur)
{
	return (uint32_t)cur_be(cur, 4);
}

uint64_t dp__cur_be64(dp__cur *cur)
{
	return cur_be(cur, 8);
}

double dp__cur_f64(dp__cur *cur)
{
	uint64_t bits = cur_le(cur, 8);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

uint64_t dp__cur_varint(dp__cur *cur)
{
	uint64_t v = 0;

	for (size_t i = 0; i < VARINT_MAX; i++) {
		uint8_t byte = dp__cur_u8(cur);

		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		/*
		 * The tenth byte holds bit 63 alone; a last byte of zero could have been left out.
		 */
		if ((i == VARINT_MAX - 1 && byte > 1) || (i > 0 && byte == 0))
			break;
		return v;
	}
	cur->bad = true;
	return 0;
}

dp_code dp__put_u8(dp__buf *buf, uint8_t v, dp_error *err)
{
	return dp__buf_add(buf, &v, 1, err);
}

dp_code dp__put_le32(dp__buf *buf, uint32_t v, dp_error *err)
{
	return put_le(buf, v, 4, err);
}

dp_code dp__put_le64(dp__buf *buf, uint64_t v, dp_error *err)
{
	return put_le(buf, v, 8, err);
}

dp_code dp__put_be32(dp__buf *buf, uint32_t v, dp_error *err)
{
	const uint8_t bytes[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
				   (uint8_t)v };

	return dp__buf_add(buf, bytes, sizeof bytes, err);
}

dp_code dp__put_be64(dp__buf *buf, uint64_t v, dp_error *err)
{
	dp_code rc = dp__put_be32(buf, (uint32_t)(v >> 32), err);

	return rc == DP_OK ? dp__put_be32(buf, (uint32_t)v, err) : rc;
}

dp_code dp__put_f64(dp__buf *buf, double v, dp_error *err)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return put_le(buf, bits, 8, err);
}

dp_code dp__put_varint(dp__buf *buf, uint64_t v, dp_error *err)
{
	uint8_t bytes[VARINT_MAX];
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	return dp__buf_add(buf, bytes, n, err);
}
