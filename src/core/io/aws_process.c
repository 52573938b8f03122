/* aws_process.c - runs the credential_process of a profile. */
#include "core/io/aws_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/child.h"
#include "core/base/digest.h"

#define OUTPUT_MAX ((size_t)64 << 10)
#define TIME_MAX   60.0 /* seconds */
#define ENDING_MAX 5.0  /* seconds, once its output has ended */
#define LOOK_MS    100  /* between two looks at whether to go on */
#define FROM       "credential_process"

extern char **environ;

static dp_code start(pid_t *pid, int *from, const char *command, dp_error *err)
{
	char shell[] = "sh", option[] = "-c";
	char *const argv[] = { shell, option, (char *)(uintptr_t)command, NULL };
	int ends[2], failed;

	if (pipe(ends) != 0)
		return dp_fail(err, DP_EIO, FROM ": no pipe");
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	failed = dp__child_start(
		pid, &(dp__child){ "/bin/sh", argv, environ, .in = -1, .out = ends[1] });
	close(ends[1]);
	if (failed != 0) {
		close(ends[0]);
		return dp_fail(err, DP_EAUTH, FROM ": cannot be run");
	}
	*from = ends[0];
	return DP_OK;
}

/* Reads until the other end is closed. */
static dp_code read_output(dp__buf *out, int from, const dp_call *call, dp_error *err)
{
	double end = dp__now() + TIME_MAX;
	struct pollfd wait = { .fd = from, .events = POLLIN };
	dp_code code = DP_OK;

	while (code == DP_OK) {
		ssize_t n;

		code = dp_call_check(call, err);
		if (code != DP_OK)
			break;
		if (dp__now() > end)
			return dp_fail(err, DP_EAUTH, FROM ": takes more than a minute");
		if (poll(&wait, 1, LOOK_MS) <= 0)
			continue;
		if (dp__buf_reserve(out, 4096, NULL) != DP_OK)
			return dp_fail(err, DP_EAUTH, FROM ": prints more than 64 KiB");
		n = read(from, out->data + out->len, 4096);
		if (n == 0)
			break;
		if (n > 0)
			out->len += (size_t)n;
		else if (errno != EINTR)
			code = dp_fail(err, DP_EIO, FROM ": cannot be read");
	}
	return code;
}

/*
 * Its exit status; 0 also where the program around us does not let us know. Kills it if it is told
 * to, or it does not end by itself.
 */
static int end_process(pid_t pid, bool kill_it)
{
	int status = 0;

	if (kill_it || !dp__child_wait(pid, ENDING_MAX, &status))
		dp__child_kill(pid, &status);
	return status;
}

dp_code dp__aws_process_run(dp__aws_keys *out, const dp_call *call, const char *command,
			    dp_error *err)
{
	dp__buf output = dp__buf_of(OUTPUT_MAX);
	dp_code code;
	int from = -1, status;
	pid_t pid = 0;

	code = start(&pid, &from, command, err);
	if (code != DP_OK)
		return code;
	code = read_output(&output, from, call, err);
	close(from);
	status = end_process(pid, code != DP_OK);
	if (code == DP_OK && status != 0)
		code = WIFEXITED(status) ? dp_fail(err, DP_EAUTH, FROM ": ends with status %d",
						   WEXITSTATUS(status))
					 : dp_fail(err, DP_EAUTH, FROM ": was killed");
	if (code == DP_OK)
		code = dp__aws_keys_json(out, output.data, output.len, FROM, err);
	dp__wipe(output.data, output.cap);
	dp__buf_fini(&output);
	return code;
}
