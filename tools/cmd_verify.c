/* cmd_verify.c - dataplug verify: reads objects again, against their indexes; of mates, whether
 * they are. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exit.h"
#include "human.h"
#include "out.h"
#include "progress.h"
#include "signals.h"
#include "stats.h"

struct verified {
	const struct tool *tool;
	const char *object;
	const dp_index *index;
};

/* All objects of the command; an index that could not be opened is NULL. */
struct verify {
	const struct tool *tool;
	struct out *to;
	dp_index **index;
	size_t n;
};

static void fill(FILE *text, const void *user)
{
	const struct verified *verified = user;
	fprintf(text, "%.*s: ok, ", human_name(verified->object), verified->object);
	human_count(text, dp_index_view(verified->index)->nrec,
		    command_record(verified->tool, command_attr(verified->index, "format")));
	putc('\n', text);
}

/* Tells of objects [first, last) what their verification came to. */
static int tell(const struct verify *all, size_t first, size_t last, dp_code rc, dp_error *err)
{
	for (size_t i = first; rc == DP_OK && i < last; i++)
		rc = out_text(all->to, fill,
			      &(struct verified){ all->tool, all->tool->word[i], all->index[i] },
			      err);
	if (rc == DP_OK)
		rc = out_flush(all->to, err);
	return out_report(all->to, all->tool->word[last - 1], rc, err);
}

static int verify(const struct verify *all, size_t first, size_t last)
{
	dp_error err = { 0 };
	progress_job job = { 0 };
	for (size_t i = first; i < last; i++)
		stats_need(command_size(all->index[i]));
	progress_start("verify", false);
	dp_code rc = signals_check(&err);
	if (rc == DP_OK)
		rc = dp_set_verify((const dp_index *const *)all->index + first, last - first,
				   progress_step, &job, &err);
	progress_stop();
	return tell(all, first, last, rc, &err);
}

static int verify_each(const struct verify *all)
{
	int first = EXIT_FINE;
	for (size_t i = 0; i < all->n && !out_closed(all->to); i++) {
		int code = all->index[i] ? verify(all, i, i + 1) : EXIT_FINE;
		first = first ? first : code;
	}
	return first;
}

static const dp_format *format_of(const struct verify *all, size_t i)
{
	return command_format(all->tool, command_attr(all->index[i], "format"));
}

/* Whether all are there, and of one format whose records have names to be compared. */
static bool have_names(const struct verify *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->index[i])
			return false;
	const dp_format *first = format_of(all, 0);
	for (size_t i = 1; i < all->n; i++)
		if (format_of(all, i) != first)
			return false;
	return all->n > 1 && first && first->mate;
}

static bool have_equal_counts(const struct verify *all)
{
	for (size_t i = 1; i < all->n; i++)
		if (dp_index_view(all->index[i])->nrec != dp_index_view(all->index[0])->nrec)
			return false;
	return true;
}

static int verify_all(const struct verify *all)
{
	if (!have_names(all))
		return verify_each(all);
	if (have_equal_counts(all))
		return verify(all, 0, all->n);
	exit_say(NULL, "not read as a set: the objects have not as many records");
	return verify_each(all);
}

static int run(const struct tool *tool)
{
	struct verify all = { .tool = tool, .n = tool->nwords };
	dp_error err = { 0 };
	int first = exit_report(NULL, out_open(&all.to, NULL, &err), &err);
	all.index = calloc(all.n, sizeof *all.index);
	if (first == EXIT_FINE && !all.index)
		first = exit_report(NULL, DP_ENOMEM, &(dp_error){ .msg = "no memory for indexes" });
	for (size_t i = 0; all.to && all.index && i < all.n; i++) {
		int code = command_open_index(tool, &all.index[i], tool->word[i]);
		first = first ? first : code;
	}
	if (all.to && all.index) {
		int code = verify_all(&all);
		first = first ? first : code;
	}
	for (size_t i = 0; all.index && i < all.n; i++)
		dp_index_free(all.index[i]);
	free(all.index);
	out_free(all.to);
	return first;
}

const struct command cmd_verify = {
	.name = "verify",
	.usage = "OBJECT...",
	.doc = "read objects again and compare them with their indexes",
	.more = "Several objects of as many records are read as a set: each record's name (up to a "
		"blank, /1 or\n"
		"/2) must be the same in all of them.\n",
	.min = 1,
	.max = SIZE_MAX,
	.run = run,
};
