/*
 * token.c - writes a slice as one line of ASCII JSON, always in the same form (docs/token.md).
 *
 * token_load.c reads a token and then writes it again through here: what does not come out byte for
 * byte as it came in was damaged or edited. So a field's form is decided in one place only.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/engine/slice.h"

static dp_code write_text(dp__buf *out, const char *text, dp_error *err)
{
	return text ? dp__json_string(out, text, strlen(text), err)
		    : dp__buf_printf(out, err, "null");
}

static dp_code write_string(dp__buf *out, const char *name, const char *text, dp_error *err)
{
	dp_code rc = dp__buf_printf(out, err, ",\"%s\":", name);
	return rc == DP_OK ? write_text(out, text, err) : rc;
}

static dp_code write_base64(dp__buf *out, const char *name, const uint8_t *data, uint64_t len,
			    dp_error *err)
{
	dp_code rc = dp__buf_printf(out, err, ",\"%s\":\"", name);
	if (rc == DP_OK)
		rc = dp__base64_add(out, data, (size_t)len, err);
	return rc == DP_OK ? dp__buf_printf(out, err, "\"") : rc;
}

static dp_code write_parts(dp__buf *out, const dp__origin *origin, dp_error *err)
{
	dp_code rc = dp__buf_printf(out, err, ",\"parts\":[");
	for (size_t i = 0; rc == DP_OK && i < origin->nparts; i++) {
		const dp__part *part = &origin->part[i];
		rc = dp__buf_printf(out, err, "%s[%" PRIu64 ",", i ? "," : "", part->size);
		if (rc == DP_OK)
			rc = dp__json_string(out, part->etag, strlen(part->etag), err);
		if (rc == DP_OK)
			rc = dp__buf_printf(out, err, "]");
	}
	return rc == DP_OK ? dp__buf_printf(out, err, "]") : rc;
}

static dp_code write_place(dp__buf *out, const dp__origin *origin, dp_error *err)
{
	if (!origin->endpoint && !origin->region && !origin->requester_pays)
		return dp__buf_printf(out, err, ",\"place\":null");
	dp_code rc = dp__buf_printf(out, err, ",\"place\":[");
	if (rc == DP_OK)
		rc = write_text(out, origin->endpoint, err);
	if (rc == DP_OK)
		rc = dp__buf_printf(out, err, ",");
	if (rc == DP_OK)
		rc = write_text(out, origin->region, err);
	return rc == DP_OK
		       ? dp__buf_printf(out, err, ",%s]", origin->requester_pays ? "true" : "false")
		       : rc;
}

static dp_code write_args(dp__buf *out, const dp__origin *origin, dp_error *err)
{
	if (!origin->params.nargs)
		return dp__buf_printf(out, err, ",\"args\":null");
	dp_code rc = dp__buf_printf(out, err, ",\"args\":[");
	for (size_t i = 0; rc == DP_OK && i < origin->params.nargs; i++) {
		const char *arg = origin->params.args[i];
		rc = i ? dp__buf_printf(out, err, ",") : DP_OK;
		if (rc == DP_OK)
			rc = dp__json_string(out, arg, strlen(arg), err);
	}
	return rc == DP_OK ? dp__buf_printf(out, err, "]") : rc;
}

static dp_code write_bound(dp__buf *out, double v, dp_error *err)
{
	return isfinite(v) ? dp__number_add(out, v, err) : dp__buf_printf(out, err, "null");
}

static dp_code write_box(dp__buf *out, const char *name, const dp_box *box, size_t naxes,
			 dp_error *err)
{
	bool all = true;
	for (size_t i = 0; i < naxes; i++)
		all = all && !isfinite(box->lo[i]) && !isfinite(box->hi[i]);
	if (all)
		return dp__buf_printf(out, err, ",\"%s\":null", name);
	dp_code rc = dp__buf_printf(out, err, ",\"%s\":", name);
	for (size_t i = 0; rc == DP_OK && i < naxes; i++) {
		rc = dp__buf_printf(out, err, i ? ",[" : "[[");
		if (rc == DP_OK)
			rc = write_bound(out, box->lo[i], err);
		if (rc == DP_OK)
			rc = dp__buf_printf(out, err, ",");
		if (rc == DP_OK)
			rc = write_bound(out, box->hi[i], err);
		if (rc == DP_OK)
			rc = dp__buf_printf(out, err, "]");
	}
	return rc == DP_OK ? dp__buf_printf(out, err, "]") : rc;
}

static dp_code write_sel(dp__buf *out, const dp_sel *sel, size_t naxes, dp_error *err)
{
	dp_code rc;
	if (sel->rec == 0 && sel->nrec == DP_UNKNOWN)
		rc = dp__buf_printf(out, err, ",\"rec\":null");
	else
		rc = dp__buf_printf(out, err, ",\"rec\":[%" PRIu64 ",%" PRIu64 "]", sel->rec,
				    sel->nrec);
	if (rc == DP_OK)
		rc = write_box(out, "box", &sel->box, naxes, err);
	return rc == DP_OK ? write_box(out, "halo", &sel->halo, naxes, err) : rc;
}

static dp_code write_rows(dp__buf *out, const dp_slice *slice, dp_error *err)
{
	if (slice->rows)
		return write_base64(out, "rows", slice->rows, slice->rows_len, err);
	return dp__buf_printf(out, err, ",\"rows\":[%" PRIu64 ",%" PRIu64 ",%" PRIu32 "]",
			      slice->rows_off, slice->rows_len, slice->rows_crc);
}

static dp_code write_attrs(dp__buf *out, const dp__origin *origin, dp_error *err)
{
	if (!origin->travel_len)
		return dp__buf_printf(out, err, ",\"attrs\":null");
	if (origin->travel)
		return write_base64(out, "attrs", origin->travel, origin->travel_len, err);
	return dp__buf_printf(out, err, ",\"attrs\":[%" PRIu64 ",%" PRIu64 ",%" PRIu32 "]",
			      origin->travel_off, origin->travel_len, origin->travel_crc);
}

static dp_code write_one(dp__buf *out, const dp_slice *slice, dp_error *err)
{
	const dp__origin *origin = slice->origin;
	size_t start = out->len;
	dp_code rc = dp__buf_printf(out, err, "{\"v\":1,\"format\":\"%s\"", origin->format->name);
	if (rc == DP_OK)
		rc = write_string(out, "object", origin->url, err);
	if (rc == DP_OK)
		rc = write_parts(out, origin, err);
	if (rc == DP_OK)
		rc = write_place(out, origin, err);
	if (rc == DP_OK)
		rc = write_args(out, origin, err);
	if (rc == DP_OK)
		rc = dp__buf_printf(out, err, ",\"slice\":[%" PRIu64 ",%" PRIu64 "]",
				    slice->ordinal, slice->of);
	if (rc == DP_OK)
		rc = write_sel(out, &slice->sel, origin->naxes, err);
	if (rc == DP_OK)
		rc = write_string(out, "index", origin->index_url, err);
	if (rc == DP_OK)
		rc = write_rows(out, slice, err);
	if (rc == DP_OK)
		rc = write_attrs(out, origin, err);
	if (rc == DP_OK)
		rc = dp__buf_printf(out, err,
				    ",\"price\":[%" PRIu64 ",%" PRIu64 ",%" PRIu64
				    "],\"memory\":%" PRIu64,
				    slice->price.requests, slice->price.bytes, slice->price.needed,
				    slice->memory);
	if (rc != DP_OK)
		return rc;
	uint32_t crc = dp__crc32(0, out->data + start, out->len - start);
	return dp__buf_printf(out, err, ",\"crc\":\"%08" PRIx32 "\"}", crc);
}

dp_code dp__token_write(dp__buf *out, const dp_slice *slice, dp_error *err)
{
	if (slice->text)
		return dp__buf_add(out, slice->text, strlen(slice->text), err);
	if (!slice->nmembers)
		return write_one(out, slice, err);
	dp_code rc = dp__buf_printf(out, err, "{\"v\":1,\"set\":[");
	for (size_t i = 0; rc == DP_OK && i < slice->nmembers; i++) {
		rc = i ? dp__buf_printf(out, err, ",") : DP_OK;
		if (rc == DP_OK)
			rc = write_one(out, slice->member[i], err);
	}
	return rc == DP_OK ? dp__buf_printf(out, err, "]}") : rc;
}

dp_code dp_slice_save(const dp_slice *slice, dp_write_fn write, void *user, dp_error *err)
{
	dp__buf token = dp__buf_of(DP__MAX_TOKEN);
	dp_code rc = dp__token_write(&token, slice, err);
	if (rc == DP_OK)
		rc = write(user, token.data, token.len, err);
	dp__buf_fini(&token);
	return rc;
}
