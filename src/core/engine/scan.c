/* scan.c - what a format's scan may do: read the object's parts in order, ahead of it, and tell of
 * units and facts. */
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/grow.h"
#include "core/base/num.h"
#include "core/base/text.h"
#include "core/engine/budget.h"
#include "core/engine/scan.h"
#include "core/engine/slice.h"
#include "core/index/row.h"
#include "core/io/url.h"

#define RUN_MEMORY   ((size_t)8 << 20)
#define DISK_GAP     ((uint64_t)1 << 20) /* a store whose gaps are below it is near */
#define DISK_AHEAD   ((uint64_t)4 << 20)
#define FIRST_READ   ((uint64_t)1 << 20)
#define FIRST_AHEAD  ((uint64_t)8 << 20)
#define MAX_WARNINGS ((size_t)64 << 10)
#define MAX_ATTRS    256
#define MAX_ATTR     ((size_t)64 << 20)

static dp_code open_stream(dp_scan *scan, size_t i, dp_error *err)
{
	dp__stream *stream = &scan->stream[i];
	char *url = NULL;
	const dp__part *part = &scan->table.part[i];
	dp_code rc = dp__index_part_url(&url, scan->table.url, scan->format, i, err);
	if (rc == DP_OK)
		rc = dp__site_open(&stream->site, scan->session,
				   &(dp_place){ .url = url, .size = part->size }, err);
	if (rc == DP_OK)
		rc = dp__ahead_open(&stream->ahead, &stream->site, &scan->call, part->etag,
				    dp__budget_ahead(scan->session, stream->site.store), err);
	stream->scratch = dp__buf_of((size_t)1 << 30);
	free(url);
	return rc;
}

dp_code dp__scan_open(dp_scan *scan, dp_error *err)
{
	dp_code rc = dp__run_open(&scan->run, RUN_MEMORY, err);
	atomic_fetch_add(&scan->session->scans, 1);
	scan->counted = true;
	scan->row = dp__buf_of(4096);
	scan->warnings = dp__buf_of(MAX_WARNINGS);
	for (size_t i = 0; rc == DP_OK && i < scan->table.nparts; i++) {
		scan->total += scan->table.part[i].size;
		rc = open_stream(scan, i, err);
	}
	return rc;
}

void dp__scan_fini(dp_scan *scan)
{
	if (scan->counted)
		atomic_fetch_sub(&scan->session->scans, 1);
	for (size_t i = 0; i < DP__MAX_PARTS; i++) {
		dp__ahead_free(scan->stream[i].ahead);
		dp__site_close(&scan->stream[i].site);
		dp__buf_fini(&scan->stream[i].scratch);
	}
	dp__site_close(&scan->imported);
	free(scan->imported_url);
	dp__run_free(scan->run);
	dp__buf_fini(&scan->row);
	dp__buf_fini(&scan->warnings);
	dp__table_fini(&scan->table);
}

dp_code dp__scan_import(dp_scan *scan, const char *typed, dp_error *err)
{
	dp_stat stat = { 0 };
	char *url = NULL;
	dp_code rc = dp__url_of(&url, typed, err);
	if (rc == DP_OK)
		rc = dp__url_public(&scan->imported_url, url, err);
	if (rc != DP_OK)
		goto out;
	rc = dp__site_open(&scan->imported, scan->session, &(dp_place){ .url = url }, err);
	if (rc == DP_OK)
		rc = dp__site_stat(&scan->imported, &scan->call, &stat, err);
	if (rc == DP_OK && stat.size == 0)
		rc = dp_fail(err, DP_EFORMAT, "is empty, no index");
	if (rc != DP_OK)
		rc = dp__error_in(err, rc, scan->imported_url);
	scan->imported_size = stat.size;
	memcpy(scan->imported_etag, stat.etag, sizeof scan->imported_etag);
out:
	free(url);
	return rc;
}

uint64_t dp_scan_imported_size(const dp_scan *scan)
{
	return scan->imported_size;
}

dp_code dp_scan_imported_read(dp_scan *scan, uint64_t off, void *buf, size_t len, dp_error *err)
{
	scan->imported_read = true;
	if (off > scan->imported_size || len > scan->imported_size - off)
		return dp_fail(err, DP_EFORMAT, "the imported index is cut off");
	if (len == 0)
		return DP_OK;
	dp_code rc = dp__site_read(&scan->imported, &scan->call, scan->imported_etag,
				   &(dp_read){ off, len, buf }, 1, err);
	return rc == DP_OK ? DP_OK : dp__error_in(err, rc, scan->imported_url);
}

uint64_t dp_scan_size(const dp_scan *scan, size_t part)
{
	return part < scan->table.nparts ? scan->table.part[part].size : 0;
}

const dp_format_use *dp_scan_use(const dp_scan *scan)
{
	return &scan->use;
}

const dp_call *dp_scan_call(const dp_scan *scan)
{
	return &scan->call;
}

const char *dp_scan_key(const dp_scan *scan)
{
	return dp__url_key(scan->table.url);
}

size_t dp_scan_limit(const dp_scan *scan)
{
	return (size_t)scan->session->set.record;
}

unsigned dp_scan_threads(const dp_scan *scan)
{
	uint64_t share = dp__session_threads(scan->session) / atomic_load(&scan->session->scans);
	return (unsigned)dp__min_u64(dp__max_u64(share, 1), UINT_MAX);
}

/*
 * Keeps the queue as far ahead of the reader as the memory allows; of a disk, no farther than the
 * processor's caches do. Reads are made together, and until the first ones are here the reader has
 * nothing to do: they are few, and short ones.
 */
static dp_code push_ahead(dp_scan *scan, dp__stream *stream, uint64_t size, uint64_t need,
			  dp_error *err)
{
	uint64_t budget = dp__budget_ahead(scan->session, stream->site.store);
	if (stream->site.store->gap < DISK_GAP)
		budget = dp__min_u64(budget, DISK_AHEAD);
	uint64_t far = stream->pushed > 0 ? budget : dp__min_u64(budget, FIRST_AHEAD);
	uint64_t chunk = dp__min_u64(stream->site.store->part, budget / 8);
	while (stream->pushed < size &&
	       (stream->pushed < need || stream->pushed - stream->next < far)) {
		uint64_t len = dp__min_u64(chunk, dp__max_u64(stream->pushed, FIRST_READ));
		len = dp__min_u64(len, size - stream->pushed);
		dp_code rc = dp__ahead_push(stream->ahead, stream->pushed, len, err);
		if (rc != DP_OK)
			return rc;
		stream->pushed += len;
	}
	return DP_OK;
}

/* Lends bytes that come next in order; those before them are given back. */
static dp_code lend_in_order(dp_scan *scan, const dp_extent *what, const uint8_t **bytes,
			     dp_error *err)
{
	dp__stream *stream = &scan->stream[what->part];
	dp__ahead_release(stream->ahead, what->off);
	dp_code rc = push_ahead(scan, stream, scan->table.part[what->part].size,
				what->off + what->len, err);
	if (rc == DP_OK)
		rc = dp__ahead_bytes(stream->ahead, what->off, what->len, &stream->scratch, bytes,
				     err);
	if (rc != DP_OK)
		return rc;
	stream->next = what->off + what->len;
	scan->done += what->len;
	rc = scan->progress ? scan->progress(scan->user, scan->done, scan->total) : DP_OK;
	return rc == DP_OK ? DP_OK : dp_fail(err, rc, "stopped by the caller");
}

/* Whether the call may go on and the bytes are there; that none are asked for is always well. */
static dp_code check_read(const dp_scan *scan, const dp_extent *what, dp_error *err)
{
	dp_code rc = dp_call_check(&scan->call, err);
	if (rc != DP_OK || what->len == 0)
		return rc;
	if (what->part >= scan->table.nparts || what->off > dp_scan_size(scan, what->part) ||
	    what->len > dp_scan_size(scan, what->part) - what->off)
		return dp_fail(err, DP_EFORMAT,
			       "bytes %" PRIu64 " to +%" PRIu64 " lie behind the end", what->off,
			       what->len);
	return DP_OK;
}

/* Reads what is not next in order. */
static dp_code read_anywhere(dp_scan *scan, const dp_extent *what, void *buf, dp_error *err)
{
	return dp__site_read(&scan->stream[what->part].site, &scan->call,
			     scan->table.part[what->part].etag,
			     &(dp_read){ what->off, (size_t)what->len, buf }, 1, err);
}

dp_code dp_scan_read(dp_scan *scan, const dp_extent *what, void *buf, dp_error *err)
{
	const uint8_t *bytes = NULL;
	dp_code rc = check_read(scan, what, err);
	if (rc != DP_OK || what->len == 0)
		return rc;
	if (what->off != scan->stream[what->part].next)
		return read_anywhere(scan, what, buf, err);
	rc = lend_in_order(scan, what, &bytes, err);
	if (rc == DP_OK)
		memcpy(buf, bytes, what->len);
	return rc;
}

dp_code dp_scan_lend(dp_scan *scan, const dp_extent *what, const uint8_t **bytes, dp_error *err)
{
	static const uint8_t none[1] = { 0 };
	dp_code rc = check_read(scan, what, err);
	*bytes = none;
	if (rc != DP_OK || what->len == 0)
		return rc;
	dp__stream *stream = &scan->stream[what->part];
	if (what->off == stream->next)
		return lend_in_order(scan, what, bytes, err);
	stream->scratch.len = 0;
	rc = dp__buf_reserve(&stream->scratch, (size_t)what->len, err);
	*bytes = stream->scratch.data;
	return rc == DP_OK ? read_anywhere(scan, what, stream->scratch.data, err) : rc;
}

static dp_code grow_units(dp_scan *scan, dp_error *err)
{
	if (scan->table.nunits < scan->cap)
		return DP_OK;
	if (scan->table.nunits >= DP__MAX_UNITS)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "more than %u units; a larger span makes fewer", DP__MAX_UNITS);
	dp_unit *unit = dp__grown(scan->table.unit, &scan->cap, sizeof *unit, "units", err);
	if (!unit)
		return DP_ENOMEM;
	scan->table.unit = unit;
	return DP_OK;
}

dp_code dp_scan_unit(dp_scan *scan, const dp_unit *unit, const void *state, dp_error *err)
{
	if (unit->state_len > DP__MAX_STATE)
		return dp_fail(err, DP_EUNSUPPORTED, "a unit's state of %" PRIu32 " bytes",
			       unit->state_len);
	dp_code rc = grow_units(scan, err);
	if (rc != DP_OK)
		return rc;
	dp_unit *own = &scan->table.unit[scan->table.nunits];
	*own = *unit;
	own->state_crc = dp__crc32(0, state, unit->state_len);
	scan->row.len = 0;
	rc = dp__row_pack(&scan->row, own, scan->table.naxes, err);
	if (rc == DP_OK)
		rc = dp__run_add(scan->run, scan->row.data, scan->row.len, err);
	if (rc == DP_OK)
		rc = dp__run_add(scan->run, state, unit->state_len, err);
	if (rc == DP_OK)
		scan->table.nunits++;
	return rc;
}

/* Where an attribute of that name stands, or would stand, in order of names. */
static size_t attr_place(const dp__table *table, const char *name)
{
	size_t i = 0;
	while (i < table->nattrs && strcmp(table->attr[i].name, name) < 0)
		i++;
	return i;
}

dp_code dp_scan_attr(dp_scan *scan, const char *name, const void *value, size_t len, bool travels)
{
	dp__table *table = &scan->table;
	size_t at = attr_place(table, name);
	if (table->nattrs >= MAX_ATTRS || len > MAX_ATTR ||
	    (at < table->nattrs && strcmp(table->attr[at].name, name) == 0))
		return DP_EINVAL;
	dp__attr attr = { dp__strdup(name), malloc(len + 1), len, travels };
	dp__attr *grown = realloc(table->attr, (table->nattrs + 1) * sizeof attr);
	if (grown)
		table->attr = grown;
	if (!attr.name || !attr.value || !grown) {
		free(attr.name);
		free(attr.value);
		return DP_ENOMEM;
	}
	if (len)
		memcpy(attr.value, value, len);
	attr.value[len] = 0;
	memmove(&table->attr[at + 1], &table->attr[at], (table->nattrs - at) * sizeof attr);
	table->attr[at] = attr;
	table->nattrs++;
	return DP_OK;
}

dp_code dp_scan_label(dp_scan *scan, size_t axis, const char *label, uint32_t *id, dp_error *err)
{
	if (axis >= scan->table.naxes)
		return dp_fail(err, DP_EINVAL, "label of axis %zu, which is not there", axis);
	dp_axis *own = &scan->table.axis[axis];
	for (size_t i = 0; i < own->nlabels; i++) {
		if (strcmp(own->labels[i], label) == 0) {
			*id = (uint32_t)i;
			return DP_OK;
		}
	}
	return dp__table_label(&scan->table, axis, label, id, err);
}

void dp_scan_warn(dp_scan *scan, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	for (char *p = text; *p; p++)
		*p = (unsigned char)*p < ' ' ? '?' : *p;
	/* A full list of warnings is long enough; the log gets them all. */
	(void)dp__buf_printf(&scan->warnings, NULL, "%s%s", scan->warnings.len ? "\n" : "", text);
	dp__session_log(scan->session, DP_LOG_WARN, "%s: %s", scan->table.url, text);
}
