/*
 * gzip.c - the framing of gzip files (RFC 1952): any number of members, BGZF's blocks among them,
 * and what may trail.
 *
 * From the object's start every header CRC, CRC-32 and ISIZE is verified. Resumed inside a member,
 * its own trailer is passed over, since the text before the point was not seen; the members behind
 * it are verified.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "formats/gzip_member.h"
#include "formats/gzip_trace.h"
#include "formats/gzip_trailing.h"

typedef enum place { AT_MEMBER, IN_DEFLATE, AT_TRAILER, AT_END } place;

typedef struct gzip {
	dp__source src;
	dp__inflate *inflate;
	dp__trace *trace; /* only from the object's start */
	place place;
	bool begun;        /* a member was complete: now the text may end */
	bool whole;        /* the member in hand was decoded from its header on */
	dp__member member; /* in hand */
	uint32_t crc;      /* of all text, as far as it was asked for or a member was whole */
	uint32_t before;   /* what it was where the member in hand begins */
	uint64_t text_end;
	bool bgzf; /* a member was a BGZF block */
	bool eof;  /* the last one is the empty block that ends a BGZF file */
	dp__notes notes;
	dp_code late_code; /* an error that text came before */
	dp_error late;
} gzip;

/* The text is over: what was taken behind the last member begins no other one. */
static dp_code pass_trailing(gzip *gz, const dp__magic *magic, dp_error *err)
{
	dp__source *src = &gz->src;
	dp__trailing trailing = dp__trailing_of(gz->inflate, src->off - magic->n);
	dp_code rc = magic->n ? dp__trailing_add(&trailing, magic->id, magic->n, err) : DP_OK;
	bool over = false;
	while (rc == DP_OK && !over) {
		rc = dp__source_lend(src, err);
		over = src->len == 0;
		if (rc == DP_OK)
			rc = dp__trailing_add(&trailing, src->in, src->len, err);
		dp__source_pass(src, src->len);
	}
	gz->notes.zeros = trailing.zeros;
	gz->notes.others = trailing.others;
	gz->place = AT_END;
	dp__trailing_fini(&trailing);
	return rc;
}

static dp_code begin_member(gzip *gz, dp_error *err)
{
	dp__magic magic;
	dp_code rc = dp__member_begin(&gz->src, &gz->member, &magic, err);
	if (rc != DP_OK)
		return rc;
	if (!magic.gzip && gz->begun)
		return pass_trailing(gz, &magic, err);
	if (!magic.gzip)
		return dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": not gzip",
			       gz->member.off);
	rc = dp__inflate_start(gz->inflate, err);
	if (rc == DP_OK && gz->trace)
		dp__trace_begin(gz->trace);
	gz->before = gz->crc;
	gz->whole = true;
	gz->place = IN_DEFLATE;
	return rc;
}

/* What a BGZF block says of itself is noticed, but nothing relies on it. */
static void note_block(gzip *gz, uint64_t size)
{
	uint64_t bsize = gz->member.bsize;
	gz->eof = bsize == size && gz->member.text == 0;
	if (bsize == 0)
		return;
	gz->bgzf = true;
	if (bsize != size && gz->notes.lies++ == 0)
		gz->notes.lie = gz->member.off;
}

/* The member in hand is complete. */
static void pass_member(gzip *gz)
{
	uint64_t size = gz->src.off - gz->member.off;
	if (gz->whole)
		note_block(gz, size);
	gz->begun = true;
	gz->text_end = gz->src.off;
	gz->place = AT_MEMBER;
}

static dp_code end_member(gzip *gz, dp_error *err)
{
	uint64_t text = gz->member.text;
	uint32_t own = text ? dp__crc32_join(gz->before, gz->crc, text) : 0;
	dp_code rc = dp__member_end(&gz->src, &gz->member, gz->whole ? &own : NULL, err);
	if (rc == DP_OK)
		pass_member(gz);
	return rc;
}

/* Puts the place before what the decoder says. */
static dp_code fail_inflate(const gzip *gz, dp_code rc, const dp_error *why, dp_error *err)
{
	if (rc != DP_EFORMAT)
		return dp_fail(err, rc, "%s", why->msg);
	return dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": %s", gz->src.off, why->msg);
}

/* Decodes what there is of input; then gets more of it. */
static dp_code inflate_some(gzip *gz, dp__inflate_io *io, const dp__piece *piece, dp_error *err)
{
	dp_error why;
	io->in = gz->src.in;
	io->in_len = gz->src.len;
	dp_code rc = dp__inflate_run(gz->inflate, io, &why);
	if (rc == DP_OK && gz->trace)
		rc = dp__trace_run(gz->trace, io, &why);
	dp__source_pass(&gz->src, io->used);
	if (gz->whole || piece->crc)
		gz->crc = dp__crc32(gz->crc, io->out, io->got);
	gz->member.text += io->got;
	if (io->got)
		gz->text_end = gz->src.off;
	if (rc != DP_OK)
		return fail_inflate(gz, rc, &why, err);
	if (io->end == DP__INFLATE_END) {
		gz->place = AT_TRAILER;
		if (gz->trace)
			dp__trace_end(gz->trace);
	}
	if (io->end == DP__INFLATE_INPUT) {
		rc = dp__source_lend(&gz->src, err);
		if (rc == DP_OK && gz->src.len == 0)
			rc = dp__source_cut(&gz->src, "a gzip member", err);
	}
	return rc;
}

static dp_code gzip_read(void *self, dp__piece *piece, dp_error *err)
{
	gzip *gz = self;
	dp_code rc = gz->late_code;
	piece->got = 0;
	piece->at_border = false;
	while (rc == DP_OK && !piece->at_border && gz->place != AT_END &&
	       (piece->got < piece->cap || gz->place == AT_TRAILER)) {
		if (gz->place == AT_MEMBER) {
			rc = begin_member(gz, &gz->late);
		} else if (gz->place == AT_TRAILER) {
			rc = end_member(gz, &gz->late);
			piece->at_border = piece->border && piece->got;
		} else {
			dp__inflate_io io = { .out = piece->out + piece->got,
					      .cap = piece->cap - piece->got,
					      .border = piece->border };
			rc = inflate_some(gz, &io, piece, &gz->late);
			piece->got += io.got;
			piece->at_border =
				piece->border && piece->got && io.end == DP__INFLATE_BORDER;
		}
	}
	gz->late_code = rc;
	if (piece->crc)
		*piece->crc = gz->crc;
	if (rc == DP_OK || piece->got)
		return DP_OK;
	if (err)
		*err = gz->late;
	return rc;
}

static bool gzip_probe(const uint8_t *head, size_t len)
{
	return len >= 2 && head[0] == DP__GZIP_ID1 && head[1] == DP__GZIP_ID2;
}

static void gzip_close(void *self)
{
	gzip *gz = self;
	dp__inflate_free(gz->inflate);
	dp__trace_free(gz->trace);
	free(gz);
}

static dp_code resume(gzip *gz, const uint8_t *state, size_t len, dp_error *err)
{
	dp__gzip_state *at = malloc(sizeof *at);
	if (!at)
		return dp_fail(err, DP_ENOMEM, "no memory for an access point");
	dp_code rc = dp__gzip_state_read(at, state, len, err);
	if (rc == DP_OK && !at->member) {
		gz->place = IN_DEFLATE;
		rc = dp__inflate_resume(gz->inflate, &at->point, at->window, at->window_len, err);
	}
	free(at);
	return rc;
}

static dp_code gzip_open(void **self, const dp__stored *stored, const uint8_t *state,
			 size_t state_len, dp_error *err)
{
	gzip *gz = calloc(1, sizeof *gz);
	if (!gz)
		return dp_fail(err, DP_ENOMEM, "no memory to read gzip");
	gz->src = (dp__source){ .stored = *stored, .off = stored->off };
	gz->text_end = stored->off;
	gz->begun = state != NULL;
	dp_code rc = dp__inflate_open(&gz->inflate, err);
	if (rc == DP_OK)
		rc = state ? resume(gz, state, state_len, err) : dp__trace_open(&gz->trace, err);
	if (rc == DP_OK)
		*self = gz;
	else
		gzip_close(gz);
	return rc;
}

static uint64_t gzip_stored_end(const void *self)
{
	const gzip *gz = self;
	return gz->text_end;
}

static dp_code gzip_mark(void *self, dp__mark *mark, dp_error *err)
{
	gzip *gz = self;
	if (!gz->trace)
		return dp_fail(err, DP_EINVAL, "a mark in a resumed decoder");
	bool inside = gz->place == IN_DEFLATE && gz->member.text > 0;
	*mark = (dp__mark){ .off = gz->place == IN_DEFLATE ? gz->member.off : gz->src.off };
	if (inside && gz->late_code == DP_OK) {
		dp__trace_mark_point(gz->trace, gz->inflate, gz->src.off, mark);
		return DP_OK;
	}
	/* Behind an error the decoder has no point to give; the member's first byte is one. */
	mark->back = inside ? gz->member.text : 0;
	dp__trace_mark_member(gz->trace);
	return DP_OK;
}

static dp_code gzip_state(void *self, dp__buf *out, dp_error *err)
{
	gzip *gz = self;
	return dp__trace_state(gz->trace, out, err);
}

static void gzip_notes(const void *self, dp__notes *notes)
{
	const gzip *gz = self;
	*notes = gz->notes;
	notes->cut = gz->src.cut;
	notes->cut_at = gz->src.cut ? gz->src.off : 0;
	notes->no_eof = gz->bgzf && !gz->eof;
}

const dp__framing dp__gzip = {
	.name = "gzip",
	.tag = 1,
	.probe = gzip_probe,
	.open = gzip_open,
	.read = gzip_read,
	.stored_end = gzip_stored_end,
	.mark = gzip_mark,
	.state = gzip_state,
	.notes = gzip_notes,
	.close = gzip_close,
};
