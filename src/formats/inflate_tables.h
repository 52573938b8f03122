/*
 * inflate_tables.h - the look-up tables of the fast loop, made from a block's codes.
 *
 * What such a loop waits for is one look-up after the other, and branches that go this way and
 * that. So an entry is all that its bits tell, and what the loop does is the same for nearly all:
 * puts up to two literals, copies a match if there is one, and looks up the next. From the lowest
 * bit on:
 *
 *   5 bits it takes; E_ELSE; 2 how many literals; 8 literal; 8 X; 8 length or 0
 *
 * X is the second literal, if below 128, or the symbol of the match's distance, whose extra bits
 * are among those that are taken. With E_PART in it, X is a length: the distance is not in the
 * entry, the next look-up is in the table of distances, whose entries are the same, with the bits
 * of the code in place of a literal. ELSE is for what is rare:
 *
 *   5 bits it takes; E_ELSE; 2 zeros; 5 k; E_EXTRA, E_TABLE, E_END; 16 base
 *            EXTRA: base and k more bits are a length, the distance is to be looked up
 *            TABLE: k more bits choose in the table at base
 *            none of them: there is no such code
 */
#include "formats/inflate_core.h"

#define E_BITS  31u
#define E_ELSE  0x20u
#define E_COUNT 6   /* shift */
#define E_LIT   8   /* shift */
#define E_X     16  /* shift */
#define NOTHING 31u /* an X */
#define E_LEN   24  /* shift */
#define E_PART  0x800000u
#define E_K     8 /* shift */
#define E_EXTRA 0x2000u
#define E_TABLE 0x4000u
#define E_END   0x8000u
#define E_BASE  16 /* shift */
/* The longest length that X can tell. */
#define LEN_TOLD 127
#define ASCII    128

typedef uint32_t make_entry(unsigned symbol, unsigned bits);

static uint32_t length_entry(unsigned len, unsigned bits)
{
	return len << E_X | E_PART | bits;
}

static uint32_t lit_entry(unsigned symbol, unsigned bits)
{
	if (symbol < DP__END)
		return symbol << E_LIT | 1u << E_COUNT | NOTHING << E_X | bits;
	if (symbol == DP__END)
		return E_END | E_ELSE | bits;
	if (symbol >= DP__LITLENS_USED)
		return E_ELSE | bits;
	dp__range len = dp__len_range[symbol - DP__END - 1];
	if (len.extra == 0 && len.base <= LEN_TOLD)
		return length_entry(len.base, bits);
	return (uint32_t)len.base << E_BASE | E_EXTRA | E_ELSE | (uint32_t)len.extra << E_K | bits;
}

static uint32_t dist_entry(unsigned symbol, unsigned bits)
{
	if (symbol >= DP__DISTS_USED)
		return E_ELSE;
	return symbol << E_X | bits << E_LIT | (bits + dp__xs[symbol].extra);
}

/* Bits that tell apart the codes of more than `width` bits that begin like this one, which is of
 * `bits` bits, with `left` more of that length. */
static unsigned second_bits(const dp__code *code, unsigned width, unsigned bits, unsigned left)
{
	unsigned k = bits - width, room = 1u << k;
	while (left < room && bits < code->longest) {
		room = (room - left) * 2;
		left = code->count[++bits];
		k++;
	}
	return k;
}

typedef struct table {
	uint32_t *entry;
	unsigned place; /* of the first entry among all tables */
	unsigned width; /* of its first part, in bits */
	const dp__code *code;
	make_entry *make;
} table;

/* Puts the codes of more than `width` bits into tables behind the first: the one that is symbol
 * number at, and those behind it. */
static DP__INLINE void fill_second(const table *t, unsigned at, unsigned value)
{
	unsigned begin = 0, k = 0, end = 1u << t->width, prefix = end;
	for (unsigned bits = t->width + 1; bits <= t->code->longest; bits++) {
		for (unsigned left = t->code->count[bits]; left; left--) {
			unsigned low = value & ((1u << t->width) - 1);
			if (low != prefix) {
				prefix = low;
				k = second_bits(t->code, t->width, bits, left);
				begin = end;
				end += 1u << k;
				t->entry[prefix] = (t->place + begin) << E_BASE | E_TABLE | E_ELSE |
						   k << E_K | t->width;
			}
			uint32_t made = t->make(t->code->symbol[at++], bits - t->width);
			unsigned step = 1u << (bits - t->width);
			for (unsigned i = value >> t->width; i < 1u << k; i += step)
				t->entry[begin + i] = made;
			value = dp__code_next(value, bits);
		}
	}
}

/* Each code of up to `width` bits is in all places that end in it. The table doubles with each
 * bit. */
static DP__INLINE void fill_table(const table *t)
{
	unsigned at = 0, value = 0;
	t->entry[0] = E_ELSE;
	for (unsigned bits = 1; bits <= t->width; bits++) {
		size_t half = (size_t)1 << (bits - 1);
		memcpy(t->entry + half, t->entry, half * sizeof *t->entry);
		for (unsigned left = t->code->count[bits]; left; left--) {
			t->entry[value] = t->make(t->code->symbol[at++], bits);
			value = dp__code_next(value, bits);
		}
	}
	if (t->code->longest > t->width)
		fill_second(t, at, value);
}

/* Lengths whose extra bits are within the table's get entries for each value of these. */
static void resolve_lengths(const dp__inflate *self, uint32_t *lit)
{
	const dp__code *code = &self->lit_code;
	unsigned at = 0, value = 0, width = self->lit_bits;
	for (unsigned bits = 1; bits < width; bits++) {
		for (unsigned left = code->count[bits]; left; left--) {
			unsigned symbol = code->symbol[at++];
			dp__range len = { 0 };
			if (symbol > DP__END && symbol < DP__LITLENS_USED)
				len = dp__len_range[symbol - DP__END - 1];
			uint32_t low = (1u << len.extra) - 1;
			if (len.extra && len.base + low <= LEN_TOLD && bits + len.extra <= width) {
				uint32_t made = length_entry(len.base, bits + len.extra);
				for (unsigned i = value; i < 1u << width; i += 1u << bits)
					lit[i] = made + ((i >> bits & low) << E_X);
			}
			value = dp__code_next(value, bits);
		}
	}
}

/* What entries are as the second part of one: that literals without ASCII cannot be. */
static void copy_second(uint32_t *second, const uint32_t *lit, unsigned width)
{
	for (unsigned i = 0; i < 1u << width; i++) {
		uint32_t e = lit[i], text = e >> E_LIT & 255;
		uint32_t moved = text < ASCII ? text << E_X | (e & 255) : E_ELSE;
		second[i] = e & (E_ELSE | E_PART) ? e : moved;
	}
}

/* Joins each literal with the literal or length behind it, where that is within the table's bits.
 */
static void join_literals(const dp__inflate *self, uint32_t *lit)
{
	uint32_t second[1u << DP__LIT_WIDE];
	const dp__code *code = &self->lit_code;
	unsigned at = 0, value = 0, width = self->lit_bits;
	copy_second(second, lit, width);
	for (unsigned bits = 1; bits < width; bits++) {
		for (unsigned left = code->count[bits]; left; left--) {
			uint32_t e = lit[value];
			unsigned n = code->symbol[at++] < DP__END ? 1u << (width - bits) : 0;
			for (unsigned j = 0; j < n; j++) {
				uint32_t f = second[j];
				bool fits = !(f & E_ELSE) && bits + (f & E_BITS) <= width;
				lit[value | j << bits] = fits ? (e & 0xffff) + f : e;
			}
			value = dp__code_next(value, bits);
		}
	}
}

/* Adds the distances whose codes are within the table's bits to the lengths before them. */
static void join_distances(uint32_t *restrict lit, const uint32_t *restrict dist, unsigned width)
{
	for (unsigned i = 0; i < 1u << width; i++) {
		uint32_t e = lit[i], bits = e & E_BITS;
		uint32_t d = dist[i >> bits & ((1u << DP__DIST_BITS) - 1)];
		bool fits = (e & (E_PART | E_ELSE)) == E_PART && !(d & E_ELSE) &&
			    bits + (d >> E_LIT & 15) <= width;
		uint32_t len = e >> E_X & LEN_TOLD;
		lit[i] = fits ? len << E_LEN | ((e & 0xffff) + (d & ~0xff00u)) : e;
	}
}

static void make_tables(dp__inflate *self)
{
	table lit = { self->lit, 0, self->lit_bits, &self->lit_code, lit_entry };
	table dist = { self->lit + DP__LIT_ROOM, DP__LIT_ROOM, DP__DIST_BITS, &self->dist_code,
		       dist_entry };
	fill_table(&dist);
	fill_table(&lit);
	resolve_lengths(self, self->lit);
	join_literals(self, self->lit);
	join_distances(self->lit, self->lit + DP__LIT_ROOM, self->lit_bits);
}
