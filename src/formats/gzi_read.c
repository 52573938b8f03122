/* gzi_read.c - reads the indexes of gztool and indexed_gzip: their points at once, windows as they
 * are needed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/grow.h"
#include "core/base/num.h"
#include "formats/gzi.h"
#include "formats/window.h"

/* Read at once; fields are far shorter. */
#define PIECE 65536
#define MAGIC 16
/* Far more than any program makes, whatever the file says. */
#define POINTS_MAX ((uint64_t)1 << 24)

/* The least that a point takes in a file. */
#define GZTOOL_POINT       24
#define INDEXED_GZIP_POINT 17

/* Reads a file's fields in order. */
typedef struct reader {
	const dp__gzi_file *file;
	uint64_t at;    /* the next field */
	uint64_t begin; /* what is held begins there */
	size_t held;
	uint8_t piece[PIECE];
} reader;

static dp_code bad(const char *why, dp_error *err)
{
	return dp_fail(err, DP_EFORMAT, "the imported index %s", why);
}

/* A cursor over the next n bytes, PIECE at most. */
static dp_code take(reader *r, size_t n, dp__cur *out, dp_error *err)
{
	if (n > r->file->size - r->at)
		return bad("is cut off", err);
	if (r->at < r->begin || r->at + n > r->begin + r->held) {
		r->begin = r->at;
		r->held = (size_t)dp__min_u64(PIECE, r->file->size - r->at);
		dp_code rc = r->file->read(r->file->user, r->begin, r->piece, r->held, err);
		if (rc != DP_OK)
			return rc;
	}
	*out = dp__cur_of(r->piece + (r->at - r->begin), n);
	r->at += n;
	return DP_OK;
}

/* Passes over n bytes. */
static dp_code skip(reader *r, uint64_t n, dp_error *err)
{
	if (n > r->file->size - r->at)
		return bad("is cut off", err);
	r->at += n;
	return DP_OK;
}

/* n points of so many bytes each at least. */
static dp_code check_count(const reader *r, uint64_t n, size_t least, dp_error *err)
{
	if (n > POINTS_MAX)
		return bad("has too many points", err);
	return n > (r->file->size - r->at) / least ? bad("is cut off", err) : DP_OK;
}

static dp_code fail_point(size_t i, const char *why, dp_error *err)
{
	return dp_fail(err, DP_EFORMAT, "the imported index, point %zu: %s", i, why);
}

/* byte: the first whole one; bits: of the byte before it. */
static dp_code add(dp__gzi *gzi, const dp__gzi_file *file, dp__gzi_point *point, uint64_t byte,
		   uint32_t bits, dp_error *err)
{
	if (bits > 7 || (bits > 0 && byte == 0))
		return fail_point(gzi->n, "no place in a file", err);
	if (byte > file->stored)
		return fail_point(gzi->n, "lies behind the end of the gzip file", err);
	if (file->stored > UINT64_MAX / 8)
		return bad("is of too large a file", err);
	point->bit = byte * 8 - bits;
	const dp__gzi_point *before = gzi->n ? &gzi->at[gzi->n - 1] : point;
	if (point->bit < before->bit || point->text < before->text)
		return fail_point(gzi->n, "lies before the one before it", err);
	if (gzi->n == gzi->cap) {
		dp__gzi_point *grown = dp__grown(gzi->at, &gzi->cap, sizeof *grown, "points", err);
		if (!grown)
			return DP_ENOMEM;
		gzi->at = grown;
	}
	gzi->at[gzi->n++] = *point;
	return DP_OK;
}

static dp_code gztool_point(dp__gzi *gzi, reader *r, bool lines, dp_error *err)
{
	dp__gzi_point point = { 0 };
	dp__cur cur;
	dp_code rc = take(r, GZTOOL_POINT, &cur, err);
	if (rc != DP_OK)
		return rc;
	point.text = dp__cur_be64(&cur);
	uint64_t byte = dp__cur_be64(&cur);
	uint32_t bits = dp__cur_be32(&cur);
	point.window_len = dp__cur_be32(&cur);
	point.window = r->at;
	if (point.window_len > DP__WINDOW_ZLIB_MAX)
		return fail_point(gzi->n, "too long a window", err);
	rc = skip(r, point.window_len + (lines ? 8 : 0), err);
	return rc == DP_OK ? add(gzi, r->file, &point, byte, bits, err) : rc;
}

/* Behind the magic bytes. */
static dp_code read_gztool(dp__gzi *gzi, reader *r, bool lines, dp_error *err)
{
	dp__cur cur;
	dp_code rc = take(r, lines ? 20 : 16, &cur, err);
	if (rc != DP_OK)
		return rc;
	if (lines && dp__cur_be32(&cur) > 1)
		return bad("has lines of an unknown kind", err);
	uint64_t n = dp__cur_be64(&cur);
	if (dp__cur_be64(&cur) != n)
		return bad("is not complete", err);
	rc = check_count(r, n, GZTOOL_POINT, err);
	gzi->deflated = true;
	for (uint64_t i = 0; rc == DP_OK && i < n; i++)
		rc = gztool_point(gzi, r, lines, err);
	/* Bytes behind are no matter: rapidgzip writes a point at the text's end that it did not
	 * count, which begins with the text's size, as the end does. */
	if (rc == DP_OK)
		rc = take(r, lines ? 16 : 8, &cur, err);
	if (rc == DP_OK)
		gzi->text = dp__cur_be64(&cur);
	return rc;
}

static dp_code indexed_gzip_point(dp__gzi *gzi, reader *r, unsigned version, dp_error *err)
{
	dp__gzi_point point = { 0 };
	dp__cur cur;
	dp_code rc = take(r, INDEXED_GZIP_POINT + version, &cur, err);
	if (rc != DP_OK)
		return rc;
	uint64_t byte = dp__cur_le64(&cur);
	point.text = dp__cur_le64(&cur);
	uint32_t bits = dp__cur_u8(&cur);
	if (version == 0 ? gzi->n > 0 : dp__cur_u8(&cur))
		point.window_len = DP__WINDOW;
	return add(gzi, r->file, &point, byte, bits, err);
}

/* Where the windows lie, each of len bytes, of which the last DP__WINDOW count. */
static dp_code place_windows(dp__gzi *gzi, reader *r, uint32_t len, dp_error *err)
{
	for (size_t i = 0; i < gzi->n; i++) {
		if (!gzi->at[i].window_len)
			continue;
		dp_code rc = skip(r, len, err);
		if (rc != DP_OK)
			return rc;
		gzi->at[i].window = r->at - DP__WINDOW;
	}
	return DP_OK;
}

static dp_code read_indexed_gzip(dp__gzi *gzi, reader *r, dp_error *err)
{
	dp__cur cur;
	dp_code rc = take(r, 35, &cur, err);
	if (rc != DP_OK)
		return rc;
	dp__cur_bytes(&cur, 5);
	unsigned version = dp__cur_u8(&cur);
	if (version > 1)
		return bad("is of an unknown version", err);
	dp__cur_u8(&cur);
	if (dp__cur_le64(&cur) != r->file->stored)
		return bad("is of a file of another size", err);
	gzi->text = dp__cur_le64(&cur);
	dp__cur_le32(&cur);
	uint32_t window = dp__cur_le32(&cur), n = dp__cur_le32(&cur);
	if (window < DP__WINDOW)
		return bad("has windows below 32 KiB", err);
	rc = check_count(r, n, INDEXED_GZIP_POINT + version, err);
	for (uint32_t i = 0; rc == DP_OK && i < n; i++)
		rc = indexed_gzip_point(gzi, r, version, err);
	if (rc == DP_OK)
		rc = place_windows(gzi, r, window, err);
	return rc == DP_OK && r->at != r->file->size ? bad("has bytes behind its end", err) : rc;
}

/* Which program's it is, by the bytes that it begins with. */
static dp_code read_any(dp__gzi *gzi, reader *r, dp_error *err)
{
	dp__cur cur;
	if (r->file->size < MAGIC)
		return bad("is cut off", err);
	dp_code rc = take(r, MAGIC, &cur, err);
	if (rc != DP_OK)
		return rc;
	if (memcmp(cur.p, "GZIDX", 5) == 0) {
		r->at = 0;
		return read_indexed_gzip(gzi, r, err);
	}
	if (memcmp(cur.p, "\0\0\0\0\0\0\0\0gzipind", MAGIC - 1) == 0 &&
	    (cur.p[MAGIC - 1] == 'x' || cur.p[MAGIC - 1] == 'X'))
		return read_gztool(gzi, r, cur.p[MAGIC - 1] == 'X', err);
	return bad("is none of gztool or indexed_gzip", err);
}

dp_code dp__gzi_read(dp__gzi *out, const dp__gzi_file *file, dp_error *err)
{
	reader *r = malloc(sizeof *r);
	if (!r)
		return dp_fail(err, DP_ENOMEM, "no memory to import an index");
	r->file = file;
	r->at = r->begin = 0;
	r->held = 0;
	dp_code rc = read_any(out, r, err);
	free(r);
	if (rc != DP_OK)
		dp__gzi_fini(out);
	return rc;
}

void dp__gzi_fini(dp__gzi *gzi)
{
	free(gzi->at);
	*gzi = (dp__gzi){ 0 };
}

dp_code dp__gzi_window(const dp__gzi *gzi, const dp__gzi_file *file, size_t i,
		       uint8_t text[DP__WINDOW], size_t *len, dp_error *err)
{
	const dp__gzi_point *point = &gzi->at[i];
	*len = DP__WINDOW;
	if (!gzi->deflated)
		return file->read(file->user, point->window, text, DP__WINDOW, err);
	uint8_t *packed = malloc(point->window_len);
	if (!packed)
		return dp_fail(err, DP_ENOMEM, "no memory for a window");
	dp_code rc = file->read(file->user, point->window, packed, point->window_len, err);
	if (rc == DP_OK)
		rc = dp__window_from_zlib(packed, point->window_len, text, len, err);
	if (rc == DP_EFORMAT)
		rc = fail_point(i, "a damaged window", err);
	free(packed);
	return rc;
}
