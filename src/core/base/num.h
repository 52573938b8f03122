/* num.h - sums and products of untrusted numbers, checked before they are used. */
#ifndef DP_BASE_NUM_H
#define DP_BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

/* *sum = a + b; false if it does not fit. */
static inline bool dp__add_u64(uint64_t a, uint64_t b, uint64_t *sum)
{
	*sum = a + b;
	return *sum >= a;
}

/* *product = a * b; false if it does not fit. */
static inline bool dp__mul_u64(uint64_t a, uint64_t b, uint64_t *product)
{
	*product = a * b;
	return a == 0 || *product / a == b;
}

static inline uint64_t dp__min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t dp__max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How many zeros are below the lowest set bit; v is not 0. */
static inline unsigned dp__low_bit(unsigned v)
{
#if defined(__GNUC__)
	return (unsigned)__builtin_ctz(v);
#else
	unsigned n = 0;
	for (; !(v & 1); v >>= 1)
		n++;
	return n;
#endif
}

#endif
