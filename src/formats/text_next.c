/*
 * text_next.c - gives the records of a slice's units: each is decoded from its own point on, and
 * its records are found again.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "formats/text.h"

/* Records in one batch at most. */
#define BATCH ((size_t)64 << 10)
/* So many bytes behind a record a grammar may want to see before it is whole. */
#define LOOKAHEAD 2
#define LIMIT_MAX ((uint64_t)1 << 31)

typedef struct taker {
	dp_fetch *fetch;
	const dp_grammar *grammar;
	const void *params; /* the grammar's */
	size_t limit;
	uint64_t lo, hi; /* selected records */
	bool boxed;      /* and only those in the selection's box */
	uint32_t *ends;

	const dp_unit *unit; /* the one in hand, NULL: none */
	const dp__framing *framing;
	void *decoder;
	uint64_t lent; /* where the stored bytes that it was given end */
	uint64_t skip,
		left; /* bytes of text before its records, and of them, that were not decoded yet */
	bool whole;   /* all of its records' bytes come by */
	uint64_t rec, at; /* the next record, and where it is in the unit's text */
	uint32_t crc;
	dp__buf text;
	size_t used, wait;
} taker;

static void close_decoder(taker *t)
{
	if (t->decoder)
		t->framing->close(t->decoder);
	t->decoder = NULL;
}

/* Finds where the state of the framing begins, and which record a narrowed unit begins with. */
static dp_code read_milestones(taker *t, uint64_t from, dp__cur *cur, dp_error *err)
{
	dp__milestone at = { 0, 0 };
	uint64_t n = dp__cur_varint(cur);
	bool found = from == 0;
	t->rec = t->unit->rec;
	for (uint64_t i = 0; i < n; i++) {
		if (!dp__milestone_take(cur, &at))
			break;
		if (at.stored == from) {
			t->rec = t->unit->rec + at.nrec;
			found = true;
		}
	}
	if (cur->bad || !found || at.nrec > t->unit->nrec)
		return dp_fail(err, DP_EFORMAT, "a damaged unit at record %" PRIu64, t->unit->rec);
	return DP_OK;
}

/* What of the unit's stored bytes has come by now. */
static dp_code lend_stored(void *user, const uint8_t **bytes, size_t *len, dp_error *err)
{
	taker *t = user;
	const dp_extent what = dp_fetch_extent(t->fetch, 0);
	uint64_t from = dp__min_u64(t->lent - what.off, what.len);
	dp_code rc = dp_fetch_some(t->fetch, 0, from, bytes, len, err);
	t->lent += *len;
	return rc;
}

/* At the unit's own point; what the last decoder left is nothing to it. */
static dp_code open_decoder(taker *t, const dp__framing *framing, dp__cur *state, dp_error *err)
{
	const dp_extent what = dp_fetch_extent(t->fetch, 0);
	dp__stored stored = { .more = lend_stored, .user = t, .off = what.off };
	close_decoder(t);
	t->framing = framing;
	t->lent = what.off;
	t->skip = framing->direct ? 0 : t->unit->skip;
	return framing->open(&t->decoder, &stored, state->p, dp__cur_left(state), err);
}

/*
 * A unit that came without its point begins where the one before it ended. No input is used of what
 * lies before its extent: that may be gone.
 */
static dp_code go_on_decoding(const taker *t, uint64_t rec, dp_error *err)
{
	const dp_unit *unit = t->unit;
	bool at_end = t->decoder && t->skip == 0 && t->left == 0 && t->used == t->text.len;
	if (!at_end || unit->tag != t->framing->tag || unit->rec != rec ||
	    t->framing->stored_end(t->decoder) < unit->extent[0].off)
		return dp_fail(err, DP_EFORMAT, "record %" PRIu64 ": a unit without its point",
			       unit->rec);
	return DP_OK;
}

static dp_code open_unit(taker *t, dp_error *err)
{
	uint64_t rec = t->rec;
	dp_code rc = dp_fetch_unit(t->fetch, &t->unit, err);
	if (rc != DP_OK || !t->unit)
		return rc;
	const dp__framing *framing = dp__framing_of(t->unit->tag);
	if (!framing || t->unit->rec == DP_UNKNOWN || t->unit->nrec == DP_UNKNOWN)
		return dp_fail(err, DP_EFORMAT, "a unit that is no text");
	const dp_extent what = dp_fetch_extent(t->fetch, 0), *own = &t->unit->extent[0];
	dp__cur cur = dp__cur_of(dp_fetch_state(t->fetch), t->unit->state_len);
	rc = read_milestones(t, what.off - own->off, &cur, err);
	if (rc == DP_OK && !framing->direct && dp__cur_left(&cur) == 0)
		rc = go_on_decoding(t, rec, err);
	else if (rc == DP_OK)
		rc = open_decoder(t, framing, &cur, err);
	t->whole = what.off == own->off && what.len == own->len;
	t->left = framing->direct ? what.len : t->unit->raw;
	t->at = 0;
	t->crc = 0;
	t->text.len = 0;
	t->used = 0;
	t->wait = 0;
	return rc;
}

/* Drops the text that was given out, and decodes one more piece behind the rest. */
static dp_code read_piece(taker *t, dp_error *err)
{
	uint64_t all;
	t->text.len -= t->used;
	if (t->used)
		memmove(t->text.data, t->text.data + t->used, t->text.len);
	t->used = 0;
	if (!dp__add_u64(t->skip, t->left, &all))
		return dp_fail(err, DP_EFORMAT, "a damaged unit at record %" PRIu64, t->unit->rec);
	dp_code rc = dp__buf_reserve(&t->text, DP__TEXT_PIECE, err);
	if (rc != DP_OK)
		return rc;
	dp__piece piece = { .out = t->text.data + t->text.len,
			    .cap = (size_t)dp__min_u64(DP__TEXT_PIECE, all) };
	rc = t->framing->read(t->decoder, &piece, err);
	size_t got = piece.got;
	if (rc == DP_OK && got == 0)
		rc = dp_fail(err, DP_EFORMAT, "the unit at record %" PRIu64 " ends too early",
			     t->unit->rec);
	if (rc != DP_OK)
		return rc;
	size_t skipped = (size_t)dp__min_u64(t->skip, got);
	uint8_t *new = t->text.data + t->text.len;
	memmove(new, new + skipped, got - skipped);
	t->skip -= skipped;
	t->left -= got - skipped;
	t->text.len += got - skipped;
	return DP_OK;
}

/* At the last record of a unit whose records all came by. */
static dp_code check_unit(const taker *t, dp_error *err)
{
	const dp_unit *unit = t->unit;
	bool over = t->left == 0 && t->used == t->text.len;
	if (!over || ((unit->flags & DP_UNIT_CRC) && t->crc != unit->crc))
		return dp_fail(err, DP_EFORMAT,
			       "records %" PRIu64 " to %" PRIu64
			       ": the checksum differs from the index",
			       unit->rec, unit->rec + unit->nrec);
	return DP_OK;
}

/* A record belongs to the box that holds its lower corner. */
static bool in_box(const taker *t, const dp_box *box)
{
	const dp_box *halo = &dp_fetch_sel(t->fetch)->halo;
	for (size_t i = 0; i < DP_MAX_AXES && t->grammar->axes[i].name; i++) {
		if (!(box->lo[i] >= halo->lo[i] && box->lo[i] < halo->hi[i]))
			return false;
	}
	return true;
}

/* Passes over records: unselected ones, or those of a batch. None: the grammar needs more text. */
static dp_code pass_records(taker *t, dp_batch *batch, dp_error *err)
{
	dp_text text = { t->text.data + t->used, t->text.len - t->used, t->left == 0 };
	dp__where place = { t->grammar, t->params, t->rec, t->at };
	uint64_t end = dp__min_u64(t->hi, t->unit->rec + t->unit->nrec);
	uint64_t max = (t->rec < t->lo ? dp__min_u64(t->lo, end) : end) - t->rec;
	dp_box box;
	dp_records found = { .ends = t->ends };
	if (t->boxed) {
		for (size_t i = 0; i < DP_MAX_AXES; i++) {
			box.lo[i] = INFINITY;
			box.hi[i] = -INFINITY;
		}
		found.box = &box;
		max = 1;
	}
	dp_code rc = dp__text_ask(&place, &text, dp__min_u64(max, BATCH), &found, err);
	if (rc != DP_OK || found.nrec == 0)
		return rc;
	if (t->rec >= t->lo && (!t->boxed || in_box(t, &box)))
		*batch = (dp_batch){ text.data, found.used, t->rec, found.nrec, t->ends };
	t->crc = dp__crc32(t->crc, text.data, found.used);
	t->rec += found.nrec;
	t->at += found.used;
	t->used += found.used;
	t->wait = 0;
	if (t->whole && t->rec == t->unit->rec + t->unit->nrec)
		rc = check_unit(t, err);
	return rc;
}

/* Goes on in the unit in hand: passes over records if there are any in the text, else gets more
 * text. */
static dp_code advance(taker *t, dp_batch *batch, dp_error *err)
{
	size_t len = t->text.len - t->used;
	uint64_t before = t->rec;
	dp__where place = { t->grammar, t->params, t->rec, t->at };
	/* Of a narrowed unit no more may come: then what there is, is enough. */
	if (len && (len >= t->wait || t->left == 0 || !t->whole)) {
		dp_code rc = pass_records(t, batch, err);
		if (rc != DP_OK || t->rec > before)
			return rc;
		if (len > t->limit + LOOKAHEAD)
			return dp__text_too_long(&place, t->limit, err);
		t->wait =
			(size_t)dp__min_u64((uint64_t)len * 2, (uint64_t)t->limit + LOOKAHEAD + 1);
	}
	if (t->left == 0) {
		dp_error why = { .code = DP_EFORMAT, .msg = "its unit ends before it" };
		return dp__text_fail(&place, &why, err);
	}
	return read_piece(t, err);
}

dp_code dp__text_next(void *self, dp_fetch *fetch, dp_batch *batch, dp_error *err)
{
	taker *t = self;
	dp_code rc = DP_OK;
	(void)fetch;
	*batch = (dp_batch){ 0 };
	while (rc == DP_OK && batch->nrec == 0) {
		if (!t->unit) {
			rc = open_unit(t, err);
			if (rc == DP_OK && !t->unit)
				break;
		} else if (t->rec >= dp__min_u64(t->hi, t->unit->rec + t->unit->nrec)) {
			t->unit = NULL;
		} else {
			rc = advance(t, batch, err);
		}
	}
	if (rc != DP_OK)
		*batch = (dp_batch){ 0 };
	return rc;
}

void dp__text_close(void *self)
{
	taker *t = self;
	close_decoder(t);
	dp__buf_fini(&t->text);
	free(t->ends);
	free(t);
}

/* Whether some records may be left out for where they lie. */
static bool selects_boxes(const dp_grammar *grammar, const dp_sel *sel)
{
	for (size_t i = 0; i < DP_MAX_AXES && grammar->axes && grammar->axes[i].name; i++) {
		if (!isinf(sel->halo.lo[i]) || !isinf(sel->halo.hi[i]))
			return true;
	}
	return false;
}

dp_code dp__text_open(void **self, dp_fetch *fetch, dp_error *err)
{
	const dp_format_use *use = dp_fetch_use(fetch);
	const dp_sel *sel = dp_fetch_sel(fetch);
	taker *t = calloc(1, sizeof *t);
	uint32_t *ends = malloc(BATCH * sizeof *ends);
	if (!t || !ends) {
		free(t);
		free(ends);
		return dp_fail(err, DP_ENOMEM, "no memory to read text");
	}
	t->fetch = fetch;
	t->ends = ends;
	t->grammar = use->impl;
	t->params = dp__text_own(use->params);
	t->limit = (size_t)dp__min_u64(dp_fetch_limit(fetch), LIMIT_MAX);
	t->text = dp__buf_of(t->limit + 2 * DP__TEXT_PIECE);
	t->lo = sel->rec;
	if (!dp__add_u64(sel->rec, sel->nrec, &t->hi) || sel->nrec == DP_UNKNOWN)
		t->hi = UINT64_MAX;
	t->boxed = selects_boxes(t->grammar, sel);
	*self = t;
	return DP_OK;
}
