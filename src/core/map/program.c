/* program.c - the program that runs a job: started, ended, and what it was told. */
#include "core/map/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/child.h"
#include "core/base/text.h"
#include "core/base/words.h"

#define PATH_VARIABLE "DATAPLUG_PLUGIN_PATH="
#define ENDING        10.0 /* seconds for a program whose output has ended */
#define ASKED         2.0  /* for one that was asked to end */

extern char **environ;

static size_t count(const char *const *words)
{
	size_t n = 0;
	while (words && words[n])
		n++;
	return n;
}

/* The words that are its own: before the task's. */
static dp_code own_words(char ***out, const char *executor, dp_error *err)
{
	const char *python = getenv("DATAPLUG_PYTHON");
	dp__buf text = dp__buf_of((size_t)64 << 10);
	dp_code rc;
	if (strcmp(executor, "lithops") != 0)
		return dp__words_split(out, executor, err);
	/* A path may hold blanks; the name of a file cannot be told from a command line else. */
	rc = dp__buf_printf(&text, err, "'%s' -m dataplug.lithops",
			    python && *python ? python : "python3");
	if (rc == DP_OK)
		rc = dp__buf_close(&text, err);
	if (rc == DP_OK)
		rc = dp__words_split(out, (char *)text.data, err);
	dp__buf_fini(&text);
	return rc;
}

/* environ, with the library before other plug-ins; *path is what was made for it. */
static dp_code make_environment(char ***out, char **path, const char *library, dp_error *err)
{
	const char *before = getenv("DATAPLUG_PLUGIN_PATH");
	size_t n = count((const char *const *)environ), used = 0;
	dp__buf text = dp__buf_of((size_t)64 << 10);
	char **all = calloc(n + 2, sizeof(char *));
	dp_code rc = all ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for an environment");
	for (size_t i = 0; rc == DP_OK && i < n; i++)
		if (!library || strncmp(environ[i], PATH_VARIABLE, strlen(PATH_VARIABLE)) != 0)
			all[used++] = environ[i];
	if (rc == DP_OK && library) {
		rc = dp__buf_printf(&text, err, PATH_VARIABLE "%s%s%s", library,
				    before && *before ? ":" : "", before ? before : "");
		if (rc == DP_OK)
			rc = dp__buf_take(path, &text, err);
		if (rc == DP_OK)
			all[used] = *path;
	}
	dp__buf_fini(&text);
	*out = all;
	return rc;
}

static bool open_pipes(int input[2], int output[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, input) != 0)
		return false;
	if (pipe(output) != 0) {
		close(input[0]);
		close(input[1]);
		return false;
	}
	for (int i = 0; i < 2; i++) {
		fcntl(input[i], F_SETFD, FD_CLOEXEC);
		fcntl(output[i], F_SETFD, FD_CLOEXEC);
	}
	return true;
}

static dp_code start(dp__program *out, char *const *argv, char *const *env, dp_error *err)
{
	int input[2], output[2];
	if (!open_pipes(input, output))
		return dp_fail(err, DP_EIO, "no pipe: %s", strerror(errno));
	int failed = dp__child_start(
		&out->pid, &(dp__child){ argv[0], argv, env, .in = input[1], .out = output[1] });
	close(input[1]);
	close(output[1]);
	out->to = input[0];
	out->from = output[0];
	if (!failed)
		return DP_OK;
	out->pid = 0;
	return dp_fail(err, failed == ENOENT ? DP_ENOTFOUND : DP_EUNSUPPORTED, "%s: %s", argv[0],
		       strerror(failed));
}

dp_code dp__program_start(dp__program *out, const dp__job *job, const char *const *args,
			  dp_error *err)
{
	char **own = NULL, **env = NULL, *path = NULL;
	const char **argv = NULL;
	*out = (dp__program){ .to = -1, .from = -1 };
	dp_code rc = own_words(&own, job->opts.executor, err);
	if (rc == DP_OK)
		rc = make_environment(&env, &path, job->opts.library, err);
	if (rc != DP_OK)
		goto out;
	size_t n = count((const char *const *)own), nargs = count(args);
	argv = calloc(n + nargs + 2, sizeof(char *));
	if (!argv) {
		rc = dp_fail(err, DP_ENOMEM, "no memory for %zu words", n + nargs);
		goto out;
	}
	memcpy(argv, own, n * sizeof(char *));
	argv[n] = job->task->name;
	for (size_t i = 0; i < nargs; i++)
		argv[n + 1 + i] = args[i];
	rc = start(out, (char *const *)(uintptr_t)argv, env, err);
out:
	dp__words_free(own);
	free(env);
	free(path);
	free(argv);
	return rc;
}

void dp__program_close_input(dp__program *program)
{
	if (program->to >= 0)
		close(program->to);
	program->to = -1;
}

bool dp__program_end(dp__program *program, char *how, size_t cap)
{
	int status = 0;
	dp__program_close_input(program);
	if (!dp__child_wait(program->pid, ENDING, &status)) {
		snprintf(how, cap, "did not end after its output");
		dp__program_kill(program);
		return false;
	}
	program->pid = 0;
	if (WIFSIGNALED(status))
		snprintf(how, cap, "was killed by signal %d", WTERMSIG(status));
	else
		snprintf(how, cap, "ended with status %d", WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void dp__program_kill(dp__program *program)
{
	int status;
	dp__program_close_input(program);
	if (program->pid <= 0)
		return;
	kill(-program->pid, SIGTERM);
	if (!dp__child_wait(program->pid, ASKED, &status))
		dp__child_kill(program->pid, &status);
	program->pid = 0;
}

void dp__program_fini(dp__program *program)
{
	dp__program_kill(program);
	if (program->from >= 0)
		close(program->from);
	program->from = -1;
}
