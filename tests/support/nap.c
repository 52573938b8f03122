/*
 * nap.c - a plug-in with a task that takes its time and gives as much as it is told to: for tests
 * of deadlines and limits.
 */
#include <dataplug/plugin.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define TICK 0.01 /* seconds */

struct nap {
	double seconds;
	uint64_t bytes;
};

static double now(void)
{
	struct timespec t = { 0 };
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A text of JSON: where the slice begins, and so many bytes. */
static dp_code run(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	const struct nap *nap = work->params;
	char head[64];
	double until = now() + nap->seconds;
	dp_code rc = dp_call_check(work->call, err);
	while (rc == DP_OK && now() < until) {
		nanosleep(&(struct timespec){ .tv_nsec = (long)(TICK * 1e9) }, NULL);
		rc = dp_call_check(work->call, err);
	}
	int n = snprintf(head, sizeof head, "{\"first\":%" PRIu64 ",\"rest\":\"",
			 dp_slice_sel(work->slice)->rec);
	if (rc == DP_OK)
		rc = out(user, head, (size_t)n, err);
	for (uint64_t i = 0; rc == DP_OK && i < nap->bytes; i++)
		rc = out(user, "x", 1, err);
	return rc == DP_OK ? out(user, "\"}", 2, err) : rc;
}

static const dp_param params[] = {
	{ "seconds", DP_PARAM_NUMBER, offsetof(struct nap, seconds), "0", NULL,
	  "how long it takes" },
	{ "bytes", DP_PARAM_BYTES, offsetof(struct nap, bytes), "0", NULL, "how much it gives" },
	{ 0 },
};
static const dp_task task = {
	.name = "nap",
	.doc = "take some time, and give some bytes",
	.params = params,
	.params_size = sizeof(struct nap),
	.run = run,
};
static const dp_task *const tasks[] = { &task, NULL };

const dp_plugin dp_plugin_v1 = {
	.abi = DP_PLUGIN_ABI,
	.name = "nap",
	.version = "1.0",
	.tasks = tasks,
};
