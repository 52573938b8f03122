/* token_load.c - reads a token, which is untrusted input: every field is there, of its type and
 * within its bounds. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/num.h"
#include "core/base/text.h"
#include "core/engine/slice.h"
#include "core/engine/trust.h"

#define MAX_COUNT (UINT64_C(1) << 62)

/* A whole number in [0, 2^62). */
static bool take_count(const json_t *value, uint64_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) >= MAX_COUNT)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

/* Exactly n whole numbers. */
static bool take_counts(const json_t *value, uint64_t *out, size_t n)
{
	if (!json_is_array(value) || json_array_size(value) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!take_count(json_array_get(value, i), &out[i]))
			return false;
	}
	return true;
}

/* A copy of a string without zero bytes; NULL otherwise. */
static char *take_text(const json_t *value)
{
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return NULL;
	return dp__strdup(json_string_value(value));
}

static bool take_base64(const json_t *value, uint8_t **out, uint64_t *len)
{
	dp__buf bytes = dp__buf_of(DP__MAX_TOKEN);
	if (!json_is_string(value) ||
	    dp__base64_decode(&bytes, json_string_value(value), json_string_length(value), NULL) !=
		    DP_OK ||
	    dp__buf_close(&bytes, NULL) != DP_OK) {
		dp__buf_fini(&bytes);
		return false;
	}
	*out = bytes.data;
	*len = bytes.len;
	return true;
}

/* A stretch of the index file: [off, len, crc]. */
static bool take_stretch(const json_t *value, uint64_t *off, uint64_t *len, uint32_t *crc)
{
	uint64_t v[3];
	if (!take_counts(value, v, 3) || v[2] > UINT32_MAX)
		return false;
	*off = v[0];
	*len = v[1];
	*crc = (uint32_t)v[2];
	return true;
}

static bool take_parts(const json_t *value, dp__origin *origin)
{
	size_t expected = 1;
	const dp_part *parts = origin->format->parts;
	for (expected = 0; parts && parts[expected].name;)
		expected++;
	expected = expected ? expected : 1;
	if (!json_is_array(value) || json_array_size(value) != expected || expected > DP__MAX_PARTS)
		return false;
	origin->nparts = expected;
	for (size_t i = 0; i < expected; i++) {
		const json_t *pair = json_array_get(value, i);
		const json_t *etag = json_array_get(pair, 1);
		if (json_array_size(pair) != 2 ||
		    !take_count(json_array_get(pair, 0), &origin->part[i].size) ||
		    !json_is_string(etag) ||
		    json_string_length(etag) >= sizeof origin->part[i].etag ||
		    strlen(json_string_value(etag)) != json_string_length(etag))
			return false;
		memcpy(origin->part[i].etag, json_string_value(etag), json_string_length(etag) + 1);
	}
	return true;
}

static bool take_bound(const json_t *value, double unbounded, double *out)
{
	if (!json_is_number(value) && !json_is_null(value))
		return false;
	*out = json_is_null(value) ? unbounded : json_number_value(value);
	return true;
}

static bool take_box(const json_t *value, size_t naxes, dp_box *box)
{
	if (json_is_null(value))
		return true;
	if (!json_is_array(value) || json_array_size(value) != naxes)
		return false;
	for (size_t i = 0; i < naxes; i++) {
		const json_t *pair = json_array_get(value, i);
		if (json_array_size(pair) != 2 ||
		    !take_bound(json_array_get(pair, 0), -INFINITY, &box->lo[i]) ||
		    !take_bound(json_array_get(pair, 1), INFINITY, &box->hi[i]) ||
		    !(box->lo[i] <= box->hi[i]))
			return false;
	}
	return true;
}

static bool take_sel(const json_t *token, size_t naxes, dp_sel *sel)
{
	const json_t *rec = json_object_get(token, "rec");
	uint64_t v[2] = { 0, DP_UNKNOWN };
	if (!json_is_null(rec) && !take_counts(rec, v, 2))
		return false;
	sel->rec = v[0];
	sel->nrec = v[1];
	return take_box(json_object_get(token, "box"), naxes, &sel->box) &&
	       take_box(json_object_get(token, "halo"), naxes, &sel->halo);
}

static dp_code take_args(const json_t *value, dp__origin *origin, dp_error *err)
{
	const char *args[65] = { 0 };
	if (!json_is_null(value) && (!json_is_array(value) || json_array_size(value) > 64))
		return dp_fail(err, DP_EFORMAT, "token: \"args\" is damaged");
	for (size_t i = 0; i < json_array_size(value); i++) {
		args[i] = json_string_value(json_array_get(value, i));
		if (!args[i])
			return dp_fail(err, DP_EFORMAT, "token: \"args\" is damaged");
	}
	dp__params_owner owner = dp__format_owner(origin->format);
	if (dp__params_init(&origin->params, &owner, args, err) != DP_OK)
		return dp__error_in(err, DP_EFORMAT, "token");
	return DP_OK;
}

/* Where the object and its index lie, and that this session may read there. */
static dp_code take_urls(dp__origin *origin, const json_t *token, dp_error *err)
{
	const json_t *index = json_object_get(token, "index");
	origin->url = take_text(json_object_get(token, "object"));
	if (!origin->url || !*origin->url)
		return dp_fail(err, DP_EFORMAT, "token: \"object\" is missing or damaged");
	origin->index_url = take_text(index);
	if (!origin->index_url && !json_is_null(index))
		return dp_fail(err, DP_EFORMAT, "token: \"index\" is missing or damaged");
	dp_code rc = dp__trust_url(origin->session, origin->url, err);
	if (rc == DP_OK && origin->index_url)
		rc = dp__trust_url(origin->session, origin->index_url, err);
	return rc;
}

/* [endpoint, region, requester pays], the first two or all of it null. */
static bool take_place(dp__origin *origin, const json_t *place)
{
	const json_t *endpoint = json_array_get(place, 0), *region = json_array_get(place, 1);
	if (json_is_null(place))
		return true;
	if (json_array_size(place) != 3 || !json_is_boolean(json_array_get(place, 2)))
		return false;
	origin->endpoint = take_text(endpoint);
	origin->region = take_text(region);
	origin->requester_pays = json_is_true(json_array_get(place, 2));
	return (origin->endpoint || json_is_null(endpoint)) &&
	       (origin->region || json_is_null(region));
}

static dp_code take_origin(dp__origin *origin, const json_t *token, dp_error *err)
{
	const char *format = json_string_value(json_object_get(token, "format"));
	if (!format)
		return dp_fail(err, DP_EFORMAT, "token: \"format\" is missing or damaged");
	origin->format = dp__session_format(origin->session, format);
	if (!origin->format)
		return dp_fail(err, DP_EUNSUPPORTED, "token: format %.64s is not known here",
			       format);
	while (origin->format->axes && origin->format->axes[origin->naxes].name)
		origin->naxes++;
	dp_code rc = take_urls(origin, token, err);
	if (rc != DP_OK)
		return rc;
	if (!take_place(origin, json_object_get(token, "place")))
		return dp_fail(err, DP_EFORMAT, "token: \"place\" is missing or damaged");
	if (!take_parts(json_object_get(token, "parts"), origin))
		return dp_fail(err, DP_EFORMAT, "token: \"parts\" is missing or damaged");
	const json_t *attrs = json_object_get(token, "attrs");
	if (!json_is_null(attrs) && !take_base64(attrs, &origin->travel, &origin->travel_len) &&
	    !take_stretch(attrs, &origin->travel_off, &origin->travel_len, &origin->travel_crc))
		return dp_fail(err, DP_EFORMAT, "token: \"attrs\" is missing or damaged");
	return take_args(json_object_get(token, "args"), origin, err);
}

static dp_code take_slice(dp_slice *slice, const json_t *token, dp_error *err)
{
	uint64_t ordinal[2], price[3];
	if (!take_counts(json_object_get(token, "slice"), ordinal, 2) || ordinal[0] >= ordinal[1])
		return dp_fail(err, DP_EFORMAT, "token: \"slice\" is missing or damaged");
	if (!take_sel(token, slice->origin->naxes, &slice->sel))
		return dp_fail(err, DP_EFORMAT, "token: \"rec\", \"box\" or \"halo\" is damaged");
	const json_t *rows = json_object_get(token, "rows");
	if (!take_base64(rows, &slice->rows, &slice->rows_len) &&
	    !take_stretch(rows, &slice->rows_off, &slice->rows_len, &slice->rows_crc))
		return dp_fail(err, DP_EFORMAT, "token: \"rows\" is missing or damaged");
	if (!slice->rows && slice->rows_len && !slice->origin->index_url)
		return dp_fail(err, DP_EFORMAT, "token: rows of no index");
	if (!take_counts(json_object_get(token, "price"), price, 3) ||
	    !take_count(json_object_get(token, "memory"), &slice->memory))
		return dp_fail(err, DP_EFORMAT, "token: \"price\" or \"memory\" is damaged");
	slice->ordinal = ordinal[0];
	slice->of = ordinal[1];
	slice->price = (dp_price){ price[0], price[1], price[2] };
	return DP_OK;
}

static dp_code load_one(dp_slice **out, dp_session *session, const json_t *token, dp_error *err)
{
	dp_slice *slice = NULL;
	dp__origin *origin = calloc(1, sizeof *origin);
	if (!origin)
		return dp_fail(err, DP_ENOMEM, "no memory for a slice");
	atomic_init(&origin->refs, 1);
	origin->session = session;
	dp_code rc = take_origin(origin, token, err);
	if (rc != DP_OK)
		goto out;
	slice = dp__slice_new(origin);
	rc = slice ? take_slice(slice, token, err)
		   : dp_fail(err, DP_ENOMEM, "no memory for a slice");
	if (rc != DP_OK)
		goto out;
	*out = slice;
	slice = NULL;
out:
	dp_slice_free(slice);
	dp__origin_unref(origin);
	return rc;
}

static dp_code load_set(dp_slice **out, dp_session *session, const json_t *set, dp_error *err)
{
	size_t n = json_array_size(set);
	dp_code rc = DP_OK;
	if (n < 2 || n > DP__MAX_MEMBERS)
		return dp_fail(err, DP_EFORMAT, "token: a set of %zu members", n);
	dp_slice *slice = dp__slice_new(NULL);
	if (slice)
		slice->member = calloc(n, sizeof(dp_slice *));
	if (!slice || !slice->member) {
		rc = dp_fail(err, DP_ENOMEM, "no memory for a slice of %zu members", n);
		goto out;
	}
	for (slice->nmembers = 0; slice->nmembers < n; slice->nmembers++) {
		dp_slice **member = &slice->member[slice->nmembers];
		rc = load_one(member, session, json_array_get(set, slice->nmembers), err);
		if (rc != DP_OK)
			goto out;
	}
	rc = dp__slice_sum(slice, err);
	if (rc != DP_OK)
		goto out;
	*out = slice;
	slice = NULL;
out:
	dp_slice_free(slice);
	return rc;
}

/* What a token says must be all that it says: written again, it is the same. */
static dp_code check_canonical(const dp_slice *slice, const char *token, size_t len, dp_error *err)
{
	dp__buf again = dp__buf_of(DP__MAX_TOKEN);
	dp_code rc = dp__token_write(&again, slice, err);
	if (rc == DP_OK) {
		size_t i = 0;
		while (i < len && i < again.len && again.data[i] == (uint8_t)token[i])
			i++;
		if (i != len || i != again.len)
			rc = dp_fail(err, DP_EFORMAT,
				     "token: damaged or edited at byte %zu (its checksum or its "
				     "form is not right)",
				     i);
	}
	dp__buf_fini(&again);
	return rc;
}

dp_code dp_slice_load(dp_slice **out, dp_session *session, const char *token, size_t len,
		      dp_error *err)
{
	dp_slice *slice = NULL;
	json_error_t where;
	while (len && (token[len - 1] == '\n' || token[len - 1] == '\r'))
		len--;
	if (len > DP__MAX_TOKEN)
		return dp_fail(err, DP_EFORMAT, "token: %zu bytes are too many", len);
	json_t *root = json_loadb(token, len, JSON_REJECT_DUPLICATES, &where);
	const json_t *set = json_object_get(root, "set");
	uint64_t version;
	dp_code rc;
	if (!root)
		rc = dp_fail(err, DP_EFORMAT, "token: not JSON at byte %d: %s", where.position,
			     where.text);
	else if (!take_count(json_object_get(root, "v"), &version))
		rc = dp_fail(err, DP_EFORMAT, "token: \"v\" is missing or damaged");
	else if (version != 1)
		rc = dp_fail(err, DP_EUNSUPPORTED,
			     "token: version %" PRIu64 " is newer than this program", version);
	else
		rc = set ? load_set(&slice, session, set, err)
			 : load_one(&slice, session, root, err);
	if (rc == DP_OK)
		rc = check_canonical(slice, token, len, err);
	if (rc == DP_OK) {
		*out = slice;
		slice = NULL;
	}
	dp_slice_free(slice);
	json_decref(root);
	return rc;
}
