/* command.h - what every command is given, and the table of them. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include "dataplug/plugin.h"
#include "options.h"

/* A command at work; all is lent. */
struct tool {
	const struct options *opts;
	const char *const *word; /* behind the command's name, NULL-terminated */
	size_t nwords;
	dp_session *session;
};

struct command {
	const char *name;
	const char *usage; /* what stands behind the name */
	const char *doc;   /* one line */
	const char *more;  /* further lines of help, each with its newline; may be NULL */
	unsigned options;  /* beside those that every command takes */
	size_t min, max;   /* words */
	bool foreign;      /* its tokens come from elsewhere: they may not name files unasked */
	int (*run)(const struct tool *tool); /* gives the exit code, having told of errors */
};

extern const struct command cmd_index, cmd_show, cmd_verify, cmd_partition, cmd_get, cmd_read,
	cmd_map, cmd_rm, cmd_export, cmd_formats, cmd_strategies, cmd_tasks, cmd_work, cmd_help;

/* All of them, NULL-terminated. */
extern const struct command *const commands[];
/* The command of that name; NULL. */
const struct command *command_find(const char *name);
/* What "dataplug help [NAME]" prints. */
void command_help(FILE *to, const struct command *command);

/* ---- what several commands do ---- */

/* Opens the index of an object; tells of the error. Gives the exit code. */
int command_open_index(const struct tool *tool, dp_index **out, const char *object);
/* The value of -j, or fallback; DP_EINVAL if it is no number. */
dp_code command_jobs(const struct tool *tool, unsigned fallback, unsigned *out, dp_error *err);
/* The task of that name; DP_EINVAL with the near ones. */
dp_code command_task(const struct tool *tool, const char *name, const dp_task **out, dp_error *err);
/* The format of that name; NULL if the session has none. */
const dp_format *command_format(const struct tool *tool, const char *name);
/* What a record of that format is called. */
const char *command_record(const struct tool *tool, const char *format);
/* An attribute that is text; "" if there is none. */
const char *command_attr(const dp_index *index, const char *name);
/* The object's size in bytes. */
uint64_t command_size(const dp_index *index);

#endif
