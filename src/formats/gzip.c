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
#include "formats/gzip_trace.h"
#include "formats/gzip_trailing.h"

#define ID1      0x1f
#define ID2      0x8b
#define DEFLATE  8
#define FHCRC    0x02
#define FEXTRA   0x04
#define FNAME    0x08
#define FCOMMENT 0x10
#define RESERVED 0xe0

typedef enum place { AT_MEMBER, IN_DEFLATE, AT_TRAILER, AT_END } place;

typedef struct gzip {
	dp__stored stored;
	const uint8_t *in;
	size_t len;
	uint64_t off; /* of in */
	dp__inflate *inflate;
	dp__trace *trace; /* only from the object's start */
	place place;
	bool begun;      /* a member was complete: now the text may end */
	bool whole;      /* the member in hand was decoded from its header on */
	uint64_t member; /* where it begins */
	uint64_t text;   /* bytes of it so far */
	uint32_t crc;    /* of all text, as far as it was asked for or a member was whole */
	uint32_t before; /* what it was where the member in hand begins */
	uint32_t head_crc;
	uint64_t text_end;
	uint64_t bsize; /* what the member in hand says of its size, BGZF; 0 = nothing */
	bool bgzf;      /* a member did */
	bool eof;       /* the last one is the empty block that ends a BGZF file */
	dp__notes notes;
	dp_code late_code; /* an error that text came before */
	dp_error late;
} gzip;

/* Makes sure of at least one byte of input; *over if there is none. */
static dp_code lend(gzip *gz, bool *over, dp_error *err)
{
	dp_code rc = DP_OK;
	*over = false;
	if (gz->len == 0)
		rc = gz->stored.more(gz->stored.user, &gz->in, &gz->len, err);
	*over = gz->len == 0;
	return rc;
}

static void pass(gzip *gz, size_t n)
{
	if (n == 0) /* in may be NULL */
		return;
	gz->in += n;
	gz->len -= n;
	gz->off += n;
}

static dp_code fail_cut(gzip *gz, const char *where, dp_error *err)
{
	gz->notes.cut = true;
	gz->notes.cut_at = gz->off;
	return dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": ends inside %s", gz->off, where);
}

/* n bytes of a member's header or trailer; out may be NULL. */
static dp_code take(gzip *gz, uint8_t *out, size_t n, const char *where, dp_error *err)
{
	for (size_t done = 0; done < n;) {
		bool over;
		dp_code rc = lend(gz, &over, err);
		if (rc != DP_OK)
			return rc;
		if (over)
			return fail_cut(gz, where, err);
		size_t some = gz->len < n - done ? gz->len : n - done;
		gz->head_crc = dp__crc32(gz->head_crc, gz->in, some);
		if (out)
			memcpy(out + done, gz->in, some);
		pass(gz, some);
		done += some;
	}
	return DP_OK;
}

static const char in_header[] = "a gzip header", in_trailer[] = "a gzip trailer";

/* A name or comment, up to its zero byte. */
static dp_code skip_string(gzip *gz, dp_error *err)
{
	uint8_t c = 1;
	dp_code rc = DP_OK;
	while (rc == DP_OK && c)
		rc = take(gz, &c, 1, in_header, err);
	return rc;
}

static size_t le16(const uint8_t bytes[2])
{
	return (size_t)bytes[0] | (size_t)bytes[1] << 8;
}

/* A BGZF block says in a subfield BC how long it is, less one (SAM 4.1); others are passed over. */
static dp_code read_extra(gzip *gz, dp_error *err)
{
	uint8_t len[2], head[4], size[2];
	dp_code rc = take(gz, len, sizeof len, in_header, err);
	size_t left = rc == DP_OK ? le16(len) : 0;
	while (rc == DP_OK && left >= sizeof head) {
		rc = take(gz, head, sizeof head, in_header, err);
		left -= sizeof head;
		size_t n = rc == DP_OK ? le16(head + 2) : 0;
		if (rc != DP_OK || n > left)
			break;
		left -= n;
		if (head[0] != 'B' || head[1] != 'C' || n != sizeof size) {
			rc = take(gz, NULL, n, in_header, err);
			continue;
		}
		rc = take(gz, size, sizeof size, in_header, err);
		gz->bsize = rc == DP_OK ? le16(size) + 1 : 0;
	}
	return rc == DP_OK ? take(gz, NULL, left, in_header, err) : rc;
}

static dp_code check_header_crc(gzip *gz, dp_error *err)
{
	uint32_t want = gz->head_crc & 0xffff;
	uint8_t crc[2];
	dp_code rc = take(gz, crc, sizeof crc, in_header, err);
	if (rc == DP_OK && (crc[0] | (uint32_t)crc[1] << 8) != want)
		rc = dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": wrong CRC of a gzip header",
			     gz->off - 2);
	return rc;
}

/* The optional fields, in their order. */
static dp_code skip_fields(gzip *gz, unsigned flags, dp_error *err)
{
	dp_code rc = DP_OK;
	if (flags & FEXTRA)
		rc = read_extra(gz, err);
	if (rc == DP_OK && (flags & FNAME))
		rc = skip_string(gz, err);
	if (rc == DP_OK && (flags & FCOMMENT))
		rc = skip_string(gz, err);
	if (rc == DP_OK && (flags & FHCRC))
		rc = check_header_crc(gz, err);
	return rc;
}

/* RFC 1952 2.3 from CM on; ID1 and ID2 were taken. */
static dp_code read_header(gzip *gz, dp_error *err)
{
	uint8_t head[8];
	dp_code rc = take(gz, head, 1, in_header, err);
	if (rc == DP_OK && head[0] != DEFLATE)
		return dp_fail(err, DP_EFORMAT,
			       "stored byte %" PRIu64 ": gzip compression method %u, not deflate",
			       gz->off - 1, head[0]);
	if (rc == DP_OK)
		rc = take(gz, head + 1, 7, in_header, err);
	if (rc == DP_OK && (head[1] & RESERVED))
		return dp_fail(err, DP_EFORMAT,
			       "stored byte %" PRIu64 ": reserved flags in a gzip header",
			       gz->member + 3);
	if (rc == DP_OK)
		rc = skip_fields(gz, head[1], err);
	if (rc == DP_OK)
		rc = dp__inflate_start(gz->inflate, err);
	if (rc != DP_OK)
		return rc;
	if (gz->trace)
		dp__trace_begin(gz->trace);
	gz->before = gz->crc;
	gz->text = 0;
	gz->whole = true;
	gz->place = IN_DEFLATE;
	return DP_OK;
}

/* The text is over: head, n bytes, was taken behind the last member and begins no other one. */
static dp_code pass_trailing(gzip *gz, const uint8_t *head, size_t n, dp_error *err)
{
	dp__trailing trailing = dp__trailing_of(gz->inflate, gz->off - n);
	dp_code rc = n ? dp__trailing_add(&trailing, head, n, err) : DP_OK;
	bool over = false;
	while (rc == DP_OK && !over) {
		rc = lend(gz, &over, err);
		if (rc == DP_OK)
			rc = dp__trailing_add(&trailing, gz->in, gz->len, err);
		pass(gz, gz->len);
	}
	gz->notes.zeros = trailing.zeros;
	gz->notes.others = trailing.others;
	gz->place = AT_END;
	dp__trailing_fini(&trailing);
	return rc;
}

static dp_code begin_member(gzip *gz, dp_error *err)
{
	static const uint8_t magic[2] = { ID1, ID2 };
	uint8_t id[2];
	size_t n = 0;
	bool over = false, same = true;
	gz->member = gz->off;
	gz->head_crc = 0;
	gz->bsize = 0;
	while (n < 2 && same) {
		dp_code rc = lend(gz, &over, err);
		if (rc == DP_OK && !over)
			rc = take(gz, &id[n], 1, in_header, err);
		if (rc != DP_OK)
			return rc;
		if (over)
			break;
		same = id[n] == magic[n];
		n++;
	}
	if (n == 2 && same)
		return read_header(gz, err);
	if (gz->begun)
		return pass_trailing(gz, id, n, err);
	return dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": not gzip", gz->member);
}

/* What a BGZF block says of itself is noticed, but nothing relies on it. */
static void note_block(gzip *gz)
{
	uint64_t size = gz->off - gz->member;
	gz->eof = gz->bsize == size && gz->text == 0;
	if (gz->bsize == 0)
		return;
	gz->bgzf = true;
	if (gz->bsize != size && gz->notes.lies++ == 0)
		gz->notes.lie = gz->member;
}

static dp_code end_member(gzip *gz, dp_error *err)
{
	uint8_t tail[8];
	dp_code rc = take(gz, tail, sizeof tail, in_trailer, err);
	if (rc != DP_OK)
		return rc;
	dp__cur cur = dp__cur_of(tail, sizeof tail);
	uint32_t crc = dp__cur_le32(&cur), isize = dp__cur_le32(&cur);
	uint32_t own = gz->text ? dp__crc32_join(gz->before, gz->crc, gz->text) : 0;
	if (gz->whole && crc != own)
		return dp_fail(err, DP_EFORMAT,
			       "stored byte %" PRIu64
			       ": the CRC-32 of the gzip member that begins at %" PRIu64
			       " does not match its text",
			       gz->off - 8, gz->member);
	if (gz->whole && isize != (uint32_t)gz->text)
		return dp_fail(err, DP_EFORMAT,
			       "stored byte %" PRIu64
			       ": the size of the gzip member that begins at %" PRIu64
			       " does not match its text",
			       gz->off - 4, gz->member);
	if (gz->whole)
		note_block(gz);
	gz->begun = true;
	gz->text_end = gz->off;
	gz->place = AT_MEMBER;
	return DP_OK;
}

/* Puts the place before what the decoder says. */
static dp_code fail_inflate(const gzip *gz, dp_code rc, const dp_error *why, dp_error *err)
{
	if (rc != DP_EFORMAT)
		return dp_fail(err, rc, "%s", why->msg);
	return dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": %s", gz->off, why->msg);
}

/* Decodes what there is of input; then gets more of it. */
static dp_code inflate_some(gzip *gz, dp__inflate_io *io, const dp__piece *piece, dp_error *err)
{
	dp_error why;
	io->in = gz->in;
	io->in_len = gz->len;
	dp_code rc = dp__inflate_run(gz->inflate, io, &why);
	if (rc == DP_OK && gz->trace)
		rc = dp__trace_run(gz->trace, io, &why);
	pass(gz, io->used);
	if (gz->whole || piece->crc)
		gz->crc = dp__crc32(gz->crc, io->out, io->got);
	gz->text += io->got;
	if (io->got)
		gz->text_end = gz->off;
	if (rc != DP_OK)
		return fail_inflate(gz, rc, &why, err);
	if (io->end == DP__INFLATE_END) {
		gz->place = AT_TRAILER;
		if (gz->trace)
			dp__trace_end(gz->trace);
	}
	if (io->end == DP__INFLATE_INPUT) {
		bool over;
		rc = lend(gz, &over, err);
		if (rc == DP_OK && over)
			rc = fail_cut(gz, "a gzip member", err);
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
	return len >= 2 && head[0] == ID1 && head[1] == ID2;
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
	gz->stored = *stored;
	gz->off = stored->off;
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
	bool inside = gz->place == IN_DEFLATE && gz->text > 0;
	*mark = (dp__mark){ .off = gz->place == IN_DEFLATE ? gz->member : gz->off };
	if (inside && gz->late_code == DP_OK) {
		dp__trace_mark_point(gz->trace, gz->inflate, gz->off, mark);
		return DP_OK;
	}
	/* Behind an error the decoder has no point to give; the member's first byte is one. */
	mark->back = inside ? gz->text : 0;
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
