/* command.c - the table of commands, their help, and what several of them do. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/near.h"
#include "exit.h"
#include "signals.h"

#define MAX_JOBS 1024

const struct command *const commands[] = {
	&cmd_index,      &cmd_show,  &cmd_verify, &cmd_partition, &cmd_get,
	&cmd_read,       &cmd_map,   &cmd_rm,     &cmd_export,    &cmd_formats,
	&cmd_strategies, &cmd_tasks, &cmd_work,   &cmd_help,      NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static void help_all(FILE *to)
{
	fputs("usage: dataplug COMMAND ...\n"
	      "Indexes scientific files where they lie, and cuts them into slices.\n\n",
	      to);
	for (size_t i = 0; commands[i]; i++)
		fprintf(to, "  %-10s  %s\n", commands[i]->name, commands[i]->doc);
	fputs("\n\"dataplug help COMMAND\" says more, \"dataplug --version\" which one this is.\n",
	      to);
}

void command_help(FILE *to, const struct command *command)
{
	if (!command) {
		help_all(to);
		return;
	}
	fprintf(to, "usage: dataplug %s %s\n%s.\n", command->name, command->usage, command->doc);
	if (command->more)
		fprintf(to, "\n%s", command->more);
	fputs("\n", to);
	options_help(to, command->options);
	options_help(to, OPTION(HEADER) | OPTION(LIB) | OPTION(META) | OPTION(SET) | OPTION(STATS) |
				 OPTION(TIMEOUT));
}

/* Between single quotes where a shell would take it for more than a word. */
static void print_word(FILE *to, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=:,./@%";
	if (*word && word[strspn(word, plain)] == 0) {
		fputs(word, to);
		return;
	}
	putc('\'', to);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", to);
		else
			putc(*word, to);
	}
	putc('\'', to);
}

static int say_no_index(const struct tool *tool, const char *object)
{
	const char *meta = options_last(tool->opts, OPT_META);
	char *command = NULL;
	size_t len = 0;
	FILE *text = open_memstream(&command, &len);
	if (text) {
		fprintf(text, "dataplug index ");
		print_word(text, object);
		if (meta) {
			fprintf(text, " --meta ");
			print_word(text, meta);
		}
		fclose(text);
	}
	exit_say(object, "no index; make one with: %s", command ? command : "dataplug index");
	free(command);
	return EXIT_NONE;
}

int command_open_index(const struct tool *tool, dp_index **out, const char *object)
{
	dp_error err = { 0 };
	uint64_t size = 0;
	dp_code rc = signals_check(&err);
	if (rc == DP_OK)
		rc = dp_index_open(out, tool->session, object, &err);
	if (rc != DP_ENOTFOUND || signals_stopped())
		return exit_report(object, rc, &err);
	/* Of a folder or pipe there can be no index; on the network such a look costs a request. */
	rc = strstr(object, "://") ? DP_OK : dp_object_size(tool->session, object, &size, &err);
	return rc == DP_OK ? say_no_index(tool, object) : exit_report(object, rc, &err);
}

dp_code command_jobs(const struct tool *tool, unsigned fallback, unsigned *out, dp_error *err)
{
	const char *text = options_last(tool->opts, OPT_JOBS);
	char *end = NULL;
	*out = fallback;
	if (!text)
		return DP_OK;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || n < 1 || n > MAX_JOBS)
		return dp_fail(err, DP_EINVAL, "-j %s: a number from 1 to %d is needed", text,
			       MAX_JOBS);
	*out = (unsigned)n;
	return DP_OK;
}

static const char *task_name(const void *user, size_t i)
{
	const dp_task *task = dp_session_task(user, i);
	return task ? task->name : NULL;
}

dp_code command_task(const struct tool *tool, const char *name, const dp_task **out, dp_error *err)
{
	char hint[160];
	*out = dp_task_find(tool->session, name);
	if (*out)
		return DP_OK;
	dp__names_near(hint, sizeof hint, name, task_name, tool->session);
	return dp_fail(err, DP_EINVAL, "no task is called %s%s", name, hint);
}

const dp_format *command_format(const struct tool *tool, const char *name)
{
	for (size_t i = 0; dp_session_format(tool->session, i); i++) {
		const dp_format *found = dp_session_format(tool->session, i);
		if (strcmp(found->name, name) == 0)
			return found;
	}
	return NULL;
}

const char *command_record(const struct tool *tool, const char *format)
{
	const dp_format *found = command_format(tool, format);
	return found ? found->record : "record";
}

const char *command_attr(const dp_index *index, const char *name)
{
	size_t len = 0;
	const char *text = dp_index_attr(index, name, &len);
	return text ? text : "";
}

uint64_t command_size(const dp_index *index)
{
	return strtoull(command_attr(index, "size"), NULL, 10);
}
