/*
 * fastq_quick.c - passes over reads of four plain lines, many bytes at a time: no "\r", a '+' line
 * without a title, nothing odd. Where a read is anything else, it stops before it.
 *
 * The build compiles this file once for each kind of processor, as inflate_kernel.c.
 */
#include "core/base/num.h"
#include "formats/cpu.h"
#include "formats/fastq.h"

#if defined(__AVX2__)
#include <immintrin.h>

#define STEP 32

/* A bit for each of STEP bytes that is not from 33 to 126. */
static inline unsigned odd_bytes(const uint8_t *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	/* Signed: 128 and more are below 33 too. */
	__m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8(33), v);
	__m256i del = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(127));
	return (unsigned)_mm256_movemask_epi8(_mm256_or_si256(low, del));
}

static inline unsigned newlines(const uint8_t *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	return (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n')));
}
#elif defined(__SSE2__)
#include <emmintrin.h>

#define STEP 16

static inline unsigned odd_bytes(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(33));
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(127));
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del));
}

static inline unsigned newlines(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
}
#else
#define STEP 8

static inline unsigned odd_bytes(const uint8_t *p)
{
	unsigned odd = 0;
	for (unsigned i = 0; i < STEP; i++)
		odd |= (p[i] < 33 || p[i] > 126 ? 1u : 0u) << i;
	return odd;
}

static inline unsigned newlines(const uint8_t *p)
{
	unsigned found = 0;
	for (unsigned i = 0; i < STEP; i++)
		found |= (p[i] == '\n' ? 1u : 0u) << i;
	return found;
}
#endif

/* The first byte that is not printable; end if there is none. */
static inline const uint8_t *pass_printable(const uint8_t *p, const uint8_t *end)
{
	for (; end - p >= STEP; p += STEP) {
		unsigned odd = odd_bytes(p);
		if (odd)
			return p + dp__low_bit(odd);
	}
	while (p < end && *p >= 33 && *p <= 126)
		p++;
	return p;
}

static inline const uint8_t *find_newline(const uint8_t *p, const uint8_t *end)
{
	for (; end - p >= STEP; p += STEP) {
		unsigned found = newlines(p);
		if (found)
			return p + dp__low_bit(found);
	}
	while (p < end && *p != '\n')
		p++;
	return p;
}

/* The first byte behind the read at p; NULL if it is none of these or not known to be whole. */
static inline const uint8_t *pass_read(const uint8_t *p, const uint8_t *end)
{
	if (*p != '@')
		return NULL;
	p = find_newline(p, end);
	if (p == end || p[-1] == '\r')
		return NULL;
	const uint8_t *seq = p + 1;
	p = pass_printable(seq, end);
	size_t len = (size_t)(p - seq);
	/* "\n+\n", the quality, "\n", and the byte behind, which begins another read. */
	if ((size_t)(end - p) < len + 5 || p[0] != '\n' || p[1] != '+' || p[2] != '\n')
		return NULL;
	const uint8_t *qual = p + 3;
	p = qual + len;
	if (p[1] == '\n' || p[1] == '\r' || pass_printable(qual, end) != p || *p != '\n')
		return NULL;
	return p + 1;
}

void DP__OF_KIND(dp__fastq_quick)(const dp_text *text, uint64_t max, uint64_t group,
				  dp_records *found)
{
	const uint8_t *at = text->data + found->used, *end = text->data + text->len;
	while (found->nrec < max) {
		for (uint64_t i = 0; i < group; i++) {
			at = at && at < end ? pass_read(at, end) : NULL;
		}
		if (!at)
			break;
		found->used = (size_t)(at - text->data);
		if (found->ends)
			found->ends[found->nrec] = (uint32_t)found->used;
		found->nrec++;
	}
}
