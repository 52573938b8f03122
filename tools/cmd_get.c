/* cmd_get.c - dataplug get, read: the records of slices, to stdout or files. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exit.h"
#include "out.h"
#include "stats.h"
#include "tokens.h"

/* Slices that are written one after the other. */
struct get {
	const struct tool *tool;
	const char *object; /* for errors: the object that was named, NULL = as the slices say */
	const char *list;   /* for errors in tokens: the file they come from */
	const dp_slices *slices;
	size_t base; /* number of the first in its file */
	struct out *out;
	bool begun;      /* something was written to out */
	char last;       /* its last byte */
	const char *end; /* what ends a record that comes next to another; NULL = nothing */
};

static const dp_format *format_of(const struct get *get, const dp_slice *slice)
{
	for (size_t i = 0; dp_session_format(get->tool->session, i); i++) {
		const dp_format *format = dp_session_format(get->tool->session, i);
		if (strcmp(format->name, dp_slice_format(slice)) == 0)
			return format;
	}
	return NULL;
}

/* A dp_write_fn that ends the last record of the slice before, which may have been the last of its
 * file. */
static dp_code write_records(void *user, const void *data, size_t len, dp_error *err)
{
	struct get *get = user;
	dp_code rc = DP_OK;
	if (len == 0)
		return DP_OK;
	if (get->end && get->begun && get->last != get->end[strlen(get->end) - 1])
		rc = out_write(get->out, get->end, strlen(get->end), err);
	if (rc == DP_OK)
		rc = out_write(get->out, data, len, err);
	get->end = NULL;
	get->begun = true;
	get->last = ((const char *)data)[len - 1];
	return rc;
}

/* first: the slice begins its file, and so has the header. */
static dp_code get_one(struct get *get, const dp_slice *slice, bool first, dp_error *err)
{
	const dp_format *format = format_of(get, slice);
	bool raw = options_has(get->tool->opts, OPT_RAW);
	if (!first && !raw && format && !format->concat)
		return dp_fail(
			err, DP_EUNSUPPORTED,
			"slices of format %s do not make one file; use -o 'part-{}' or --raw",
			format->name);
	get->end = !first && !raw && format && format->end && *format->end ? format->end : NULL;
	return dp_slice_get(slice, raw || !first ? DP_GET_RAW : 0, write_records, get, err);
}

/* Tells of a failure of slice number i. */
static int report_slice(const struct get *get, size_t i, dp_code rc, const dp_error *err)
{
	const char *url = dp_slice_url(dp_slices_at(get->slices, i));
	dp_error told = *err;
	if (rc == DP_OK)
		return EXIT_FINE;
	if (rc == DP_EWRITE)
		return out_report(get->out, NULL, rc, err);
	if (get->object)
		return out_report(get->out, get->object, rc, err);
	dp_fail(&told, rc, "slice %zu: %s", get->base + i, err->msg);
	return out_report(get->out, *url ? url : get->list, rc, &told);
}

/* All slices into one output. */
static int get_together(struct get *get, const char *path)
{
	dp_error err = { 0 };
	dp_code rc = out_open(&get->out, path, &err);
	int code = exit_report(NULL, rc, &err);
	for (size_t i = 0; code == EXIT_FINE && i < dp_slices_count(get->slices); i++) {
		rc = get_one(get, dp_slices_at(get->slices, i), i == 0, &err);
		code = report_slice(get, i, rc, &err);
	}
	if (code == EXIT_FINE && rc == DP_OK) {
		rc = out_commit(get->out, &err);
		code = out_report(get->out, NULL, rc, &err);
	}
	out_free(get->out);
	return code;
}

/* The pattern with i in place of each {}; free() it. */
static char *fill_pattern(const char *pattern, size_t i)
{
	char *path = NULL;
	size_t len = 0;
	FILE *text = open_memstream(&path, &len);
	if (!text)
		return NULL;
	for (; *pattern; pattern++) {
		if (strncmp(pattern, "{}", 2) == 0) {
			fprintf(text, "%zu", i);
			pattern++;
		} else {
			putc(*pattern, text);
		}
	}
	if (fclose(text) == 0)
		return path;
	free(path);
	return NULL;
}

/* Each slice into a file of its own. */
static int get_apart(struct get *get, const char *pattern)
{
	int code = EXIT_FINE;
	for (size_t i = 0; code == EXIT_FINE && i < dp_slices_count(get->slices); i++) {
		dp_error err = { 0 };
		char *path = fill_pattern(pattern, get->base + i);
		dp_code rc = path ? out_open(&get->out, path, &err)
				  : dp_fail(&err, DP_ENOMEM, "no memory for a path");
		code = exit_report(NULL, rc, &err);
		if (rc == DP_OK) {
			rc = get_one(get, dp_slices_at(get->slices, i), true, &err);
			code = report_slice(get, i, rc, &err);
		}
		if (rc == DP_OK) {
			rc = out_commit(get->out, &err);
			code = out_report(get->out, NULL, rc, &err);
		}
		out_free(get->out);
		get->out = NULL;
		get->begun = false;
		free(path);
	}
	return code;
}

static int get_all(struct get *get)
{
	stats_need(dp_slices_price(get->slices).needed);
	const char *path = options_last(get->tool->opts, OPT_OUTPUT);
	return path && strstr(path, "{}") ? get_apart(get, path) : get_together(get, path);
}

/* The lines that --slice names; all of them without it. */
static dp_code take_span(const struct tool *tool, size_t n, span *out, dp_error *err)
{
	const char *slice = options_last(tool->opts, OPT_SLICE);
	const char *group = options_last(tool->opts, OPT_GROUP);
	const char *offset = options_last(tool->opts, OPT_OFFSET);
	array_job job = { .group = 1 };
	dp_code rc = DP_OK;
	*out = (span){ 0, n - 1 };
	if ((group || offset) && (!slice || strcmp(slice, "auto") != 0))
		return dp_fail(err, DP_EINVAL, "--group and --offset are for --slice auto");
	if (group)
		rc = tokens_number(&job.group, "group", group, err);
	if (rc == DP_OK && job.group == 0)
		rc = dp_fail(err, DP_EINVAL, "--group 0: at least one slice is needed");
	if (rc == DP_OK && offset)
		rc = tokens_number(&job.offset, "offset", offset, err);
	return rc == DP_OK && slice ? tokens_span(out, slice, &job, n, err) : rc;
}

static int run_get(const struct tool *tool)
{
	struct get get = { .tool = tool, .list = tokens_name(tool->word[0]) };
	struct tokens tokens = { 0 };
	dp_slices *slices = NULL;
	span lines = { 0 };
	dp_error err = { 0 };
	dp_code rc = tokens_read(&tokens, tool->word[0], &err);
	if (rc == DP_OK)
		rc = take_span(tool, tokens.n, &lines, &err);
	if (rc == DP_OK)
		rc = dp_slices_load(&slices, tool->session, tokens.data + tokens.at[lines.first],
				    tokens.at[lines.last + 1] - tokens.at[lines.first], &err);
	int code = exit_report(get.list, rc, &err);
	if (rc == DP_OK) {
		get.slices = slices;
		get.base = lines.first;
		code = get_all(&get);
	}
	dp_slices_free(slices);
	tokens_fini(&tokens);
	return code;
}

static int run_read(const struct tool *tool)
{
	struct get get = { .tool = tool, .object = tool->word[0] };
	dp_index *index = NULL;
	dp_slices *slices = NULL;
	dp_error err = { 0 };
	int code = command_open_index(tool, &index, get.object);
	if (code == EXIT_FINE) {
		dp_code rc = dp_partition(&slices, (const dp_index *const *)&index, 1, "box",
					  tool->word + 1, &err);
		code = exit_report(get.object, rc, &err);
	}
	if (code == EXIT_FINE) {
		get.slices = slices;
		code = get_all(&get);
	}
	dp_slices_free(slices);
	dp_index_free(index);
	return code;
}

const struct command cmd_get = {
	.name = "get",
	.usage = "SLICES.jsonl [--slice N | N..M | auto [--group K] [--offset N]] [--raw] "
		 "[-o FILE]",
	.doc = "fetch the records of slices, decoded; \"-\" reads tokens from stdin",
	.more = "Slices are counted from 0, N..M includes both ends, and \"auto\" is the number of "
		"the array job\n"
		"that this is part of (Slurm, AWS Batch, PBS, SGE, LSF). -o 'part-{}' writes a "
		"file a slice.\n"
		"Where a site limits arrays, --group K gives each number K slices, and --offset N "
		"adds N to the\n"
		"number first.\n",
	.options = OPTION(GROUP) | OPTION(OFFSET) | OPTION(SLICE) | OPTION(RAW) | OPTION(OUTPUT) |
		   OPTION(URL),
	.min = 1,
	.max = 1,
	.run = run_get,
};

const struct command cmd_read = {
	.name = "read",
	.usage = "OBJECT [NAME=VALUE]... [--raw] [-o FILE]",
	.doc = "fetch the records of one box at once, such as record=1000:2000",
	.options = OPTION(RAW) | OPTION(OUTPUT),
	.min = 1,
	.max = SIZE_MAX,
	.run = run_read,
};
