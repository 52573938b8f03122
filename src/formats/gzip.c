/*
 * gzip.c - the framing of gzip files (RFC 1952): any number of members, BGZF's blocks among them,
 * and what may trail.
 *
 * Small members may come from a crew that has decoded them ahead; the rest is decoded here, and
 * nothing that a reader sees tells which.
 *
 * From the object's start every header CRC, CRC-32 and ISIZE is verified. Resumed inside a member,
 * its own trailer is passed over, since the text before the point was not seen; the members behind
 * it are verified.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "formats/gzip_crew.h"
#include "formats/gzip_trace.h"
#include "formats/gzip_trailing.h"

/* So many small members in a row, and the next ones are thought to be small too. */
#define SMALL_RUN 4

typedef enum place { AT_MEMBER, IN_DEFLATE, AT_TRAILER, AT_END } place;

typedef struct gzip {
	dp__source src;
	dp__inflate *inflate;
	dp__trace *trace; /* only from the object's start */
	dp__crew *crew;   /* NULL: none yet, or */
	bool alone;       /* never */
	unsigned small;   /* members in a row that were */
	place place;
	bool begun;        /* a member was complete: now the text may end */
	bool starved;      /* the decoder had used all input, and now has more */
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

/* Many small members are worth threads; one that may not have them need not ask again. */
static void join_crew(gzip *gz)
{
	const dp__stored *stored = &gz->src.stored;
	if (gz->alone)
		return;
	if (!gz->crew) {
		unsigned threads = stored->threads ? stored->threads(stored->user) : 1;
		gz->crew = threads > 1 ? dp__crew_open(threads) : NULL;
		gz->alone = !gz->crew;
	}
	if (gz->crew)
		dp__crew_join(gz->crew, &gz->src);
}

/* The member in hand is complete. */
static void pass_member(gzip *gz)
{
	uint64_t size = gz->src.off - gz->member.off;
	bool small = size < DP__SMALL_STORED && gz->member.text < DP__SMALL_TEXT;
	if (gz->whole)
		note_block(gz, size);
	gz->begun = true;
	gz->text_end = gz->src.off;
	gz->place = AT_MEMBER;
	gz->small = !small || !gz->whole ? 0 : gz->small < SMALL_RUN ? gz->small + 1 : SMALL_RUN;
	if (gz->small == SMALL_RUN)
		join_crew(gz);
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

/* Decodes what there is of input; then gets more of it. Whoever wants no more text may have none.
 */
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
	gz->starved = false;
	if (io->end == DP__INFLATE_INPUT) {
		rc = dp__source_lend(&gz->src, err);
		gz->starved = gz->src.len > 0;
		if (rc == DP_OK && !gz->starved && io->got < io->cap)
			rc = dp__source_cut(&gz->src, "a gzip member", err);
	}
	return rc;
}

/* Whether the member in hand, or the next one, is thought to be small. It depends on nothing but
 * the text before, and so do the marks that are made between pieces. */
static bool is_small(const gzip *gz, const dp__piece *piece)
{
	return !piece->inside && gz->small == SMALL_RUN &&
	       (gz->place == AT_MEMBER || gz->member.text < DP__SMALL_TEXT);
}

/* Where the piece is full. A small member comes to its end first: so pieces end where members do,
 * and a mark costs no window. */
static size_t limit_of(const gzip *gz, const dp__piece *piece)
{
	uint64_t text = gz->place == AT_MEMBER ? 0 : gz->member.text;
	if (!is_small(gz, piece))
		return piece->cap;
	return (size_t)dp__min_u64(dp__max_u64(piece->cap, piece->room),
				   piece->got + (DP__SMALL_TEXT - text));
}

/*
 * Gives the text of the next member, if it was decoded ahead and if all of it is what would be
 * decoded now: the decoder stands then as if it had done it.
 */
static dp_code give_member(gzip *gz, dp__piece *piece, bool *given, dp_error *err)
{
	dp_code rc = dp__source_lend(&gz->src, err);
	size_t room = limit_of(gz, piece) - piece->got;
	const dp__decoded *ahead = NULL;
	if (rc == DP_OK && gz->src.len && (!piece->border || is_small(gz, piece)))
		ahead = dp__crew_find(gz->crew, gz->src.off, room);
	*given = ahead != NULL;
	if (!ahead)
		return rc;
	gz->member = ahead->member;
	gz->whole = true;
	gz->before = gz->crc;
	if (ahead->member.text)
		memcpy(piece->out + piece->got, ahead->text, (size_t)ahead->member.text);
	piece->got += (size_t)ahead->member.text;
	gz->crc = dp__crc32_join(gz->crc, ahead->crc, ahead->member.text);
	for (uint64_t left = ahead->stored; rc == DP_OK && left;) {
		rc = dp__source_lend(&gz->src, err);
		size_t some = (size_t)dp__min_u64(gz->src.len, left);
		dp__source_pass(&gz->src, some);
		left -= some;
	}
	if (rc == DP_OK)
		pass_member(gz);
	piece->at_border = piece->border && piece->got;
	return rc;
}

/* The next member, decoded ahead or begun. */
static dp_code next_member(gzip *gz, dp__piece *piece, dp_error *err)
{
	bool given = false;
	dp_code rc = gz->crew ? give_member(gz, piece, &given, err) : DP_OK;
	return rc == DP_OK && !given ? begin_member(gz, err) : rc;
}

/* A member whose text is all there comes to its end, whatever pieces the input comes in. */
static bool is_full(const gzip *gz, const dp__piece *piece)
{
	if (gz->place == AT_MEMBER)
		return piece->got >= piece->cap;
	if (gz->place == IN_DEFLATE)
		return piece->got >= limit_of(gz, piece) && !gz->starved;
	return gz->place == AT_END;
}

static dp_code gzip_read(void *self, dp__piece *piece, dp_error *err)
{
	gzip *gz = self;
	dp_code rc = gz->late_code;
	piece->got = 0;
	piece->at_border = false;
	while (rc == DP_OK && !piece->at_border && !is_full(gz, piece)) {
		if (gz->place == AT_MEMBER) {
			rc = next_member(gz, piece, &gz->late);
		} else if (gz->place == AT_TRAILER) {
			rc = end_member(gz, &gz->late);
			piece->at_border = piece->border && piece->got;
		} else {
			size_t limit = limit_of(gz, piece);
			dp__inflate_io io = { .out = piece->out + piece->got,
					      .cap = limit > piece->got ? limit - piece->got : 0,
					      .border = piece->border && !is_small(gz, piece) };
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
	dp__crew_free(gz->crew);
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
	gz->alone = state != NULL;
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
