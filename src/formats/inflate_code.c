/* inflate_code.c - canonical Huffman codes (RFC 1951 3.2.2), and symbols read bit by bit: slow, but
 * never a bit more than there is. */
#include "formats/inflate_core.h"

const dp__range dp__len_range[DP__LITLENS_USED - DP__END - 1] = {
	{ 3, 0 },   { 4, 0 },   { 5, 0 },   { 6, 0 },   { 7, 0 },   { 8, 0 },
	{ 9, 0 },   { 10, 0 },  { 11, 1 },  { 13, 1 },  { 15, 1 },  { 17, 1 },
	{ 19, 2 },  { 23, 2 },  { 27, 2 },  { 31, 2 },  { 35, 3 },  { 43, 3 },
	{ 51, 3 },  { 59, 3 },  { 67, 4 },  { 83, 4 },  { 99, 4 },  { 115, 4 },
	{ 131, 5 }, { 163, 5 }, { 195, 5 }, { 227, 5 }, { 258, 0 },
};

#define NONE                                                                                       \
	{                                                                                          \
		DP__NOWHERE, 0, 0                                                                  \
	}
#define NONE7  NONE, NONE, NONE, NONE, NONE, NONE, NONE
#define NONE49 NONE7, NONE7, NONE7, NONE7, NONE7, NONE7, NONE7
#define BEGUN(len)                                                                                 \
	{                                                                                          \
		DP__NOWHERE, 0, len                                                                \
	}
#define BEGUN4(len)  BEGUN(len), BEGUN((len) + 1), BEGUN((len) + 2), BEGUN((len) + 3)
#define BEGUN16(len) BEGUN4(len), BEGUN4((len) + 4), BEGUN4((len) + 8), BEGUN4((len) + 12)
#define BEGUN64(len) BEGUN16(len), BEGUN16((len) + 16), BEGUN16((len) + 32), BEGUN16((len) + 48)

const dp__x dp__xs[256] = {
	{ 1, 0, 0 },     { 2, 0, 0 },     { 3, 0, 0 },      { 4, 0, 0 },      { 5, 1, 0 },
	{ 7, 1, 0 },     { 9, 2, 0 },     { 13, 2, 0 },     { 17, 3, 0 },     { 25, 3, 0 },
	{ 33, 4, 0 },    { 49, 4, 0 },    { 65, 5, 0 },     { 97, 5, 0 },     { 129, 6, 0 },
	{ 193, 6, 0 },   { 257, 7, 0 },   { 385, 7, 0 },    { 513, 8, 0 },    { 769, 8, 0 },
	{ 1025, 9, 0 },  { 1537, 9, 0 },  { 2049, 10, 0 },  { 3073, 10, 0 },  { 4097, 11, 0 },
	{ 6145, 11, 0 }, { 8193, 12, 0 }, { 12289, 12, 0 }, { 16385, 13, 0 }, { 24577, 13, 0 },
	NONE49,          NONE49,          BEGUN64(0),       BEGUN64(64),
};

bool dp__code_make(dp__code *code, const uint8_t *lengths, unsigned n)
{
	unsigned at[DP__CODE_MAX + 2], left = 1;
	memset(code->count, 0, sizeof code->count);
	for (unsigned i = 0; i < n; i++)
		code->count[lengths[i]]++;
	code->count[0] = 0;
	code->longest = 0;
	at[1] = 0;
	for (unsigned len = 1; len <= DP__CODE_MAX; len++) {
		left *= 2;
		if (code->count[len] > left)
			return false;
		left -= code->count[len];
		at[len + 1] = at[len] + code->count[len];
		if (code->count[len])
			code->longest = len;
	}
	for (unsigned i = 0; i < n; i++) {
		if (lengths[i])
			code->symbol[at[lengths[i]]++] = (uint16_t)i;
	}
	/* zlib's rule, which all follow: a code that leaves bits unused has one code of one bit, or
	 * none. */
	return left == 0 || code->longest <= 1;
}

typedef struct found {
	unsigned symbol, bits;
} found;

/* The symbol whose code comes behind `from` bits. */
static dp__stop read_code(const dp__code *code, const dp__bits *bits, unsigned from, found *out)
{
	unsigned value = 0, first = 0, before = 0;
	unsigned longest = code->longest ? code->longest : 1;
	for (unsigned len = 1; len <= longest; len++) {
		if (from + len > bits->n)
			return DP__STOP_INPUT;
		value = value << 1 | (unsigned)(bits->hold >> (from + len - 1) & 1);
		if (value - first < code->count[len]) {
			*out = (found){ code->symbol[before + value - first], len };
			return DP__STOP_EDGE;
		}
		before += code->count[len];
		first = (first + code->count[len]) << 1;
	}
	return DP__STOP_BAD_SYMBOL;
}

/* Adds the extra bits of a length or distance. */
static bool add_extra(const dp__bits *bits, dp__range range, dp__token *token, unsigned *value)
{
	if (token->bits + range.extra > bits->n)
		return false;
	*value = range.base +
		 (unsigned)(bits->hold >> token->bits & (((uint64_t)1 << range.extra) - 1));
	token->bits += range.extra;
	return true;
}

dp__stop dp__token_peek(const dp__inflate *self, const dp__bits *bits, dp__token *token)
{
	found got;
	dp__stop stop = read_code(&self->lit_code, bits, 0, &got);
	if (stop != DP__STOP_EDGE)
		return stop;
	*token = (dp__token){ .bits = got.bits, .symbol = got.symbol };
	if (got.symbol <= DP__END)
		return DP__STOP_EDGE;
	if (got.symbol >= DP__LITLENS_USED)
		return DP__STOP_BAD_SYMBOL;
	if (!add_extra(bits, dp__len_range[got.symbol - DP__END - 1], token, &token->len))
		return DP__STOP_INPUT;
	stop = read_code(&self->dist_code, bits, token->bits, &got);
	if (stop == DP__STOP_INPUT)
		return stop;
	if (stop == DP__STOP_BAD_SYMBOL || got.symbol >= DP__DISTS_USED)
		return DP__STOP_BAD_DISTANCE;
	token->bits += got.bits;
	dp__range range = { dp__xs[got.symbol].base, dp__xs[got.symbol].extra };
	return add_extra(bits, range, token, &token->dist) ? DP__STOP_EDGE : DP__STOP_INPUT;
}
