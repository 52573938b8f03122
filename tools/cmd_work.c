/* cmd_work.c - dataplug work: token lines come in, a result line goes out for each as it is done.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "core/base/near.h"
#include "exit.h"
#include "json.h"
#include "out.h"
#include "signals.h"

#define TOKEN_MAX ((size_t)4 << 20)

/* What the threads share. */
struct work {
	const struct tool *tool;
	const dp_task *task;
	pthread_mutex_t in, lock; /* of stdin and next; of what follows */
	size_t next;
	struct out *out;
	bool broken;
	int code;
};

/* One slice at work. */
struct one {
	struct work *work;
	size_t slice;
};

struct answer {
	size_t slice;
	const dp_result *result;
};

static void fill_answer(FILE *text, const void *user)
{
	const struct answer *answer = user;
	const dp_result *result = answer->result;
	bool good = result->code == DP_OK;
	fprintf(text, "{\"slice\":%zu,\"code\":\"%s\",\"message\":", answer->slice,
		dp_code_name(result->code));
	if (good)
		fputs("null,\"data\":", text);
	else
		json_put_text(text, result->data, result->len);
	if (good)
		json_put_base64(text, result->data, result->len);
	else
		fputs(",\"data\":null", text);
	fprintf(text,
		",\"attempts\":%u,\"paid\":[%" PRIu64 ",%" PRIu64 ",%" PRIu64
		"],\"seconds\":%.6f,\"times\":[%.6f,%.6f,%.6f]}\n",
		result->attempts, result->paid.requests, result->paid.bytes, result->paid.needed,
		result->seconds, result->fetch, result->decode, result->user);
}

/* A dp_map() result of one slice; its total says no more. */
static dp_code put_answer(void *user, const dp_result *result)
{
	struct one *one = user;
	struct work *work = one->work;
	struct answer answer = { one->slice, result };
	dp_error err = { 0 };
	if (result->slice == SIZE_MAX)
		return DP_OK;
	pthread_mutex_lock(&work->lock);
	dp_code rc = out_text(work->out, fill_answer, &answer, &err);
	if (rc == DP_OK)
		rc = out_flush(work->out, &err);
	if (rc != DP_OK && !work->broken) {
		work->broken = true;
		work->code = out_report(work->out, NULL, rc, &err);
	}
	pthread_mutex_unlock(&work->lock);
	return rc;
}

static void say(struct work *work, dp_code rc, const dp_error *err)
{
	pthread_mutex_lock(&work->lock);
	work->code = exit_report(NULL, rc, err);
	work->broken = true;
	pthread_mutex_unlock(&work->lock);
}

/* What fails of the slice itself is in its answer. */
static void run_line(struct work *work, size_t slice, const char *line, size_t len)
{
	struct one one = { work, slice };
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	dp_slices *slices = NULL;
	dp_error err = { 0 };
	opts.jobs = 1;
	opts.result = put_answer;
	opts.user = &one;
	dp_code rc = dp_slices_load(&slices, work->tool->session, line, len, &err);
	if (rc == DP_OK)
		dp_map(slices, work->task, work->tool->word + 1, &opts, &err);
	else
		say(work, rc, &err);
	dp_slices_free(slices);
}

/* The next line that is not empty, without its end; false at the end of the input. */
static bool take_line(struct work *work, char **line, size_t *cap, size_t *len, size_t *slice)
{
	bool more = false;
	pthread_mutex_lock(&work->in);
	while (!more && !work->broken && !signals_stopped()) {
		ssize_t n = getline(line, cap, stdin);
		if (n < 0)
			break;
		*len = strcspn(*line, "\r\n");
		*slice = work->next;
		more = *len > 0 && *len <= TOKEN_MAX;
		work->next += *len > 0;
		if (*len > TOKEN_MAX)
			say(work, DP_EFORMAT, &(dp_error){ .msg = "a line that is no token" });
	}
	pthread_mutex_unlock(&work->in);
	return more;
}

static void *run_thread(void *user)
{
	struct work *work = user;
	char *line = NULL;
	size_t cap = 0, len = 0, slice = 0;
	while (take_line(work, &line, &cap, &len, &slice))
		run_line(work, slice, line, len);
	free(line);
	return NULL;
}

static void *run_blocked(void *user)
{
	signals_block();
	return run_thread(user);
}

static void run_all(struct work *work, unsigned jobs)
{
	pthread_t *thread = calloc(jobs, sizeof *thread);
	unsigned n = 0;
	while (thread && n + 1 < jobs && pthread_create(&thread[n], NULL, run_blocked, work) == 0)
		n++;
	run_thread(work);
	while (n > 0)
		pthread_join(thread[--n], NULL);
	free(thread);
}

/* That the parameters are right is said before the first token is read. */
static dp_code check_params(const struct tool *tool, const dp_task *task, dp_error *err)
{
	dp_slices *none = NULL;
	dp_code rc = dp_slices_load(&none, tool->session, "", 0, err);
	if (rc == DP_OK)
		rc = dp_map(none, task, tool->word + 1, NULL, err);
	dp_slices_free(none);
	return rc;
}

static int run(const struct tool *tool)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct work work = { .tool = tool };
	dp_error err = { 0 };
	unsigned jobs = 1;
	dp_code rc = command_jobs(tool, cores > 0 ? (unsigned)cores : 1, &jobs, &err);
	if (rc == DP_OK)
		rc = command_task(tool, tool->word[0], &work.task, &err);
	if (rc == DP_OK)
		rc = check_params(tool, work.task, &err);
	if (rc == DP_OK)
		rc = out_open(&work.out, NULL, &err);
	if (rc != DP_OK)
		return exit_report(NULL, rc, &err);
	pthread_mutex_init(&work.in, NULL);
	pthread_mutex_init(&work.lock, NULL);
	run_all(&work, jobs);
	pthread_mutex_destroy(&work.in);
	pthread_mutex_destroy(&work.lock);
	out_free(work.out);
	return work.code ? work.code : exit_report(NULL, signals_check(&err), &err);
}

const struct command cmd_work = {
	.name = "work",
	.usage = "TASK [NAME=VALUE]... [--lib FILE.so] [-j N]",
	.doc = "read tokens from stdin, a line each, and print a result line for each",
	.more = "This is what executors start: ssh, xargs and job arrays speak it too, see "
		"docs/executor.md.\n"
		"Tokens may name objects on the network alone, unless DATAPLUG_ALLOW says else.\n",
	.options = OPTION(JOBS),
	.min = 1,
	.max = SIZE_MAX,
	.run = run,
	.foreign = true,
};
