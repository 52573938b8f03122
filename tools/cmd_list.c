/* cmd_list.c - dataplug formats, strategies, tasks, help: what there is, from the tables. */
#include <string.h>

#include "command.h"
#include "core/base/near.h"
#include "exit.h"
#include "out.h"

struct entry {
	const char *name, *doc;
	const dp_param *params;
};

/* One kind of table that the session knows. */
struct kind {
	const char *noun;
	/* Number i, false past the end. */
	bool (*at)(const dp_session *session, size_t i, struct entry *out);
};

struct list {
	const struct tool *tool;
	const struct kind *kind;
};

static bool format_at(const dp_session *session, size_t i, struct entry *out)
{
	const dp_format *format = dp_session_format(session, i);
	if (format)
		*out = (struct entry){ format->name, format->doc, format->params };
	return format != NULL;
}

static bool strategy_at(const dp_session *session, size_t i, struct entry *out)
{
	const dp_strategy *strategy = dp_session_strategy(session, i);
	if (strategy)
		*out = (struct entry){ strategy->name, strategy->doc, strategy->params };
	return strategy != NULL;
}

static bool task_at(const dp_session *session, size_t i, struct entry *out)
{
	const dp_task *task = dp_session_task(session, i);
	if (task)
		*out = (struct entry){ task->name, task->doc, task->params };
	return task != NULL;
}

static const struct kind formats = { "format", format_at };
static const struct kind strategies = { "strategy", strategy_at };
static const struct kind tasks = { "task", task_at };

static const char *type_name(const dp_param *param)
{
	switch (param->type) {
	case DP_PARAM_COUNT:
		return "COUNT";
	case DP_PARAM_BYTES:
		return "BYTES";
	case DP_PARAM_NUMBER:
		return "NUMBER";
	case DP_PARAM_BOOL:
		return "yes|no";
	case DP_PARAM_CHOICE:
		return param->choices;
	case DP_PARAM_TEXT:
		return "TEXT";
	case DP_PARAM_AXES:
		return "FROM:TO";
	}
	return "?";
}

static void print_params(FILE *text, const dp_param *params)
{
	for (; params && params->name; params++) {
		bool axes = params->type == DP_PARAM_AXES;
		char left[80];
		snprintf(left, sizeof left, "%s=%s", axes ? "AXIS" : params->name,
			 type_name(params));
		fprintf(text, "  %-24s  %s", left, params->doc);
		if (!axes && !params->def)
			fputs(" (required)", text);
		else if (!axes && *params->def)
			fprintf(text, " (default %s)", params->def);
		putc('\n', text);
	}
}

static void fill_list(FILE *text, const void *user)
{
	const struct list *list = user;
	struct entry entry;
	for (size_t i = 0; list->kind->at(list->tool->session, i, &entry); i++)
		fprintf(text, "%-12s  %s\n", entry.name, entry.doc);
}

static void fill_entry(FILE *text, const void *user)
{
	const struct entry *entry = user;
	fprintf(text, "%s - %s\n", entry->name, entry->doc);
	print_params(text, entry->params);
}

static void fill_settings(FILE *text, const void *user)
{
	(void)user;
	fputs("settings, by --set NAME=VALUE or in the environment as DATAPLUG_NAME:\n", text);
	print_params(text, dp_session_settings());
}

static void fill_help(FILE *text, const void *user)
{
	command_help(text, user);
}

static const char *entry_name(const void *user, size_t i)
{
	const struct list *list = user;
	struct entry entry;
	return list->kind->at(list->tool->session, i, &entry) ? entry.name : NULL;
}

static int run_list(const struct tool *tool, const struct kind *kind)
{
	struct list list = { tool, kind };
	struct entry entry;
	char hint[160];
	if (tool->nwords == 0)
		return out_page(fill_list, &list);
	for (size_t i = 0; kind->at(tool->session, i, &entry); i++) {
		if (strcmp(entry.name, tool->word[0]) == 0)
			return out_page(fill_entry, &entry);
	}
	dp__names_near(hint, sizeof hint, tool->word[0], entry_name, &list);
	return exit_usage(NULL, "no %s is called %s%s", kind->noun, tool->word[0], hint);
}

static int run_formats(const struct tool *tool)
{
	return run_list(tool, &formats);
}

static int run_strategies(const struct tool *tool)
{
	return run_list(tool, &strategies);
}

static int run_tasks(const struct tool *tool)
{
	return run_list(tool, &tasks);
}

static const char *help_name(const void *user, size_t i)
{
	(void)user;
	return commands[i] ? commands[i]->name : NULL;
}

static int run_help(const struct tool *tool)
{
	const char *name = tool->word[0];
	char hint[160];
	if (!name)
		return out_page(fill_help, NULL);
	if (strcmp(name, "settings") == 0)
		return out_page(fill_settings, NULL);
	if (command_find(name))
		return out_page(fill_help, command_find(name));
	dp__names_near(hint, sizeof hint, name, help_name, NULL);
	return exit_usage(NULL, "no command %s%s; see: dataplug help", name, hint);
}

const struct command cmd_formats = {
	.name = "formats",
	.usage = "[NAME]",
	.doc = "list the formats, or the parameters of one",
	.max = 1,
	.run = run_formats,
};

const struct command cmd_strategies = {
	.name = "strategies",
	.usage = "[NAME]",
	.doc = "list the strategies, or the parameters of one",
	.max = 1,
	.run = run_strategies,
};

const struct command cmd_tasks = {
	.name = "tasks",
	.usage = "[NAME]",
	.doc = "list the tasks, or the parameters of one",
	.max = 1,
	.run = run_tasks,
};

const struct command cmd_help = {
	.name = "help",
	.usage = "[COMMAND | settings]",
	.doc = "say how a command is used, or what can be set",
	.max = 1,
	.run = run_help,
};
