/* map.c - a task over many slices: its options and parameters checked, then handed to the executor.
 */
#include <string.h>

#include "core/base/num.h"
#include "core/map/job.h"

#define MAX_THREADS 1024

/* Slices of one list share a session, but those that could not be read have none. */
static dp_session *session_of(const dp_slices *slices)
{
	for (size_t i = 0; i < dp_slices_count(slices); i++) {
		const dp_slice *first = dp_slice_member(dp_slices_at(slices, i), 0);
		if (first->origin)
			return first->origin->session;
	}
	return NULL;
}

static unsigned thread_count(const dp__job *job)
{
	uint64_t n = job->opts.jobs;
	if (n == 0)
		n = dp__session_threads(job->session);
	n = dp__min_u64(n, MAX_THREADS);
	return (unsigned)dp__min_u64(n, dp_slices_count(job->slices));
}

/* Another process finds a task by its name alone. */
static dp_code check_travels(const dp__job *job, dp_error *err)
{
	size_t known = job->session ? job->session->tasks_known : 0;
	bool travels = job->opts.library || !job->session;
	for (size_t i = 0; !travels && i < known; i++)
		travels = dp_session_task(job->session, i) == job->task;
	return travels ? DP_OK
		       : dp_fail(err, DP_EUNSUPPORTED,
				 "task %s is neither built in nor in a library, so it cannot leave "
				 "this process",
				 job->task->name);
}

dp_code dp_map(const dp_slices *slices, const dp_task *task, const char *const *args,
	       const dp_map_opts *opts, dp_error *err)
{
	dp__job job = {
		.slices = slices, .task = task, .opts = DP_MAP_OPTS_INIT, .begun = dp__now()
	};
	dp__params params = { 0 };
	if (opts)
		memcpy(&job.opts, opts, dp__min_u64(opts->size, sizeof job.opts));
	job.session = session_of(slices);
	if (job.session)
		job.call = dp__call_begin(job.session);
	dp_code rc = dp__params_init(&params,
				     &(dp__params_owner){ .table = task->params,
							  .size = task->params_size,
							  .name = task->name },
				     args, err);
	if (rc != DP_OK)
		return rc;
	job.params = params.value;
	if (job.opts.executor)
		rc = check_travels(&job, err);
	if (rc == DP_OK)
		rc = job.opts.executor ? dp__process_run(&job, args, err)
				       : dp__threads_run(&job, thread_count(&job), err);
	dp__params_fini(&params);
	return rc;
}
