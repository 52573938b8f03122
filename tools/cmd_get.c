/* cmd_get.c - dataplug get, read: the records of slices, to stdout or files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgzip.h"
#include "command.h"
#include "exit.h"
#include "out.h"
#include "stats.h"
#include "tokens.h"

#define MAX_SINKS 16

/* An output, of one member of the slices where there are several. */
struct sink {
	struct out *out;
	struct bgzip *bgzip; /* before it, with --bgzip */
	bool begun;          /* something was written to it */
	char last;           /* its last byte */
	const char *end;     /* what ends a record that comes next to another; NULL = nothing */
};

/* Slices that are written one after the other. */
struct get {
	const struct tool *tool;
	const char *object; /* for errors: the object that was named, NULL = as the slices say */
	const char *list;   /* for errors in tokens: the file they come from */
	const dp_slices *slices;
	size_t base; /* number of the first in its file */
	struct sink sink[MAX_SINKS];
	size_t nsinks;
};

/* A dp_write_fn that ends the last record of the slice before, which may have been the last of its
 * file. */
static dp_code write_records(void *user, const void *data, size_t len, dp_error *err)
{
	struct sink *to = user;
	dp_code rc = DP_OK;
	if (len == 0)
		return DP_OK;
	dp_write_fn write = to->bgzip ? bgzip_write : out_write;
	void *through = to->bgzip ? (void *)to->bgzip : (void *)to->out;
	if (to->end && to->begun && to->last != to->end[strlen(to->end) - 1])
		rc = write(through, to->end, strlen(to->end), err);
	if (rc == DP_OK)
		rc = write(through, data, len, err);
	to->end = NULL;
	to->begun = true;
	to->last = ((const char *)data)[len - 1];
	return rc;
}

/* What a slice's records begin with in an output that others of its format come before. */
static dp_code join(struct get *get, struct sink *to, const dp_slice *slice, bool first,
		    dp_error *err)
{
	const dp_format *format = command_format(get->tool, dp_slice_format(slice));
	bool raw = options_has(get->tool->opts, OPT_RAW);
	if (!first && !raw && format && !format->concat)
		return dp_fail(
			err, DP_EUNSUPPORTED,
			"slices of format %s do not make one file; use -o 'part-{}' or --raw",
			format->name);
	to->end = !first && !raw && format && format->end && *format->end ? format->end : NULL;
	return DP_OK;
}

/* first: the slice begins its file, and so has the header. */
static dp_code get_one(struct get *get, const dp_slice *slice, bool first, dp_error *err)
{
	bool raw = options_has(get->tool->opts, OPT_RAW);
	unsigned flags = raw || !first ? DP_GET_RAW : 0;
	void *users[MAX_SINKS];
	dp_code rc = DP_OK;
	if (get->nsinks > 1 && dp_slice_count(slice) != get->nsinks)
		return dp_fail(err, DP_EINVAL, "%zu outputs for a slice of %zu objects",
			       get->nsinks, dp_slice_count(slice));
	for (size_t i = 0; rc == DP_OK && i < get->nsinks; i++) {
		users[i] = &get->sink[i];
		rc = join(get, &get->sink[i], dp_slice_member(slice, i), first, err);
	}
	if (rc != DP_OK)
		return rc;
	return get->nsinks > 1 ? dp_slice_get_apart(slice, flags, write_records, users, err)
			       : dp_slice_get(slice, flags, write_records, users[0], err);
}

/* The output that could not be written, if that was it. */
static const struct out *broken_out(const struct get *get)
{
	for (size_t i = 0; i < get->nsinks; i++)
		if (get->sink[i].out && out_closed(get->sink[i].out))
			return get->sink[i].out;
	return get->sink[0].out;
}

/* Tells of a failure of slice number i. */
static int report_slice(const struct get *get, size_t i, dp_code rc, const dp_error *err)
{
	const char *url = dp_slice_url(dp_slices_at(get->slices, i));
	const struct out *out = broken_out(get);
	dp_error told = *err;
	if (rc == DP_OK)
		return EXIT_FINE;
	if (rc == DP_EWRITE || rc == DP_EINVAL)
		return out_report(out, NULL, rc, err);
	if (get->object)
		return out_report(out, get->object, rc, err);
	dp_fail(&told, rc, "slice %zu: %s", get->base + i, err->msg);
	return out_report(out, *url ? url : get->list, rc, &told);
}

static dp_code open_sinks(struct get *get, const char *const *path, dp_error *err)
{
	dp_code rc = DP_OK;
	for (size_t i = 0; rc == DP_OK && i < get->nsinks; i++) {
		get->sink[i] = (struct sink){ 0 };
		rc = out_open(&get->sink[i].out, path[i], err);
		if (rc == DP_OK && options_has(get->tool->opts, OPT_BGZIP))
			rc = bgzip_open(&get->sink[i].bgzip, out_write, get->sink[i].out, err);
	}
	return rc;
}

static dp_code commit_sinks(struct get *get, dp_error *err)
{
	dp_code rc = DP_OK;
	for (size_t i = 0; rc == DP_OK && i < get->nsinks; i++) {
		rc = get->sink[i].bgzip ? bgzip_end(get->sink[i].bgzip, err) : DP_OK;
		if (rc == DP_OK)
			rc = out_commit(get->sink[i].out, err);
	}
	return rc;
}

static void free_sinks(struct get *get)
{
	for (size_t i = 0; i < get->nsinks; i++) {
		bgzip_free(get->sink[i].bgzip);
		out_free(get->sink[i].out);
		get->sink[i] = (struct sink){ 0 };
	}
}

/* Slices [first, last) into outputs of these paths. */
static int get_span(struct get *get, size_t first, size_t last, const char *const *path)
{
	dp_error err = { 0 };
	dp_code rc = open_sinks(get, path, &err);
	int code = exit_report(NULL, rc, &err);
	for (size_t i = first; code == EXIT_FINE && i < last; i++) {
		rc = get_one(get, dp_slices_at(get->slices, i), i == first, &err);
		code = report_slice(get, i, rc, &err);
	}
	if (code == EXIT_FINE && rc == DP_OK) {
		rc = commit_sinks(get, &err);
		code = out_report(broken_out(get), NULL, rc, &err);
	}
	free_sinks(get);
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

/* Each slice into a file of its own, or one for each of its members. */
static int get_apart(struct get *get, const char *const *pattern)
{
	int code = EXIT_FINE;
	for (size_t i = 0; code == EXIT_FINE && i < dp_slices_count(get->slices); i++) {
		char *path[MAX_SINKS] = { 0 };
		dp_error err = { .msg = "no memory for a path" };
		for (size_t k = 0; k < get->nsinks; k++) {
			path[k] = fill_pattern(pattern[k], get->base + i);
			if (!path[k])
				code = exit_report(NULL, DP_ENOMEM, &err);
		}
		if (code == EXIT_FINE)
			code = get_span(get, i, i + 1, (const char *const *)path);
		for (size_t k = 0; k < get->nsinks; k++)
			free(path[k]);
	}
	return code;
}

static int get_all(struct get *get)
{
	static const char *const to_stdout[] = { NULL };
	size_t n = get->tool->opts->n[OPT_OUTPUT], patterns = 0;
	const char *const *path = n ? get->tool->opts->value[OPT_OUTPUT] : to_stdout;
	stats_need(dp_slices_price(get->slices).needed);
	if (options_has(get->tool->opts, OPT_BGZIP) && !n && isatty(STDOUT_FILENO))
		return exit_usage(NULL, "--bgzip: compressed bytes are not for a terminal");
	if (n > MAX_SINKS)
		return exit_usage(NULL, "more than %d outputs", MAX_SINKS);
	get->nsinks = n ? n : 1;
	for (size_t i = 0; i < n; i++)
		patterns += strstr(path[i], "{}") != NULL;
	if (patterns && patterns != n)
		return exit_usage(NULL, "-o: {} in the names of all outputs, or of none");
	return patterns ? get_apart(get, path)
			: get_span(get, 0, dp_slices_count(get->slices), path);
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
	.usage =
		"SLICES.jsonl [--slice N | N..M | auto [--group K] [--offset N]] [--raw] [--bgzip] "
		"[-o FILE]",
	.doc = "fetch the records of slices, decoded; \"-\" reads tokens from stdin",
	.more = "Slices are counted from 0, N..M includes both ends, and \"auto\" is the number of "
		"the array job\n"
		"that this is part of (Slurm, AWS Batch, PBS, SGE, LSF). -o 'part-{}' writes a "
		"file a slice,\n"
		"-o R1 -o R2 a file for each object of slices that are of several.\n"
		"Where a site limits arrays, --group K gives each number K slices, and --offset N "
		"adds N to the\n"
		"number first.\n",
	.options = OPTION(BGZIP) | OPTION(GROUP) | OPTION(OFFSET) | OPTION(SLICE) | OPTION(RAW) |
		   OPTION(OUTPUT) | OPTION(URL),
	.min = 1,
	.max = 1,
	.run = run_get,
};

const struct command cmd_read = {
	.name = "read",
	.usage = "OBJECT [NAME=VALUE]... [--raw] [--bgzip] [-o FILE]",
	.doc = "fetch the records of one box at once, such as record=1000:2000",
	.options = OPTION(BGZIP) | OPTION(RAW) | OPTION(OUTPUT),
	.min = 1,
	.max = SIZE_MAX,
	.run = run_read,
};
