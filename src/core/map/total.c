/* total.c - merges results in slice order; those that came too early wait. */
#include <stdlib.h>

#include "core/map/job.h"

struct dp__waiting {
	dp__buf data;
	bool done, good;
};

dp_code dp__total_init(dp__total *total, const dp__job *job, dp_error *err)
{
	size_t n = dp_slices_count(job->slices);
	*total = (dp__total){ .job = job };
	if (!job->task->merge || n == 0)
		return DP_OK;
	total->waiting = calloc(n, sizeof *total->waiting);
	if (!total->waiting)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu results", n);
	return DP_OK;
}

static void fold(dp__total *total, dp__buf *data)
{
	const dp__job *job = total->job;
	dp_work work = { NULL, job->params, job->task->impl, &job->call };
	dp__buf sum = dp__buf_of(DP__MAX_RESULT);
	if (!total->any) {
		total->data = *data;
		*data = (dp__buf){ 0 };
		total->any = true;
		return;
	}
	dp_batch a = { .data = total->data.data, .len = total->data.len, .nrec = 1 };
	dp_batch b = { .data = data->data, .len = data->len, .nrec = 1 };
	dp_code rc = job->task->merge(&work, &a, &b, dp__buf_write, &sum, &total->error);
	if (rc != DP_OK && !total->error.msg[0])
		dp_fail(&total->error, rc, "the task's merge gave no message");
	total->error.code = rc > DP_OK || rc < DP_ETASK ? DP_ETASK : rc;
	dp__buf_fini(&total->data);
	total->data = sum;
}

void dp__total_add(dp__total *total, size_t i, bool good, dp__buf *data)
{
	size_t n = dp_slices_count(total->job->slices);
	if (!total->waiting)
		return;
	total->waiting[i] = (struct dp__waiting){ *data, true, good };
	*data = (dp__buf){ 0 };
	total->held += total->waiting[i].data.len;
	while (total->next < n && total->waiting[total->next].done) {
		struct dp__waiting *first = &total->waiting[total->next++];
		total->held -= first->data.len;
		if (first->good && total->error.code == DP_OK)
			fold(total, &first->data);
		dp__buf_fini(&first->data);
	}
}

void dp__total_fini(dp__total *total)
{
	size_t n = total->waiting ? dp_slices_count(total->job->slices) : 0;
	for (size_t i = 0; i < n; i++)
		dp__buf_fini(&total->waiting[i].data);
	free(total->waiting);
	dp__buf_fini(&total->data);
}
