/* cmd_rm.c - dataplug rm: removes indexes, never objects. */
#include "command.h"
#include "exit.h"
#include "human.h"
#include "out.h"
#include "signals.h"

static int remove_one(const struct tool *tool, const char *object, struct out *to)
{
	dp_error err = { 0 };
	dp_code rc = signals_check(&err);
	if (rc == DP_OK)
		rc = dp_index_remove(tool->session, object, &err);
	if (rc == DP_OK)
		rc = out_print(to, &err, "removed the index; %.*s stays\n", human_name(object),
			       object);
	if (rc == DP_OK)
		rc = out_flush(to, &err);
	return out_report(to, object, rc, &err);
}

static int run(const struct tool *tool)
{
	struct out *to = NULL;
	dp_error err = { 0 };
	int first = exit_report(NULL, out_open(&to, NULL, &err), &err);
	for (size_t i = 0; to && i < tool->nwords; i++) {
		int code = remove_one(tool, tool->word[i], to);
		first = first ? first : code;
	}
	out_free(to);
	return first;
}

const struct command cmd_rm = {
	.name = "rm",
	.usage = "OBJECT...",
	.doc = "remove the indexes of objects; the objects stay",
	.min = 1,
	.max = SIZE_MAX,
	.run = run,
};
