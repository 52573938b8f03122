/* cmd_verify.c - dataplug verify: reads objects again, against their indexes. */
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

static void fill(FILE *text, const void *user)
{
	const struct verified *verified = user;
	fprintf(text, "%.*s: ok, ", human_name(verified->object), verified->object);
	human_count(text, dp_index_view(verified->index)->nrec,
		    command_record(verified->tool, command_attr(verified->index, "format")));
	putc('\n', text);
}

static int verify(const struct tool *tool, const char *object, struct out *to)
{
	dp_index *index = NULL;
	dp_error err = { 0 };
	progress_job job = { 0 };
	int code = command_open_index(tool, &index, object);
	if (code)
		return code;
	stats_need(command_size(index));
	progress_start("verify", true);
	dp_code rc = dp_index_verify(index, progress_step, &job, &err);
	progress_stop();
	if (rc == DP_OK)
		rc = out_text(to, fill, &(struct verified){ tool, object, index }, &err);
	if (rc == DP_OK)
		rc = out_flush(to, &err);
	code = out_report(to, object, rc, &err);
	dp_index_free(index);
	return code;
}

static int run(const struct tool *tool)
{
	struct out *to = NULL;
	dp_error err = { 0 };
	int first = exit_report(NULL, out_open(&to, NULL, &err), &err);
	for (size_t i = 0; to && i < tool->nwords && !signals_stopped() && !out_closed(to); i++) {
		int code = verify(tool, tool->word[i], to);
		first = first ? first : code;
	}
	out_free(to);
	return first;
}

const struct command cmd_verify = {
	.name = "verify",
	.usage = "OBJECT...",
	.doc = "read objects again and compare them with their indexes",
	.min = 1,
	.max = SIZE_MAX,
	.run = run,
};
