/*
 * inflate.h - raw deflate (RFC 1951) in pieces of any size, from a stream's start or from a point
 * inside it.
 *
 * The seam of the decoder: gzip.c knows members, text.c units, and only the files behind this
 * header (inflate_core.h lists them) know how symbols are decoded. A point may lie between blocks
 * or between two symbols of a block; then it carries the block's header.
 */
#ifndef DP_FORMATS_INFLATE_H
#define DP_FORMATS_INFLATE_H

#include "dataplug/base.h"

#define DP__WINDOW 32768
/* The longest block header: 17 + 19 * 3 + 320 * 14 bits (RFC 1951 3.2.7), rounded up. */
#define DP__BLOCK_HEADER 640

typedef struct dp__inflate dp__inflate;

/* Where decoding can begin. */
typedef struct dp__point {
	unsigned bit; /* of the first stored byte, 0 to 7: where the next symbol or block header
			 begins */
	unsigned header_bits; /* of the block that the point lies in; 0 = between blocks */
	uint8_t header[DP__BLOCK_HEADER]; /* those bits, from bit 0 of byte 0 on; a stored block's
					     says what is left of it */
} dp__point;

typedef enum dp__inflate_end {
	DP__INFLATE_INPUT,  /* all input is used */
	DP__INFLATE_OUTPUT, /* out is full */
	DP__INFLATE_BORDER, /* between two blocks (only when asked for) */
	DP__INFLATE_END /* the stream's last block is over; used ends with the byte that it ends in
			 */
} dp__inflate_end;

typedef struct dp__inflate_io {
	const uint8_t *in;
	size_t in_len, used; /* used: bytes of in that were taken */
	uint8_t *out;
	size_t cap, got;
	bool border; /* stop between blocks */
	dp__inflate_end end;
} dp__inflate_io;

dp_code dp__inflate_open(dp__inflate **out, dp_error *err);
void dp__inflate_free(dp__inflate *inflate);
/* Begins at the start of a stream. */
dp_code dp__inflate_start(dp__inflate *inflate, dp_error *err);
/* Begins at a point, with the window's bytes (len at most DP__WINDOW, the last is the nearest).
 * Input begins with the byte that holds point->bit. */
dp_code dp__inflate_resume(dp__inflate *inflate, const dp__point *point, const uint8_t *window,
			   size_t len, dp_error *err);
/* Decodes until one of the ends. DP_EFORMAT: not deflate, or a distance that reaches before the
 * stream's (or the window's) first byte. */
dp_code dp__inflate_run(dp__inflate *inflate, dp__inflate_io *io, dp_error *err);
/*
 * The point at the last whole symbol so far. *stored: how many bytes before the end of the used
 * input its first byte lies; *back: how many bytes of the output came after it (the begun part of a
 * match).
 */
void dp__inflate_point(const dp__inflate *inflate, dp__point *point, uint64_t *stored,
		       uint64_t *back);
/* Lends the last text of the stream: all, or as much as a window and a begun match. */
const uint8_t *dp__inflate_text(const dp__inflate *inflate, size_t *len);

/*
 * Text whose window is not known: a cell is a byte, or 256 + j for what byte j of the window is,
 * which has `window` bytes, at most DP__WINDOW. Cells of the text are behind those of the window;
 * as many as DP__WINDOW are decoded, and up to DP__MARKS_MORE more.
 */
#define DP__MARKS_MORE 320
typedef struct dp__marks {
	const uint8_t *in; /* begins with the byte that holds point->bit */
	size_t in_len, window, got;
	dp__inflate_end end; /* input, output, or the stream's */
	uint16_t cell[2 * DP__WINDOW + DP__MARKS_MORE];
} dp__marks;
/* Decodes from the point on, once. DP_EFORMAT: as dp__inflate_run() says; cells came before it. */
dp_code dp__inflate_marks(dp__inflate *inflate, const dp__point *point, dp__marks *marks,
			  dp_error *err);

#endif
