/* gzi_import.c - compares the points of another program's index with those of a scan. */
#include "formats/gzi_import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/grow.h"
#include "formats/gzi.h"
#include "formats/gzip_trace.h"
#include "formats/gzip_trailing.h"

/* More than this between two points of one place in the text is no header and some empty blocks. */
#define BETWEEN_MAX ((uint64_t)1 << 20)
#define TRAILER     8

/* An imported point that is at the text of an own one, but not at its bit. */
typedef struct apart {
	size_t i;
	uint64_t bit; /* the own one's */
	bool member;  /* which is at a member's first byte */
} apart;

struct dp__import {
	dp_scan *scan;
	dp__gzi_file file;
	dp__gzi gzi;
	size_t next;
	apart *apart;
	size_t napart, cap;
	dp__gzip_state own;
	uint8_t window[DP__WINDOW];
};

static dp_code fail_point(const dp__import *import, size_t i, const char *why, dp_error *err)
{
	const dp__gzi_point *point = &import->gzi.at[i];
	return dp_fail(err, DP_EFORMAT,
		       "the imported index, point %zu (stored byte %" PRIu64
		       ", bit %u, byte %" PRIu64 " of the text): %s",
		       i, point->bit / 8, (unsigned)(point->bit % 8), point->text, why);
}

static dp_code read_file(void *user, uint64_t off, void *buf, size_t len, dp_error *err)
{
	return dp_scan_imported_read(user, off, buf, len, err);
}

dp_code dp__import_open(dp__import **out, dp_scan *scan, const dp__framing *framing, dp_error *err)
{
	if (dp_scan_imported_size(scan) == 0)
		return DP_OK;
	if (framing != &dp__gzip)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "is no gzip: points are imported for gzip alone");
	dp__import *import = calloc(1, sizeof *import);
	if (!import)
		return dp_fail(err, DP_ENOMEM, "no memory to import an index");
	import->scan = scan;
	import->file = (dp__gzi_file){ .read = read_file,
				       .user = scan,
				       .size = dp_scan_imported_size(scan),
				       .stored = dp_scan_size(scan, 0) };
	dp_code rc = dp__gzi_read(&import->gzi, &import->file, err);
	if (rc == DP_OK)
		*out = import;
	else
		dp__import_free(import);
	return rc;
}

void dp__import_free(dp__import *import)
{
	if (!import)
		return;
	dp__gzi_fini(&import->gzi);
	free(import->apart);
	free(import);
}

uint64_t dp__import_next(const dp__import *import)
{
	return import && import->next < import->gzi.n ? import->gzi.at[import->next].text
						      : UINT64_MAX;
}

void dp__import_pass(dp__import *import, uint64_t text)
{
	while (dp__import_next(import) < text)
		import->next++;
}

dp_code dp__import_fail(const dp__import *import, dp_error *err)
{
	return fail_point(import, import->next, "there no block begins", err);
}

static dp_code keep_apart(dp__import *import, size_t i, uint64_t bit, dp_error *err)
{
	if (import->napart == import->cap) {
		apart *grown = dp__grown(import->apart, &import->cap, sizeof *grown, "points", err);
		if (!grown)
			return DP_ENOMEM;
		import->apart = grown;
	}
	import->apart[import->napart++] = (apart){ i, bit, import->own.member };
	return DP_OK;
}

/*
 * Each byte of the imported window is the text's, or 0: some programs leave out what the text
 * behind does not refer to, and fill up short windows. What lies before the member is no matter.
 */
static dp_code compare_window(dp__import *import, size_t i, dp_error *err)
{
	const dp__gzip_state *own = &import->own;
	size_t len = 0;
	dp_code rc = dp__gzi_window(&import->gzi, &import->file, i, import->window, &len, err);
	if (rc != DP_OK)
		return rc;
	size_t n = len < own->window_len ? len : own->window_len;
	const uint8_t *theirs = import->window + (len - n);
	const uint8_t *ours = own->window + (own->window_len - n);
	for (size_t k = 0; k < n; k++) {
		if (theirs[k] != ours[k] && theirs[k] != 0)
			return fail_point(import, i, "its window is not the text before it", err);
	}
	return DP_OK;
}

dp_code dp__import_take(dp__import *import, uint64_t off, const dp__buf *state, dp_error *err)
{
	uint64_t text = dp__import_next(import);
	dp__gzip_state *own = &import->own;
	dp_code rc = dp__gzip_state_read(own, state->data, state->len, err);
	uint64_t bit = off * 8 + (rc == DP_OK && !own->member ? own->point.bit : 0);
	if (rc == DP_OK && !own->member && own->point.header_bits)
		rc = dp__import_fail(import, err);
	for (; rc == DP_OK && dp__import_next(import) == text; import->next++) {
		size_t i = import->next;
		if (import->gzi.at[i].bit != bit)
			rc = keep_apart(import, i, bit, err);
		if (rc == DP_OK && !own->member && import->gzi.at[i].window_len)
			rc = compare_window(import, i, err);
	}
	return rc;
}

/* ---- points of one place in the text ---- */

/* Goes from a point over what holds no text: empty blocks, trailers and headers of members. */
typedef struct walker {
	dp__inflate *inflate;
	const uint8_t *bytes;
	uint64_t len;
	uint64_t bit; /* where it stands, from the first of the bytes on */
	bool member;  /* at a member's first byte */
} walker;

/* A step over a member's header; false if there is none. */
static bool walk_header(walker *w)
{
	dp__cur cur = dp__cur_of(w->bytes + w->bit / 8, (size_t)(w->len - w->bit / 8));
	if (!dp__gzip_pass_header(&cur))
		return false;
	w->bit = (uint64_t)(cur.p - w->bytes) * 8;
	w->member = false;
	return true;
}

/* Over an empty block, and behind a member's last one over the trailer. */
static bool walk_block(walker *w)
{
	const dp__point point = { .bit = (unsigned)(w->bit % 8) };
	size_t from = (size_t)(w->bit / 8);
	uint8_t text[1];
	dp__inflate_io io = { .in = w->bytes + from,
			      .in_len = (size_t)w->len - from,
			      .out = text,
			      .cap = sizeof text,
			      .border = true };
	if (dp__inflate_resume(w->inflate, &point, NULL, 0, NULL) != DP_OK ||
	    dp__inflate_run(w->inflate, &io, NULL) != DP_OK || io.got > 0)
		return false;
	if (io.end == DP__INFLATE_END) {
		w->bit = (uint64_t)(from + io.used + TRAILER) * 8;
		w->member = true;
		return true;
	}
	dp__point at;
	uint64_t stored, back;
	dp__inflate_point(w->inflate, &at, &stored, &back);
	w->bit = (uint64_t)(from + io.used - stored) * 8 + at.bit;
	return io.end == DP__INFLATE_BORDER;
}

/* Whether it comes to that bit: there a block or a member begins. */
static bool walk_to(walker *w, uint64_t bit)
{
	while (w->bit < bit) {
		if (!(w->member ? walk_header(w) : walk_block(w)))
			return false;
	}
	return w->bit == bit;
}

static dp_code check_apart(dp__import *import, const apart *pair, dp__inflate *inflate,
			   dp_error *err)
{
	uint64_t bit = import->gzi.at[pair->i].bit;
	dp_extent what = { .off = pair->bit / 8 };
	if (bit < pair->bit || bit - pair->bit > BETWEEN_MAX * 8)
		return fail_point(import, pair->i, "there no block begins", err);
	what.len = (bit + 7) / 8 - what.off;
	uint8_t *bytes = malloc((size_t)what.len + 1);
	if (!bytes)
		return dp_fail(err, DP_ENOMEM, "no memory to import an index");
	walker w = { .inflate = inflate,
		     .bytes = bytes,
		     .len = what.len,
		     .bit = pair->bit % 8,
		     .member = pair->member };
	dp_code rc = dp_scan_read(import->scan, &what, bytes, err);
	if (rc == DP_OK && !walk_to(&w, bit - what.off * 8))
		rc = fail_point(import, pair->i, "there no block begins", err);
	free(bytes);
	return rc;
}

dp_code dp__import_end(dp__import *import, uint64_t text, dp_error *err)
{
	dp__inflate *inflate = NULL;
	if (!import)
		return DP_OK;
	if (import->gzi.text && import->gzi.text != text)
		return dp_fail(err, DP_EFORMAT,
			       "the imported index is of %" PRIu64
			       " bytes of text, not of %" PRIu64,
			       import->gzi.text, text);
	if (import->next < import->gzi.n && import->gzi.at[import->gzi.n - 1].text > text)
		return fail_point(import, import->gzi.n - 1, "lies behind the end of the text",
				  err);
	dp_code rc = dp__inflate_open(&inflate, err);
	for (size_t i = 0; rc == DP_OK && i < import->napart; i++) {
		/* At the end nothing begins any more. */
		if (import->gzi.at[import->apart[i].i].text < text)
			rc = check_apart(import, &import->apart[i], inflate, err);
	}
	dp__inflate_free(inflate);
	return rc;
}
