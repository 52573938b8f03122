/*
 * fetch.c - evaluates a slice: its rows, piece by piece; the reads that they plan, ahead; its
 * units, one by one.
 *
 * Rows, joined ranges and buffers are all taken in order and dropped behind, so a slice may be
 * larger than memory. The ranges are joined by the same code that the price was made with.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/grow.h"
#include "core/base/num.h"
#include "core/engine/budget.h"
#include "core/engine/fetch.h"
#include "core/engine/plan.h"
#include "core/index/row.h"
#include "core/io/ahead.h"

/* A unit whose row was read, and what is to be fetched of it. */
typedef struct planned {
	dp_unit unit;
	uint8_t *state;
	dp_extent extent[DP_MAX_EXTENTS];
	size_t nextents;
} planned;

/* One part of the object. */
typedef struct source {
	dp__site site;
	dp__ahead *ahead;
	dp__ranges ranges;
	uint64_t pushed; /* reads are queued up to here */
} source;

struct dp_fetch {
	const dp_slice *slice;
	dp__origin *origin;
	dp_call call;
	dp_format_use use;
	source part[DP__MAX_PARTS];
	dp__site index; /* the index file; closed when the rows are inline */
	dp__buf rows;   /* rows read and not taken yet */
	uint64_t rows_read;
	uint32_t rows_crc;
	bool rows_end, rows_only;
	planned *queue; /* [head, tail) */
	size_t head, tail, cap;
	planned now;
	uint64_t next_rec; /* rows must not go back behind it */
	dp__buf scratch[DP_MAX_EXTENTS];
	dp__buf travel;
	dp_price paid; /* for rows and attributes */
	double waited; /* seconds, for all stored bytes */
};

static dp_code push_read(void *user, uint64_t off, uint64_t len, dp_error *err)
{
	source *part = user;
	part->pushed = off + len;
	return dp__ahead_push(part->ahead, off, len, err);
}

static dp_code open_part(dp_fetch *fetch, size_t i, dp_error *err)
{
	dp__origin *origin = fetch->origin;
	source *part = &fetch->part[i];
	char *url = NULL;
	dp_code rc = dp__index_part_url(&url, origin->url, origin->format, i, err);
	const dp_place place = dp__origin_place(origin, url, i);
	if (rc == DP_OK)
		rc = dp__site_open(&part->site, origin->session, &place, err);
	if (rc == DP_OK)
		rc = dp__ahead_open(&part->ahead, &part->site, &fetch->call, origin->part[i].etag,
				    dp__budget_ahead(origin->session, part->site.store), err);
	if (rc == DP_OK)
		part->ranges = (dp__ranges){ .gap = part->site.store->gap,
					     .part = part->site.store->part,
					     .emit = push_read,
					     .user = part };
	free(url);
	return rc;
}

/* One stretch of the index file, in reads of its store's part; the file is another now if its CRC
 * differs. */
static dp_code read_index(dp_fetch *fetch, uint64_t off, uint64_t len, dp__buf *out, dp_error *err)
{
	const dp_place place = dp__origin_index(fetch->origin);
	double begun = dp__now();
	dp_code rc = DP_OK;
	if (!fetch->index.store)
		rc = dp__site_open(&fetch->index, fetch->origin->session, &place, err);
	if (rc == DP_OK)
		rc = dp__buf_reserve(out, len, err);
	while (rc == DP_OK && len) {
		uint64_t n = dp__min_u64(len, fetch->index.store->part);
		rc = dp__site_read(&fetch->index, &fetch->call, NULL,
				   &(dp_read){ off, (size_t)n, out->data + out->len }, 1, err);
		if (rc != DP_OK)
			break;
		out->len += n;
		off += n;
		len -= n;
		fetch->paid.requests++;
		fetch->paid.bytes += n;
	}
	fetch->waited += dp__now() - begun;
	return rc == DP_OK ? DP_OK : dp__error_in(err, rc, fetch->origin->index_url);
}

static dp_code read_travel(dp_fetch *fetch, dp_error *err)
{
	const dp__origin *origin = fetch->origin;
	if (origin->travel || !origin->travel_len)
		return DP_OK;
	dp_code rc = read_index(fetch, origin->travel_off, origin->travel_len, &fetch->travel, err);
	if (rc == DP_OK &&
	    dp__crc32(0, fetch->travel.data, fetch->travel.len) != origin->travel_crc)
		rc = dp_fail(err, DP_ESTALE, "%s: is another index now", origin->index_url);
	return rc;
}

/* Queues a unit and plans its reads. */
static dp_code plan_unit(dp_fetch *fetch, const dp_unit *unit, const uint8_t *state, dp_error *err)
{
	const dp__origin *origin = fetch->origin;
	if (fetch->tail == fetch->cap) {
		planned *queue = dp__grown(fetch->queue, &fetch->cap, sizeof *queue, "units", err);
		if (!queue)
			return DP_ENOMEM;
		fetch->queue = queue;
	}
	planned *item = &fetch->queue[fetch->tail];
	*item = (planned){ .unit = *unit };
	if (unit->state_len) {
		item->state = malloc(unit->state_len);
		if (!item->state)
			return dp_fail(err, DP_ENOMEM, "no memory for a unit's state");
		memcpy(item->state, state, unit->state_len);
	}
	fetch->tail++;
	if (fetch->rows_only)
		return DP_OK;
	bool cut = dp__plan_cuts(unit, &fetch->slice->sel, origin->naxes);
	item->nextents =
		dp__plan_extents(origin->format, &fetch->use, unit, cut ? item->state : NULL,
				 &fetch->slice->sel, item->extent);
	for (size_t i = 0; i < item->nextents; i++) {
		const dp_extent *extent = &item->extent[i];
		dp_code rc = dp__ranges_add(&fetch->part[extent->part].ranges, extent->off,
					    extent->len, err);
		if (rc != DP_OK)
			return rc;
	}
	return DP_OK;
}

/* A row is data from elsewhere: its extents lie in the object, and its records behind those of the
 * row before. */
static dp_code check_row(dp_fetch *fetch, const dp_unit *unit, dp_error *err)
{
	const dp__origin *origin = fetch->origin;
	for (size_t i = 0; i < DP_MAX_EXTENTS && unit->extent[i].len; i++) {
		const dp_extent *extent = &unit->extent[i];
		if (extent->part >= origin->nparts ||
		    extent->off > origin->part[extent->part].size ||
		    extent->len > origin->part[extent->part].size - extent->off)
			return dp_fail(err, DP_EFORMAT, "a row's bytes lie outside the object");
	}
	if (unit->rec == DP_UNKNOWN || unit->nrec == DP_UNKNOWN)
		return DP_OK;
	uint64_t end;
	if (unit->rec < fetch->next_rec || !dp__add_u64(unit->rec, unit->nrec, &end))
		return dp_fail(err, DP_EFORMAT, "rows are not in order at record %" PRIu64,
			       unit->rec);
	fetch->next_rec = end;
	return DP_OK;
}

/* Takes the whole rows that are in the buffer, and keeps the begun one. */
static dp_code take_rows(dp_fetch *fetch, dp_error *err)
{
	const dp_slice *slice = fetch->slice;
	dp__cur cur = dp__cur_of(fetch->rows.data, fetch->rows.len);
	dp_code rc = DP_OK;
	bool more = false;
	while (rc == DP_OK && dp__cur_left(&cur)) {
		const uint8_t *state = NULL;
		dp_unit unit = { 0 };
		rc = dp__row_take(&cur, &unit, &state, fetch->origin->naxes, &more, err);
		if (rc != DP_OK || more)
			break;
		rc = check_row(fetch, &unit, err);
		if (rc == DP_OK && dp__plan_touches(&unit, &slice->sel, fetch->origin->naxes))
			rc = plan_unit(fetch, &unit, state, err);
	}
	if (rc != DP_OK)
		return rc;
	fetch->rows.len = dp__cur_left(&cur);
	if (fetch->rows.len)
		memmove(fetch->rows.data, cur.p, fetch->rows.len);
	if (fetch->rows_end && fetch->rows.len)
		return dp_fail(err, DP_EFORMAT, "the last row is cut off");
	return DP_OK;
}

static dp_code end_ranges(dp_fetch *fetch, dp_error *err)
{
	dp_code rc = DP_OK;
	for (size_t i = 0; rc == DP_OK && i < fetch->origin->nparts; i++)
		rc = dp__ranges_end(&fetch->part[i].ranges, err);
	return rc;
}

/* Reads the next piece of the slice's rows and plans what is in it. */
static dp_code more_rows(dp_fetch *fetch, dp_error *err)
{
	const dp_slice *slice = fetch->slice;
	dp_code rc = DP_OK;
	size_t had = fetch->rows.len;
	if (fetch->head > 0) {
		memmove(fetch->queue, fetch->queue + fetch->head,
			(fetch->tail - fetch->head) * sizeof(planned));
		fetch->tail -= fetch->head;
		fetch->head = 0;
	}
	if (slice->rows) {
		rc = dp__buf_add(&fetch->rows, slice->rows, slice->rows_len, err);
		fetch->rows_end = true;
	} else if (slice->rows_len) {
		uint64_t n = dp__min_u64(slice->rows_len - fetch->rows_read, (uint64_t)8 << 20);
		rc = read_index(fetch, slice->rows_off + fetch->rows_read, n, &fetch->rows, err);
		fetch->rows_read += n;
		fetch->rows_end = fetch->rows_read == slice->rows_len;
		if (rc == DP_OK)
			fetch->rows_crc = dp__crc32(fetch->rows_crc, fetch->rows.data + had, n);
		if (rc == DP_OK && fetch->rows_end && fetch->rows_crc != slice->rows_crc)
			rc = DP_ESTALE;
		if (rc == DP_ESTALE) {
			const dp__stretch rows = { slice->rows_off, slice->rows_len,
						   slice->rows_crc };
			const dp_place place = dp__origin_index(fetch->origin);
			rc = dp__index_explain(fetch->origin->session, &fetch->call, &place, &rows,
					       err);
		}
	} else {
		fetch->rows_end = true;
	}
	if (rc == DP_OK)
		rc = take_rows(fetch, err);
	return rc == DP_OK && fetch->rows_end ? end_ranges(fetch, err) : rc;
}

/* Whether all that the unit needs is queued to be read. */
static bool is_pushed(const dp_fetch *fetch, const planned *item)
{
	for (size_t i = 0; i < item->nextents; i++) {
		const dp_extent *extent = &item->extent[i];
		if (extent->off + extent->len > fetch->part[extent->part].pushed)
			return false;
	}
	return true;
}

/* Every part's bytes before the unit's are behind us. */
static void release_before(dp_fetch *fetch, const planned *item)
{
	bool seen[DP__MAX_PARTS] = { false };
	for (size_t i = 0; i < item->nextents; i++) {
		uint32_t part = item->extent[i].part;
		if (!seen[part])
			dp__ahead_release(fetch->part[part].ahead, item->extent[i].off);
		seen[part] = true;
	}
}

dp_code dp__fetch_await(dp_fetch *fetch, dp_error *err)
{
	double begun = dp__now();
	dp_code rc = DP_OK;
	for (size_t i = 0; rc == DP_OK && i < fetch->now.nextents; i++) {
		const dp_extent *what = &fetch->now.extent[i];
		rc = dp__ahead_await(fetch->part[what->part].ahead, what->off, what->len, err);
	}
	fetch->waited += dp__now() - begun;
	return rc;
}

dp_code dp_fetch_unit(dp_fetch *fetch, const dp_unit **unit, dp_error *err)
{
	/* So that no read is made in part, and none fails unseen. */
	dp_code rc = dp__fetch_await(fetch, err);
	if (rc == DP_OK)
		rc = dp_call_check(&fetch->call, err);
	free(fetch->now.state);
	fetch->now = (planned){ 0 };
	*unit = NULL;
	while (rc == DP_OK && !fetch->rows_end &&
	       (fetch->head == fetch->tail || !is_pushed(fetch, &fetch->queue[fetch->head])))
		rc = more_rows(fetch, err);
	if (rc != DP_OK || fetch->head == fetch->tail)
		return rc;
	fetch->now = fetch->queue[fetch->head++];
	release_before(fetch, &fetch->now);
	*unit = &fetch->now.unit;
	return DP_OK;
}

dp_code dp_fetch_bytes(dp_fetch *fetch, size_t i, dp_extent *what, const uint8_t **bytes,
		       dp_error *err)
{
	if (i >= fetch->now.nextents)
		return dp_fail(err, DP_EINVAL, "a unit has no extent %zu", i);
	*what = fetch->now.extent[i];
	double begun = dp__now();
	dp_code rc = dp__ahead_bytes(fetch->part[what->part].ahead, what->off, what->len,
				     &fetch->scratch[i], bytes, err);
	fetch->waited += dp__now() - begun;
	return rc;
}

dp_extent dp_fetch_extent(const dp_fetch *fetch, size_t i)
{
	return i < fetch->now.nextents ? fetch->now.extent[i] : (dp_extent){ 0 };
}

dp_code dp_fetch_some(dp_fetch *fetch, size_t i, uint64_t from, const uint8_t **bytes, size_t *len,
		      dp_error *err)
{
	const dp_extent what = dp_fetch_extent(fetch, i);
	*len = 0;
	if (i >= fetch->now.nextents || from > what.len)
		return dp_fail(err, DP_EINVAL, "a unit has no byte %" PRIu64 " of its extent %zu",
			       from, i);
	double begun = dp__now();
	dp_code rc = dp__ahead_some(fetch->part[what.part].ahead, what.off + from, what.len - from,
				    bytes, len, err);
	fetch->waited += dp__now() - begun;
	return rc;
}

uint64_t dp_fetch_size(const dp_fetch *fetch, size_t part)
{
	return part < fetch->origin->nparts ? fetch->origin->part[part].size : 0;
}

dp_code dp_fetch_read(dp_fetch *fetch, const dp_extent *what, void *buf, dp_error *err)
{
	uint64_t size = dp_fetch_size(fetch, what->part);
	if (what->off > size || what->len > size - what->off)
		return dp_fail(err, DP_EFORMAT,
			       "bytes %" PRIu64 " to +%" PRIu64 " lie behind the end", what->off,
			       what->len);
	if (what->len == 0)
		return DP_OK;
	return dp__site_read(&fetch->part[what->part].site, &fetch->call,
			     fetch->origin->part[what->part].etag,
			     &(dp_read){ what->off, (size_t)what->len, buf }, 1, err);
}

const uint8_t *dp_fetch_state(const dp_fetch *fetch)
{
	return fetch->now.state;
}

const dp_sel *dp_fetch_sel(const dp_fetch *fetch)
{
	return &fetch->slice->sel;
}

const dp_format_use *dp_fetch_use(const dp_fetch *fetch)
{
	return &fetch->use;
}

const dp_call *dp_fetch_call(const dp_fetch *fetch)
{
	return &fetch->call;
}

size_t dp_fetch_limit(const dp_fetch *fetch)
{
	return (size_t)fetch->origin->session->set.record;
}

const void *dp_fetch_attr(const dp_fetch *fetch, const char *name, size_t *len)
{
	const dp__origin *origin = fetch->origin;
	if (origin->travel)
		return dp__travel_find(origin->travel, (size_t)origin->travel_len, name, len);
	return dp__travel_find(fetch->travel.data, fetch->travel.len, name, len);
}

void dp__fetch_rows_only(dp_fetch *fetch)
{
	fetch->rows_only = true;
}

dp_price dp__fetch_paid(const dp_fetch *fetch)
{
	dp_price sum = fetch->paid;
	for (size_t i = 0; i < DP__MAX_PARTS; i++) {
		uint64_t requests = 0, bytes = 0;
		if (fetch->part[i].ahead)
			dp__ahead_paid(fetch->part[i].ahead, &requests, &bytes);
		sum.requests += requests;
		sum.bytes += bytes;
	}
	sum.needed = fetch->slice->price.needed;
	return sum;
}

double dp__fetch_waited(const dp_fetch *fetch)
{
	return fetch->waited;
}

dp_range dp__fetch_read(const dp_fetch *fetch)
{
	dp_range range = { 0 };
	for (uint32_t i = 0; i < DP__MAX_PARTS; i++) {
		if (!fetch->part[i].ahead)
			continue;
		dp_extent read = dp__ahead_read(fetch->part[i].ahead);
		read.part = i;
		dp__origin_widen(fetch->origin, &read, &range);
	}
	return range;
}

dp_code dp__fetch_open(dp_fetch **out, const dp_slice *slice, dp_error *err)
{
	dp_fetch *fetch = calloc(1, sizeof *fetch);
	dp_code rc = DP_OK;
	if (!fetch)
		return dp_fail(err, DP_ENOMEM, "no memory for a fetch");
	fetch->slice = slice;
	fetch->origin = dp__origin_ref(slice->origin);
	fetch->call = dp__call_begin(fetch->origin->session);
	fetch->use = (dp_format_use){ fetch->origin->format->impl, fetch->origin->params.value };
	fetch->rows = dp__buf_of((size_t)32 << 20);
	fetch->travel = dp__buf_of((size_t)64 << 20);
	for (size_t i = 0; i < DP_MAX_EXTENTS; i++)
		fetch->scratch[i] = dp__buf_of((size_t)1 << 30);
	atomic_fetch_add(&fetch->origin->session->fetches, 1);
	for (size_t i = 0; rc == DP_OK && i < fetch->origin->nparts; i++)
		rc = open_part(fetch, i, err);
	if (rc == DP_OK)
		rc = read_travel(fetch, err);
	if (rc == DP_OK)
		*out = fetch;
	else
		dp__fetch_free(fetch);
	return rc;
}

void dp__fetch_free(dp_fetch *fetch)
{
	if (!fetch)
		return;
	for (size_t i = 0; i < DP__MAX_PARTS; i++) {
		dp__ahead_free(fetch->part[i].ahead);
		dp__site_close(&fetch->part[i].site);
	}
	dp__site_close(&fetch->index);
	for (; fetch->head < fetch->tail; fetch->head++)
		free(fetch->queue[fetch->head].state);
	free(fetch->queue);
	free(fetch->now.state);
	for (size_t i = 0; i < DP_MAX_EXTENTS; i++)
		dp__buf_fini(&fetch->scratch[i]);
	dp__buf_fini(&fetch->rows);
	dp__buf_fini(&fetch->travel);
	atomic_fetch_sub(&fetch->origin->session->fetches, 1);
	dp__origin_unref(fetch->origin);
	free(fetch);
}
