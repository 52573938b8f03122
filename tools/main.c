/* main.c - dataplug: finds the command, opens its session, and runs it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "core/base/near.h"
#include "exit.h"
#include "log.h"
#include "out.h"
#include "signals.h"
#include "stats.h"

#define OPTIONS_OF_ALL                                                                             \
	(OPTION(HEADER) | OPTION(HELP) | OPTION(LIB) | OPTION(META) | OPTION(SET) |                \
	 OPTION(STATS) | OPTION(TIMEOUT) | OPTION(VERSION))
#define MAX_TIMEOUT 1e9

/* A file that is opened must not become number 0, 1 or 2, or output would go into it. */
static void fill_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(EXIT_IO);
	}
}

static const char *command_name(const void *user, size_t i)
{
	(void)user;
	return commands[i] ? commands[i]->name : NULL;
}

static int unknown_command(const char *name)
{
	char hint[160];
	dp__names_near(hint, sizeof hint, name, command_name, NULL);
	return exit_usage(NULL, "no command %s%s; see: dataplug help", name, hint);
}

static void fill_help(FILE *text, const void *user)
{
	command_help(text, user);
}

static void fill_version(FILE *text, const void *user)
{
	(void)user;
	fprintf(text, "dataplug %s\n", dp_version());
}

/* In seconds, from the command line or the environment; 0 = no limit. */
static dp_code take_timeout(const struct options *opts, double *out, dp_error *err)
{
	const char *text = options_last(opts, OPT_TIMEOUT);
	char *end = NULL;
	if (!text)
		text = getenv("DATAPLUG_TIMEOUT");
	*out = 0;
	if (!text || !*text)
		return DP_OK;
	*out = strtod(text, &end);
	if (end == text || *end || !(*out >= 0) || *out > MAX_TIMEOUT)
		return dp_fail(err, DP_EINVAL, "timeout %s: no number of seconds", text);
	return DP_OK;
}

/* "name=value", or all values of an option one a line; free() it. */
static char *setting_of(const char *name, const char *const *value, size_t n)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	if (!to)
		return NULL;
	fprintf(to, "%s=", name);
	for (size_t i = 0; i < n; i++)
		fprintf(to, "%s%s", i ? "\n" : "", value[i]);
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

/* The session's setting that an option gives. */
static char *setting_by(const struct options *opts, option which, const char *name)
{
	static const char *const yes[] = { "yes" };
	const char *const *value = opts->value[which];
	size_t n = opts->n[which];
	if (which == OPT_CREATE_META || which == OPT_KEEP_QUERY)
		return setting_of(name, yes, 1);
	/* Each header counts; of what else is said twice, the last. */
	return which == OPT_HEADER ? setting_of(name, value, n)
				   : setting_of(name, value + n - 1, 1);
}

/* What others' tokens may name, unless the user says else: what lies on the network. */
static bool needs_allow(const struct command *command, const struct options *opts)
{
	const char *allow = getenv("DATAPLUG_ALLOW");
	for (size_t i = 0; i < opts->n[OPT_SET]; i++)
		if (strncmp(opts->value[OPT_SET][i], "allow=", 6) == 0)
			return false;
	return command->foreign && !(allow && *allow);
}

static dp_code open_session(const struct command *command, const struct options *opts,
			    dp_session **out, dp_error *err)
{
	static const struct {
		option option;
		const char *name;
	} own[] = { { OPT_META, "meta" },
		    { OPT_TIMEOUT, "timeout" },
		    { OPT_URL, "url" },
		    { OPT_HEADER, "header" },
		    { OPT_CREATE_META, "create-meta" },
		    { OPT_KEEP_QUERY, "keep-query" } };
	enum { NOWN = sizeof own / sizeof own[0] };
	char *text[NOWN] = { 0 };
	size_t n = opts->n[OPT_SET];
	dp_code rc = DP_OK;
	const char **setting = calloc(n + NOWN + 2, sizeof(char *));
	if (!setting)
		return dp_fail(err, DP_ENOMEM, "no memory for settings");
	for (size_t i = 0; i < n; i++)
		setting[i] = opts->value[OPT_SET][i];
	for (size_t i = 0; rc == DP_OK && i < NOWN; i++) {
		if (!options_has(opts, own[i].option))
			continue;
		text[i] = setting_by(opts, own[i].option, own[i].name);
		if (!text[i])
			rc = dp_fail(err, DP_ENOMEM, "no memory for settings");
		setting[n++] = text[i];
	}
	if (needs_allow(command, opts))
		setting[n++] = "allow=" DP_ALLOW_NETWORK;
	if (rc == DP_OK)
		rc = dp_session_open(out, setting, err);
	for (size_t i = 0; i < NOWN; i++)
		free(text[i]);
	free(setting);
	return rc;
}

/* A plug-in is a file that was named, never one that is searched for as libraries are. */
static dp_code load_library(dp_session *session, const char *file, dp_error *err)
{
	const char *folder = strchr(file, '/') ? "" : "./";
	size_t room = strlen(file) + sizeof "./";
	char *path = malloc(room);
	if (!path)
		return dp_fail(err, DP_ENOMEM, "no memory for a path");
	snprintf(path, room, "%s%s", folder, file);
	dp_code rc = dp_session_load(session, path, err);
	free(path);
	return rc;
}

static int run_in_session(const struct command *command, struct tool *tool)
{
	dp_error err = { 0 };
	int code;
	dp_code rc = open_session(command, tool->opts, &tool->session, &err);
	const char *object = NULL;
	if (rc == DP_OK)
		rc = log_start(tool->session, &err);
	if (rc == DP_OK)
		signals_session(tool->session);
	for (size_t i = 0; rc == DP_OK && i < tool->opts->n[OPT_LIB]; i++) {
		object = tool->opts->value[OPT_LIB][i];
		rc = load_library(tool->session, object, &err);
	}
	stats_start();
	code = rc == DP_OK ? command->run(tool) : exit_report(object, rc, &err);
	signals_session(NULL);
	if (tool->session)
		stats_print(tool);
	dp_session_free(tool->session);
	return code;
}

static int run_command(const struct options *opts)
{
	dp_error err = { 0 };
	double timeout = 0;
	struct tool tool = { .opts = opts, .word = opts->word + 1, .nwords = opts->nwords - 1 };
	const struct command *found = command_find(opts->word[0]);
	if (!found)
		return unknown_command(opts->word[0]);
	if (options_has(opts, OPT_HELP))
		return out_page(fill_help, found);
	dp_code rc = options_allow(opts, found->options | OPTIONS_OF_ALL, found->name, &err);
	if (rc == DP_OK)
		rc = take_timeout(opts, &timeout, &err);
	if (rc != DP_OK)
		return exit_report(NULL, rc, &err);
	if (tool.nwords < found->min || tool.nwords > found->max)
		return exit_usage(NULL, "usage: dataplug %s %s", found->name, found->usage);
	rc = signals_start(timeout, &err);
	return rc == DP_OK ? run_in_session(found, &tool) : exit_report(NULL, rc, &err);
}

static bool is_index_alias(const char *program)
{
	const char *slash = strrchr(program ? program : "", '/');
	return program && strcmp(slash ? slash + 1 : program, "dataplug-index") == 0;
}

static int run_words(int argc, char **argv)
{
	dp_error err = { 0 };
	struct options opts = { 0 };
	int code;
	dp_code rc = options_parse(&opts, argc, argv, &err);
	if (rc != DP_OK)
		return exit_report(NULL, rc, &err);
	if (options_has(&opts, OPT_VERSION)) {
		code = out_page(fill_version, NULL);
	} else if (opts.nwords > 0) {
		code = run_command(&opts);
	} else if (options_has(&opts, OPT_HELP)) {
		code = out_page(fill_help, NULL);
	} else {
		command_help(stderr, NULL);
		code = EXIT_USAGE;
	}
	options_fini(&opts);
	return code;
}

int main(int argc, char **argv)
{
	char index[] = "index";
	bool alias = is_index_alias(argc > 0 ? argv[0] : NULL);
	fill_descriptors();
	if (!alias)
		return run_words(argc > 0 ? argc - 1 : 0, argv + (argc > 0));
	/* The alias' own name makes room for the command that it stands for. */
	argv[0] = index;
	return run_words(argc, argv);
}
