/* gzi_write.c - writes the indexes of gztool and indexed_gzip. */
#include <stdlib.h>
#include <string.h>

#include "core/base/grow.h"
#include "core/base/num.h"
#include "formats/gzi.h"
#include "formats/window.h"

/* Written at once, and all windows, packed. */
#define PIECE      ((size_t)64 << 10)
#define PACKED_MAX ((size_t)1 << 31)
/* indexed_gzip refuses a spacing below a window's size; it matters only where it goes on to index.
 */
#define SPACING_MAX ((uint64_t)1 << 30)

typedef struct point {
	uint64_t text, bit, line;
	size_t packed, len; /* of its window, in writer.packed; len 0: none */
} point;

struct dp__gzi_writer {
	dp__gzi_kind kind;
	point *at;
	size_t n, cap;
	dp__buf packed;
	/* While it is written. */
	dp__buf ready;
	dp__packer *packer;
	uint8_t window[DP__WINDOW];
	uint8_t deflated[DP__WINDOW_ZLIB_MAX];
};

dp_code dp__gzi_kind_of(dp__gzi_kind *out, const char *name, dp_error *err)
{
	static const char *const names[] = { [DP__GZI_GZTOOL] = "gztool",
					     [DP__GZI_GZTOOL_LINES] = "gztool-lines",
					     [DP__GZI_INDEXED_GZIP] = "indexed-gzip" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (dp__gzi_kind)i;
			return DP_OK;
		}
	}
	return dp_fail(err, DP_EINVAL,
		       "no index is called %s; there are gztool, gztool-lines, indexed-gzip", name);
}

dp_code dp__gzi_writer_open(dp__gzi_writer **out, dp__gzi_kind kind, dp_error *err)
{
	dp__gzi_writer *writer = calloc(1, sizeof *writer);
	if (!writer)
		return dp_fail(err, DP_ENOMEM, "no memory to export an index");
	dp_code rc = dp__packer_open(&writer->packer, err);
	if (rc != DP_OK) {
		free(writer);
		return rc;
	}
	writer->kind = kind;
	writer->packed = dp__buf_of(PACKED_MAX);
	writer->ready = dp__buf_of(2 * PIECE + sizeof writer->deflated);
	*out = writer;
	return DP_OK;
}

void dp__gzi_writer_free(dp__gzi_writer *writer)
{
	if (!writer)
		return;
	dp__packer_free(writer->packer);
	dp__buf_fini(&writer->packed);
	dp__buf_fini(&writer->ready);
	free(writer->at);
	free(writer);
}

dp_code dp__gzi_writer_add(dp__gzi_writer *writer, const dp__gzi_point *at, uint64_t line,
			   const dp__cur *packed, dp_error *err)
{
	point new = { at->text, at->bit, line, writer->packed.len, 0 };
	if (writer->n == writer->cap) {
		point *grown = dp__grown(writer->at, &writer->cap, sizeof *grown, "points", err);
		if (!grown)
			return DP_ENOMEM;
		writer->at = grown;
	}
	if (packed) {
		new.len = dp__cur_left(packed);
		dp_code rc = dp__buf_add(&writer->packed, packed->p, new.len, err);
		if (rc != DP_OK)
			return rc;
	}
	writer->at[writer->n++] = new;
	return DP_OK;
}

/* Hands on what is ready, if it is much or must all go. */
static dp_code hand_on(dp__gzi_writer *writer, bool all, dp_write_fn out, void *user, dp_error *err)
{
	if (writer->ready.len == 0 || (!all && writer->ready.len < PIECE))
		return DP_OK;
	dp_code rc = out(user, writer->ready.data, writer->ready.len, err);
	writer->ready.len = 0;
	return rc;
}

/* zlib's zran.c: the first whole byte, and how many bits of the one before it belong to the block.
 */
static uint64_t whole_byte(uint64_t bit)
{
	return (bit + 7) / 8;
}

static unsigned bits_before(uint64_t bit)
{
	return (unsigned)(whole_byte(bit) * 8 - bit);
}

/* The window of a point, DP__WINDOW bytes: before a shorter one are zeros. */
static dp_code unpack(dp__gzi_writer *writer, const point *at, dp_error *err)
{
	dp__cur cur = dp__cur_of(writer->packed.data + at->packed, at->len);
	size_t len;
	dp_code rc = dp__window_unpack(&cur, writer->window, &len, err);
	if (rc != DP_OK)
		return rc;
	memmove(writer->window + (DP__WINDOW - len), writer->window, len);
	memset(writer->window, 0, DP__WINDOW - len);
	return DP_OK;
}

/* The window and its length, as gztool has them. */
static dp_code put_deflated(dp__gzi_writer *writer, const point *at, dp_error *err)
{
	if (at->len == 0)
		return dp__put_be32(&writer->ready, 0, err);
	size_t n = 0;
	dp_code rc = unpack(writer, at, err);
	if (rc == DP_OK)
		rc = dp__window_to_zlib(writer->packer, writer->window, DP__WINDOW,
					writer->deflated, &n, err);
	if (rc == DP_OK)
		rc = dp__put_be32(&writer->ready, (uint32_t)n, err);
	return rc == DP_OK ? dp__buf_add(&writer->ready, writer->deflated, n, err) : rc;
}

static dp_code put_gztool_point(dp__gzi_writer *writer, const point *at, bool lines, dp_error *err)
{
	dp_code rc = dp__put_be64(&writer->ready, at->text, err);
	if (rc == DP_OK)
		rc = dp__put_be64(&writer->ready, whole_byte(at->bit), err);
	if (rc == DP_OK)
		rc = dp__put_be32(&writer->ready, bits_before(at->bit), err);
	if (rc == DP_OK)
		rc = put_deflated(writer, at, err);
	if (rc == DP_OK && lines)
		rc = dp__put_be64(&writer->ready, at->line + 1, err);
	return rc;
}

static dp_code write_gztool(dp__gzi_writer *writer, const dp__gzi_whole *whole, dp_write_fn out,
			    void *user, dp_error *err)
{
	static const uint8_t magic[2][17] = { "\0\0\0\0\0\0\0\0gzipindx",
					      "\0\0\0\0\0\0\0\0gzipindX" };
	bool lines = writer->kind == DP__GZI_GZTOOL_LINES;
	dp__buf *ready = &writer->ready;
	dp_code rc = dp__buf_add(ready, magic[lines], 16, err);
	if (rc == DP_OK && lines)
		rc = dp__put_be32(ready, 0, err);
	for (int i = 0; rc == DP_OK && i < 2; i++)
		rc = dp__put_be64(ready, writer->n, err);
	for (size_t i = 0; rc == DP_OK && i < writer->n; i++) {
		rc = put_gztool_point(writer, &writer->at[i], lines, err);
		if (rc == DP_OK)
			rc = hand_on(writer, false, out, user, err);
	}
	if (rc == DP_OK)
		rc = dp__put_be64(ready, whole->text, err);
	if (rc == DP_OK && lines)
		rc = dp__put_be64(ready, whole->lines, err);
	return rc;
}

static dp_code put_le_point(dp__buf *ready, const point *at, dp_error *err)
{
	dp_code rc = dp__put_le64(ready, whole_byte(at->bit), err);
	if (rc == DP_OK)
		rc = dp__put_le64(ready, at->text, err);
	if (rc == DP_OK)
		rc = dp__put_u8(ready, (uint8_t)bits_before(at->bit), err);
	return rc == DP_OK ? dp__put_u8(ready, at->len > 0, err) : rc;
}

/* The last of its points is the end of both: so it knows that it need not look farther. */
static dp_code put_indexed_gzip_head(dp__gzi_writer *writer, const dp__gzi_whole *whole,
				     dp_error *err)
{
	static const uint8_t magic[7] = { 'G', 'Z', 'I', 'D', 'X', 1, 0 };
	dp__buf *ready = &writer->ready;
	uint64_t spacing = dp__max_u64(whole->text / (writer->n + 1), DP__WINDOW);
	dp_code rc = dp__buf_add(ready, magic, sizeof magic, err);
	if (rc == DP_OK)
		rc = dp__put_le64(ready, whole->stored, err);
	if (rc == DP_OK)
		rc = dp__put_le64(ready, whole->text, err);
	if (rc == DP_OK)
		rc = dp__put_le32(ready, (uint32_t)dp__min_u64(spacing, SPACING_MAX), err);
	if (rc == DP_OK)
		rc = dp__put_le32(ready, DP__WINDOW, err);
	return rc == DP_OK ? dp__put_le32(ready, (uint32_t)writer->n + 1, err) : rc;
}

static dp_code write_indexed_gzip(dp__gzi_writer *writer, const dp__gzi_whole *whole,
				  dp_write_fn out, void *user, dp_error *err)
{
	const point end = { .text = whole->text, .bit = whole->stored * 8 };
	dp_code rc = put_indexed_gzip_head(writer, whole, err);
	for (size_t i = 0; rc == DP_OK && i <= writer->n; i++) {
		rc = put_le_point(&writer->ready, i < writer->n ? &writer->at[i] : &end, err);
		if (rc == DP_OK)
			rc = hand_on(writer, false, out, user, err);
	}
	for (size_t i = 0; rc == DP_OK && i < writer->n; i++) {
		if (writer->at[i].len == 0)
			continue;
		rc = unpack(writer, &writer->at[i], err);
		if (rc == DP_OK)
			rc = dp__buf_add(&writer->ready, writer->window, DP__WINDOW, err);
		if (rc == DP_OK)
			rc = hand_on(writer, false, out, user, err);
	}
	return rc;
}

dp_code dp__gzi_writer_end(dp__gzi_writer *writer, const dp__gzi_whole *whole, dp_write_fn out,
			   void *user, dp_error *err)
{
	dp_code rc = writer->kind == DP__GZI_INDEXED_GZIP
			     ? write_indexed_gzip(writer, whole, out, user, err)
			     : write_gztool(writer, whole, out, user, err);
	return rc == DP_OK ? hand_on(writer, true, out, user, err) : rc;
}
