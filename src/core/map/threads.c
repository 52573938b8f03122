/* threads.c - a job on local threads: slices in order, results as they come, one report at a time.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/thread.h"
#include "core/map/job.h"

struct pool {
	const dp__job *job;
	pthread_mutex_t
		lock; /* of all below; held during callbacks, which makes them come one at a time */
	pthread_cond_t settled;
	dp__ledger ledger;
	size_t taken; /* slices */
};

/* One thread of it. */
struct worker {
	struct pool *pool;
	pthread_t thread;
	unsigned number;
};

/* The next slice to run; false at the end. */
static bool take(struct pool *pool, size_t *i)
{
	dp_error *stop = &pool->ledger.stop;
	pthread_mutex_lock(&pool->lock);
	/* Slices are taken in order, so the one that the others wait for is running and ends this.
	 */
	while (pool->ledger.total.held > DP__MAX_WAITING && !stop->code)
		pthread_cond_wait(&pool->settled, &pool->lock);
	if (!stop->code)
		stop->code = dp__job_check(pool->job, stop);
	bool more = !stop->code && pool->taken < dp_slices_count(pool->job->slices);
	if (more)
		*i = pool->taken++;
	pthread_mutex_unlock(&pool->lock);
	return more;
}

static void *work(void *user)
{
	const struct worker *worker = user;
	size_t i = 0;
	while (take(worker->pool, &i)) {
		dp__outcome outcome = { 0 };
		struct pool *pool = worker->pool;
		dp__attempt_run(pool->job, i, &outcome);
		pthread_mutex_lock(&pool->lock);
		dp__ledger_settle(&pool->ledger, i, worker->number, &outcome);
		pthread_cond_broadcast(&pool->settled);
		pthread_mutex_unlock(&pool->lock);
		dp__outcome_fini(&outcome);
	}
	return NULL;
}

static unsigned start(struct worker *worker, unsigned n, struct pool *pool)
{
	unsigned i = 0;
	for (; i < n; i++) {
		worker[i].pool = pool;
		worker[i].number = i;
		if (!dp__thread_start(&worker[i].thread, work, &worker[i]))
			break;
	}
	return i;
}

dp_code dp__threads_run(const dp__job *job, unsigned threads, dp_error *err)
{
	struct pool pool = { .job = job };
	unsigned started = 0;
	struct worker *worker = calloc(threads ? threads : 1, sizeof *worker);
	if (!worker)
		return dp_fail(err, DP_ENOMEM, "no memory for %u threads", threads);
	pthread_mutex_init(&pool.lock, NULL);
	pthread_cond_init(&pool.settled, NULL);
	dp_code rc = dp__ledger_init(&pool.ledger, job, err);
	if (rc == DP_OK) {
		started = start(worker, threads, &pool);
		for (unsigned i = 0; i < started; i++)
			pthread_join(worker[i].thread, NULL);
		if (threads > 0 && started == 0)
			rc = dp_fail(err, DP_ENOMEM, "no thread could be started");
	}
	if (rc == DP_OK)
		rc = dp__ledger_close(&pool.ledger, err);
	dp__ledger_fini(&pool.ledger);
	pthread_cond_destroy(&pool.settled);
	pthread_mutex_destroy(&pool.lock);
	free(worker);
	return rc;
}
