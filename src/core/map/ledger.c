/* ledger.c - what became of a job's slices: reports as they come, the total, the verdict. */
#include <string.h>

#include "core/map/job.h"

dp_code dp__ledger_init(dp__ledger *ledger, const dp__job *job, dp_error *err)
{
	*ledger = (dp__ledger){ .job = job, .failed = SIZE_MAX };
	return dp__total_init(&ledger->total, job, err);
}

void dp__ledger_fini(dp__ledger *ledger)
{
	dp__total_fini(&ledger->total);
}

static void report(dp__ledger *ledger, const dp_result *result)
{
	const dp_map_opts *opts = &ledger->job->opts;
	uint64_t n = dp_slices_count(ledger->job->slices);
	if (opts->result && opts->result(opts->user, result) != DP_OK)
		dp_fail(&ledger->stop, DP_ECANCELED, "cancelled by the receiver of results");
	else if (result->slice != SIZE_MAX && opts->progress &&
		 opts->progress(opts->user, ledger->done, n) != DP_OK)
		dp_fail(&ledger->stop, DP_ECANCELED, "cancelled");
}

static dp_result result_of(size_t i, const dp_error *error, const dp__buf *data)
{
	dp_result result = { .slice = i, .code = error->code };
	result.data = error->code == DP_OK ? (const char *)data->data : error->msg;
	result.len = error->code == DP_OK ? data->len : strlen(error->msg);
	return result;
}

static void add_to(dp_result *sum, const dp_result *one)
{
	sum->attempts += one->attempts;
	sum->paid.requests += one->paid.requests;
	sum->paid.bytes += one->paid.bytes;
	sum->paid.needed += one->paid.needed;
	sum->fetch += one->fetch;
	sum->decode += one->decode;
	sum->user += one->user;
}

void dp__ledger_settle(dp__ledger *ledger, size_t i, unsigned worker, dp__outcome *outcome)
{
	dp_result result = result_of(i, &outcome->error, &outcome->data);
	result.attempts = outcome->attempts;
	result.paid = outcome->spent.paid;
	result.seconds = outcome->seconds;
	result.start = outcome->start;
	result.fetch = outcome->spent.fetch;
	result.decode = outcome->spent.decode;
	result.user = outcome->user;
	result.read = outcome->spent.read;
	result.worker = worker;
	/* What a cancel cut short is no failure of the slice's. */
	if (!ledger->stop.code)
		ledger->stop.code = dp__job_check(ledger->job, &ledger->stop);
	if (ledger->stop.code)
		return;
	ledger->done++;
	add_to(&ledger->sum, &result);
	if (result.code != DP_OK && i < ledger->failed) {
		ledger->failed = i;
		ledger->failure = outcome->error;
	}
	report(ledger, &result);
	dp__total_add(&ledger->total, i, result.code == DP_OK, &outcome->data);
}

static void report_total(dp__ledger *ledger)
{
	if (!ledger->total.any || ledger->stop.code)
		return;
	dp_result result = result_of(SIZE_MAX, &ledger->total.error, &ledger->total.data);
	result.seconds = dp__now() - ledger->job->begun;
	add_to(&result, &ledger->sum);
	report(ledger, &result);
}

dp_code dp__ledger_close(dp__ledger *ledger, dp_error *err)
{
	report_total(ledger);
	if (ledger->stop.code)
		return dp_fail(err, ledger->stop.code, "%s", ledger->stop.msg);
	if (ledger->failed != SIZE_MAX)
		return dp_fail(err, ledger->failure.code, "slice %zu: %s", ledger->failed,
			       ledger->failure.msg);
	if (ledger->total.error.code)
		return dp_fail(err, ledger->total.error.code, "total: %s", ledger->total.error.msg);
	return DP_OK;
}
