/* answer.c - a line that a program answers with: what became of one slice (docs/executor.md). */
#include <jansson.h>
#include <string.h>

#include "core/base/text.h"
#include "core/map/job.h"

#define MAX_COUNT (INT64_C(1) << 62)

static bool take_count(const json_t *value, uint64_t most, uint64_t *out)
{
	json_int_t count = json_integer_value(value);
	if (!json_is_integer(value) || count < 0 || count >= MAX_COUNT || (uint64_t)count > most)
		return false;
	*out = (uint64_t)count;
	return true;
}

/* The code of a name that this version knows. */
static bool take_code(const json_t *value, dp_code *out)
{
	const char *name = json_string_value(value);
	for (int code = DP_OK; name && code >= DP_ETASK; code--) {
		if (strcmp(dp_code_name(code), name) != 0)
			continue;
		*out = (dp_code)code;
		return true;
	}
	return false;
}

/* What a slice that went well gave; of one that did not, why. */
static bool take_result(dp__outcome *out, const json_t *line)
{
	const json_t *data = json_object_get(line, "data");
	const json_t *message = json_object_get(line, "message");
	out->data = dp__buf_of(DP__MAX_RESULT);
	if (out->error.code == DP_OK)
		return json_is_string(data) &&
		       dp__base64_decode(&out->data, json_string_value(data),
					 json_string_length(data), NULL) == DP_OK &&
		       dp__buf_close(&out->data, NULL) == DP_OK;
	if (!json_is_string(message))
		return false;
	dp_fail(&out->error, out->error.code, "%s", json_string_value(message));
	return true;
}

/* How the seconds divide: [fetch, decode, user], where that is told. */
static bool take_times(dp__outcome *out, const json_t *times)
{
	double v[3] = { 0 };
	for (size_t i = 0; times && !json_is_null(times) && i < 3; i++) {
		const json_t *one = json_array_get(times, i);
		if (!json_is_number(one) || !(json_number_value(one) >= 0))
			return false;
		v[i] = json_number_value(one);
	}
	out->spent.fetch = v[0];
	out->spent.decode = v[1];
	out->user = v[2];
	return true;
}

/* What it cost: all of it, or null. */
static bool take_costs(dp__outcome *out, const json_t *line)
{
	const json_t *paid = json_object_get(line, "paid");
	const json_t *seconds = json_object_get(line, "seconds");
	uint64_t attempts = 0, cost[3] = { 0 };
	if (!take_count(json_object_get(line, "attempts"), UINT32_MAX, &attempts) ||
	    !json_is_number(seconds) || !(json_number_value(seconds) >= 0))
		return false;
	for (size_t i = 0; !json_is_null(paid) && i < 3; i++)
		if (!take_count(json_array_get(paid, i), UINT64_MAX, &cost[i]))
			return false;
	out->attempts = (unsigned)attempts;
	out->spent.paid = (dp_price){ cost[0], cost[1], cost[2] };
	out->seconds = json_number_value(seconds);
	return take_times(out, json_object_get(line, "times"));
}

dp_code dp__answer_read(dp__outcome *out, size_t *slice, const char *line, size_t len, size_t n,
			dp_error *err)
{
	json_error_t where;
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &where);
	uint64_t number = 0;
	dp_code rc = DP_OK;
	if (!root || !take_count(json_object_get(root, "slice"), UINT64_MAX, &number) ||
	    !take_code(json_object_get(root, "code"), &out->error.code) ||
	    !take_result(out, root) || !take_costs(out, root))
		rc = dp_fail(err, DP_ETASK, "a line that is no result: %.200s", line);
	else if (number >= n)
		rc = dp_fail(err, DP_ETASK, "a result of slice %zu, but there are %zu",
			     (size_t)number, n);
	*slice = (size_t)number;
	json_decref(root);
	return rc;
}
