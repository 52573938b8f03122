/*
 * process.c - a job by a program of its own: tokens go to its standard input, a line each, and what
 * becomes of them comes back on its standard output (docs/executor.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/map/job.h"
#include "core/map/program.h"

#define MAX_LINE                                                                                   \
	((size_t)96 << 20) /* a result of DP__MAX_RESULT in base64, and what is around it */
#define PIECE   ((size_t)64 << 10)
#define LOOK_MS 100 /* between two looks at whether to go on */

struct talk {
	const dp__job *job;
	dp__program program;
	dp__ledger ledger;
	dp__buf out; /* of a token, what is not sent yet begins at sent */
	size_t sent, next, n;
	dp__buf in; /* a line that is not whole yet */
	bool *answered;
	size_t nanswered;
};

/* The next token, if it is its turn. Results that wait for earlier ones hold back more of them. */
static dp_code fill_out(struct talk *talk, dp_error *err)
{
	dp_code rc = DP_OK;
	if (talk->sent < talk->out.len || talk->next == talk->n ||
	    talk->ledger.total.held > DP__MAX_WAITING)
		return DP_OK;
	talk->out.len = talk->sent = 0;
	rc = dp__token_write(&talk->out, dp_slices_at(talk->job->slices, talk->next++), err);
	return rc == DP_OK ? dp__buf_add(&talk->out, "\n", 1, err) : rc;
}

static bool has_more(const struct talk *talk)
{
	return talk->sent < talk->out.len || talk->next < talk->n;
}

/* A program that takes no more input may still answer what it has. */
static void write_some(struct talk *talk)
{
	ssize_t n = send(talk->program.to, talk->out.data + talk->sent, talk->out.len - talk->sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		talk->sent += (size_t)n;
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		talk->next = talk->n;
		talk->sent = talk->out.len;
	}
	if (!has_more(talk))
		dp__program_close_input(&talk->program);
}

static dp_code take_line(struct talk *talk, char *line, size_t len, dp_error *err)
{
	dp__outcome outcome = { 0 };
	size_t slice = 0;
	dp_code rc = dp__answer_read(&outcome, &slice, line, len, talk->n, err);
	if (rc == DP_OK && talk->answered[slice])
		rc = dp_fail(err, DP_ETASK, "a second result of slice %zu", slice);
	if (rc == DP_OK) {
		talk->answered[slice] = true;
		talk->nanswered++;
		/* When it began, by our own clock, as if its answer had taken no time. */
		outcome.start = dp__now() - talk->job->begun - outcome.seconds;
		outcome.start = outcome.start > 0 ? outcome.start : 0;
		dp__ledger_settle(&talk->ledger, slice, 0, &outcome);
	}
	dp__outcome_fini(&outcome);
	return rc;
}

static dp_code take_lines(struct talk *talk, dp_error *err)
{
	char *at = (char *)talk->in.data, *end = at + talk->in.len, *stop;
	dp_code rc = DP_OK;
	while (rc == DP_OK && !talk->ledger.stop.code &&
	       (stop = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		*stop = '\0';
		if (stop > at)
			rc = take_line(talk, at, (size_t)(stop - at), err);
		at = stop + 1;
	}
	talk->in.len = (size_t)(end - at);
	memmove(talk->in.data, at, talk->in.len);
	return rc;
}

/* *end: it has said all. */
static dp_code read_some(struct talk *talk, bool *end, dp_error *err)
{
	dp_code rc = dp__buf_reserve(&talk->in, PIECE, NULL);
	if (rc != DP_OK)
		return dp_fail(err, DP_ETASK, "a line of more than %zu MiB", MAX_LINE >> 20);
	ssize_t n = read(talk->program.from, talk->in.data + talk->in.len, PIECE);
	*end = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n <= 0)
		return DP_OK;
	talk->in.len += (size_t)n;
	/* Only what is new can end a line. */
	if (!memchr(talk->in.data + talk->in.len - (size_t)n, '\n', (size_t)n))
		return DP_OK;
	return take_lines(talk, err);
}

/* Until the program has ended its output, or the job must end. */
static dp_code converse(struct talk *talk, dp_error *err)
{
	bool end = false;
	dp_code rc = DP_OK;
	while (rc == DP_OK && !end && !talk->ledger.stop.code) {
		rc = fill_out(talk, err);
		struct pollfd fd[2] = {
			{ .fd = talk->program.from, .events = POLLIN },
			{ .fd = talk->sent < talk->out.len ? talk->program.to : -1,
			  .events = POLLOUT },
		};
		if (rc == DP_OK && poll(fd, 2, LOOK_MS) < 0 && errno != EINTR)
			rc = dp_fail(err, DP_EIO, "cannot wait for the program");
		if (rc == DP_OK && fd[1].revents)
			write_some(talk);
		if (rc == DP_OK && fd[0].revents)
			rc = read_some(talk, &end, err);
		if (rc == DP_OK && !talk->ledger.stop.code)
			talk->ledger.stop.code = dp__job_check(talk->job, &talk->ledger.stop);
	}
	return rc;
}

/* What was not answered has failed; where nothing was, the whole job has. */
static dp_code settle_rest(struct talk *talk, dp_error *err)
{
	char how[96];
	bool well = dp__program_end(&talk->program, how, sizeof how);
	if (talk->ledger.stop.code || talk->nanswered == talk->n)
		return DP_OK;
	if (talk->nanswered == 0 && !well)
		return dp_fail(err, DP_ETASK, "%s, and answered nothing", how);
	for (size_t i = 0; i < talk->n; i++) {
		dp__outcome outcome = { .attempts = 1 };
		if (talk->answered[i])
			continue;
		dp_fail(&outcome.error, DP_ETASK, "%s before it answered", how);
		dp__ledger_settle(&talk->ledger, i, 0, &outcome);
	}
	return DP_OK;
}

static dp_code run(struct talk *talk, const char *const *args, dp_error *err)
{
	const dp_map_opts *opts = &talk->job->opts;
	dp_code rc = dp__program_start(&talk->program, talk->job, args, err);
	if (rc != DP_OK)
		return rc;
	if (talk->n == 0)
		dp__program_close_input(&talk->program);
	rc = converse(talk, err);
	if (rc != DP_OK || talk->ledger.stop.code)
		dp__program_kill(&talk->program);
	else
		rc = settle_rest(talk, err);
	return rc == DP_OK ? rc : dp__error_in(err, rc, opts->executor);
}

dp_code dp__process_run(const dp__job *job, const char *const *args, dp_error *err)
{
	size_t n = dp_slices_count(job->slices);
	struct talk talk = { .job = job, .n = n };
	dp_code rc = dp__ledger_init(&talk.ledger, job, err);
	talk.program.to = talk.program.from = -1;
	talk.out = dp__buf_of(DP__MAX_TOKEN + 1);
	talk.in = dp__buf_of(MAX_LINE);
	talk.answered = calloc(n + 1, sizeof *talk.answered);
	if (rc == DP_OK && !talk.answered)
		rc = dp_fail(err, DP_ENOMEM, "no memory for %zu slices", n);
	if (rc == DP_OK)
		rc = run(&talk, args, err);
	if (rc == DP_OK)
		rc = dp__ledger_close(&talk.ledger, err);
	dp__program_fini(&talk.program);
	dp__ledger_fini(&talk.ledger);
	dp__buf_fini(&talk.out);
	dp__buf_fini(&talk.in);
	free(talk.answered);
	return rc;
}
