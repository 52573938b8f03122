/*
 * gzi.h - the indexes that other programs make of gzip files, read and written: gztool's .gzi and
 * indexed_gzip's .gzidx. rapidgzip knows both.
 *
 * Their points lie between two deflate blocks; a decoder begins there with the window, or without
 * one at a member's first block, behind its header. No specification exists; what they hold was
 * taken from gztool.c (serialize_index_to_file) and indexed_gzip's zran.c (zran_export_index).
 *
 * gztool, all numbers big-endian: 8 zero bytes, "gzipindx" (version 0) or "gzipindX" (1, with
 * lines); of version 1 u32, how lines end (0 is "\n"); u64 points, u64 the same again when the
 * index is complete. Each point: u64 offset in the text, u64 first whole byte in the gzip file, u32
 * bits of the byte before it that belong to the block, u32 length of the window, the window as a
 * zlib stream; of version 1 u64 line, from 1. Then u64 size of the text; of version 1 u64 lines.
 *
 * indexed_gzip, all numbers little-endian: "GZIDX", u8 version (0 or 1), u8 flags; u64 size of the
 * gzip file, u64 size of the text (0: unknown), u32 spacing, u32 size of a window, u32 points. Each
 * point: u64 first whole byte in the gzip file, u64 offset in the text, u8 bits; of version 1 u8,
 * whether it has a window (of version 0 all but the first have). Then the windows.
 */
#ifndef DP_FORMATS_GZI_H
#define DP_FORMATS_GZI_H

#include "core/base/bytes.h"
#include "formats/inflate.h"

typedef enum dp__gzi_kind {
	DP__GZI_GZTOOL,
	DP__GZI_GZTOOL_LINES,
	DP__GZI_INDEXED_GZIP
} dp__gzi_kind;

/* What a kind is called: "gztool", "gztool-lines", "indexed-gzip"; DP_EINVAL names all of them. */
dp_code dp__gzi_kind_of(dp__gzi_kind *out, const char *name, dp_error *err);

/* ---- reading ---- */

/* An index file. Nothing is believed of it. */
typedef struct dp__gzi_file {
	dp_code (*read)(void *user, uint64_t off, void *buf, size_t len, dp_error *err);
	void *user;
	uint64_t size;
	uint64_t stored; /* the gzip file's size: no point lies behind it */
} dp__gzi_file;

typedef struct dp__gzi_point {
	uint64_t text;       /* offset in the text */
	uint64_t bit;        /* of the gzip file: where it begins */
	uint64_t window;     /* where its window lies in the index file, */
	uint32_t window_len; /* with so many bytes; 0: it has none */
} dp__gzi_point;

typedef struct dp__gzi {
	dp__gzi_point *at; /* in order of both offsets; some may be equal */
	size_t n, cap;
	bool deflated; /* windows are zlib streams */
	uint64_t text; /* size of the text; 0: unknown */
} dp__gzi;

/*
 * Reads all points. DP_EFORMAT: it is no such index, cut off, not complete, of another file, or its
 * points are not in order. Memory grows with what was read, not with what the file says.
 */
dp_code dp__gzi_read(dp__gzi *out, const dp__gzi_file *file, dp_error *err);
void dp__gzi_fini(dp__gzi *gzi);
/* The window of a point that has one, DP__WINDOW bytes at most. */
dp_code dp__gzi_window(const dp__gzi *gzi, const dp__gzi_file *file, size_t i,
		       uint8_t text[DP__WINDOW], size_t *len, dp_error *err);

/* ---- writing ---- */

typedef struct dp__gzi_writer dp__gzi_writer;

/* The whole that the points are of. */
typedef struct dp__gzi_whole {
	uint64_t stored, text, lines;
} dp__gzi_whole;

dp_code dp__gzi_writer_open(dp__gzi_writer **out, dp__gzi_kind kind, dp_error *err);
void dp__gzi_writer_free(dp__gzi_writer *writer);
/*
 * One more point; window and window_len of at say nothing. packed is the window as
 * dp__window_pack() made it, kept until the end; NULL: none. line counts from 0.
 */
dp_code dp__gzi_writer_add(dp__gzi_writer *writer, const dp__gzi_point *at, uint64_t line,
			   const dp__cur *packed, dp_error *err);
dp_code dp__gzi_writer_end(dp__gzi_writer *writer, const dp__gzi_whole *whole, dp_write_fn out,
			   void *user, dp_error *err);

#endif
