/* cmd_map.c - dataplug map: a task over slices, a line for each as it comes, and the total. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "exit.h"
#include "json.h"
#include "out.h"
#include "progress.h"
#include "report.h"
#include "signals.h"
#include "stats.h"
#include "table.h"
#include "tokens.h"

struct map {
	const struct tool *tool;
	const char *list; /* the file of tokens, for messages */
	struct tokens tokens;
	dp_slices *slices;
	struct out *out;
	struct table table;
	bool *good;     /* of each slice: it went well */
	size_t failed;  /* how many did not */
	size_t told;    /* how many were told of */
	dp_code write;  /* DP_OK, or why results could not be written */
	dp_error error; /* of that */
	progress_job job;
	struct report *report;
};

/* A result that is JSON stands as it is; line breaks in it are but spaces (RFC 8259 2). */
static void print_data(FILE *text, const char *data, size_t len)
{
	json_t *root = json_loadb(data, len, JSON_DECODE_ANY, NULL);
	if (!root) {
		json_put_text(text, data, len);
		return;
	}
	json_decref(root);
	for (size_t i = 0; i < len; i++)
		putc(data[i] == '\n' || data[i] == '\r' ? ' ' : data[i], text);
}

/* One result of a map. */
struct line {
	const struct map *map;
	const dp_result *result;
};

static void print_times(FILE *text, const struct line *line)
{
	const dp_result *result = line->result;
	bool total = result->slice == SIZE_MAX;
	fprintf(text, ",\"seconds\":%.6f,\"start\":%.6f,\"worker\":", result->seconds,
		result->start);
	json_put_count(text, total ? DP_UNKNOWN : result->worker);
	fprintf(text, ",\"fetch\":%.6f,\"decode\":%.6f,\"user\":%.6f,\"read\":", result->fetch,
		result->decode, result->user);
	if (total) {
		fputs("null", text);
		return;
	}
	size_t n = dp_slice_count(dp_slices_at(line->map->slices, result->slice));
	for (size_t i = 0; i < n; i++)
		fprintf(text, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "[", result->read[i].begin,
			result->read[i].end);
	putc(']', text);
}

static void fill_json(FILE *text, const void *user)
{
	const struct line *line = user;
	const dp_result *result = line->result;
	bool good = result->code == DP_OK;
	fputs("{\"slice\":", text);
	json_put_count(text, result->slice == SIZE_MAX ? DP_UNKNOWN : result->slice);
	fprintf(text, ",\"code\":\"%s\",\"message\":", dp_code_name(result->code));
	if (good)
		fputs("null", text);
	else
		json_put_text(text, result->data, result->len);
	fputs(",\"data\":", text);
	if (good)
		print_data(text, result->data, result->len);
	else
		fputs("null", text);
	fprintf(text, ",\"attempts\":%u,\"requests\":%" PRIu64 ",\"bytes\":%" PRIu64,
		result->attempts, result->paid.requests, result->paid.bytes);
	print_times(text, line);
	fputs("}\n", text);
}

static void say_failure(const struct map *map, const dp_result *result)
{
	const char *message = result->data;
	if (result->slice == SIZE_MAX) {
		exit_say(map->list, "total: %.*s", (int)result->len, message);
		return;
	}
	const char *url = dp_slice_url(dp_slices_at(map->slices, result->slice));
	exit_say(*url ? url : map->list, "slice %zu: %.*s", result->slice, (int)result->len,
		 message);
}

static dp_code take_result(void *user, const dp_result *result)
{
	struct map *map = user;
	map->told += result->slice != SIZE_MAX;
	if (result->code != DP_OK) {
		map->failed++;
		say_failure(map, result);
	} else if (result->slice != SIZE_MAX) {
		map->good[result->slice] = true;
	}
	map->write = report_result(map->report, result, &map->error);
	if (map->write != DP_OK)
		return map->write;
	progress_hide();
	if (options_has(map->tool->opts, OPT_JSON)) {
		map->write =
			out_text(map->out, fill_json, &(struct line){ map, result }, &map->error);
		if (map->write == DP_OK)
			map->write = out_flush(map->out, &map->error);
	} else {
		map->write = table_add(&map->table, map->out, result, &map->error);
	}
	return map->write;
}

static dp_code take_progress(void *user, uint64_t done, uint64_t total)
{
	struct map *map = user;
	return progress_step(&map->job, done, total);
}

/* The lines of the slices that failed or were not reached, for another try. */
static dp_code write_failed(const struct map *map, const char *path, dp_error *err)
{
	struct out *to = NULL;
	const struct tokens *tokens = &map->tokens;
	dp_code rc = out_open(&to, path, err);
	for (size_t i = 0; rc == DP_OK && i < tokens->n; i++) {
		size_t at = tokens->at[i], end = tokens->at[i + 1];
		if (map->good[i])
			continue;
		rc = out_write(to, tokens->data + at, end - at, err);
		if (rc == DP_OK && tokens->data[end - 1] != '\n')
			rc = out_write(to, "\n", 1, err);
	}
	if (rc == DP_OK)
		rc = out_commit(to, err);
	out_free(to);
	return rc;
}

/* Of two exit codes the one that says more. */
static int worse(int code, int other)
{
	return code > EXIT_SOME || other == EXIT_FINE ? code : other;
}

/* What the command ends with: what stopped it, else whether all slices went well. */
static int conclude(struct map *map, dp_code rc, const dp_error *err)
{
	const char *failed = options_last(map->tool->opts, OPT_FAILED);
	dp_error why = { 0 };
	int code = EXIT_FINE;
	bool all = rc == DP_OK || (map->failed && map->told == map->tokens.n);
	if (map->write == DP_OK && (all || map->told) && !options_has(map->tool->opts, OPT_JSON))
		map->write = table_end(&map->table, map->out, &map->error);
	if (map->write != DP_OK)
		code = out_report(map->out, NULL, map->write, &map->error);
	else if (!all)
		code = exit_report(map->list, rc, err);
	else if (map->failed)
		code = EXIT_SOME;
	if (failed)
		code = worse(code, exit_report(NULL, write_failed(map, failed, &why), &why));
	const char *const *word = map->tool->word;
	report_end(map->report, rc, err);
	rc = report_write(map->report, word[1], word + 2, &why);
	return worse(code, exit_report(NULL, rc, &why));
}

/* The plug-ins of --lib, for processes that may work elsewhere: whole paths, with colons between
 * them. NULL if there are none; free() it. */
static char *library_paths(const struct tool *tool)
{
	char *text = NULL, here[4096];
	size_t len = 0;
	FILE *to = tool->opts->n[OPT_LIB] ? open_memstream(&text, &len) : NULL;
	for (size_t i = 0; to && i < tool->opts->n[OPT_LIB]; i++) {
		const char *file = tool->opts->value[OPT_LIB][i];
		bool whole = file[0] == '/' || !getcwd(here, sizeof here);
		fprintf(to, "%s%s%s%s", i ? ":" : "", whole ? "" : here, whole ? "" : "/", file);
	}
	if (to && fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

static int map_all(struct map *map, const dp_task *task, const char *library)
{
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	dp_error err = { 0 };
	dp_code rc = command_jobs(map->tool, 0, &opts.jobs, &err);
	if (rc != DP_OK)
		return exit_report(NULL, rc, &err);
	opts.executor = options_last(map->tool->opts, OPT_EXECUTOR);
	opts.library = library;
	rc = tokens_read(&map->tokens, map->tool->word[0], &err);
	if (rc == DP_OK)
		rc = dp_slices_load(&map->slices, map->tool->session, map->tokens.data,
				    map->tokens.at[map->tokens.n], &err);
	if (rc == DP_OK) {
		map->good = calloc(map->tokens.n + 1, sizeof *map->good);
		rc = map->good ? out_open(&map->out, NULL, &err)
			       : dp_fail(&err, DP_ENOMEM, "no memory for results");
	}
	if (rc == DP_OK)
		rc = report_slices(map->report, map->slices, &err);
	if (rc != DP_OK)
		return exit_report(map->list, rc, &err);
	stats_need(dp_slices_price(map->slices).needed);
	opts.result = take_result;
	opts.progress = take_progress;
	opts.user = map;
	if (!options_has(map->tool->opts, OPT_QUIET))
		progress_start("map", false);
	rc = dp_map(map->slices, task, map->tool->word + 2, &opts, &err);
	progress_stop();
	return conclude(map, rc, &err);
}

static int run(const struct tool *tool)
{
	struct map map = { .tool = tool, .list = tokens_name(tool->word[0]) };
	const dp_task *task = NULL;
	dp_error err = { 0 };
	dp_code rc = command_task(tool, tool->word[1], &task, &err);
	if (rc == DP_OK)
		rc = report_open(&map.report, tool, &err);
	char *library = library_paths(tool);
	int code = rc == DP_OK ? map_all(&map, task, library) : exit_report(NULL, rc, &err);
	free(library);
	report_free(map.report);
	table_fini(&map.table);
	out_free(map.out);
	free(map.good);
	dp_slices_free(map.slices);
	tokens_fini(&map.tokens);
	return code;
}

const struct command cmd_map = {
	.name = "map",
	.usage = "SLICES.jsonl TASK [NAME=VALUE]... [--lib FILE.so] [-j N] [--executor PROGRAM] "
		 "[--json] [--failed FILE] [--report FILE.html]",
	.doc = "run a task over slices: a line for each as it comes, the total last",
	.more = "\"dataplug tasks\" lists the tasks. Slices that failed, or were not reached, are "
		"written to\n"
		"the file of --failed as they were, so that it can be mapped again. --report shows "
		"when each\n"
		"task ran, what it waited for and what it read, on a page of HTML that needs no "
		"network.\n",
	.options = OPTION(JOBS) | OPTION(JSON) | OPTION(FAILED) | OPTION(QUIET) | OPTION(REPORT) |
		   OPTION(URL) | OPTION(EXECUTOR),
	.min = 2,
	.max = SIZE_MAX,
	.run = run,
};
