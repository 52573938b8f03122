/* inflate_header.c - what a block begins with (RFC 1951 3.2.3 to 3.2.7), read as far as there is
 * input, and kept, so that a point inside the block can carry it. */
#include "formats/inflate_core.h"

#define REPEAT     16 /* the length before */
#define ZEROS      17
#define MORE_ZEROS 18

void dp__header_start(dp__inflate *self)
{
	if (self->place == DP__IN_SYMBOLS)
		self->block_before = self->block_taken;
	self->place = DP__AT_HEADER;
	self->step = DP__STEP_TYPE;
	self->last = false;
	self->block_taken = 0;
	memset(self->header, 0, (self->header_bits + 7) / 8);
	self->header_bits = 0;
}

/* Takes k bits, at most 16, which are there. */
static unsigned take(dp__inflate *self, dp__bits *bits, unsigned k)
{
	unsigned v = (unsigned)(bits->hold & ((1u << k) - 1)), at = self->header_bits / 8;
	uint32_t shifted = (uint32_t)v << self->header_bits % 8;
	dp__bits_drop(bits, k);
	self->header[at] |= (uint8_t)shifted;
	self->header[at + 1] |= (uint8_t)(shifted >> 8);
	self->header[at + 2] |= (uint8_t)(shifted >> 16);
	self->header_bits += k;
	return v;
}

static bool lacks(dp__bits *bits, unsigned k)
{
	if (bits->n < k)
		dp__bits_fill(bits);
	return bits->n < k;
}

static dp__stop bad(dp__inflate *self, const char *why)
{
	self->why = why;
	return DP__STOP_BAD_SYMBOL;
}

static void begin_symbols(dp__inflate *self)
{
	self->lit_bits = self->block_before > DP__LONG_BLOCK ? DP__LIT_WIDE : DP__LIT_NARROW;
	self->kernel->tables(self);
	self->place = DP__IN_SYMBOLS;
}

/* RFC 1951 3.2.6. All lengths are there, and make whole codes. */
static void begin_fixed(dp__inflate *self)
{
	uint8_t *lengths = self->lengths;
	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	memset(lengths + DP__LITLENS, 5, DP__DISTS);
	(void)dp__code_make(&self->lit_code, lengths, DP__LITLENS);
	(void)dp__code_make(&self->dist_code, lengths + DP__LITLENS, DP__DISTS);
	begin_symbols(self);
}

static dp__stop read_type(dp__inflate *self, dp__bits *bits)
{
	if (lacks(bits, 3))
		return DP__STOP_INPUT;
	unsigned head = take(self, bits, 3);
	self->last = head & 1;
	switch (head >> 1) {
	case 0:
		take(self, bits, bits->n % 8);
		self->step = DP__STEP_STORED;
		return DP__STOP_EDGE;
	case 1:
		begin_fixed(self);
		return DP__STOP_EDGE;
	case 2:
		self->step = DP__STEP_COUNTS;
		return DP__STOP_EDGE;
	default:
		return bad(self, "a block of type 3");
	}
}

static dp__stop read_stored(dp__inflate *self, dp__bits *bits)
{
	if (lacks(bits, 32))
		return DP__STOP_INPUT;
	unsigned len = take(self, bits, 16), check = take(self, bits, 16);
	if ((len ^ check) != 0xffff)
		return bad(self, "a stored block whose length and its complement differ");
	self->stored_left = len;
	self->place = DP__IN_STORED;
	return DP__STOP_EDGE;
}

static dp__stop read_counts(dp__inflate *self, dp__bits *bits)
{
	if (lacks(bits, 14))
		return DP__STOP_INPUT;
	self->nlit = take(self, bits, 5) + 257;
	self->ndist = take(self, bits, 5) + 1;
	self->ncode = take(self, bits, 4) + 4;
	if (self->nlit > DP__LITLENS_USED || self->ndist > DP__DISTS_USED)
		return bad(self, "a block with more symbols than there are");
	memset(self->length_bits, 0, sizeof self->length_bits);
	self->i = 0;
	self->step = DP__STEP_LENGTHS_CODE;
	return DP__STOP_EDGE;
}

/* A table of 7 bits. Without any code each bit is a 0: what all read, and refuse in the end. */
static bool make_length_table(dp__inflate *self)
{
	dp__code code;
	unsigned at = 0, value = 0;
	if (!dp__code_make(&code, self->length_bits, 19) ||
	    (code.longest == 1 && code.count[1] == 1))
		return false;
	memset(self->length_table, 1, sizeof self->length_table);
	for (unsigned len = 1; len <= code.longest; len++) {
		for (unsigned left = code.count[len]; left; left--) {
			unsigned symbol = code.symbol[at++];
			for (unsigned i = value; i < 128; i += 1u << len)
				self->length_table[i] = (uint8_t)(symbol << 3 | len);
			value = dp__code_next(value, len);
		}
	}
	return true;
}

static dp__stop read_lengths_code(dp__inflate *self, dp__bits *bits)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					   11, 4,  12, 3, 13, 2, 14, 1, 15 };
	for (; self->i < self->ncode; self->i++) {
		if (lacks(bits, 3))
			return DP__STOP_INPUT;
		self->length_bits[order[self->i]] = (uint8_t)take(self, bits, 3);
	}
	if (!make_length_table(self))
		return bad(self, "a block whose code lengths have no code");
	self->i = 0;
	self->step = DP__STEP_LENGTHS;
	return DP__STOP_EDGE;
}

/* One length, or a repetition of them. */
static dp__stop read_length(dp__inflate *self, dp__bits *bits)
{
	static const struct {
		uint8_t bits, least;
	} repeat[3] = { { 2, 3 }, { 3, 3 }, { 7, 11 } };
	if (bits->n < 14)
		dp__bits_fill(bits);
	unsigned entry = self->length_table[bits->hold & 127], len = entry & 7, symbol = entry >> 3;
	if (len > bits->n)
		return DP__STOP_INPUT;
	if (symbol < REPEAT) {
		take(self, bits, len);
		self->lengths[self->i++] = (uint8_t)symbol;
		return DP__STOP_EDGE;
	}
	unsigned extra = repeat[symbol - REPEAT].bits;
	if (len + extra > bits->n)
		return DP__STOP_INPUT;
	take(self, bits, len);
	if (symbol == REPEAT && self->i == 0)
		return bad(self, "a block that repeats a length before the first");
	unsigned count = repeat[symbol - REPEAT].least + take(self, bits, extra);
	uint8_t value = symbol == REPEAT ? self->lengths[self->i - 1] : 0;
	if (count > self->nlit + self->ndist - self->i)
		return bad(self, "a block that repeats a length behind the last");
	memset(self->lengths + self->i, value, count);
	self->i += count;
	return DP__STOP_EDGE;
}

static dp__stop read_lengths(dp__inflate *self, dp__bits *bits)
{
	while (self->i < self->nlit + self->ndist) {
		dp__stop stop = read_length(self, bits);
		if (stop != DP__STOP_EDGE)
			return stop;
	}
	if (self->lengths[DP__END] == 0)
		return bad(self, "a block without an end");
	if (!dp__code_make(&self->lit_code, self->lengths, self->nlit))
		return bad(self, "a block whose literals and lengths have no code");
	if (!dp__code_make(&self->dist_code, self->lengths + self->nlit, self->ndist))
		return bad(self, "a block whose distances have no code");
	begin_symbols(self);
	return DP__STOP_EDGE;
}

dp__stop dp__header_read(dp__inflate *self, dp__bits *bits)
{
	static dp__stop (*const read[])(dp__inflate *, dp__bits *) = {
		[DP__STEP_TYPE] = read_type,       [DP__STEP_STORED] = read_stored,
		[DP__STEP_COUNTS] = read_counts,   [DP__STEP_LENGTHS_CODE] = read_lengths_code,
		[DP__STEP_LENGTHS] = read_lengths,
	};
	dp__stop stop = DP__STOP_EDGE;
	while (stop == DP__STOP_EDGE && self->place == DP__AT_HEADER)
		stop = read[self->step](self, bits);
	return stop;
}
