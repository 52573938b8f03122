/*
 * inflate_core.h - the decoder behind inflate.h, as its own files see it.
 *
 * inflate.c feeds pieces; inflate_walk.h goes from block to block; inflate_header.c reads what a
 * block begins with, inflate_code.c makes its codes and reads a symbol at a time, near the ends of
 * the pieces. All else is read by the loop of inflate_loop.h from the tables of inflate_tables.h:
 * these two are compiled once for each kind of processor (inflate_kernel.c), and
 * inflate_variant.c chooses.
 */
#ifndef DP_FORMATS_INFLATE_CORE_H
#define DP_FORMATS_INFLATE_CORE_H

#include <string.h>

#include "formats/inflate.h"

#if defined(__GNUC__)
#define DP__LIKELY(x)   __builtin_expect(!!(x), 1)
#define DP__UNLIKELY(x) __builtin_expect(!!(x), 0)
/* What x is, is not to be reasoned about: no branch shall be made of it. */
#define DP__OPAQUE(x) __asm__("" : "+r"(x))
#define DP__INLINE    inline __attribute__((always_inline))
#else
#define DP__LIKELY(x)   (x)
#define DP__UNLIKELY(x) (x)
#define DP__OPAQUE(x)   ((void)0)
#define DP__INLINE      inline
#endif

/* RFC 1951 3.2.5 to 3.2.7. */
#define DP__CODE_MAX     15 /* bits of the longest code */
#define DP__LITLENS      288
#define DP__DISTS        32
#define DP__END          256 /* the symbol that a block ends with */
#define DP__LITLENS_USED 286 /* symbols from here on have codes at most, and mean nothing */
#define DP__DISTS_USED   30
#define DP__MATCH_MIN    3
#define DP__MATCH_MAX    258

/*
 * The tables of the fast loop. The first look-up takes so many bits; blocks that are short get the
 * smaller table, which is sooner made. A code that is longer leads to a second table of 2^k
 * entries, which holds k + 1 codes at least: the rooms below suffice for any code.
 */
#define DP__LIT_WIDE   12
#define DP__LIT_NARROW 11
#define DP__DIST_BITS  8
#define DP__LIT_ROOM   (4096 + 576)
#define DP__DIST_ROOM  (256 + 512)
#define DP__LONG_BLOCK ((uint64_t)20000) /* stored bytes */

/* So far may the fast loop write behind the place where it stops, and read beyond a byte of input
 * that it uses. */
#define DP__OUT_SLACK DP__MARKS_MORE
#define DP__IN_SLACK  32

/* Text that is kept, of which matches reach DP__WINDOW, and room to decode behind it. */
#define DP__KEPT (DP__WINDOW + DP__MATCH_MAX)
#define DP__HELD (4 * DP__KEPT)

/* A canonical Huffman code. */
typedef struct dp__code {
	uint16_t count[DP__CODE_MAX + 1]; /* of codes, by length; [0] is not used */
	uint16_t symbol[DP__LITLENS];     /* in the order of their codes */
	unsigned longest;
} dp__code;

/* Input: n bits that are taken from it and not decoded yet, the first one lowest, then bytes. */
typedef struct dp__bits {
	uint64_t hold;
	unsigned n;                      /* the bits of hold above these are 0 */
	const uint8_t *begin, *in, *end; /* of a piece; its next byte */
} dp__bits;

/* Where text goes: matches reach back to base, text so far ends at out, and may go up to end; soft:
 * or end up to DP__OUT_SLACK before. */
typedef struct dp__sink8 {
	uint8_t *base, *out, *end;
	bool soft;
} dp__sink8;

/* The same of 16 bits each: a byte, or 256 + j for what byte j of an unknown window is. */
typedef struct dp__sink16 {
	uint16_t *base, *out, *end;
	bool soft;
} dp__sink16;

typedef enum dp__stop {
	DP__STOP_EDGE, /* of the fast loop: too near to an end of input or room */
	DP__STOP_INPUT,
	DP__STOP_ROOM,
	DP__STOP_BLOCK, /* its last symbol was taken */
	DP__STOP_BAD_SYMBOL,
	DP__STOP_BAD_DISTANCE,
	DP__STOP_TOO_FAR
} dp__stop;

/* What is compiled for one kind of processor. */
typedef struct dp__kernel {
	/* Fills the tables from the codes. */
	void (*tables)(dp__inflate *self);
	/* Decodes symbols as long as neither end is near. */
	dp__stop (*text)(const dp__inflate *self, dp__bits *bits, dp__sink8 *sink);
	dp__stop (*marks)(const dp__inflate *self, dp__bits *bits, dp__sink16 *sink);
} dp__kernel;

typedef enum dp__place {
	DP__AT_HEADER, /* at a block's header or inside it */
	DP__IN_STORED,
	DP__IN_SYMBOLS,
	DP__AT_END,
	DP__BROKEN
} dp__place;

/* A block header being read. */
typedef enum dp__step {
	DP__STEP_TYPE,
	DP__STEP_STORED,
	DP__STEP_COUNTS,
	DP__STEP_LENGTHS_CODE, /* the code that code lengths are written in */
	DP__STEP_LENGTHS
} dp__step;

struct dp__inflate {
	const dp__kernel *kernel;
	dp__place place;
	const char *why; /* it is broken */
	/* Input between two runs: bits that were taken and not decoded, as in dp__bits. */
	uint64_t hold;
	unsigned n;
	unsigned skip; /* so many low bits of the first byte are not ours */
	/* The block in hand. */
	bool last;
	dp__step step;
	unsigned nlit, ndist, ncode, i; /* how many lengths of which code, and how many are read */
	uint8_t lengths[DP__LITLENS + DP__DISTS + 138];
	uint8_t length_bits[19];
	uint8_t length_table[128]; /* 7 bits of input: symbol << 3 | bits */
	uint8_t header[DP__BLOCK_HEADER];
	unsigned header_bits; /* of header, so far */
	uint32_t stored_left;
	uint64_t block_taken,
		block_before; /* stored bytes: of this block, of the last one with symbols */
	dp__code lit_code, dist_code;
	unsigned lit_bits; /* of the first look-up in lit */
	uint32_t lit[DP__LIT_ROOM +
		     DP__DIST_ROOM]; /* as inflate_tables.h says; distances are the last part */
	/* A match that was begun where the room ended. */
	unsigned match_left, match_done, match_dist, match_bits;
	/* The last text: `reach` bytes before text[at]. */
	size_t at, reach;
	uint8_t text[DP__HELD + DP__OUT_SLACK];
};

/* ---- bits ---- */

static inline uint64_t dp__le64(const uint8_t *p)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
#else
	uint64_t v = 0;
	for (unsigned i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
#endif
}

/* At least 56 bits, or all that there are. */
static inline void dp__bits_fill(dp__bits *bits)
{
	while (bits->n < 56 && bits->in < bits->end) {
		bits->hold |= (uint64_t)*bits->in++ << bits->n;
		bits->n += 8;
	}
}

static inline void dp__bits_drop(dp__bits *bits, unsigned n)
{
	bits->hold >>= n;
	bits->n -= n;
}

/* ---- inflate_code.c ---- */

/*
 * Makes the code of these lengths. False if they are no code: more than there are bits for, or
 * fewer; but a single code of one bit is one, and none at all too.
 */
bool dp__code_make(dp__code *code, const uint8_t *lengths, unsigned n);
/* The code that follows this one of so many bits, the first bit lowest. */
static inline unsigned dp__code_next(unsigned code, unsigned bits)
{
	unsigned bit = 1u << (bits - 1);
	while (code & bit) {
		code ^= bit;
		bit >>= 1;
	}
	return code | bit;
}

/* The next thing in a block. */
typedef struct dp__token {
	unsigned bits;   /* it takes */
	unsigned symbol; /* a literal, DP__END, or more: a match */
	unsigned len, dist;
} dp__token;

/* Looks at it without taking it. DP__STOP_EDGE: well; DP__STOP_INPUT: more bits are needed. */
dp__stop dp__token_peek(const dp__inflate *self, const dp__bits *bits, dp__token *token);

/* A symbol's least length or distance, and how many bits are added. */
typedef struct dp__range {
	uint16_t base, extra;
} dp__range;
extern const dp__range dp__len_range[DP__LITLENS_USED - DP__END - 1];

/* What the loop makes of an entry's X (inflate_tables.h): rows 0 to 29 are distances; from 128 on,
 * lengths whose distance comes next; the others nothing. */
typedef struct dp__x {
	uint16_t base, extra;
	uint32_t begun;
} dp__x;
extern const dp__x dp__xs[256];
/* Where entries without a match copy from: bytes back that are not being written just now. */
#define DP__NOWHERE 1024

/* ---- inflate_header.c ---- */

/* Begins a block. */
void dp__header_start(dp__inflate *self);
/* Goes on reading; DP__STOP_EDGE: it is whole. DP__STOP_BAD_SYMBOL: it is none, and self->why is
 * set. */
dp__stop dp__header_read(dp__inflate *self, dp__bits *bits);

/* ---- inflate.c ---- */

/* Begins at a point, without a window. */
dp_code dp__inflate_seek(dp__inflate *self, const dp__point *point, dp_error *err);
/* Input from where the last run ended; what the runs have in common at their begin and end. */
dp__bits dp__inflate_input(dp__inflate *self, const uint8_t *in, size_t len);
dp_code dp__inflate_stopped(dp__inflate *self, dp__bits *bits, dp__stop stop, dp__inflate_io *io,
			    dp_error *err);

/* ---- inflate_variant.c ---- */

extern const dp__kernel dp__kernel_base;
#ifdef __x86_64__
extern const dp__kernel dp__kernel_v3;
#endif
/* Those that this processor can run, the best first, NULL behind them. */
void dp__kernels(const dp__kernel *out[3]);

#endif
