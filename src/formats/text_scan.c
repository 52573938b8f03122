/*
 * text_scan.c - one pass over an object's text: its records are found and validated, and it is cut
 * into units.
 *
 * A unit begins at a mark, a point where decoding can begin, and owns the records from the first
 * border at or behind that point up to the next unit's first record. A mark is pending until such a
 * border is found; in a giant record, the next mark takes its place. The stored bytes of a unit
 * reach to the end of its last record, so neighbours overlap.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "formats/gzi_import.h"
#include "formats/text.h"

#define SPAN_MIN   ((uint64_t)1 << 10)
#define SPAN_MAX   ((uint64_t)1 << 30)
#define AUTO_MIN   ((uint64_t)256 << 10)
#define AUTO_MAX   ((uint64_t)4 << 20)
#define AUTO_PLAIN ((uint64_t)1 << 20)
#define AUTO_UNITS 256
#define MAX_UNITS  65536
/* A unit decodes to at most 24 MiB, one larger record excepted. */
#define TEXT_MAX     ((uint64_t)23 << 20)
#define STORED_PIECE ((size_t)256 << 10)
#define PIECE_MIN    ((uint64_t)256)
/* So much longer, at most, is a piece that ends with a member. */
#define MEMBER_MAX     ((size_t)512 << 10)
#define MILESTONE_MIN  ((uint64_t)32 << 10)
#define MILESTONES_MAX ((size_t)256 << 10)
#define STATE_MAX      ((size_t)512 << 10)
/* Ends of records within the text in hand are 32-bit. */
#define LIMIT_MAX ((uint64_t)1 << 31)
/* So many bytes behind a record a grammar may want to see before it is whole. */
#define LOOKAHEAD 2
#define ENDS      256

typedef struct point {
	uint64_t stored, text;
} point;

typedef struct scanner {
	dp_scan *scan;
	const dp_grammar *grammar;
	const void *params; /* the grammar's */
	const dp__framing *framing;
	void *decoder;
	uint64_t size, at; /* stored bytes there are, and read so far */
	const uint8_t *in;
	size_t ready; /* bytes of in that were read and not lent */
	uint64_t span;
	size_t piece, limit;
	size_t naxes;

	dp__buf text;
	size_t used;          /* bytes of it that were passed */
	uint64_t base;        /* where its first byte lies in all the text */
	size_t wait;          /* so long must it be before the grammar is worth asking */
	bool last, at_border; /* at_border: of the last piece */
	bool may_cut, cut;    /* a text that is cut off may be; it is */
	uint32_t ends[ENDS];

	dp_unit unit;            /* the open one */
	point mark;              /* where it begins */
	uint64_t start;          /* its first record, in the text */
	uint32_t crc;            /* of all text that was read */
	uint32_t crc_before;     /* of the text before the open unit's first record */
	uint64_t enough;         /* the stored bytes before this hold its records so far */
	dp__milestone milestone; /* the last one */
	uint64_t nmilestones;
	dp__buf milestones, state, row;
	bool pending;
	point next;         /* the pending mark */
	dp__import *import; /* points that were chosen already; NULL: none */
} scanner;

static dp_code read_stored(scanner *s, dp_error *err)
{
	s->ready = (size_t)dp__min_u64(STORED_PIECE, s->size - s->at);
	dp_extent what = { .off = s->at, .len = s->ready };
	s->at += s->ready;
	return dp_scan_lend(s->scan, &what, &s->in, err);
}

static dp_code lend(void *user, const uint8_t **bytes, size_t *len, dp_error *err)
{
	scanner *s = user;
	dp_code rc = s->ready ? DP_OK : read_stored(s, err);
	*bytes = s->in;
	*len = s->ready;
	s->ready = 0;
	return rc;
}

static unsigned may_use(void *user)
{
	const scanner *s = user;
	return dp_scan_threads(s->scan);
}

static uint64_t text_end(const scanner *s)
{
	return s->base + s->text.len;
}

static dp_code choose_span(scanner *s, uint64_t asked, dp_error *err)
{
	if (asked && (asked < SPAN_MIN || asked > SPAN_MAX))
		return dp_fail(err, DP_EINVAL, "span must be from 1K to 1G");
	s->span = asked;
	if (!asked && s->framing->direct)
		s->span = AUTO_PLAIN;
	else if (!asked && !s->import)
		s->span = dp__min_u64(dp__max_u64(s->size / AUTO_UNITS, AUTO_MIN), AUTO_MAX);
	s->span = dp__max_u64(s->span, s->size / MAX_UNITS);
	/* Small pieces, so that there are points to choose from; what is stored as it is costs
	 * nothing to cut. */
	s->piece = (size_t)dp__min_u64(dp__max_u64(s->span / 8, PIECE_MIN),
				       s->framing->direct ? MILESTONE_MIN : DP__TEXT_PIECE);
	if (s->import) /* its points are chosen */
		s->piece = DP__TEXT_PIECE;
	return DP_OK;
}

/* Refuses what no framing reads, and finds the one that does. */
static dp_code choose_framing(scanner *s, dp_error *err)
{
	const char *key = dp_scan_key(s->scan);
	size_t n = strlen(key);
	dp_code rc = read_stored(s, err);
	if (rc != DP_OK)
		return rc;
	if (s->size == 0 && n >= 3 && strcmp(key + n - 3, ".gz") == 0)
		return dp_fail(err, DP_EFORMAT, "is empty, not gzip");
	const char *foreign = dp__text_foreign(key, s->in, s->ready);
	if (foreign)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "%s compression cannot be cut; recompress it with gzip or bgzip",
			       foreign);
	s->framing = dp__framing_probe(s->in, s->ready);
	return DP_OK;
}

static dp__notes notes_of(const scanner *s)
{
	dp__notes notes = { 0 };
	if (s->framing->notes)
		s->framing->notes(s->decoder, &notes);
	return notes;
}

/* One more piece of text behind what there is; at_border: a mark would be cheap behind it. */
static dp_code read_piece(scanner *s, bool border, dp_error *err)
{
	uint64_t next = dp__import_next(s->import);
	size_t room =
		s->piece + (size_t)dp__min_u64(s->import ? MEMBER_MAX : 4 * s->span, MEMBER_MAX);
	dp_code rc = dp__buf_reserve(&s->text, room, err);
	s->at_border = false;
	if (rc != DP_OK)
		return rc;
	dp__piece piece = { .out = s->text.data + s->text.len,
			    .cap = s->piece,
			    .room = room,
			    .border = border,
			    .crc = &s->crc };
	if (next > text_end(s) && next - text_end(s) < room) {
		/* With room for a byte more, the end of the block before the point is seen. */
		piece.cap = (size_t)(next - text_end(s)) + 1;
		piece.room = 0;
		piece.border = piece.inside = true;
	}
	rc = s->framing->read(s->decoder, &piece, err);
	if (rc == DP_EFORMAT && s->may_cut && notes_of(s).cut) {
		s->cut = true;
		rc = DP_OK;
	}
	s->text.len += piece.got;
	s->last = rc == DP_OK && piece.got == 0 && !s->cut;
	s->at_border = piece.at_border;
	return rc;
}

/* ---- units ---- */

/* The open unit's state, before the next mark makes it unknown. */
static dp_code keep_state(scanner *s, dp_error *err)
{
	s->state.len = 0;
	return s->framing->state(s->decoder, &s->state, err);
}

static dp_code make_mark(scanner *s, point *mark, dp_error *err)
{
	dp__mark made;
	dp_code rc = s->framing->mark(s->decoder, &made, err);
	if (rc == DP_OK)
		*mark = (point){ made.off, text_end(s) - made.back };
	return rc;
}

/*
 * The CRC-32 of all text up to the end of the last record: that of all text, less what is left. A
 * CRC goes through 2^32 - 1 states as zero bytes are added, so adding all but n of them takes n
 * away.
 */
static uint32_t crc_so_far(const scanner *s)
{
	size_t n = s->text.len - s->used;
	uint32_t left = dp__crc32(0, s->text.data + s->used, n);
	return dp__crc32_join(s->crc ^ left, 0, UINT32_MAX - n);
}

static void open_unit(scanner *s, uint64_t start)
{
	uint64_t rec = s->unit.rec + s->unit.nrec;
	s->unit = (dp_unit){ .rec = rec, .tag = s->framing->tag, .flags = DP_UNIT_CRC };
	for (size_t i = 0; i < s->naxes; i++) {
		s->unit.box.lo[i] = INFINITY;
		s->unit.box.hi[i] = -INFINITY;
	}
	s->start = start;
	s->crc_before = crc_so_far(s);
	s->milestone = (dp__milestone){ 0, 0 };
	s->nmilestones = 0;
	s->milestones.len = 0;
}

/* Gives the open unit to the index, if it has a record. Its state was kept. */
static dp_code emit_unit(scanner *s, dp_error *err)
{
	if (s->unit.nrec == 0)
		return DP_OK;
	bool direct = s->framing->direct;
	uint64_t off = direct ? s->start : s->mark.stored;
	s->unit.extent[0] = (dp_extent){ .off = off, .len = s->enough - off };
	s->unit.crc = dp__crc32_join(s->crc_before, crc_so_far(s), s->unit.raw);
	s->unit.skip = direct ? 0 : s->start - s->mark.text;
	s->row.len = 0;
	dp_code rc = dp__put_varint(&s->row, s->nmilestones, err);
	if (rc == DP_OK)
		rc = dp__buf_add(&s->row, s->milestones.data, s->milestones.len, err);
	if (rc == DP_OK)
		rc = dp__buf_add(&s->row, s->state.data, s->state.len, err);
	s->unit.state_len = (uint32_t)s->row.len;
	return rc == DP_OK ? dp_scan_unit(s->scan, &s->unit, s->row.data, err) : rc;
}

/* The pending mark's first record begins here: a new unit. */
static dp_code switch_unit(scanner *s, dp_error *err)
{
	dp_code rc = emit_unit(s, err);
	s->pending = false;
	s->mark = s->next;
	open_unit(s, s->base + s->used);
	return rc;
}

static bool is_due(const scanner *s, bool at_border)
{
	const point *from = s->pending ? &s->next : &s->mark;
	uint64_t stored = s->framing->stored_end(s->decoder) - from->stored;
	if (!s->import && stored >= s->span && (at_border || stored - s->span >= s->span / 8))
		return true;
	return text_end(s) - from->text >= TEXT_MAX;
}

static dp_code make_next_mark(scanner *s, dp_error *err)
{
	dp_code rc = s->pending ? DP_OK : keep_state(s, err);
	if (rc == DP_OK)
		rc = make_mark(s, &s->next, err);
	s->pending = rc == DP_OK;
	return rc;
}

/* Compares the imported points that are here with an own mark. */
static dp_code check_point(scanner *s, const point *mark, dp_error *err)
{
	s->row.len = 0;
	dp_code rc = s->framing->state(s->decoder, &s->row, err);
	return rc == DP_OK ? dp__import_take(s->import, mark->stored, &s->row, err) : rc;
}

/* Notes how far the open unit's records have come, now and then. */
static dp_code add_milestone(scanner *s, dp_error *err)
{
	uint64_t off = s->framing->direct ? s->start : s->mark.stored;
	uint64_t stored = s->enough - off, step = MILESTONE_MIN;
	if (!s->framing->direct)
		step = dp__max_u64(s->span / 16, MILESTONE_MIN);
	if (s->unit.nrec == s->milestone.nrec || stored - s->milestone.stored < step)
		return DP_OK;
	dp_code rc = dp__put_varint(&s->milestones, s->unit.nrec - s->milestone.nrec, err);
	if (rc == DP_OK)
		rc = dp__put_varint(&s->milestones, stored - s->milestone.stored, err);
	s->milestone = (dp__milestone){ s->unit.nrec, stored };
	s->nmilestones++;
	return rc;
}

/* ---- records ---- */

static dp__where place_of(const scanner *s)
{
	return (dp__where){ s->grammar, s->params, s->unit.rec + s->unit.nrec, s->base + s->used };
}

/*
 * How many of the found records come before the pending mark's first border. A record longer than
 * one may be is refused, whatever the pieces that it came in.
 */
static dp_code count_taken(scanner *s, dp_records *found, dp_error *err)
{
	dp__where place = place_of(s);
	uint64_t n = 0, at = place.at;
	uint32_t from = 0;
	while (n < found->nrec) {
		if (found->ends[n] - from > s->limit)
			return dp__text_too_long(&place, s->limit, err);
		from = found->ends[n++];
		place.at = at + from;
		place.rec++;
		if (s->pending && place.at >= s->next.text)
			break;
	}
	found->nrec = n;
	found->used = from;
	return DP_OK;
}

static void take_records(scanner *s, const dp_records *found)
{
	s->unit.nrec += found->nrec;
	s->unit.raw += found->used;
	s->used += found->used;
	s->enough = s->framing->direct ? s->base + s->used : s->framing->stored_end(s->decoder);
}

/* The grammar found none in what there is. */
static dp_code ask_for_more(scanner *s, size_t len, dp_error *err)
{
	dp__where place = place_of(s);
	size_t enough = s->limit + LOOKAHEAD;
	if (len > enough)
		return dp__text_too_long(&place, s->limit, err);
	s->wait = (size_t)dp__min_u64((uint64_t)len * 2, (uint64_t)enough + 1);
	if (!s->last)
		return DP_OK;
	dp_error why = { .code = DP_EFORMAT, .msg = "the text ends inside it" };
	return dp__text_fail(&place, &why, err);
}

/* Asks the grammar for records; found->nrec is 0 if it needs more text. */
static dp_code find_records(scanner *s, dp_records *found, dp_error *err)
{
	dp_text text = { s->text.data + s->used, s->text.len - s->used, s->last };
	dp__where place = place_of(s);
	bool one_by_one = s->pending || text.len > s->limit;
	uint64_t max = !one_by_one ? UINT64_MAX : s->naxes ? 1 : ENDS;
	*found = (dp_records){ .ends = one_by_one ? s->ends : NULL,
			       .box = s->naxes ? &s->unit.box : NULL };
	dp_code rc = dp__text_ask(&place, &text, max, found, err);
	if (rc != DP_OK)
		return rc;
	if (found->nrec == 0)
		return ask_for_more(s, text.len, err);
	return one_by_one ? count_taken(s, found, err) : DP_OK;
}

static dp_code pass_records(scanner *s, dp_error *err)
{
	dp_code rc = DP_OK;
	while (rc == DP_OK) {
		dp_records found;
		if (s->pending && s->base + s->used >= s->next.text)
			rc = switch_unit(s, err);
		size_t left = s->text.len - s->used;
		if (rc != DP_OK || left == 0 || (left < s->wait && !s->last))
			break;
		rc = find_records(s, &found, err);
		if (rc != DP_OK || found.nrec == 0)
			break;
		s->wait = 0;
		take_records(s, &found);
	}
	s->text.len -= s->used;
	if (s->used)
		memmove(s->text.data, s->text.data + s->used, s->text.len);
	s->base += s->used;
	s->used = 0;
	return rc;
}

/* ---- the whole ---- */

/* The bytes before the first record. */
static dp_code read_header(scanner *s, dp_error *err)
{
	bool more = s->grammar->header != NULL;
	size_t used = 0;
	dp_code rc = read_piece(s, false, err);
	while (rc == DP_OK && more) {
		dp_text text = { s->text.data, s->text.len, s->last };
		dp_error why;
		dp__where place = { s->grammar, s->params, 0, 0 };
		why.msg[0] = 0;
		rc = why.code = s->grammar->header(&text, s->params, &used, &more, &why);
		if (rc != DP_OK)
			return dp__text_fail(&place, &why, err);
		if (used > text.len || (more && (s->last || s->cut || text.len > s->limit)))
			return dp_fail(err, DP_EFORMAT, "the header has no end");
		if (more)
			rc = read_piece(s, false, err);
	}
	/* Points inside a header that came in pieces are of no use. */
	if (s->grammar->header)
		dp__import_pass(s->import, text_end(s));
	if (rc == DP_OK && used &&
	    dp_scan_attr(s->scan, "header", s->text.data, used, true) != DP_OK)
		rc = dp_fail(err, DP_EFORMAT, "a header of %zu bytes cannot be kept", used);
	s->used = used;
	return rc;
}

static dp_code mark_here(scanner *s, dp_error *err)
{
	dp_code rc = DP_OK;
	if (s->pending) {
		/* The new mark may not take the place of one that has its border. */
		s->wait = 0;
		rc = pass_records(s, err);
	}
	return rc == DP_OK ? make_next_mark(s, err) : rc;
}

/* The text ends where an imported point is, or behind: then that is none. */
static dp_code take_point(scanner *s, dp_error *err)
{
	const point *from = s->pending ? &s->next : &s->mark;
	if (dp__import_next(s->import) < text_end(s) || !s->at_border)
		return dp__import_fail(s->import, err);
	if (s->framing->stored_end(s->decoder) - from->stored < s->span) {
		dp__import_pass(s->import, text_end(s) + 1);
		return DP_OK;
	}
	dp_code rc = mark_here(s, err);
	return rc == DP_OK ? check_point(s, &s->next, err) : rc;
}

/* One more piece, and a mark where one is due. */
static dp_code go_on(scanner *s, dp_error *err)
{
	const point *from = s->pending ? &s->next : &s->mark;
	bool border = !s->import && s->framing->stored_end(s->decoder) - from->stored >= s->span;
	if (dp__import_next(s->import) <= text_end(s))
		return take_point(s, err);
	dp_code rc = read_piece(s, border, err);
	if (rc != DP_OK || s->last || s->cut || !is_due(s, border && s->at_border))
		return rc;
	return mark_here(s, err);
}

/* The next record of a text that ends here; false if what is left is none. */
static bool take_last(scanner *s)
{
	dp_text text = { s->text.data + s->used, s->text.len - s->used, true };
	dp__where place = place_of(s);
	dp_records found = { 0 };
	if (text.len == 0 || text.len > s->limit ||
	    dp__text_ask(&place, &text, 1, &found, NULL) != DP_OK || found.nrec != 1)
		return false;
	take_records(s, &found);
	return true;
}

/*
 * The text is cut off. Its last records may be whole all the same, which shows only when it is
 * known that no more comes; one without its line end is not.
 */
static dp_code end_cut(scanner *s, dp_error *err)
{
	dp__notes notes = notes_of(s);
	s->wait = 0;
	dp_code rc = pass_records(s, err);
	bool ended = s->text.len > 0 && s->text.data[s->text.len - 1] == '\n';
	if (rc != DP_OK)
		return rc;
	while (ended && take_last(s))
		continue;
	dp_scan_warn(s->scan,
		     "is cut off at stored byte %" PRIu64
		     "; %zu bytes of text at its end are no whole %s and left out",
		     notes.cut_at, s->text.len - s->used, s->grammar->record);
	return DP_OK;
}

static dp_code walk(scanner *s, dp_error *err)
{
	dp_code rc = make_mark(s, &s->mark, err);
	if (rc == DP_OK && dp__import_next(s->import) == 0)
		rc = check_point(s, &s->mark, err);
	if (rc == DP_OK)
		rc = read_header(s, err);
	if (rc == DP_OK)
		open_unit(s, s->base + s->used);
	while (rc == DP_OK) {
		rc = pass_records(s, err);
		if (rc == DP_OK)
			rc = add_milestone(s, err);
		if (rc != DP_OK || s->last || s->cut)
			break;
		rc = go_on(s, err);
	}
	return rc == DP_OK && s->cut ? end_cut(s, err) : rc;
}

/* The last unit, and what trails the text. */
static dp_code finish(scanner *s, bool strict, dp_error *err)
{
	dp__notes notes = notes_of(s);
	/* A pending mark found no record: the open unit's state was kept before it. */
	dp_code rc = s->pending ? DP_OK : keep_state(s, err);
	if (rc == DP_OK)
		rc = emit_unit(s, err);
	if (rc == DP_OK)
		rc = dp__import_end(s->import, text_end(s), err);
	if (rc == DP_OK && notes.others && strict)
		return dp_fail(err, DP_EFORMAT,
			       "%" PRIu64 " bytes that are not gzip follow the last member",
			       notes.others);
	if (rc == DP_OK)
		dp__notes_warn(&notes, s->scan);
	return rc;
}

static size_t count_axes(const dp_axis *axes)
{
	size_t n = 0;
	while (axes && n < DP_MAX_AXES && axes[n].name)
		n++;
	return n;
}

static dp_code scan_text(scanner *s, const dp__text_params *params, dp_error *err)
{
	dp__stored stored = { .more = lend, .user = s, .threads = may_use };
	dp_code rc = choose_framing(s, err);
	if (rc == DP_OK)
		rc = dp__import_open(&s->import, s->scan, s->framing, err);
	if (rc == DP_OK)
		rc = choose_span(s, params->span, err);
	if (rc == DP_OK)
		rc = s->framing->open(&s->decoder, &stored, NULL, 0, err);
	if (rc == DP_OK)
		rc = walk(s, err);
	return rc == DP_OK ? finish(s, params->strict, err) : rc;
}

dp_code dp__text_scan(dp_scan *scan, dp_error *err)
{
	const dp_format_use *use = dp_scan_use(scan);
	scanner *s = calloc(1, sizeof *s);
	dp_code rc = DP_OK;
	if (!s) {
		rc = dp_fail(err, DP_ENOMEM, "no memory to scan");
		goto out;
	}
	s->scan = scan;
	s->grammar = use->impl;
	s->params = dp__text_own(use->params);
	s->size = dp_scan_size(scan, 0);
	s->limit = (size_t)dp__min_u64(dp_scan_limit(scan), LIMIT_MAX);
	s->naxes = count_axes(s->grammar->axes);
	s->may_cut = ((const dp__text_params *)use->params)->allow_truncated;
	s->text = dp__buf_of(s->limit + 2 * DP__TEXT_PIECE + MEMBER_MAX);
	s->milestones = dp__buf_of(MILESTONES_MAX);
	s->state = dp__buf_of(STATE_MAX);
	s->row = dp__buf_of(STATE_MAX + MILESTONES_MAX + 16);
	rc = scan_text(s, use->params, err);
out:
	if (s) {
		if (s->decoder)
			s->framing->close(s->decoder);
		dp__import_free(s->import);
		dp__buf_fini(&s->text);
		dp__buf_fini(&s->milestones);
		dp__buf_fini(&s->state);
		dp__buf_fini(&s->row);
	}
	free(s);
	return rc;
}
