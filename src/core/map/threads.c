/* threads.c - a job on local threads: slices in order, results as they come, one report at a time.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/map/job.h"

struct pool {
	const dp__job *job;
	pthread_mutex_t
		lock; /* of all below; held during callbacks, which makes them come one at a time */
	pthread_cond_t settled;
	dp__total total;
	size_t taken, done; /* slices */
	size_t failed;      /* the first failed one in order, SIZE_MAX = none */
	dp_error failure;   /* its error */
	dp_error stop;      /* why no more slices are taken; its code is DP_OK while they are */
	unsigned attempts;
	dp_price paid;
};

/* The next slice to run; false at the end. */
static bool take(struct pool *pool, size_t *i)
{
	pthread_mutex_lock(&pool->lock);
	/* Slices are taken in order, so the one that the others wait for is running and ends this.
	 */
	while (pool->total.held > DP__MAX_WAITING && !pool->stop.code)
		pthread_cond_wait(&pool->settled, &pool->lock);
	if (!pool->stop.code)
		pool->stop.code = dp__job_check(pool->job, &pool->stop);
	bool more = !pool->stop.code && pool->taken < dp_slices_count(pool->job->slices);
	if (more)
		*i = pool->taken++;
	pthread_mutex_unlock(&pool->lock);
	return more;
}

static void report(struct pool *pool, const dp_result *result)
{
	const dp_map_opts *opts = &pool->job->opts;
	uint64_t n = dp_slices_count(pool->job->slices);
	if (opts->result && opts->result(opts->user, result) != DP_OK)
		dp_fail(&pool->stop, DP_ECANCELED, "cancelled by the receiver of results");
	else if (result->slice != SIZE_MAX && opts->progress &&
		 opts->progress(opts->user, pool->done, n) != DP_OK)
		dp_fail(&pool->stop, DP_ECANCELED, "cancelled");
}

static dp_result result_of(size_t i, const dp_error *error, const dp__buf *data)
{
	dp_result result = { .slice = i, .code = error->code };
	result.data = error->code == DP_OK ? (const char *)data->data : error->msg;
	result.len = error->code == DP_OK ? data->len : strlen(error->msg);
	return result;
}

static void settle(struct pool *pool, size_t i, dp__outcome *outcome)
{
	dp_result result = result_of(i, &outcome->error, &outcome->data);
	result.attempts = outcome->attempts;
	result.paid = outcome->paid;
	result.seconds = outcome->seconds;
	pthread_mutex_lock(&pool->lock);
	/* What a cancel cut short is no failure of the slice's. */
	if (!pool->stop.code)
		pool->stop.code = dp__job_check(pool->job, &pool->stop);
	if (!pool->stop.code) {
		pool->done++;
		pool->attempts += outcome->attempts;
		pool->paid.requests += outcome->paid.requests;
		pool->paid.bytes += outcome->paid.bytes;
		pool->paid.needed += outcome->paid.needed;
		if (result.code != DP_OK && i < pool->failed) {
			pool->failed = i;
			pool->failure = outcome->error;
		}
		report(pool, &result);
		dp__total_add(&pool->total, i, result.code == DP_OK, &outcome->data);
	}
	pthread_cond_broadcast(&pool->settled);
	pthread_mutex_unlock(&pool->lock);
}

static void *work(void *user)
{
	struct pool *pool = user;
	size_t i = 0;
	while (take(pool, &i)) {
		dp__outcome outcome = { 0 };
		dp__attempt_run(pool->job, i, &outcome);
		settle(pool, i, &outcome);
		dp__outcome_fini(&outcome);
	}
	return NULL;
}

/* Signals are the program's business: its own threads take them, not ours. */
static unsigned start(pthread_t *thread, unsigned n, struct pool *pool)
{
	sigset_t all, before;
	unsigned started = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (started < n && pthread_create(&thread[started], NULL, work, pool) == 0)
		started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static void report_total(struct pool *pool, double seconds)
{
	if (!pool->total.any || pool->stop.code)
		return;
	dp_result result = result_of(SIZE_MAX, &pool->total.error, &pool->total.data);
	result.attempts = pool->attempts;
	result.paid = pool->paid;
	result.seconds = seconds;
	report(pool, &result);
}

static dp_code verdict(const struct pool *pool, dp_error *err)
{
	if (pool->stop.code)
		return dp_fail(err, pool->stop.code, "%s", pool->stop.msg);
	if (pool->failed != SIZE_MAX)
		return dp_fail(err, pool->failure.code, "slice %zu: %s", pool->failed,
			       pool->failure.msg);
	if (pool->total.error.code)
		return dp_fail(err, pool->total.error.code, "total: %s", pool->total.error.msg);
	return DP_OK;
}

dp_code dp__threads_run(const dp__job *job, unsigned threads, dp_error *err)
{
	struct pool pool = { .job = job, .failed = SIZE_MAX };
	double begun = dp__now();
	unsigned started = 0;
	pthread_t *thread = calloc(threads ? threads : 1, sizeof *thread);
	if (!thread)
		return dp_fail(err, DP_ENOMEM, "no memory for %u threads", threads);
	pthread_mutex_init(&pool.lock, NULL);
	pthread_cond_init(&pool.settled, NULL);
	dp_code rc = dp__total_init(&pool.total, job, err);
	if (rc == DP_OK) {
		started = start(thread, threads, &pool);
		for (unsigned i = 0; i < started; i++)
			pthread_join(thread[i], NULL);
		if (threads > 0 && started == 0)
			rc = dp_fail(err, DP_ENOMEM, "no thread could be started");
	}
	if (rc == DP_OK) {
		report_total(&pool, dp__now() - begun);
		rc = verdict(&pool, err);
	}
	dp__total_fini(&pool.total);
	pthread_cond_destroy(&pool.settled);
	pthread_mutex_destroy(&pool.lock);
	free(thread);
	return rc;
}
