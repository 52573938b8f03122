/* attempt.c - a task on one slice, tried again while it fails in a way that may pass. */
#include <time.h>

#include "core/map/job.h"

#define FIRST_WAIT 0.1 /* seconds before the second attempt; doubled each time */
#define LAST_WAIT  10.0
#define TICK       0.02 /* how long a wait goes on after a cancel */

dp_code dp__job_check(const dp__job *job, dp_error *err)
{
	return job->session ? dp_call_check(&job->call, err) : DP_OK;
}

void dp__outcome_fini(dp__outcome *outcome)
{
	dp__buf_fini(&outcome->data);
}

static dp_code collect(void *user, const void *data, size_t len, dp_error *err)
{
	dp__buf *result = user;
	if (len > result->max - result->len)
		return dp_fail(err, DP_ETASK, "the result is longer than %zu MiB",
			       DP__MAX_RESULT >> 20);
	return dp__buf_add(result, data, len, err);
}

/* In [0, 1), another for each slice and attempt, so that workers that failed together do not come
 * back together. */
static double jitter(size_t i, unsigned attempt)
{
	struct timespec now = { 0 };
	clock_gettime(CLOCK_REALTIME, &now);
	uint32_t x = (uint32_t)now.tv_nsec ^ (uint32_t)i * 2654435761u ^ attempt * 40503u;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x / 4294967296.0;
}

/* False if the job ended meanwhile. */
static bool wait_before(const dp__job *job, size_t i, unsigned attempt)
{
	double wait = FIRST_WAIT;
	for (unsigned k = 1; k < attempt && wait < LAST_WAIT; k++)
		wait *= 2;
	double until = dp__now() + wait * (0.5 + jitter(i, attempt));
	while (dp__now() < until) {
		if (dp__job_check(job, NULL) != DP_OK)
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = (long)(TICK * 1e9) }, NULL);
	}
	return true;
}

static dp_code run_once(const dp__job *job, const dp_slice *slice, dp__outcome *out)
{
	dp_slice view = *slice;
	view.spent = &out->spent;
	dp_work work = { &view, job->params, job->task->impl, &job->call };
	double begun = dp__now();
	out->data.len = 0;
	out->error = (dp_error){ 0 };
	dp_code rc = job->task->run(&work, collect, &out->data, &out->error);
	out->user += dp__now() - begun;
	/* Tasks come from elsewhere too: a code that is none of ours is a failure of theirs. */
	return rc > DP_OK || rc < DP_ETASK ? DP_ETASK : rc;
}

void dp__attempt_run(const dp__job *job, size_t i, dp__outcome *out)
{
	const dp_slice *slice = dp_slices_at(job->slices, i);
	double begun = dp__now();
	dp_code rc = dp__slice_check(slice, &out->error);
	out->data = dp__buf_of(DP__MAX_RESULT);
	while (rc == DP_OK) {
		rc = run_once(job, slice, out);
		out->attempts++;
		if (rc != DP_ETRANSIENT || out->attempts > job->opts.retries ||
		    !wait_before(job, i, out->attempts))
			break;
		rc = DP_OK;
	}
	if (rc != DP_OK && !out->error.msg[0])
		dp_fail(&out->error, rc, "the task gave no message");
	out->error.code = rc;
	if (rc != DP_OK)
		dp__buf_fini(&out->data);
	out->spent.paid.needed = dp_slice_price(slice).needed;
	out->start = begun - job->begun;
	out->seconds = dp__now() - begun;
	/* Readers that a task lets run at once may have spent more than the task took. */
	out->user -= out->spent.fetch + out->spent.decode;
	out->user = out->user > 0 ? out->user : 0;
}
