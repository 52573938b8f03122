/* index.c - an index in memory: what follows from its table, what it lends, and its object's parts.
 */
#include "core/index/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/index/row.h"
#include "core/io/url.h"

#define MAX_TRAVEL (1u << 30)
#define MAX_PARAMS 65536
#define MAX_URL    (1u << 20)

const dp_format *dp__session_format(const dp_session *session, const char *name)
{
	for (size_t i = 0; i < session->formats.n; i++) {
		const dp_format *format = session->formats.at[i];
		if (strcmp(format->name, name) == 0)
			return format;
	}
	return NULL;
}

/* ---- parts of the object ---- */

dp_code dp__index_part_url(char **out, const char *url, const dp_format *format, size_t i,
			   dp_error *err)
{
	const char *suffix = format && format->parts ? format->parts[i].suffix : NULL;
	const char *dot = strrchr(dp__url_key(url), '.');
	size_t stem = dot && suffix ? (size_t)(dot - url) : strlen(url);
	dp__buf text = dp__buf_of(MAX_URL);
	dp_code code = dp__buf_add(&text, url, stem, err);
	if (code == DP_OK && suffix)
		code = dp__buf_add(&text, suffix, strlen(suffix), err);
	if (code == DP_OK)
		code = dp__buf_take(out, &text, err);
	dp__buf_fini(&text);
	return code;
}

static dp_code part_stat(const dp_call *call, const char *url, dp__part *part, dp_error *err)
{
	dp__site site = { 0 };
	dp_stat stat = { 0 };
	const dp_place place = { .url = url };
	dp_code code = dp__site_open(&site, call->session, &place, err);
	if (code == DP_OK)
		code = dp__site_stat(&site, call, &stat, err);
	dp__site_close(&site);
	part->size = stat.size;
	memcpy(part->etag, stat.etag, sizeof(part->etag));
	return code;
}

/* A part that is an object of its own: its message says which. */
static dp_code other_stat(const dp_call *call, const char *url, dp__part *part, dp_error *err)
{
	dp_error why = { 0 };
	dp_code code = part_stat(call, url, part, &why);
	if (code == DP_OK)
		return DP_OK;
	(void)dp_fail(err, code, "part %s: %s", dp__url_key(url), why.msg);
	if (err)
		err->http = why.http;
	return code;
}

static size_t format_parts(const dp_format *format)
{
	size_t n = 0;
	if (!format || !format->parts)
		return 1;
	while (format->parts[n].name)
		n++;
	return n;
}

dp_code dp__index_parts(const dp_call *call, const char *url, const dp_format *format,
			dp__part part[DP__MAX_PARTS], size_t *nparts, dp_error *err)
{
	dp_code code = DP_OK;
	size_t n = format_parts(format);
	*nparts = n;
	if (n == 0 || n > DP__MAX_PARTS)
		return dp_fail(err, DP_EUNSUPPORTED, "an object of %zu parts", n);
	for (size_t i = 0; i < n && code == DP_OK; i++) {
		char *at = NULL;
		code = dp__index_part_url(&at, url, format, i, err);
		if (code == DP_OK)
			code = i == 0 ? part_stat(call, at, &part[i], err)
				      : other_stat(call, at, &part[i], err);
		free(at);
	}
	return code;
}

/* ---- what follows from the table ---- */

static dp_code finish_format(dp_index *index, dp_error *err)
{
	const dp__table *table = &index->table;
	dp__buf text = dp__buf_of(MAX_PARAMS);
	dp_error why = { 0 };
	dp_code code;
	index->format = dp__session_format(index->session, table->format);
	if (!index->format)
		return dp_fail(err, DP_EUNSUPPORTED, "format %s is not known here", table->format);
	code = dp__params_init(&index->params,
			       &(dp__params_owner){ .table = index->format->params,
						    .size = index->format->params_size,
						    .name = table->format },
			       (const char *const *)table->args, &why);
	if (code != DP_OK)
		return dp_fail(err, code == DP_EINVAL ? DP_EUNSUPPORTED : code,
			       "params of the index: %s", why.msg);
	code = dp__table_params(table, &text, err);
	index->params_text = (char *)text.data;
	return code;
}

static void finish_view(dp_index *index)
{
	const dp__table *table = &index->table;
	dp_view *view = &index->view;
	*view = (dp_view){ .unit = table->unit,
			   .nunits = table->nunits,
			   .axis = table->axis,
			   .naxes = table->naxes,
			   .nparts = table->nparts };
	for (size_t i = 0; i < table->nunits; i++) {
		const dp_unit *unit = &table->unit[i];
		bool unknown = view->nrec == DP_UNKNOWN || unit->nrec == DP_UNKNOWN;
		view->nrec = unknown ? DP_UNKNOWN : view->nrec + unit->nrec;
		for (size_t k = 0; k < table->naxes; k++) {
			double lo = unit->box.lo[k], hi = unit->box.hi[k];
			if (i == 0 || lo < view->extent.lo[k])
				view->extent.lo[k] = lo;
			if (i == 0 || hi > view->extent.hi[k])
				view->extent.hi[k] = hi;
		}
	}
}

static dp_code finish_rows(dp_index *index, dp_error *err)
{
	size_t n = index->table.nunits;
	uint8_t bytes[DP__MAX_ROW];
	dp__buf row = { .data = bytes, .cap = sizeof(bytes), .max = sizeof(bytes) };
	dp_code code = DP_OK;
	index->row_off = calloc(n + 1, sizeof(*index->row_off));
	if (!index->row_off)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu units", n);
	for (size_t i = 0; i < n && code == DP_OK; i++) {
		const dp_unit *unit = &index->table.unit[i];
		row.len = 0;
		code = dp__row_pack(&row, unit, index->table.naxes, err);
		index->row_off[i + 1] = index->row_off[i] + row.len + unit->state_len;
	}
	return code;
}

dp_code dp__index_finish(dp_index *index, dp_error *err)
{
	dp_code code = finish_format(index, err);
	if (code == DP_OK)
		code = finish_rows(index, err);
	index->travel = dp__buf_of(MAX_TRAVEL);
	if (code == DP_OK)
		code = dp__table_travel(&index->table, &index->travel, err);
	if (code == DP_OK)
		finish_view(index);
	if (code == DP_OK)
		snprintf(index->size_text, sizeof(index->size_text), "%" PRIu64,
			 index->table.part[0].size);
	return code;
}

/* ---- rows ---- */

uint32_t dp__index_rows_crc(const dp_index *index, size_t first, size_t last)
{
	uint8_t bytes[DP__MAX_ROW];
	dp__buf row = { .data = bytes, .cap = sizeof(bytes), .max = sizeof(bytes) };
	uint32_t crc = 0;
	for (size_t i = first; i < last; i++) {
		const dp_unit *unit = &index->table.unit[i];
		row.len = 0;
		/* It fits, as it did when the index was finished. */
		(void)dp__row_pack(&row, unit, index->table.naxes, NULL);
		crc = dp__crc32(crc, row.data, row.len);
		if (unit->state_len > 0)
			crc = dp__crc32_join(crc, unit->state_crc, unit->state_len);
	}
	return crc;
}

/* ---- what an index lends ---- */

void dp_index_free(dp_index *index)
{
	if (!index)
		return;
	dp__site_close(&index->site);
	dp__params_fini(&index->params);
	dp__table_fini(&index->table);
	dp__buf_fini(&index->travel);
	free(index->row_off);
	free(index->params_text);
	free(index->url);
	free(index);
}

const dp_view *dp_index_view(const dp_index *index)
{
	return &index->view;
}

const char *dp_index_url(const dp_index *index)
{
	return index->url;
}

uint64_t dp_index_size(const dp_index *index)
{
	return index->size;
}

bool dp_index_built(const dp_index *index)
{
	return index->built;
}

const void *dp_index_attr(const dp_index *index, const char *name, size_t *len)
{
	const dp__table *table = &index->table;
	const char *const own[][2] = {
		{ "format", table->format },      { "url", table->url },
		{ "size", index->size_text },     { "etag", table->part[0].etag },
		{ "params", index->params_text }, { "library", table->library },
		{ "warnings", table->warnings },
	};
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strcmp(own[i][0], name) == 0) {
			*len = strlen(own[i][1]);
			return own[i][1];
		}
	for (size_t i = 0; i < table->nattrs; i++)
		if (strcmp(table->attr[i].name, name) == 0) {
			*len = table->attr[i].len;
			return table->attr[i].value;
		}
	return NULL;
}
