/*
 * cut.c - selections of one index become slices.
 *
 * No data is read. What is read of the index's run are the states of units that a selection cuts,
 * where a format can narrow what it needs of them, and the rows that are to travel inside the
 * tokens.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/engine/cut.h"
#include "core/engine/plan.h"
#include "core/index/row.h"
#include "core/io/object.h"

/* A run up to this size is read at once for many slices, or for a few. */
#define MAX_RUN   ((uint64_t)16 << 20)
#define SMALL_RUN ((uint64_t)1 << 20)
#define MANY      16
#define FEW_ROWS  ((uint64_t)64 << 10) /* bytes */
/* Lithops carries items below 8 KiB with the call (docs/token.md). */
#define MAX_INLINE_ITEM   (UINT64_C(7) << 10)
#define MAX_INLINE_TRAVEL 512
#define TOKEN_ESTIMATE    400
#define ROW_MIN           24 /* bytes of a row without a state */

/* One index being cut. */
typedef struct cutter {
	const dp_index *index;
	dp_call call;
	dp_format_use use;
	dp__origin *origin;
	dp__site object;  /* for its store's gap and part */
	dp__buf run;      /* all rows, if they are few; else those of some units */
	uint64_t at_once; /* bytes that all rows may have to be read together */
	bool whole;       /* they were */
} cutter;

/* What a worker must know to find the object and its index. */
static dp_code make_place(cutter *cut, dp_error *err)
{
	const dp_index *index = cut->index;
	dp__origin *origin = cut->origin;
	dp_place where, its;
	dp__site_where(&cut->object, &where);
	dp__site_where(&index->site, &its);
	if (!where.endpoint)
		where.endpoint = its.endpoint;
	origin->requester_pays = where.requester_pays;
	origin->endpoint = where.endpoint ? dp__strdup(where.endpoint) : NULL;
	origin->region = where.region ? dp__strdup(where.region) : NULL;
	if ((where.endpoint && !origin->endpoint) || (where.region && !origin->region))
		return dp_fail(err, DP_ENOMEM, "no memory for a slice");
	if (index->session->set.keep_query)
		return dp__object_full(&origin->url, index->session, index->table.url, err);
	origin->url = dp__strdup(index->table.url);
	return origin->url ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a slice");
}

static dp_code make_origin(cutter *cut, dp_error *err)
{
	const dp_index *index = cut->index;
	const dp__table *table = &index->table;
	dp__origin *origin = calloc(1, sizeof *origin);
	if (!origin)
		return dp_fail(err, DP_ENOMEM, "no memory for a slice");
	cut->origin = origin;
	atomic_init(&origin->refs, 1);
	origin->session = index->session;
	origin->format = index->format;
	origin->naxes = table->naxes;
	origin->nparts = table->nparts;
	memcpy(origin->part, table->part, sizeof origin->part);
	origin->index_url = dp__strdup(index->url);
	origin->travel_len = index->travel.len;
	origin->travel_off = index->run_off + index->row_off[table->nunits];
	origin->travel_crc = dp__crc32(0, index->travel.data, index->travel.len);
	if (!origin->index_url)
		return dp_fail(err, DP_ENOMEM, "no memory for a slice");
	dp_code rc = make_place(cut, err);
	if (rc != DP_OK)
		return rc;
	dp__params_owner owner = dp__format_owner(index->format);
	return dp__params_init(&origin->params, &owner, (const char *const *)table->args, err);
}

static dp_code open_cutter(cutter *cut, const dp_index *index, dp_error *err)
{
	cut->index = index;
	cut->call = dp__call_begin(index->session);
	cut->run = dp__buf_of((size_t)MAX_RUN + DP__MAX_STATE);
	const dp_place place = { .url = index->table.url, .size = index->table.part[0].size };
	dp_code rc = dp__site_open(&cut->object, index->session, &place, err);
	if (rc == DP_OK)
		rc = make_origin(cut, err);
	cut->use = (dp_format_use){ index->format->impl, index->params.value };
	return rc;
}

static void close_cutter(cutter *cut)
{
	dp__origin_unref(cut->origin);
	dp__site_close(&cut->object);
	dp__buf_fini(&cut->run);
}

static uint64_t rows_len(const cutter *cut, size_t first, size_t last)
{
	return cut->index->row_off[last] - cut->index->row_off[first];
}

/* The rows of units [first, last), which fit in MAX_RUN; lent until the next call. */
static dp_code load_rows(cutter *cut, size_t first, size_t last, const uint8_t **rows,
			 dp_error *err)
{
	size_t n = cut->index->table.nunits;
	dp_code rc = DP_OK;
	if (!cut->whole && rows_len(cut, 0, n) <= cut->at_once) {
		rc = dp__index_rows(cut->index, &cut->call, 0, n, &cut->run, err);
		cut->whole = rc == DP_OK;
	} else if (!cut->whole) {
		cut->run.len = 0;
		rc = dp__index_rows(cut->index, &cut->call, first, last, &cut->run, err);
	}
	if (rc == DP_OK)
		*rows = cut->run.data + (cut->whole ? cut->index->row_off[first] : 0);
	return rc;
}

/* The next of rows that are there to their ends; its state is lent from them. */
static dp_code take_row(const cutter *cut, dp__cur *rows, dp_unit *unit, const uint8_t **state,
			dp_error *err)
{
	bool more = false;
	dp_code rc = dp__row_take(rows, unit, state, cut->origin->naxes, &more, err);
	return rc == DP_OK && more ? dp_fail(err, DP_EFORMAT, "a row of the index is cut off") : rc;
}

/* The state of a unit, lent until the next call. */
static dp_code load_state(cutter *cut, size_t i, const uint8_t **state, dp_error *err)
{
	const uint8_t *row = NULL;
	dp_unit unit;
	dp_code rc = load_rows(cut, i, i + 1, &row, err);
	if (rc != DP_OK)
		return rc;
	dp__cur cur = dp__cur_of(row, (size_t)rows_len(cut, i, i + 1));
	return take_row(cut, &cur, &unit, state, err);
}

static dp_code count_read(void *user, uint64_t off, uint64_t len, dp_error *err)
{
	dp_price *price = user;
	(void)off;
	(void)err;
	price->requests++;
	price->bytes += len;
	return DP_OK;
}

/* Adds one touched unit to a slice's price and to the ranges that it reads. */
static dp_code price_unit(cutter *cut, dp_slice *slice, size_t i, dp__ranges *ranges, dp_error *err)
{
	const dp_unit *unit = &cut->index->view.unit[i];
	const dp_format *format = cut->index->format;
	const uint8_t *state = NULL;
	dp_extent extent[DP_MAX_EXTENTS];
	dp_code rc = DP_OK;
	if (format->ranges && unit->state_len &&
	    dp__plan_cuts(unit, &slice->sel, cut->origin->naxes))
		rc = load_state(cut, i, &state, err);
	if (rc != DP_OK)
		return rc;
	size_t n = dp__plan_extents(format, &cut->use, unit, state, &slice->sel, extent);
	for (size_t k = 0; rc == DP_OK && k < n; k++) {
		rc = dp__ranges_add(&ranges[extent[k].part], extent[k].off, extent[k].len, err);
		dp__origin_widen(cut->origin, &extent[k], &slice->range);
	}
	slice->units++;
	slice->price.needed += dp__plan_needed(unit, &slice->sel);
	slice->memory += dp__plan_decoded(unit, &slice->sel);
	return rc;
}

/* A slice and the units that its rows are of. */
typedef struct planned {
	dp_slice *slice;
	size_t first, last;
	char *rows; /* as they may travel inside it; NULL: they do not */
	size_t rows_len;
} planned;

/* Everything of a slice but whether its rows travel inside it. */
static dp_code plan_slice(cutter *cut, planned *plan, dp_error *err)
{
	const dp_index *index = cut->index;
	dp_slice *slice = plan->slice;
	dp__ranges ranges[DP__MAX_PARTS];
	dp_code rc = DP_OK;
	for (size_t i = 0; i < DP__MAX_PARTS; i++)
		ranges[i] = (dp__ranges){ .gap = cut->object.store->gap,
					  .part = cut->object.store->part,
					  .emit = count_read,
					  .user = &slice->price };
	dp__plan_span(&index->view, &slice->sel, &plan->first, &plan->last);
	for (size_t i = plan->first; rc == DP_OK && i < plan->last; i++) {
		if (dp__plan_touches(&index->view.unit[i], &slice->sel, cut->origin->naxes))
			rc = price_unit(cut, slice, i, ranges, err);
	}
	for (size_t i = 0; rc == DP_OK && i < index->table.nparts; i++)
		rc = dp__ranges_end(&ranges[i], err);
	slice->rows_off = index->run_off + index->row_off[plan->first];
	slice->rows_len = rows_len(cut, plan->first, plan->last);
	slice->rows_crc = dp__index_rows_crc(index, plan->first, plan->last);
	return rc;
}

/* As many bytes as a token has, about, with so many bytes of rows in it. */
static uint64_t token_len(uint64_t rows)
{
	return TOKEN_ESTIMATE + (rows + 2) / 3 * 4;
}

static bool fits_inside(uint64_t rows)
{
	return token_len(rows) <= MAX_INLINE_ITEM;
}

/* The rows of a slice have at least so many bytes inside a token. */
static uint64_t least_inside(const cutter *cut, const planned *plan)
{
	size_t n = plan->last - plan->first;
	return n ? rows_len(cut, plan->first, plan->first + 1) + (n - 1) * ROW_MIN : 0;
}

/* Many rows are not worth reading, unless all are read anyway. */
static bool may_fit(const cutter *cut, const planned *plan)
{
	bool at_hand = rows_len(cut, 0, cut->index->table.nunits) <= cut->at_once ||
		       plan->slice->rows_len <= FEW_ROWS;
	return at_hand && fits_inside(least_inside(cut, plan));
}

/* Whether all tokens together may stay small, as far as can be told without reading rows. */
static bool may_inline(const cutter *cut, const planned *plans, size_t n, uint64_t room)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += token_len(may_fit(cut, &plans[i]) ? least_inside(cut, &plans[i]) : 0);
	return sum <= room;
}

/* Whether who reads the slice comes to unit i from the one before: that is read too, and no byte
 * between them is left out. */
static bool follows(const cutter *cut, const planned *plan, size_t i)
{
	const dp_unit *unit = &cut->index->view.unit[i];
	if (i == plan->first || !dp__plan_touches(unit - 1, &plan->slice->sel, cut->origin->naxes))
		return false;
	const dp_extent *before = &unit[-1].extent[0], *own = &unit->extent[0];
	return own->part == before->part && own->off <= before->off + before->len;
}

/* Appends the next row as it travels. behind: only what is needed of it behind the one before. */
static dp_code add_row(const cutter *cut, dp__cur *rows, bool behind, dp__buf *out, dp_error *err)
{
	const dp_format *format = cut->index->format;
	const uint8_t *state = NULL;
	dp_unit unit;
	dp_code rc = take_row(cut, rows, &unit, &state, err);
	if (rc != DP_OK)
		return rc;
	if (behind && state && format->rest) {
		size_t rest = format->rest(&cut->use, &unit, state);
		unit.state_len = rest < unit.state_len ? (uint32_t)rest : unit.state_len;
		unit.state_crc = dp__crc32(0, state, unit.state_len);
	}
	rc = dp__row_pack(out, &unit, cut->origin->naxes, err);
	return rc == DP_OK ? dp__buf_add(out, state, unit.state_len, err) : rc;
}

/* The rows of a slice as they travel, if its token stays small with them. */
static dp_code gather_rows(cutter *cut, planned *plan, dp_error *err)
{
	const dp_slice *slice = plan->slice;
	const uint8_t none = 0, *bytes = &none;
	dp__buf out = dp__buf_of((size_t)MAX_INLINE_ITEM + DP__MAX_ROW + DP__MAX_STATE);
	dp_code rc = DP_OK;
	if (slice->rows_len)
		rc = load_rows(cut, plan->first, plan->last, &bytes, err);
	if (rc != DP_OK)
		return rc;
	if (dp__crc32(0, bytes, (size_t)slice->rows_len) != slice->rows_crc)
		rc = dp_fail(err, DP_EFORMAT, "the index's rows differ from its table");
	dp__cur rows = dp__cur_of(bytes, (size_t)slice->rows_len);
	for (size_t i = plan->first; rc == DP_OK && fits_inside(out.len) && i < plan->last; i++)
		rc = add_row(cut, &rows, follows(cut, plan, i), &out, err);
	plan->rows_len = out.len;
	if (rc == DP_OK && fits_inside(out.len))
		rc = dp__buf_take(&plan->rows, &out, err);
	dp__buf_fini(&out);
	return rc;
}

static void put_rows_inside(planned *plan)
{
	dp_slice *slice = plan->slice;
	slice->rows = (uint8_t *)plan->rows;
	slice->rows_len = plan->rows_len;
	slice->rows_off = 0;
	slice->rows_crc = 0;
	plan->rows = NULL;
}

/* Rows that are read by reference are paid for; so are attributes. */
static void price_rows(const cutter *cut, dp_slice *slice)
{
	uint64_t part = cut->index->site.store->part;
	uint64_t by_reference = slice->rows ? 0 : slice->rows_len;
	slice->price.requests += dp__plan_parts(by_reference, part);
	slice->price.bytes += by_reference;
	if (!cut->origin->travel) {
		slice->price.requests += dp__plan_parts(cut->origin->travel_len, part);
		slice->price.bytes += cut->origin->travel_len;
	}
}

/* Attributes travel inside when they are tiny. */
static dp_code put_travel_inside(cutter *cut, dp_error *err)
{
	dp__origin *origin = cut->origin;
	if (!origin->travel_len || origin->travel_len > MAX_INLINE_TRAVEL)
		return DP_OK;
	origin->travel = malloc((size_t)origin->travel_len);
	if (!origin->travel)
		return dp_fail(err, DP_ENOMEM, "no memory for attributes");
	memcpy(origin->travel, cut->index->travel.data, (size_t)origin->travel_len);
	return DP_OK;
}

/* One slice for each selection; plans has room for them. */
static dp_code cut_sels(cutter *cut, const dp_sel *sels, size_t n, planned *plans, dp_error *err)
{
	dp_code rc = put_travel_inside(cut, err);
	for (size_t i = 0; rc == DP_OK && i < n; i++) {
		plans[i].slice = dp__slice_new(cut->origin);
		if (!plans[i].slice)
			return dp_fail(err, DP_ENOMEM, "no memory for %zu slices", n);
		plans[i].slice->ordinal = i;
		plans[i].slice->of = n;
		plans[i].slice->sel = sels[i];
		rc = plan_slice(cut, &plans[i], err);
	}
	return rc;
}

/* The rows travel inside the tokens, as far as they fit, if these stay small together. */
static dp_code settle_rows(cutter *cut, planned *plans, size_t n, uint64_t room, dp_error *err)
{
	dp_code rc = DP_OK;
	bool may = may_inline(cut, plans, n, room);
	uint64_t sum = 0;
	for (size_t i = 0; rc == DP_OK && may && i < n; i++) {
		if (may_fit(cut, &plans[i]))
			rc = gather_rows(cut, &plans[i], err);
		sum += token_len(plans[i].rows ? plans[i].rows_len : 0);
		may = sum <= room;
	}
	for (size_t i = 0; rc == DP_OK && i < n; i++) {
		if (may && plans[i].rows)
			put_rows_inside(&plans[i]);
		price_rows(cut, plans[i].slice);
	}
	return rc;
}

dp_code dp__cut(dp_slice **out, const dp_index *index, const dp_sel *sels, size_t n, uint64_t room,
		dp_error *err)
{
	cutter cut = { .at_once = n >= MANY ? MAX_RUN : n > 1 ? SMALL_RUN : 0 };
	planned *plans = calloc(n + 1, sizeof *plans);
	if (!plans)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu slices", n);
	dp_code rc = open_cutter(&cut, index, err);
	if (rc == DP_OK)
		rc = cut_sels(&cut, sels, n, plans, err);
	if (rc == DP_OK)
		rc = settle_rows(&cut, plans, n, room, err);
	for (size_t i = 0; i < n; i++) {
		out[i] = plans[i].slice;
		free(plans[i].rows);
	}
	close_cutter(&cut);
	free(plans);
	return rc;
}
