/* window.h - the 32 KiB of text before a point, packed: without the bytes that nothing refers to,
 * and deflated. */
#ifndef DP_FORMATS_WINDOW_H
#define DP_FORMATS_WINDOW_H

#include "core/base/bytes.h"
#include "formats/inflate.h"

typedef struct dp__packer dp__packer;

/* A point, the text before it, and the stored bytes from it on, as far as they are known. */
typedef struct dp__window {
	const dp__point *point;
	const uint8_t *text;
	size_t len; /* at most DP__WINDOW */
	const uint8_t *stored;
	size_t stored_len;
} dp__window;

dp_code dp__packer_open(dp__packer **out, dp_error *err);
void dp__packer_free(dp__packer *packer);
/*
 * Appends the window. Bytes that the text behind the point never refers to become 0; where the
 * stored bytes end too early to know, they stay.
 */
dp_code dp__window_pack(dp__packer *packer, const dp__window *window, dp__buf *out, dp_error *err);
/* Takes a packed window from the cursor; text has room for DP__WINDOW. */
dp_code dp__window_unpack(dp__cur *cur, uint8_t *text, size_t *len, dp_error *err);

/* The same as a zlib stream (RFC 1950) of the bytes as they are, which other programs keep. room
 * is for ZLIB_MAX of them; gives the length. */
#define DP__WINDOW_ZLIB_MAX (2 * (size_t)DP__WINDOW)
dp_code dp__window_to_zlib(dp__packer *packer, const uint8_t *text, size_t len,
			   uint8_t out[DP__WINDOW_ZLIB_MAX], size_t *n, dp_error *err);
/* DP_EFORMAT: it is none, or of more than DP__WINDOW bytes. */
dp_code dp__window_from_zlib(const uint8_t *zlib, size_t n, uint8_t text[DP__WINDOW], size_t *len,
			     dp_error *err);

#endif
