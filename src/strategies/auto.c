/* auto.c - as many slices as a model of time and cost says is best. */
#include "strategies/auto.h"

#include "strategies/select.h"
#include "strategies/strategies.h"

#define MAX_WORKERS 1000000
#define MAX_SECONDS 1e9

/* The order of the choices of get. */
enum { GET_WHOLE, GET_STREAM };

dp__auto_case dp__auto_case_of(const dp_totals *totals, const dp__auto_params *params)
{
	const dp__auto_profile *at = &dp__auto_profiles[params->profile];
	dp__auto_case c = { .profile = at,
			    .totals = totals,
			    .goal = (dp__auto_goal)params->goal,
			    .whole = params->get == GET_WHOLE,
			    .target = params->target };
	c.workers = params->workers ? params->workers : (uint64_t)at->workers;
	c.memory = params->memory ? (double)params->memory : at->memory;
	c.overhead = params->overhead > 0 ? params->overhead : at->overhead;
	c.rate = (double)params->rate;
	if (!params->rate) /* with less memory comes a share of a core */
		c.rate =
			c.memory < at->full_speed ? at->rate * c.memory / at->full_speed : at->rate;
	return c;
}

static bool is_time(double seconds)
{
	return seconds >= 0 && seconds <= MAX_SECONDS;
}

static dp_code check(const dp__auto_params *p, dp_error *err)
{
	if (p->workers > MAX_WORKERS)
		return dp_fail(err, DP_EINVAL, "workers: at most %d", MAX_WORKERS);
	if (!is_time(p->overhead) || !is_time(p->target))
		return dp_fail(err, DP_EINVAL, "overhead, target: from 0 to %.0f s", MAX_SECONDS);
	return DP_OK;
}

static dp_code choose(const dp_totals *totals, const void *params, uint64_t *n, dp_error *err)
{
	dp_code rc = check(params, err);
	if (rc != DP_OK)
		return rc;
	const dp__auto_case c = dp__auto_case_of(totals, params);
	return dp__auto_choose(&c, n, err);
}

static dp_code cut(const dp_view *view, const void *params, dp_sels *out, dp_error *err)
{
	const dp__auto_params *p = params;
	dp_code rc = check(p, err);
	if (rc == DP_OK && (p->n == 0 || p->n > DP__MAX_SLICES))
		return dp_fail(err, DP_EINVAL, "n: from 1 to %llu slices",
			       (unsigned long long)DP__MAX_SLICES);
	for (uint64_t i = 0; rc == DP_OK && i < p->n; i++) {
		dp_sel sel = dp__select_records(dp__share(view->nrec, i, p->n),
						dp__share(view->nrec, i + 1, p->n));
		rc = dp_sels_add(out, &sel, err);
	}
	return rc;
}

static const dp_param params[] = {
	{ "goal", DP_PARAM_CHOICE, offsetof(dp__auto_params, goal), "balanced",
	  "balanced|time|cost",
	  "balanced: most slices, one a worker, whose start is a small share of their time; "
	  "else the least time or cost" },
	{ "workers", DP_PARAM_COUNT, offsetof(dp__auto_params, workers), "0", NULL,
	  "that run at once; 0 = the profile's" },
	{ "memory", DP_PARAM_BYTES, offsetof(dp__auto_params, memory), "0", NULL,
	  "of a worker; 0 = the profile's" },
	{ "target", DP_PARAM_NUMBER, offsetof(dp__auto_params, target), "0", NULL,
	  "goal=cost: the cheapest within so many seconds; 0 = the cheapest" },
	{ "get", DP_PARAM_CHOICE, offsetof(dp__auto_params, get), "whole", "whole|stream",
	  "what a worker holds decoded: its whole slice, or a batch after the other" },
	{ "rate", DP_PARAM_BYTES, offsetof(dp__auto_params, rate), "0", NULL,
	  "stored bytes a second that a worker decodes and works through; 0 = the profile's" },
	{ "overhead", DP_PARAM_NUMBER, offsetof(dp__auto_params, overhead), "0", NULL,
	  "seconds that every task takes before its first byte; 0 = the profile's" },
	{ "profile", DP_PARAM_CHOICE, offsetof(dp__auto_params, profile), dp__auto_profile_default,
	  dp__auto_profile_names, "the platform, as constants of a certain month" },
	{ "n", DP_PARAM_COUNT, offsetof(dp__auto_params, n), "0", NULL,
	  "slices, to predict what they take; 0 = as many as are best" },
	{ 0 },
};

const dp_strategy dp__auto = {
	.name = "auto",
	.doc = "as many slices as a model of time and cost says",
	.needs = DP_NEEDS_RECORDS | DP_SHARES_N,
	.params = params,
	.params_size = sizeof(dp__auto_params),
	.cut = cut,
	.choose = choose,
	.explain = dp__auto_explain,
};
