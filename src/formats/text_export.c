/*
 * text_export.c - the points that units of a gzip file begin at, as another program's index.
 *
 * Those programs have points between deflate blocks alone; units that begin inside one are left
 * out. What they know of the text but we do not, lines, is counted in the text itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "formats/gzi.h"
#include "formats/gzip_trace.h"
#include "formats/gzip_trailing.h"
#include "formats/text.h"

/* Most headers of members are shorter than HEAD; their extra field may have 64 KiB. */
#define HEAD     ((size_t)512)
#define HEAD_MAX ((size_t)256 << 10)
#define UNIT_MAX ((size_t)1 << 30)

typedef struct exporter {
	dp_fetch *fetch;
	dp__gzi_writer *writer;
	bool lines;     /* they are counted */
	uint64_t text;  /* where the next unit's first record begins, */
	uint64_t nline; /* and how many lines end before that */
	bool open;      /* the text so far ends inside a line */
	dp__buf stored; /* a member's header, or all of a unit */
	uint8_t *piece; /* DP__TEXT_PIECE bytes of text */
	dp__gzip_state state;
	dp_exported done;
} exporter;

/* The text of one unit. */
typedef struct counted {
	uint64_t before, own; /* lines that end in the skipped text, and in the records */
} counted;

static uint64_t count_newlines(const uint8_t *text, size_t len)
{
	uint64_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static dp_code read_stored(exporter *e, uint64_t off, uint64_t len, dp_error *err)
{
	e->stored.len = 0;
	dp_code rc = dp__buf_reserve(&e->stored, (size_t)len, err);
	if (rc == DP_OK)
		rc = dp_fetch_read(e->fetch, &(dp_extent){ .off = off, .len = len }, e->stored.data,
				   err);
	if (rc == DP_OK)
		e->stored.len = (size_t)len;
	return rc;
}

/* A member begins at off: where its first block does. */
static dp_code find_block(exporter *e, uint64_t off, uint64_t *bit, dp_error *err)
{
	uint64_t left = dp_fetch_size(e->fetch, 0) - off;
	for (uint64_t len = HEAD; len <= HEAD_MAX; len *= 8) {
		dp_code rc = read_stored(e, off, dp__min_u64(len, left), err);
		if (rc != DP_OK)
			return rc;
		dp__cur cur = dp__cur_of(e->stored.data, e->stored.len);
		if (dp__gzip_pass_header(&cur)) {
			*bit = (off + (uint64_t)(cur.p - e->stored.data)) * 8;
			return DP_OK;
		}
	}
	return dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": no header of a gzip member", off);
}

static void count_piece(exporter *e, const uint8_t *text, size_t len, uint64_t skipped,
			counted *lines)
{
	size_t before = (size_t)dp__min_u64(skipped, len);
	lines->before += count_newlines(text, before);
	lines->own += count_newlines(text + before, len - before);
	e->open = text[len - 1] != '\n';
}

/* Decodes a unit, counts its lines and checks its records' CRC. */
static dp_code count_unit(exporter *e, const dp_unit *unit, const dp__cur *state, counted *lines,
			  dp_error *err)
{
	dp__once once = { e->stored.data, e->stored.len };
	dp__stored stored = { .more = dp__lend_once, .user = &once, .off = unit->extent[0].off };
	void *decoder = NULL;
	uint64_t skip = unit->skip, left;
	uint32_t crc = 0;
	dp_code rc = dp__gzip.open(&decoder, &stored, state->p, dp__cur_left(state), err);
	if (!dp__add_u64(skip, unit->raw, &left))
		left = 0;
	while (rc == DP_OK && left > 0) {
		dp__piece piece = { .out = e->piece,
				    .cap = (size_t)dp__min_u64(DP__TEXT_PIECE, left) };
		rc = dp__gzip.read(decoder, &piece, err);
		if (rc != DP_OK || piece.got == 0)
			break;
		size_t skipped = (size_t)dp__min_u64(skip, piece.got);
		count_piece(e, piece.out, piece.got, skip, lines);
		crc = dp__crc32(crc, piece.out + skipped, piece.got - skipped);
		skip -= skipped;
		left -= piece.got;
	}
	if (decoder)
		dp__gzip.close(decoder);
	if (rc == DP_OK && (left > 0 || crc != unit->crc))
		rc = dp_fail(err, DP_EFORMAT,
			     "records %" PRIu64 " to %" PRIu64
			     ": the checksum differs from the index",
			     unit->rec, unit->rec + unit->nrec);
	return rc;
}

/* Adds the unit's point, if it is one of those that the other programs have. */
static dp_code add_point(exporter *e, const dp_unit *unit, const dp__cur *state, uint64_t line,
			 dp_error *err)
{
	dp__gzi_point at = { .text = e->text - unit->skip };
	dp_code rc = dp__gzip_state_read(&e->state, state->p, dp__cur_left(state), err);
	if (rc != DP_OK)
		return rc;
	bool start = at.text == 0;
	if (e->state.member || start)
		e->done.points++;
	if (start) /* it is there */
		return DP_OK;
	if (e->state.member) {
		rc = find_block(e, unit->extent[0].off, &at.bit, err);
		return rc == DP_OK ? dp__gzi_writer_add(e->writer, &at, line, NULL, err) : rc;
	}
	if (e->state.point.header_bits)
		return DP_OK;
	e->done.points++;
	at.bit = unit->extent[0].off * 8 + e->state.point.bit;
	/* Behind two numbers, the bit and no bits of a header, lies the window. */
	dp__cur packed = *state;
	dp__cur_varint(&packed);
	dp__cur_varint(&packed);
	return dp__gzi_writer_add(e->writer, &at, line, &packed, err);
}

static dp_code fail_damaged(const dp_unit *unit, dp_error *err)
{
	return dp_fail(err, DP_EFORMAT, "a damaged unit at record %" PRIu64, unit->rec);
}

static dp_code export_unit(exporter *e, const dp_unit *unit, dp_error *err)
{
	dp__cur state = dp__cur_of(dp_fetch_state(e->fetch), unit->state_len);
	dp__milestone sum = { 0, 0 };
	counted lines = { 0, 0 };
	for (uint64_t n = dp__cur_varint(&state); n > 0; n--) {
		if (!dp__milestone_take(&state, &sum))
			return fail_damaged(unit, err);
	}
	if (state.bad || unit->tag != dp__gzip.tag || unit->skip > e->text)
		return fail_damaged(unit, err);
	dp_code rc = DP_OK;
	if (e->lines) {
		rc = read_stored(e, unit->extent[0].off, unit->extent[0].len, err);
		if (rc == DP_OK)
			rc = count_unit(e, unit, &state, &lines, err);
	}
	if (rc == DP_OK)
		rc = add_point(e, unit, &state, e->nline - dp__min_u64(lines.before, e->nline),
			       err);
	e->done.units++;
	e->nline += lines.own;
	if (rc == DP_OK && !dp__add_u64(e->text, unit->raw, &e->text))
		rc = fail_damaged(unit, err);
	return rc;
}

/* Only gzip, and its first point. */
static dp_code begin(exporter *e, dp_error *err)
{
	dp__gzi_point start = { 0 };
	size_t len = 0;
	uint64_t n = dp__min_u64(HEAD, dp_fetch_size(e->fetch, 0));
	const uint8_t *header = dp_fetch_attr(e->fetch, "header", &len);
	dp_code rc = read_stored(e, 0, n, err);
	if (rc != DP_OK)
		return rc;
	if (dp__framing_probe(e->stored.data, e->stored.len) != &dp__gzip)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "is no gzip: it needs no index of points to decode from");
	rc = find_block(e, 0, &start.bit, err);
	if (rc == DP_OK)
		rc = dp__gzi_writer_add(e->writer, &start, 0, NULL, err);
	if (header && len) {
		e->text = len;
		e->nline = count_newlines(header, len);
		e->open = header[len - 1] != '\n';
	}
	return rc;
}

static dp_code export_units(exporter *e, dp_error *err)
{
	const dp_unit *unit = NULL;
	dp_code rc = begin(e, err);
	while (rc == DP_OK) {
		rc = dp_fetch_unit(e->fetch, &unit, err);
		if (rc != DP_OK || !unit)
			break;
		rc = export_unit(e, unit, err);
	}
	return rc;
}

dp_code dp__text_export(dp_fetch *fetch, const char *as, dp_exported *done, dp_write_fn out,
			void *user, dp_error *err)
{
	dp__gzi_kind kind;
	dp_code rc = dp__gzi_kind_of(&kind, as, err);
	if (rc != DP_OK)
		return rc;
	exporter *e = calloc(1, sizeof *e);
	if (e)
		e->piece = malloc(DP__TEXT_PIECE);
	if (!e || !e->piece) {
		free(e);
		return dp_fail(err, DP_ENOMEM, "no memory to export an index");
	}
	e->fetch = fetch;
	e->lines = kind == DP__GZI_GZTOOL_LINES;
	e->stored = dp__buf_of(UNIT_MAX);
	rc = dp__gzi_writer_open(&e->writer, kind, err);
	if (rc == DP_OK)
		rc = export_units(e, err);
	if (rc == DP_OK)
		rc = dp__gzi_writer_end(
			e->writer,
			&(dp__gzi_whole){ dp_fetch_size(fetch, 0), e->text, e->nline + e->open },
			out, user, err);
	*done = e->done;
	dp__gzi_writer_free(e->writer);
	dp__buf_fini(&e->stored);
	free(e->piece);
	free(e);
	return rc;
}
