/* auto_model.c - what a job takes and costs, cut into n slices on some platform, and which n is the
 * best. */
#include "strategies/auto_model.h"

#include <math.h>

#include "strategies/select.h"

/* How tokens are made, docs/token.md: rows travel inside while a token and all tokens are small. */
#define TOKEN_WITHOUT_ROWS 400.0
#define MAX_TOKEN_INSIDE   (7.0 * 1024)
#define MAX_TOKENS_INSIDE  (3.5 * 1024 * 1024)
#define MAX_ATTRS_INSIDE   512
#define PACKED_ROW         40.0 /* about, without its state */

#define MIB (1024.0 * 1024)
#define GIB (1024 * MIB)

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/* What a slice reads of its objects: its own bytes, and half a unit more of each, as it begins
 * within one. */
static double fetched_of(const dp__auto_case *c, uint64_t n)
{
	const dp_totals *t = c->totals;
	double all = (double)t->stored, unit = ratio(all, (double)t->nunits);
	return n > 1 ? fmin(all, all / (double)n + (double)t->members * unit / 2) : all;
}

/* Bytes of rows that a slice needs of one object. */
static double rows_of(const dp__auto_case *c, uint64_t n)
{
	const dp_totals *t = c->totals;
	double units = (double)t->nunits / (double)t->members;
	double touched = n > 1 ? fmin(units, units / (double)n + 1) : units;
	return touched * (PACKED_ROW + ratio((double)t->state, (double)t->nunits));
}

static bool rows_go_inside(const dp__auto_case *c, uint64_t n)
{
	double token = TOKEN_WITHOUT_ROWS + rows_of(c, n) * 4 / 3;
	double all = (double)n * (double)c->totals->members * token;
	return token <= MAX_TOKEN_INSIDE && all <= MAX_TOKENS_INSIDE;
}

/* GETs that a slice makes of indexes, one after the other before its records. */
static double index_reads(const dp__auto_case *c, uint64_t n)
{
	double rows = rows_go_inside(c, n) ? 0 : ceil(rows_of(c, n) / c->profile->range);
	double attrs = (double)c->totals->attrs;
	if (attrs > MAX_ATTRS_INSIDE)
		rows += ceil(attrs / c->profile->range);
	return rows;
}

/* Seconds until so many workers have started. */
static double start_time(const dp__auto_profile *at, double workers)
{
	if (!(at->start_rate > 0))
		return 0;
	double early = fmin(workers, at->start_burst), late = workers - early;
	return early / at->start_rate + ratio(late, at->start_rate_later);
}

/*
 * Tasks in waves, on fewer workers than there may be if that is faster: who starts late may come
 * too late to help. So more workers are never slower. The time is convex in the number of waves.
 */
static void run_waves(const dp__auto_case *c, dp__auto_prediction *p)
{
	double n = (double)p->n, task = p->task * c->profile->straggler, best = INFINITY;
	for (double waves = ceil(n / (double)c->workers); waves <= n; waves++) {
		double time = start_time(c->profile, n / waves) + waves * task;
		if (time >= best)
			break;
		best = time;
		p->waves = waves;
	}
	p->time = best;
	p->workers = ceil(n / p->waves);
}

static unsigned limits_broken(const dp__auto_case *c, const dp__auto_prediction *p)
{
	const dp__auto_profile *at = c->profile;
	double tokens = (double)p->n * (double)c->totals->members * at->token;
	unsigned broken = 0;
	if (p->memory > at->memory_share * c->memory)
		broken |= DP__AUTO_MEMORY;
	if (at->timeout > 0 && p->task > at->timeout_share * at->timeout)
		broken |= DP__AUTO_TIMEOUT;
	if (at->job > 0 && tokens > at->job)
		broken |= DP__AUTO_TOKENS;
	return broken;
}

/* A worker with the largest slice, whose records are one more than those of the smallest. */
static double memory_of(const dp__auto_case *c, uint64_t n)
{
	const dp__auto_profile *at = c->profile;
	const dp_totals *t = c->totals;
	uint64_t most = t->nrec / n + (t->nrec % n > 0);
	double held = c->whole ? (double)t->raw * ratio((double)most, (double)t->nrec)
			       : 2 * at->connections * at->range;
	return at->memory_fixed + held;
}

dp__auto_prediction dp__auto_predict(const dp__auto_case *c, uint64_t n)
{
	const dp__auto_profile *at = c->profile;
	double fetched = fetched_of(c, n), members = (double)c->totals->members;
	double reads = members * index_reads(c, n);
	double gets = reads + members * ceil(fetched / members / at->range);
	double network = at->first_byte * ceil(fetched / (at->connections * at->range)) +
			 fetched / fmin(at->connections * at->connection_rate, at->worker_rate);
	double work = fetched / c->rate, start = c->overhead + reads * at->first_byte;
	dp__auto_prediction p = { .n = n,
				  .slice = (double)c->totals->stored / (double)n,
				  .requests = (double)n * gets,
				  .inside = rows_go_inside(c, n),
				  .task = start + fmax(network, work),
				  .memory = memory_of(c, n) };
	p.share = ratio(c->overhead, p.task);
	run_waves(c, &p);
	double starts = p.time - p.waves * p.task * at->straggler;
	p.bound = network > work ? DP__AUTO_NETWORK : DP__AUTO_WORK;
	if (start > fmax(network, work))
		p.bound = DP__AUTO_OVERHEAD;
	if (starts > p.time / 2)
		p.bound = DP__AUTO_STARTS;
	if (ratio(p.requests, at->get_rate) > p.time) {
		p.time = p.requests / at->get_rate;
		p.bound = DP__AUTO_GETS;
	}
	if (ratio((double)n * fetched, at->store_rate) > p.time) {
		p.time = (double)n * fetched / at->store_rate;
		p.bound = DP__AUTO_STORE;
	}
	p.cost = (double)n * (at->price_call + c->memory / GIB * at->price_gb_second * p.task +
			      at->puts * at->price_put) +
		 p.requests * at->price_get;
	p.broken = limits_broken(c, &p);
	return p;
}

/* ---- which n ---- */

static uint64_t most_slices(const dp__auto_case *c)
{
	uint64_t n = c->totals->nrec < DP__MAX_SLICES ? c->totals->nrec : DP__MAX_SLICES;
	return n > c->totals->least ? n : c->totals->least;
}

/* The slices of so many full waves as n take: one for each worker, if there are no more. */
static uint64_t full_waves(const dp__auto_case *c, uint64_t n)
{
	return (n + c->workers - 1) / c->workers * c->workers;
}

/* Whether p is better than the best of those with fewer slices. */
static bool is_better(const dp__auto_case *c, const dp__auto_prediction *p,
		      const dp__auto_prediction *best)
{
	bool late = c->target > 0 && p->time > c->target;
	bool best_late = c->target > 0 && best->time > c->target;
	switch (c->goal) {
	case DP__AUTO_BALANCED:
		return p->n <= full_waves(c, best->n) && p->share <= c->profile->overhead_share;
	case DP__AUTO_TIME:
		return p->time < best->time;
	case DP__AUTO_COST:
		break;
	}
	if (late && best_late)
		return p->time < best->time;
	return late == best_late ? p->cost < best->cost : best_late;
}

/*
 * Whether neither n nor more slices can be better than the best: what tasks take and cost without
 * any byte only grows with their number.
 */
static bool is_enough(const dp__auto_case *c, uint64_t n, const dp__auto_prediction *best)
{
	const dp__auto_profile *at = c->profile;
	double tasks = (double)n, waves = ceil(tasks / (double)c->workers);
	double each = at->price_call + c->memory / GIB * at->price_gb_second * c->overhead +
		      at->puts * at->price_put;
	double gets = c->totals->stored ? ratio(tasks, at->get_rate) : 0;
	bool slower = fmax(waves * c->overhead * at->straggler, gets) > best->time;
	switch (c->goal) {
	case DP__AUTO_BALANCED:
		return n > full_waves(c, best->n);
	case DP__AUTO_TIME:
		return slower;
	case DP__AUTO_COST:
		break;
	}
	return c->target > 0 && best->time > c->target ? slower : tasks * each > best->cost;
}

/* Every n up to the most breaks a limit: says which. */
static dp_code none_fits(const dp__auto_case *c, uint64_t most, dp_error *err)
{
	const dp__auto_profile *at = c->profile;
	const dp__auto_prediction p = dp__auto_predict(c, most);
	unsigned long long n = most;
	unsigned least = dp__auto_predict(c, c->totals->least).broken;
	if (p.broken & DP__AUTO_MEMORY)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "one of %llu slices needs %.0f MiB of memory, %.0f may be used", n,
			       p.memory / MIB, at->memory_share * c->memory / MIB);
	if (p.broken & DP__AUTO_TIMEOUT)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "one of %llu slices takes %.0f s, and %.0f are allowed", n, p.task,
			       at->timeout_share * at->timeout);
	return dp_fail(
		err, DP_EUNSUPPORTED,
		"one job carries the tokens of %.0f slices, and more are needed for their %s",
		floor(at->job / at->token / (double)c->totals->members),
		least & DP__AUTO_MEMORY    ? "memory"
		: least & DP__AUTO_TIMEOUT ? "time"
					   : "objects");
}

dp_code dp__auto_choose(const dp__auto_case *c, uint64_t *n, dp_error *err)
{
	uint64_t most = most_slices(c);
	dp__auto_prediction best = { 0 };
	for (uint64_t i = c->totals->least; i <= most; i++) {
		if (best.n && is_enough(c, i, &best))
			break;
		dp__auto_prediction p = dp__auto_predict(c, i);
		if (!p.broken && (!best.n || is_better(c, &p, &best)))
			best = p;
	}
	*n = best.n;
	return best.n ? DP_OK : none_fits(c, most, err);
}

static dp__auto_reason why_by_goal(const dp__auto_case *c, uint64_t n)
{
	if (c->goal == DP__AUTO_BALANCED)
		return n % c->workers ? DP__AUTO_BY_OVERHEAD : DP__AUTO_BY_WORKERS;
	if (c->goal == DP__AUTO_TIME)
		return DP__AUTO_BY_TIME;
	if (!(c->target > 0))
		return DP__AUTO_BY_COST;
	if (dp__auto_predict(c, n).time > c->target)
		return DP__AUTO_BY_TIME;
	bool fewer_miss = n > c->totals->least && dp__auto_predict(c, n - 1).time > c->target;
	return fewer_miss ? DP__AUTO_BY_TARGET : DP__AUTO_BY_COST;
}

dp__auto_reason dp__auto_why(const dp__auto_case *c, uint64_t n)
{
	unsigned fewer = n > c->totals->least ? dp__auto_predict(c, n - 1).broken : 0;
	if (n == c->totals->least && n > 1)
		return DP__AUTO_BY_OBJECTS;
	if (fewer & DP__AUTO_MEMORY)
		return DP__AUTO_BY_MEMORY;
	if (fewer & DP__AUTO_TIMEOUT)
		return DP__AUTO_BY_TIMEOUT;
	if (n >= c->totals->nrec)
		return DP__AUTO_BY_RECORDS;
	if (dp__auto_predict(c, n + 1).broken & DP__AUTO_TOKENS)
		return DP__AUTO_BY_TOKENS;
	return why_by_goal(c, n);
}
