/* test_inflate_odd.c - deflate streams that no compressor writes: codes at their limits, and what
 * must be refused. What they mean is zlib's to say (trial.h). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/trial.h"

typedef struct bits {
	uint8_t data[200000];
	size_t n; /* bits */
} bits;

/* The lowest bit first. */
static void put(bits *b, unsigned v, unsigned n)
{
	for (; n; n--, v >>= 1, b->n++)
		b->data[b->n / 8] |= (uint8_t)((v & 1) << b->n % 8);
}

/* The highest bit first, as codes are written. */
static void put_code(bits *b, unsigned v, unsigned n)
{
	while (n)
		put(b, v >> --n & 1, 1);
}

/* The code of symbol s among these lengths (RFC 1951 3.2.2). */
static void put_symbol(bits *b, const uint8_t *lengths, size_t n, size_t s)
{
	unsigned count[16] = { 0 }, next = 0;
	for (size_t i = 0; i < n; i++)
		count[lengths[i]]++;
	count[0] = 0;
	for (unsigned len = 1; len <= lengths[s]; len++)
		next = (next + count[len - 1]) << 1;
	for (size_t i = 0; i < s; i++)
		next += lengths[i] == lengths[s];
	put_code(b, next, lengths[s]);
}

typedef struct codes {
	uint8_t lit[288], dist[32];
	unsigned nlit, ndist;
} codes;

/* A dynamic block's header, all lengths written out: each in 4 bits. */
static void put_header(bits *b, const codes *c, bool last)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					   11, 4,  12, 3, 13, 2, 14, 1, 15 };
	put(b, last, 1);
	put(b, 2, 2);
	put(b, c->nlit - 257, 5);
	put(b, c->ndist - 1, 5);
	put(b, 15, 4);
	for (size_t i = 0; i < 19; i++)
		put(b, order[i] < 16 ? 4 : 0, 3);
	for (unsigned i = 0; i < c->nlit; i++)
		put_code(b, c->lit[i], 4);
	for (unsigned i = 0; i < c->ndist; i++)
		put_code(b, c->dist[i], 4);
}

static void put_lit(bits *b, const codes *c, size_t s)
{
	put_symbol(b, c->lit, c->nlit, s);
}

static void put_dist(bits *b, const codes *c, size_t s)
{
	put_symbol(b, c->dist, c->ndist, s);
}

/* In pieces of all sizes, and by all kernels; also cut everywhere, if it is short. Frees it. */
static void same_as_zlib(bits *b)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 31, 64, 1000, (size_t)1 << 20 };
	size_t len = (b->n + 7) / 8;
	for (size_t i = 0; i < 16; i++) {
		trial t = { .in = b->data, .in_len = len, .max = (size_t)1 << 19 };
		t.piece = sizes[i % 8];
		t.room = sizes[(i * 3 + 7) % 8];
		t.kernel = i >= 8;
		t.stop = i;
		trial_run(&t);
	}
	for (size_t cut = 0; cut < len && len < 1000; cut++) {
		trial t = { .in = b->data, .in_len = cut, .max = (size_t)1 << 19 };
		t.piece = t.room = (size_t)1 << 20;
		t.kernel = cut & 1;
		trial_run(&t);
	}
	free(b);
}

static bits *begin(void)
{
	bits *b = calloc(1, sizeof *b);
	cr_assert(b);
	return b;
}

/* Literals a to h, all lengths and all distances, in codes of a few bits. */
static codes plain_codes(void)
{
	codes c = { .nlit = 286, .ndist = 30 };
	memset(&c.lit['a'], 4, 8);
	memset(c.lit + 256, 6, 30);
	c.lit[256] = 5;
	c.lit['z'] = 6;
	memset(c.dist, 5, 30);
	c.dist[0] = c.dist[29] = 4;
	return c;
}

Test(inflate_odd, empty_blocks_of_all_types)
{
	bits *b = begin();
	codes c = plain_codes();
	for (int i = 0; i < 3; i++) {
		put(b, 0, 3);
		b->n = (b->n + 7) / 8 * 8;
		put(b, 0xffff0000u, 32);
		put(b, 2, 3);
		put(b, 0, 7);
		put_header(b, &c, false);
		put_lit(b, &c, 256);
	}
	put(b, 3, 3);
	put(b, 0, 7);
	same_as_zlib(b);
}

static void all_matches(bits *b, const codes *c)
{
	put_header(b, c, true);
	for (int i = 0; i < 40000; i++)
		put_lit(b, c, (size_t)('a' + i % 7));
	for (unsigned len = 0; len < 29; len++) {
		for (unsigned dist = 0; dist < 30; dist++) {
			static const unsigned extra[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1,
							  1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
							  4, 4, 4, 4, 5, 5, 5, 5, 0 };
			put_lit(b, c, 257 + len);
			put(b, len * 7 + dist, extra[len]);
			put_dist(b, c, dist);
			put(b, dist * 1237 + len, dist < 2 ? 0 : dist / 2 - 1);
			if ((len + dist) % 5 == 0)
				put_lit(b, c, 'h');
		}
	}
	put_lit(b, c, 256);
}

Test(inflate_odd, all_lengths_and_distances)
{
	bits *b = begin();
	codes c = plain_codes();
	all_matches(b, &c);
	same_as_zlib(b);
}

/* A code of 1 bit, one of 2, ... two of 15: beyond the first tables. */
static void long_code(uint8_t *lengths, const unsigned *symbols, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		lengths[symbols[i]] = (uint8_t)(i < 14 ? i + 1 : 15);
}

Test(inflate_odd, codes_of_15_bits)
{
	static const unsigned lits[] = { 'a', 'b', 'c', 257, 258, 'd', 284, 285,
					 265, 269, 'e', 273, 277, 281, 'f', 256 };
	static const unsigned dists[] = { 0, 1, 2, 3, 4, 9, 13, 17, 21, 25, 27, 5, 6, 28, 29, 7 };
	bits *b = begin();
	codes c = { .nlit = 286, .ndist = 30 };
	long_code(c.lit, lits, 16);
	long_code(c.dist, dists, 16);
	put_header(b, &c, true);
	for (unsigned i = 0; i < 4000; i++) {
		static const unsigned extra[] = { 0, 1, 2, 3, 4, 5, 5 };
		size_t s = lits[i * 7 % 15];
		put_lit(b, &c, s);
		if (s < 256)
			continue;
		put(b, i, s < 265 || s == 285 ? 0 : extra[(s - 261) / 4]);
		size_t d = i < 3000 ? dists[i % 5] : dists[i % 16];
		put_dist(b, &c, d);
		put(b, 0, d < 2 ? 0 : (unsigned)d / 2 - 1);
	}
	put_lit(b, &c, 256);
	same_as_zlib(b);
}

/* The only distance has a code of `len` bits; 0: none has. Behind a literal comes this symbol of a
 * length, 0: none, and the bit of a distance. */
static void one_distance(uint8_t len, size_t match, unsigned bit)
{
	bits *b = begin();
	codes c = plain_codes();
	memset(c.dist, 0, sizeof c.dist);
	c.ndist = 1;
	c.dist[0] = len;
	put_header(b, &c, true);
	put_lit(b, &c, 'a');
	if (match)
		put_lit(b, &c, match);
	put(b, bit, len);
	put_lit(b, &c, 256);
	same_as_zlib(b);
}

Test(inflate_odd, one_distance_code)
{
	one_distance(1, 285, 0);
}

Test(inflate_odd, the_other_bit_of_one_distance_code)
{
	one_distance(1, 257, 1);
}

Test(inflate_odd, no_distance_code)
{
	one_distance(0, 0, 0);
	one_distance(0, 257, 0);
}

/* The only code is the end's, of one bit; and of two, which is no code. */
Test(inflate_odd, only_an_end)
{
	for (uint8_t len = 1; len < 3; len++) {
		for (unsigned bit = 0; bit < 2; bit++) {
			bits *b = begin();
			codes c = { .nlit = 257, .ndist = 1 };
			c.lit[256] = len;
			put_header(b, &c, true);
			put(b, bit, 1);
			put(b, 0x5555, 16);
			same_as_zlib(b);
		}
	}
}

Test(inflate_odd, codes_that_do_not_fit)
{
	static const int change[] = { 'i', 'a', 256, 300, 301 };
	for (size_t i = 0; i < 5; i++) {
		for (uint8_t len = 0; len < 16; len += 5) {
			bits *b = begin();
			codes c = plain_codes();
			if (change[i] < 288)
				c.lit[change[i]] = len;
			else
				c.dist[change[i] - 300 + 3] = len;
			put_header(b, &c, true);
			put_lit(b, &c, 'b');
			put(b, 0xffff, 16);
			same_as_zlib(b);
		}
	}
}

Test(inflate_odd, counts_of_all_sizes)
{
	for (unsigned nlit = 0; nlit < 32; nlit++) {
		for (unsigned ndist = 0; ndist < 32; ndist += 1 + nlit % 4) {
			bits *b = begin();
			put(b, 5, 3);
			put(b, nlit, 5);
			put(b, ndist, 5);
			put(b, 15, 4);
			for (int i = 0; i < 600; i++)
				put(b, 0x9d2c5680u >> i % 16, 16);
			same_as_zlib(b);
		}
	}
}

/* How lengths are repeated: at the first, behind the last, over the border of the two codes. */
Test(inflate_odd, repeated_lengths)
{
	static const struct {
		uint8_t symbol, extra;
	} first[] = { { 16, 0 }, { 17, 7 }, { 18, 127 }, { 1, 0 }, { 0, 0 }, { 15, 0 } };
	for (size_t i = 0; i < 6; i++) {
		for (unsigned last = 0; last < 128; last += 9) {
			bits *b = begin();
			put(b, 5, 3);
			put(b, 29, 5);
			put(b, 29, 5);
			put(b, 15, 4);
			for (size_t k = 0; k < 19; k++)
				put(b, k < 13 ? 4 : 5, 3); /* 13 / 16 + 6 / 32 */
			for (int k = 0; k < 6; k++) {
				put(b, first[i].symbol * 3u + (unsigned)k * 5, 4);
				put(b, last + (unsigned)k, 7);
			}
			for (int k = 0; k < 300; k++)
				put(b, 0x53a1u * (unsigned)(k + 1), 11);
			same_as_zlib(b);
		}
	}
}

/* All codes of code lengths that one or two symbols make, and none. */
Test(inflate_odd, codes_of_lengths)
{
	for (unsigned a = 0; a < 8; a++) {
		for (unsigned c = 0; c < 8; c++) {
			bits *b = begin();
			put(b, 5, 3);
			put(b, 0, 14);
			for (unsigned k = 0; k < 4; k++)
				put(b, k == 1 ? a : k == 3 ? c : 0, 3);
			for (int k = 0; k < 300; k++)
				put(b, 0, 1);
			same_as_zlib(b);
		}
	}
}

/* Symbols 286 and 287, distances 30 and 31 have codes in fixed blocks only. */
Test(inflate_odd, symbols_that_mean_nothing)
{
	for (unsigned s = 0; s < 4; s++) {
		bits *b = begin();
		put(b, 3, 3);
		for (int i = 0; i < 400; i++)
			put_code(b, 0x30 + 'a', 8);
		if (s < 2) {
			put_code(b, 0xc6 + s, 8); /* 280 to 287 are 11000000 to 11000111 */
		} else {
			put_code(b, 1, 7);
			put_code(b, 28 + s, 5);
		}
		for (int i = 0; i < 100; i++)
			put(b, 0, 7);
		same_as_zlib(b);
	}
}

/* One byte too far, and just not too far. */
Test(inflate_odd, distances_up_to_the_first_byte)
{
	for (unsigned more = 0; more < 3; more++) {
		for (unsigned text = 20; text < 1000; text += 487) {
			bits *b = begin();
			codes c = plain_codes();
			put_header(b, &c, true);
			for (unsigned i = 0; i < text; i++)
				put_lit(b, &c, 'a' + i % 8);
			put_lit(b, &c, 260);
			/* Symbols 8, 17: 17 and 3 bits, 385 and 7 bits. */
			unsigned dist = text + more - 1, s = text < 100 ? 8 : text < 600 ? 17 : 19;
			unsigned base = s == 8 ? 17 : s == 17 ? 385 : 769;
			put_dist(b, &c, s);
			put(b, dist - base, s / 2 - 1);
			for (int i = 0; i < 50; i++)
				put_lit(b, &c, 'c');
			put_lit(b, &c, 256);
			same_as_zlib(b);
		}
	}
}

Test(inflate_odd, longest_distance)
{
	bits *b = begin();
	codes c = plain_codes();
	put_header(b, &c, true);
	for (unsigned i = 0; i < 32768; i++)
		put_lit(b, &c, 'a' + i * i % 8);
	for (int i = 0; i < 300; i++) {
		put_lit(b, &c, 264);
		put_dist(b, &c, 29);
		put(b, 8191, 13);
	}
	put_lit(b, &c, 256);
	same_as_zlib(b);
}

Test(inflate_odd, runs_over_every_stop)
{
	bits *b = begin();
	codes c = plain_codes();
	put_header(b, &c, true);
	put_lit(b, &c, 'z');
	for (int i = 0; i < 600; i++) {
		put_lit(b, &c, 285);
		put_dist(b, &c, 0);
	}
	put_lit(b, &c, 256);
	same_as_zlib(b);
}

Test(inflate_odd, stored_blocks_of_all_alignments)
{
	for (unsigned bit = 0; bit < 8; bit++) {
		bits *b = begin();
		for (unsigned i = 0; i < 20; i++) {
			put(b, 2, 3);
			for (unsigned k = 0; k < (i + bit) % 8; k++)
				put_code(b, 0x190 + k, 9);
			put_code(b, 0, 7);
			put(b, 0, 3);
			b->n = (b->n + 7) / 8 * 8;
			put(b, i * 37, 16);
			put(b, ~(i * 37), 16);
			for (unsigned k = 0; k < i * 37; k++)
				put(b, k * 11, 8);
		}
		put(b, 3, 3);
		put(b, 0, 7);
		same_as_zlib(b);
	}
}

Test(inflate_odd, stored_block_with_a_wrong_complement)
{
	bits *b = begin();
	put(b, 1, 8);
	put(b, 0xfff00010u, 32);
	put(b, 0, 32);
	same_as_zlib(b);
}
