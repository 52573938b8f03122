/* cmd_partition.c - dataplug partition: cuts objects into slices, and prints their tokens and
 * price. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exit.h"
#include "human.h"
#include "out.h"
#include "report.h"

/* OBJECT... STRATEGY [NAME=VALUE]...: how many words are objects. */
struct cut {
	size_t nobjects;
	const char *strategy;
	const char *const *args; /* NULL-terminated */
	dp_index **index;        /* of each object */
	dp_slices *slices;
	struct report *report;
};

/* Whether a word begins like NAME=. */
static bool is_arg(const char *word)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
	static const char more[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	return *word && strchr(first, *word) && word[strspn(word, more)] == '=';
}

static bool take_words(struct cut *cut, const struct tool *tool)
{
	size_t n = tool->nwords;
	while (n > 0 && is_arg(tool->word[n - 1]))
		n--;
	if (n < 2)
		return false;
	cut->nobjects = n - 1;
	cut->strategy = tool->word[n - 1];
	cut->args = tool->word + n;
	return true;
}

/* --format says here what the indexes must be of. */
static int check_format(const struct tool *tool, const dp_index *index, const char *object)
{
	const char *wanted = options_last(tool->opts, OPT_FORMAT);
	const char *format = command_attr(index, "format");
	dp_error err = { 0 };
	if (!wanted || strcmp(wanted, format) == 0)
		return EXIT_FINE;
	dp_code rc = dp_fail(&err, DP_EUNSUPPORTED, "is indexed as %s, not %s", format, wanted);
	return exit_report(object, rc, &err);
}

static int open_indexes(struct cut *cut, const struct tool *tool)
{
	int code = EXIT_FINE;
	cut->index = calloc(cut->nobjects, sizeof *cut->index);
	if (!cut->index)
		return exit_report(NULL, DP_ENOMEM, &(dp_error){ .msg = "no memory for indexes" });
	for (size_t i = 0; code == EXIT_FINE && i < cut->nobjects; i++) {
		code = command_open_index(tool, &cut->index[i], tool->word[i]);
		if (code == EXIT_FINE)
			code = check_format(tool, cut->index[i], tool->word[i]);
	}
	return code;
}

/* Which object an error is about: the one whose number of records is not the first one's. */
static const char *odd_object(const struct cut *cut, const struct tool *tool)
{
	for (size_t i = 1; i < cut->nobjects; i++) {
		if (dp_index_view(cut->index[i])->nrec != dp_index_view(cut->index[0])->nrec)
			return tool->word[i];
	}
	return tool->word[0];
}

static void fill_price(FILE *text, const void *user)
{
	const struct cut *cut = user;
	dp_price price = dp_slices_price(cut->slices);
	human_count(text, dp_slices_count(cut->slices), "slice");
	fputs(", ", text);
	human_count(text, price.requests, "request");
	fputs(", ", text);
	human_bytes(text, price.bytes);
	fputs(" for ", text);
	human_bytes(text, price.needed);
	if (price.needed)
		fprintf(text, " (%.2fx)", (double)price.bytes / (double)price.needed);
	putc('\n', text);
}

static void fill_json(FILE *text, const void *user)
{
	const struct cut *cut = user;
	dp_price price = dp_slices_price(cut->slices);
	fprintf(text,
		"{\"slices\":%zu,\"requests\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"needed\":%" PRIu64
		"}\n",
		dp_slices_count(cut->slices), price.requests, price.bytes, price.needed);
}

/* The price: for programs on stdout if that is free, else on stderr. */
static int tell_price(const struct cut *cut, const struct tool *tool, const char *path)
{
	bool json = options_has(tool->opts, OPT_JSON);
	if (json && path && strcmp(path, "-") != 0)
		return out_page(fill_json, cut);
	if (json)
		fill_json(stderr, cut);
	else if (!options_has(tool->opts, OPT_QUIET))
		fill_price(stderr, cut);
	return EXIT_FINE;
}

/* What the strategy says of its cut. Never on stdout, which is the tokens' or the price's. */
static void tell_explanation(const struct cut *cut, const struct tool *tool)
{
	bool json = options_has(tool->opts, OPT_JSON);
	const char *said = dp_slices_explain(cut->slices, json ? DP_EXPLAIN_JSON : 0);
	if (said && json)
		fprintf(stderr, "{\"%s\":%s}\n", cut->strategy, said);
	else if (said && !options_has(tool->opts, OPT_QUIET))
		fputs(said, stderr);
}

static int write_tokens(const struct cut *cut, const struct tool *tool)
{
	const char *path = options_last(tool->opts, OPT_OUTPUT);
	dp_error err = { 0 };
	struct out *to = NULL;
	dp_code rc = out_open(&to, path, &err);
	if (rc == DP_OK)
		rc = dp_slices_save(cut->slices, out_write, to, &err);
	if (rc == DP_OK)
		rc = out_commit(to, &err);
	int code = out_report(to, NULL, rc, &err);
	out_free(to);
	if (rc != DP_OK)
		return code;
	code = tell_price(cut, tool, path);
	tell_explanation(cut, tool);
	return code;
}

static void say_skipped(void *user, const char *url, const dp_error *why)
{
	(void)user;
	exit_say(url, "skipped: %s", why->msg);
}

/* Objects that no slice will be of. */
static void say_empty(const dp_dataset *dataset)
{
	for (size_t i = 0; i < dp_dataset_count(dataset); i++) {
		const dp_index *index = dp_dataset_at(dataset, i);
		if (dp_index_view(index)->nrec == 0)
			exit_say(command_attr(index, "url"), "has no records");
	}
}

/* All objects under a folder or prefix, one after the other. */
static int cut_dataset(struct cut *cut, const struct tool *tool)
{
	dp_dataset_opts opts = DP_DATASET_OPTS_INIT;
	dp_dataset *dataset = NULL;
	dp_error err = { 0 };
	if (cut->nobjects != 1)
		return exit_usage(NULL, "partition --recursive takes one folder or prefix");
	opts.format = options_last(tool->opts, OPT_FORMAT);
	opts.strict = options_has(tool->opts, OPT_STRICT);
	opts.skipped = say_skipped;
	dp_code rc = dp_dataset_open(&dataset, tool->session, tool->word[0], &opts, &err);
	if (rc == DP_OK)
		rc = dp_dataset_partition(&cut->slices, dataset, cut->strategy, cut->args, &err);
	for (size_t i = 0; rc == DP_OK && i < dp_dataset_count(dataset); i++)
		rc = report_index(cut->report, dp_dataset_at(dataset, i), &err);
	int code = exit_report(tool->word[0], rc, &err);
	if (code == EXIT_FINE)
		say_empty(dataset);
	dp_dataset_free(dataset);
	return code;
}

static int cut_objects(struct cut *cut, const struct tool *tool)
{
	dp_error err = { 0 };
	int code = open_indexes(cut, tool);
	if (code != EXIT_FINE)
		return code;
	dp_code rc = dp_partition(&cut->slices, (const dp_index *const *)cut->index, cut->nobjects,
				  cut->strategy, cut->args, &err);
	for (size_t i = 0; rc == DP_OK && i < cut->nobjects; i++)
		rc = report_index(cut->report, cut->index[i], &err);
	return exit_report(odd_object(cut, tool), rc, &err);
}

static int write_report(const struct cut *cut)
{
	dp_error err = { 0 };
	dp_code rc = report_slices(cut->report, cut->slices, &err);
	if (rc == DP_OK)
		rc = report_write(cut->report, cut->strategy, cut->args, &err);
	return exit_report(NULL, rc, &err);
}

static int cut_and_write(struct cut *cut, const struct tool *tool)
{
	dp_error err = { 0 };
	dp_code rc = report_open(&cut->report, tool, &err);
	if (rc != DP_OK)
		return exit_report(NULL, rc, &err);
	int code = options_has(tool->opts, OPT_RECURSIVE) ? cut_dataset(cut, tool)
							  : cut_objects(cut, tool);
	if (code == EXIT_FINE)
		code = write_tokens(cut, tool);
	return code == EXIT_FINE ? write_report(cut) : code;
}

static int run(const struct tool *tool)
{
	struct cut cut = { 0 };
	if (!take_words(&cut, tool))
		return exit_usage(NULL, "usage: dataplug partition %s", cmd_partition.usage);
	int code = cut_and_write(&cut, tool);
	report_free(cut.report);
	dp_slices_free(cut.slices);
	for (size_t i = 0; cut.index && i < cut.nobjects; i++)
		dp_index_free(cut.index[i]);
	free(cut.index);
	return code;
}

const struct command cmd_partition = {
	.name = "partition",
	.usage = "OBJECT... STRATEGY [NAME=VALUE]... [-o SLICES.jsonl] [--json] [--recursive] "
		 "[--report FILE.html]",
	.doc = "cut objects into slices: tokens, one a line, and their price on stderr",
	.more = "Several objects are cut together, record by record. \"dataplug strategies\" lists "
		"the\n"
		"strategies, \"dataplug strategies NAME\" the parameters of one. --report shows "
		"which "
		"bytes\n"
		"each slice will read, and how even they are, on a page of HTML that needs no "
		"network.\n",
	.options = OPTION(OUTPUT) | OPTION(JSON) | OPTION(QUIET) | OPTION(FORMAT) |
		   OPTION(RECURSIVE) | OPTION(REPORT) | OPTION(STRICT) | OPTION(KEEP_QUERY),
	.min = 2,
	.max = SIZE_MAX,
	.run = run,
};
