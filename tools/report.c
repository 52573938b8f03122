/* report.c - gathers what a map or a partition was. */
#include "report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/clock.h"
#include "human.h"
#include "out.h"
#include "report_data.h"

static uint64_t micros(double seconds)
{
	return seconds > 0 ? (uint64_t)(seconds * 1e6 + 0.5) : 0;
}

static dp_code no_memory(dp_error *err)
{
	return dp_fail(err, DP_ENOMEM, "no memory for the report");
}

/* A job may run for hours before its report is written. */
static dp_code check_path(const char *path, dp_error *err)
{
	struct stat st;
	struct out *to = NULL;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return DP_OK;
	dp_code rc = out_open(&to, path, err);
	out_free(to);
	return rc;
}

dp_code report_open(struct report **out, const struct tool *tool, dp_error *err)
{
	const char *path = options_last(tool->opts, OPT_REPORT);
	if (!path)
		return DP_OK;
	if (!*path || strcmp(path, "-") == 0)
		return dp_fail(err, DP_EINVAL, "--report needs the name of a file");
	dp_code rc = check_path(path, err);
	if (rc != DP_OK)
		return rc;
	struct report *report = calloc(1, sizeof *report);
	if (!report)
		return no_memory(err);
	report->tool = tool;
	report->path = path;
	report->numbers = json_object();
	*out = report;
	return report->numbers ? DP_OK : no_memory(err);
}

/* ---- objects ---- */

static dp_code add_object(struct report *report, const char *url, const char *format, dp_error *err)
{
	if (report->nobjects == report->room) {
		size_t room = report->room ? report->room * 2 : 16;
		struct report_object *object = realloc(report->object, room * sizeof *object);
		if (!object)
			return no_memory(err);
		report->object = object;
		report->room = room;
	}
	struct report_object *one = &report->object[report->nobjects];
	*one = (struct report_object){ .records = DP_UNKNOWN, .index_size = DP_UNKNOWN };
	one->url = strndup(url, (size_t)human_name(url));
	one->format = strdup(format);
	if (!one->url || !one->format ||
	    json_object_set_new_nocheck(report->numbers, url,
					json_integer((json_int_t)report->nobjects)) != 0) {
		free(one->url);
		free(one->format);
		return no_memory(err);
	}
	report->nobjects++;
	return DP_OK;
}

/* The place of an object that is known. */
static bool find_object(const struct report *report, const char *url, size_t *i)
{
	const json_t *found = json_object_get(report->numbers, url);
	*i = found ? (size_t)json_integer_value(found) : 0;
	return found != NULL;
}

dp_code report_index(struct report *report, const dp_index *index, dp_error *err)
{
	size_t i;
	dp_code rc = DP_OK;
	if (!report)
		return DP_OK;
	const char *url = command_attr(index, "url");
	if (!find_object(report, url, &i))
		rc = add_object(report, url, command_attr(index, "format"), err);
	if (rc != DP_OK)
		return rc;
	find_object(report, url, &i);
	report->object[i].size = command_size(index);
	report->object[i].records = dp_index_view(index)->nrec;
	report->object[i].index_size = dp_index_size(index);
	return DP_OK;
}

/* Indexes know their object without the signature that tokens may have been left. */
static bool find_shown(const struct report *report, const char *url, size_t *i)
{
	char *shown = strndup(url, (size_t)human_name(url));
	bool found = shown && find_object(report, shown, i);
	free(shown);
	return found;
}

static dp_code object_of(struct report *report, const dp_slice *slice, size_t *i, dp_error *err)
{
	const char *url = dp_slice_url(slice);
	dp_code rc = DP_OK;
	if (!find_object(report, url, i) && !find_shown(report, url, i)) {
		*i = report->nobjects;
		rc = add_object(report, url, dp_slice_format(slice), err);
	}
	/* An index tells the size of its object's first part. */
	if (rc == DP_OK)
		report->object[*i].size = dp_slice_size(slice);
	return rc;
}

/* ---- slices ---- */

static dp_code take_spans(struct report *report, size_t i, dp_error *err)
{
	const dp_slice *slice = dp_slices_at(report->slices, i);
	dp_code rc = DP_OK;
	report->first[i] = report->nspans;
	for (size_t k = 0; rc == DP_OK && k < dp_slice_count(slice); k++) {
		const dp_slice *member = dp_slice_member(slice, k);
		size_t object = 0;
		if (*dp_slice_url(member))
			rc = object_of(report, member, &object, err);
		report->span[report->nspans++] =
			(struct report_span){ (uint32_t)i, (uint32_t)object,
					      dp_slice_range(member) };
	}
	report->first[i + 1] = report->nspans;
	return rc;
}

dp_code report_slices(struct report *report, const dp_slices *slices, dp_error *err)
{
	size_t n = dp_slices_count(slices), nspans = 0;
	dp_code rc = DP_OK;
	if (!report)
		return DP_OK;
	for (size_t i = 0; i < n; i++)
		nspans += dp_slice_count(dp_slices_at(slices, i));
	report->slices = slices;
	report->span = calloc(nspans + 1, sizeof *report->span);
	report->first = calloc(n + 1, sizeof *report->first);
	report->task = calloc(n + 1, sizeof *report->task);
	if (!report->span || !report->first || !report->task)
		return no_memory(err);
	for (size_t i = 0; rc == DP_OK && i < n; i++)
		rc = take_spans(report, i, err);
	report->started = (int64_t)time(NULL);
	report->begun = dp__now();
	return rc;
}

/* ---- results ---- */

static dp_code take_failure(struct report *report, const dp_result *result, dp_error *err)
{
	report->failed++;
	if (report->nfailures == REPORT_FAILURES)
		return DP_OK;
	struct report_failure *failure = &report->failure[report->nfailures];
	failure->slice = result->slice;
	failure->message = strndup(result->data, result->len);
	if (!failure->message)
		return no_memory(err);
	report->nfailures++;
	return DP_OK;
}

/* Results are text or bytes; what is shown is short JSON. */
static void take_total(struct report *report, const dp_result *result)
{
	report->time = micros(result->seconds);
	report->ended = true;
	if (result->code != DP_OK || result->len > REPORT_RESULT)
		return;
	json_t *root = json_loadb(result->data, result->len, JSON_DECODE_ANY, NULL);
	if (root)
		report->result = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(root);
}

dp_code report_result(struct report *report, const dp_result *result, dp_error *err)
{
	if (!report)
		return DP_OK;
	if (result->slice == SIZE_MAX) {
		take_total(report, result);
		return DP_OK;
	}
	size_t i = result->slice, first = report->first[i];
	report->task[i] = (struct report_task){
		.start = micros(result->start),
		.time = micros(result->seconds),
		.fetch = micros(result->fetch),
		.decode = micros(result->decode),
		.user = micros(result->user),
		.requests = result->paid.requests,
		.bytes = result->paid.bytes,
		.attempts = result->attempts,
		.worker = result->worker,
		.code = result->code,
		.done = true,
	};
	for (size_t k = first; result->read && k < report->first[i + 1]; k++)
		report->span[k].range = result->read[k - first];
	return result->code == DP_OK ? DP_OK : take_failure(report, result, err);
}

void report_end(struct report *report, dp_code code, const dp_error *err)
{
	if (!report)
		return;
	report->is_map = true;
	report->code = code;
	if (!report->ended)
		report->time = micros(dp__now() - report->begun);
	if (code != DP_OK && err)
		memcpy(report->message, err->msg, sizeof report->message);
}

void report_free(struct report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->nobjects; i++) {
		free(report->object[i].url);
		free(report->object[i].format);
	}
	for (size_t i = 0; i < report->nfailures; i++)
		free(report->failure[i].message);
	json_decref(report->numbers);
	free(report->object);
	free(report->span);
	free(report->first);
	free(report->task);
	free(report->result);
	free(report);
}
