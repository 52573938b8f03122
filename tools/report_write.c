/* report_write.c - writes a report: the page, and in it the data as docs/report.md has them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "out.h"
#include "report_data.h"

#define MAX_TOKEN ((size_t)16 << 10)

/* ---- columns ---- */

struct column {
	const char *name;
	void (*cell)(FILE *text, const struct report *report, size_t i);
	bool (*known)(const struct report *report); /* NULL: always */
};

/* A table whose columns are arrays, for a page that stays small. */
struct columns {
	const char *name;
	const struct column *column;
	bool (*has)(const struct report *report, size_t i); /* whether row i is one */
};

static const dp_slice *slice_at(const struct report *report, size_t i)
{
	return dp_slices_at(report->slices, i);
}

static void put(FILE *text, uint64_t n)
{
	fprintf(text, "%" PRIu64, n);
}

static void put_records(FILE *text, const struct report *report, size_t i)
{
	const dp_slice *slice = slice_at(report, i);
	json_put_count(text, *dp_slice_url(slice) ? dp_slice_sel(slice)->nrec : DP_UNKNOWN);
}

static void put_planned_requests(FILE *text, const struct report *report, size_t i)
{
	put(text, dp_slice_price(slice_at(report, i)).requests);
}

static void put_planned_bytes(FILE *text, const struct report *report, size_t i)
{
	put(text, dp_slice_price(slice_at(report, i)).bytes);
}

static void put_needed(FILE *text, const struct report *report, size_t i)
{
	put(text, dp_slice_price(slice_at(report, i)).needed);
}

static void put_units(FILE *text, const struct report *report, size_t i)
{
	put(text, dp_slice_units(slice_at(report, i)));
}

/* Tokens do not carry it. */
static bool units_are_known(const struct report *report)
{
	return !report->is_map;
}

static bool is_slice(const struct report *report, size_t i)
{
	return i < dp_slices_count(report->slices);
}

static const struct columns slices = {
	"slices",
	(const struct column[]){
		{ "records", put_records, NULL },
		{ "requests", put_planned_requests, NULL },
		{ "bytes", put_planned_bytes, NULL },
		{ "needed", put_needed, NULL },
		{ "units", put_units, units_are_known },
		{ 0 },
	},
	is_slice,
};

static void put_span_slice(FILE *text, const struct report *report, size_t i)
{
	put(text, report->span[i].slice);
}

static void put_span_object(FILE *text, const struct report *report, size_t i)
{
	put(text, report->span[i].object);
}

static void put_span_begin(FILE *text, const struct report *report, size_t i)
{
	put(text, report->span[i].range.begin);
}

static void put_span_end(FILE *text, const struct report *report, size_t i)
{
	put(text, report->span[i].range.end);
}

static bool is_span(const struct report *report, size_t i)
{
	return report->span[i].range.begin < report->span[i].range.end;
}

static const struct columns spans = {
	"spans",
	(const struct column[]){
		{ "slice", put_span_slice, NULL },
		{ "object", put_span_object, NULL },
		{ "begin", put_span_begin, NULL },
		{ "end", put_span_end, NULL },
		{ 0 },
	},
	is_span,
};

static void put_task_slice(FILE *text, const struct report *report, size_t i)
{
	(void)report;
	put(text, i);
}

static void put_code(FILE *text, const struct report *report, size_t i)
{
	fprintf(text, "%d", report->task[i].code);
}

#define TASK_CELL(field)                                                                           \
	static void put_##field(FILE *text, const struct report *report, size_t i)                 \
	{                                                                                          \
		put(text, report->task[i].field);                                                  \
	}
TASK_CELL(attempts)
TASK_CELL(worker)
TASK_CELL(start)
TASK_CELL(time)
TASK_CELL(fetch)
TASK_CELL(decode)
TASK_CELL(user)
TASK_CELL(requests)
TASK_CELL(bytes)

static bool is_task(const struct report *report, size_t i)
{
	return report->task[i].done;
}

static const struct columns tasks = {
	"tasks",
	(const struct column[]){
		{ "slice", put_task_slice, NULL },
		{ "code", put_code, NULL },
		{ "attempts", put_attempts, NULL },
		{ "worker", put_worker, NULL },
		{ "start", put_start, NULL },
		{ "time", put_time, NULL },
		{ "fetch", put_fetch, NULL },
		{ "decode", put_decode, NULL },
		{ "user", put_user, NULL },
		{ "requests", put_requests, NULL },
		{ "bytes", put_bytes, NULL },
		{ 0 },
	},
	is_task,
};

/* One of them, which is being written. */
struct writing {
	const struct report *report;
	const struct columns *columns;
	const struct column *column;
	size_t n; /* rows, those that are none included */
};

static void fill_column(FILE *text, const void *user)
{
	const struct writing *w = user;
	bool any = false;
	fprintf(text, "%s\"%s\":", w->column == w->columns->column ? "" : ",", w->column->name);
	if (w->column->known && !w->column->known(w->report)) {
		fputs("null", text);
		return;
	}
	putc('[', text);
	for (size_t i = 0; i < w->n; i++) {
		if (!w->columns->has(w->report, i))
			continue;
		if (any)
			putc(',', text);
		w->column->cell(text, w->report, i);
		any = true;
	}
	putc(']', text);
}

static dp_code write_columns(struct out *to, const struct report *report,
			     const struct columns *columns, size_t n, dp_error *err)
{
	struct writing writing = { report, columns, columns->column, n };
	dp_code rc = out_print(to, err, ",\n\"%s\":{", columns->name);
	for (; rc == DP_OK && writing.column->name; writing.column++)
		rc = out_text(to, fill_column, &writing, err);
	return rc == DP_OK ? out_print(to, err, "}") : rc;
}

/* ---- the rest ---- */

/* What a report is headed with. */
struct head {
	const struct report *report;
	const char *name;
	const char *const *args;
};

static void put_html_string(FILE *text, const char *s)
{
	json_put_html(text, s, strlen(s));
}

static void put_object(FILE *text, const struct report *report, const struct report_object *object)
{
	fputs("{\"url\":", text);
	put_html_string(text, object->url);
	fputs(",\"format\":", text);
	put_html_string(text, object->format);
	fputs(",\"record\":", text);
	put_html_string(text, command_record(report->tool, object->format));
	fprintf(text, ",\"size\":%" PRIu64 ",\"records\":", object->size);
	json_put_count(text, object->records);
	fputs(",\"index_size\":", text);
	json_put_count(text, object->index_size);
	putc('}', text);
}

static void put_args(FILE *text, const char *const *args)
{
	putc('[', text);
	for (size_t i = 0; args && args[i]; i++) {
		if (i)
			putc(',', text);
		put_html_string(text, args[i]);
	}
	putc(']', text);
}

static void put_started(FILE *text, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm utc = { 0 };
	char shown[40];
	gmtime_r(&when, &utc);
	strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%SZ", &utc);
	fprintf(text, "\"%s\"", shown);
}

static void put_job(FILE *text, const struct report *report)
{
	const char *executor = options_last(report->tool->opts, OPT_EXECUTOR);
	fputs(",\"executor\":", text);
	put_html_string(text, executor ? executor : "threads");
	fputs(",\"started\":", text);
	put_started(text, report->started);
	fprintf(text, ",\"time\":%" PRIu64 ",\"code\":\"%s\",\"message\":", report->time,
		dp_code_name(report->code));
	if (report->message[0])
		put_html_string(text, report->message);
	else
		fputs("null", text);
	fputs(",\"result\":", text);
	/* In JSON a < stands in strings alone. */
	for (const char *c = report->result ? report->result : "null"; *c; c++)
		fputs(*c == '<' ? "\\u003c" : (char[2]){ *c, 0 }, text);
}

static void fill_head(FILE *text, const void *user)
{
	const struct head *head = user;
	const struct report *report = head->report;
	fprintf(text, "{\"v\":1,\"kind\":\"%s\",\"library\":\"%s\",\n\"objects\":[",
		report->is_map ? "map" : "partition", dp_version());
	for (size_t i = 0; i < report->nobjects; i++) {
		if (i)
			fputs(",\n", text);
		put_object(text, report, &report->object[i]);
	}
	fprintf(text, "],\n\"job\":{\"%s\":", report->is_map ? "task" : "strategy");
	put_html_string(text, head->name);
	fputs(",\"args\":", text);
	put_args(text, head->args);
	if (report->is_map)
		put_job(text, report);
	putc('}', text);
}

/* Names of the codes that tasks ended with. */
static void put_codes(FILE *text, const struct report *report)
{
	size_t n = dp_slices_count(report->slices);
	fputs(",\n\"codes\":{\"0\":\"DP_OK\"", text);
	for (int code = -1; code >= DP_ETASK; code--) {
		size_t i = 0;
		while (i < n && (!report->task[i].done || report->task[i].code != code))
			i++;
		if (i < n)
			fprintf(text, ",\"%d\":\"%s\"", code, dp_code_name(code));
	}
	putc('}', text);
}

/* A token with a signature is a secret; one that cannot be read may have any. */
static bool may_show(const dp_slice *slice)
{
	for (size_t i = 0; i < dp_slice_count(slice); i++) {
		const char *url = dp_slice_url(dp_slice_member(slice, i));
		if (!*url || strchr(url, '?'))
			return false;
	}
	return true;
}

static dp_code add_bytes(void *user, const void *data, size_t len, dp_error *err)
{
	return fwrite(data, 1, len, user) == len ? DP_OK
						 : dp_fail(err, DP_ENOMEM, "no memory for text");
}

static void put_token(FILE *text, const dp_slice *slice)
{
	char *token = NULL;
	size_t len = 0;
	FILE *to = may_show(slice) ? open_memstream(&token, &len) : NULL;
	bool good = to && dp_slice_save(slice, add_bytes, to, NULL) == DP_OK;
	good = to && fclose(to) == 0 && good;
	if (good && len <= MAX_TOKEN)
		json_put_html(text, token, len);
	else
		fputs("null", text);
	free(token);
}

static int by_slice(const void *a, const void *b)
{
	const struct report_failure *left = a, *right = b;
	return (left->slice > right->slice) - (left->slice < right->slice);
}

static void fill_failures(FILE *text, const void *user)
{
	const struct report *report = user;
	put_codes(text, report);
	fprintf(text, ",\n\"failed\":%zu,\"failures\":[", report->failed);
	for (size_t i = 0; i < report->nfailures; i++) {
		const struct report_failure *failure = &report->failure[i];
		const struct report_task *task = &report->task[failure->slice];
		fprintf(text,
			"%s{\"slice\":%zu,\"code\":\"%s\",\"attempts\":%" PRIu32 ",\"message\":",
			i ? ",\n" : "", failure->slice, dp_code_name(task->code), task->attempts);
		put_html_string(text, failure->message);
		fputs(",\"token\":", text);
		put_token(text, slice_at(report, failure->slice));
		putc('}', text);
	}
	putc(']', text);
}

static dp_code write_data(struct out *to, const struct head *head, dp_error *err)
{
	const struct report *report = head->report;
	size_t n = dp_slices_count(report->slices);
	dp_code rc = out_text(to, fill_head, head, err);
	if (rc == DP_OK)
		rc = write_columns(to, report, &slices, n, err);
	if (rc == DP_OK)
		rc = write_columns(to, report, &spans, report->nspans, err);
	if (rc == DP_OK && report->is_map)
		rc = write_columns(to, report, &tasks, n, err);
	if (rc == DP_OK && report->is_map)
		rc = out_text(to, fill_failures, report, err);
	return rc == DP_OK ? out_print(to, err, "}") : rc;
}

dp_code report_write(struct report *report, const char *name, const char *const *args,
		     dp_error *err)
{
	struct out *to = NULL;
	const struct head head = { report, name, args };
	if (!report)
		return DP_OK;
	qsort(report->failure, report->nfailures, sizeof report->failure[0], by_slice);
	dp_code rc = out_open(&to, report->path, err);
	if (rc == DP_OK)
		rc = out_write(to, report_page, report_page_place, err);
	if (rc == DP_OK)
		rc = write_data(to, &head, err);
	if (rc == DP_OK)
		rc = out_write(to, report_page + report_page_place,
			       report_page_len - report_page_place, err);
	if (rc == DP_OK)
		rc = out_commit(to, err);
	out_free(to);
	return rc;
}
