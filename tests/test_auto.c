/* test_auto.c - the model of the strategy auto, against tables and numbers computed by hand. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "strategies/auto.h"
#include "support/scene.h"

#define MIB 1048576.0

static bool near(double got, double expected, double by)
{
	return fabs(got - expected) <= by;
}

/* 100 GB in units so small that a slice reads hardly too much; rows and attributes cost one
 * request each. */
static dp_totals large(void)
{
	return (dp_totals){ .nrec = 1000000000,
			    .stored = 100000000000,
			    .raw = 400000000000,
			    .nunits = 5000000,
			    .attrs = 1000,
			    .members = 1,
			    .least = 1 };
}

/* What the first profile says of a job. */
static dp__auto_case on_lambda(const dp_totals *totals)
{
	return dp__auto_case_of(totals, &(dp__auto_params){ 0 });
}

static void expect_chosen(const dp__auto_case *c, uint64_t expected, dp__auto_reason why)
{
	uint64_t n = 0;
	dp_error err = { 0 };
	cr_assert_eq(dp__auto_choose(c, &n, &err), DP_OK, "%s", err.msg);
	cr_expect_eq(n, expected, "%" PRIu64 ", not %" PRIu64, n, expected);
	cr_expect_eq(dp__auto_why(c, n), why, "reason %d", dp__auto_why(c, n));
}

/* ---- predictions ---- */

/*
 * A published example of the model: 1,000 workers, 1,769 MB, 60 MB/s, 0.5 s, ranges of 8 MB, 8 at
 * once. Its figures are rounded as they stand here.
 */
Test(auto, the_example_comes_out)
{
	static const struct {
		uint64_t n;
		double task, share, time, cost, task_by, time_by, cost_by;
	} row[] = {
		{ 50, 33.9, 0.01, 39, 0.054, 0.05, 0.5, 0.0005 },
		{ 200, 8.9, 0.06, 11, 0.058, 0.05, 0.5, 0.0005 },
		{ 500, 3.9, 0.13, 7.0, 0.067, 0.05, 0.05, 0.0005 },
		{ 1000, 2.2, 0.22, 7.6, 0.080, 0.05, 0.05, 0.0005 },
		{ 10000, 0.7, 0.69, 13, 0.33, 0.05, 0.5, 0.005 },
	};
	const dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	dp__auto_profile at = *c.profile;
	at.range = 8e6;
	c.profile = &at;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		dp__auto_prediction p = dp__auto_predict(&c, row[i].n);
		cr_expect(near(p.task, row[i].task, row[i].task_by), "%" PRIu64 ": task %f",
			  row[i].n, p.task);
		cr_expect(near(p.share, row[i].share, 0.005), "%" PRIu64 ": share %f", row[i].n,
			  p.share);
		cr_expect(near(p.time, row[i].time, row[i].time_by), "%" PRIu64 ": time %f",
			  row[i].n, p.time);
		cr_expect(near(p.cost, row[i].cost, row[i].cost_by), "%" PRIu64 ": cost %f",
			  row[i].n, p.cost);
	}
}

/* A platform for small numbers. */
static const dp__auto_profile simple = {
	.name = "simple",
	.date = "2026-11",
	.doc = "for tests",
	.first_byte = 1,
	.connection_rate = 10,
	.connections = 2,
	.range = 100,
	.worker_rate = 15,
	.start_burst = 2,
	.start_rate = 4,
	.start_rate_later = 1,
	.straggler = 2,
	.overhead = 3,
	.rate = 5,
	.workers = 3,
	.memory = 1073741824,
	.memory_fixed = 7,
	.memory_share = 0.5,
	.timeout_share = 1,
	.overhead_share = 0.15,
	.token = 300,
	.price_call = 10,
	.price_gb_second = 1,
	.price_get = 100,
	.price_put = 1000,
	.puts = 2,
};

/* 10 units of 100 bytes. */
static const dp_totals thousand = {
	.nrec = 10, .stored = 1000, .raw = 4000, .nunits = 10, .members = 1, .least = 1
};

static dp__auto_case on_simple(const dp_totals *totals)
{
	return (dp__auto_case){ .profile = &simple,
				.totals = totals,
				.whole = true,
				.workers = 3,
				.memory = 1073741824,
				.rate = 5,
				.overhead = 3 };
}

Test(auto, one_slice_by_hand)
{
	const dp__auto_case c = on_simple(&thousand);
	dp__auto_prediction p = dp__auto_predict(&c, 1);
	/* Work is 1000 / 5 = 200 s; the network takes 5 * 1 + 1000 / 15 = 71.7 s meanwhile. */
	cr_expect(near(p.task, 203, 1e-9), "%f", p.task);
	cr_expect(near(p.share, 3.0 / 203, 1e-9));
	/* The worker has started after 1 / 4 s. */
	cr_expect(near(p.time, 0.25 + 2 * 203, 1e-9), "%f", p.time);
	cr_expect(near(p.requests, 10, 0));
	cr_expect(near(p.cost, 10 + 203 + 2000 + 10 * 100, 1e-9), "%f", p.cost);
	cr_expect(near(p.memory, 7 + 4000, 1e-9));
	cr_expect(near(p.waves, 1, 0));
	cr_expect(p.inside);
	cr_expect_eq(p.bound, DP__AUTO_WORK);
	cr_expect_eq(p.broken, 0);
}

Test(auto, six_slices_by_hand)
{
	const dp__auto_case c = on_simple(&thousand);
	dp__auto_prediction p = dp__auto_predict(&c, 6);
	/* 166.7 bytes and half a unit: 216.7 bytes, 3 requests, 43.3 s of work. */
	double task = 3 + (1000.0 / 6 + 50) / 5;
	cr_expect(near(p.slice, 1000.0 / 6, 1e-9));
	cr_expect(near(p.task, task, 1e-9), "%f", p.task);
	/* 2 workers start within 2 / 4 s, the third 1 s later: two waves. */
	cr_expect(near(p.time, 0.5 + 1 + 2 * 2 * task, 1e-9), "%f", p.time);
	cr_expect(near(p.workers, 3, 0));
	cr_expect(near(p.waves, 2, 0));
	cr_expect(near(p.requests, 18, 0));
	/* The largest slice has 2 of the 10 records. */
	cr_expect(near(p.memory, 7 + 800, 1e-9), "%f", p.memory);
}

Test(auto, the_network_may_be_slower_than_the_work)
{
	dp__auto_case c = on_simple(&thousand);
	c.rate = 1000;
	dp__auto_prediction p = dp__auto_predict(&c, 1);
	cr_expect(near(p.task, 3 + 5 + 1000 / 15.0, 1e-9), "%f", p.task);
	cr_expect_eq(p.bound, DP__AUTO_NETWORK);
}

Test(auto, streaming_holds_two_ranges_a_connection)
{
	dp__auto_case c = on_simple(&thousand);
	c.whole = false;
	cr_expect(near(dp__auto_predict(&c, 1).memory, 7 + 2 * 2 * 100, 1e-9));
}

/* Rows of 4,000 bytes come by reference: one request more, of each member. */
Test(auto, rows_by_reference_cost_requests)
{
	dp_totals totals = thousand;
	totals.state = 100000;
	dp__auto_case c = on_simple(&totals);
	dp__auto_profile at = simple;
	at.range = 1e6;
	c.profile = &at;
	dp__auto_prediction p = dp__auto_predict(&c, 5);
	cr_expect_not(p.inside);
	cr_expect(near(p.requests, 5 * 2, 0), "%f", p.requests);
	cr_expect(near(p.task, 3 + 1 + (200 + 50) / 5.0, 1e-9), "%f", p.task);
	totals.members = 2;
	cr_expect(near(dp__auto_predict(&c, 5).requests, 5 * 4, 0));
}

Test(auto, late_workers_are_left_out)
{
	dp__auto_case c = on_simple(&thousand);
	c.rate = 1e9;
	c.workers = 100;
	dp__auto_profile at = simple;
	at.start_rate_later = 0.01;
	at.worker_rate = at.connection_rate = 1e9;
	c.profile = &at;
	/* A task is 3 + 1 s, twice that as the slowest one: two workers do ten in five waves,
	 * while a third would come 100 s later. */
	dp__auto_prediction p = dp__auto_predict(&c, 10);
	cr_expect(near(p.workers, 2, 0), "%f", p.workers);
	cr_expect(near(p.time, 0.5 + 5 * 2 * 4, 1e-3), "%f", p.time);
}

Test(auto, one_terabyte_is_bound_by_its_gets)
{
	dp_totals totals = large();
	totals.stored = 1000000000000;
	totals.raw = totals.stored * 4;
	totals.nunits = 250000;
	totals.attrs = 0;
	dp__auto_case c = on_lambda(&totals);
	c.rate = 100e6;
	/* 1.002 GB are 120 ranges, and one read of rows: 121,000 requests at 5,500 a second. */
	dp__auto_prediction p = dp__auto_predict(&c, 1000);
	cr_expect(near(p.requests, 121000, 0), "%f", p.requests);
	cr_expect(near(p.time, 22, 1e-9), "%f", p.time);
	cr_expect_eq(p.bound, DP__AUTO_GETS);
}

Test(auto, all_workers_share_the_store)
{
	dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	dp__auto_profile at = *c.profile;
	at.store_rate = 1e9;
	c.profile = &at;
	dp__auto_prediction p = dp__auto_predict(&c, 500);
	cr_expect(near(p.time, 100, 0.1), "%f", p.time);
	cr_expect_eq(p.bound, DP__AUTO_STORE);
}

/* ---- choices ---- */

/* The start is 15 % of a task of 3.33 s: 0.5 s, a read of rows, and 168.2 MB of work. */
Test(auto, balanced_keeps_the_start_small)
{
	dp_totals totals = large();
	totals.nunits = 100000;
	totals.attrs = 0;
	dp__auto_case c = on_lambda(&totals);
	c.whole = false;
	expect_chosen(&c, 596, DP__AUTO_BY_OVERHEAD);
}

Test(auto, balanced_gives_each_worker_one)
{
	dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	c.workers = 400;
	expect_chosen(&c, 400, DP__AUTO_BY_WORKERS);
}

/* 4e11 decoded bytes, of which 0.7 * 512 - 100 MiB fit a worker. */
Test(auto, little_memory_takes_more_slices)
{
	dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	c.memory = 512 * MIB;
	expect_chosen(&c, 1477, DP__AUTO_BY_MEMORY);
	/* 14 slices more cost less than the ninth range that each of 1477 has. */
	c.goal = DP__AUTO_COST;
	expect_chosen(&c, 1491, DP__AUTO_BY_COST);
}

/* At 100 kB/s, 450 s are for 44.95 MB, of which half a unit is not the slice's. */
Test(auto, slow_functions_take_more_slices)
{
	const dp_totals totals = { .nrec = 1000000,
				   .stored = 1000000000,
				   .raw = 1000000000,
				   .nunits = 1000,
				   .members = 1,
				   .least = 1 };
	dp__auto_case c = on_lambda(&totals);
	c.rate = 1e5;
	c.workers = 23;
	expect_chosen(&c, 23, DP__AUTO_BY_TIMEOUT);
	/* 23 take ten workers three times; so do 30. */
	c.workers = 10;
	expect_chosen(&c, 30, DP__AUTO_BY_WORKERS);
	c.goal = DP__AUTO_COST;
	expect_chosen(&c, 23, DP__AUTO_BY_TIMEOUT);
}

/* 4 MiB carry 12,336 tokens of 340 bytes. */
Test(auto, one_job_carries_so_many_tokens)
{
	dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	dp__auto_profile at = *c.profile;
	at.start_rate = at.get_rate = at.store_rate = 0;
	c.profile = &at;
	c.goal = DP__AUTO_TIME;
	c.workers = 100000;
	expect_chosen(&c, 12336, DP__AUTO_BY_TOKENS);
	totals.members = 2;
	expect_chosen(&c, 6168, DP__AUTO_BY_TOKENS);
}

Test(auto, the_cheapest_within_a_target)
{
	const dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	c.goal = DP__AUTO_COST;
	c.whole = false;
	c.target = 10;
	/* 235 / 200 + 1.15 * (0.56 + 1e11 / 235 / 60e6) = 9.98; with 234 it is 10.005. */
	expect_chosen(&c, 235, DP__AUTO_BY_TARGET);
	c.target = 0;
	expect_chosen(&c, 4, DP__AUTO_BY_TIMEOUT);
	c.target = 10000;
	expect_chosen(&c, 4, DP__AUTO_BY_TIMEOUT);
}

Test(auto, a_target_that_none_meets_gives_the_fastest)
{
	const dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	uint64_t n = 0;
	c.goal = DP__AUTO_TIME;
	cr_assert_eq(dp__auto_choose(&c, &n, NULL), DP_OK);
	c.goal = DP__AUTO_COST;
	c.target = 1;
	expect_chosen(&c, n, DP__AUTO_BY_TIME);
}

/* No other number of slices is predicted to be faster. */
Test(auto, the_fastest_is_the_fastest)
{
	const dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	uint64_t n = 0;
	c.goal = DP__AUTO_TIME;
	cr_assert_eq(dp__auto_choose(&c, &n, NULL), DP_OK);
	double best = dp__auto_predict(&c, n).time;
	for (uint64_t i = 1; i <= 12336; i++) {
		dp__auto_prediction p = dp__auto_predict(&c, i);
		cr_assert(p.broken || p.time >= best, "%" PRIu64 ": %f", i, p.time);
	}
}

Test(auto, more_workers_are_never_slower)
{
	const uint64_t sizes[] = { 1000000, 1000000000, 100000000000, 10000000000000 };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		dp_totals totals = large();
		totals.stored = totals.raw = sizes[i];
		totals.nunits = totals.stored / 1000000;
		dp__auto_case c = on_lambda(&totals);
		double before = INFINITY;
		c.goal = DP__AUTO_TIME;
		c.whole = false;
		for (c.workers = 8; c.workers < 8000; c.workers += c.workers / 4) {
			uint64_t n = 0;
			dp_error err = { 0 };
			cr_assert_eq(dp__auto_choose(&c, &n, &err), DP_OK, "%s", err.msg);
			double time = dp__auto_predict(&c, n).time;
			cr_assert_leq(time, before, "%" PRIu64 " bytes, %" PRIu64 " workers",
				      sizes[i], c.workers);
			before = time;
		}
	}
}

Test(auto, one_record_is_one_slice)
{
	dp_totals totals = large();
	totals.nrec = 1;
	totals.nunits = 1;
	totals.stored = totals.raw = 1000000000;
	const dp__auto_goal goals[] = { DP__AUTO_BALANCED, DP__AUTO_TIME, DP__AUTO_COST };
	for (size_t i = 0; i < 3; i++) {
		dp__auto_case c = on_lambda(&totals);
		c.goal = goals[i];
		expect_chosen(&c, 1, DP__AUTO_BY_RECORDS);
	}
}

/* There is nothing to do, but the task starts: 1 / 200 s, and 0.5 s of the slowest worker. */
Test(auto, an_empty_object_is_one_slice)
{
	const dp_totals totals = { .members = 1, .least = 1 };
	dp__auto_case c = on_lambda(&totals);
	expect_chosen(&c, 1, DP__AUTO_BY_RECORDS);
	dp__auto_prediction p = dp__auto_predict(&c, 1);
	cr_expect(near(p.time, 0.005 + 0.5 * 1.15, 1e-9), "%f", p.time);
	cr_expect(near(p.requests, 0, 0));
}

Test(auto, each_object_of_a_dataset_has_a_slice)
{
	dp_totals totals = large();
	totals.least = 4000;
	dp__auto_case c = on_lambda(&totals);
	expect_chosen(&c, 4000, DP__AUTO_BY_OBJECTS);
}

static void expect_none(const dp__auto_case *c, const char *why)
{
	uint64_t n = 0;
	dp_error err = { 0 };
	cr_expect_eq(dp__auto_choose(c, &n, &err), DP_EUNSUPPORTED);
	cr_expect_not_null(strstr(err.msg, why), "%s", err.msg);
}

Test(auto, what_cannot_work_is_an_error)
{
	dp_totals totals = large();
	dp__auto_case c = on_lambda(&totals);
	totals.nrec = 2;
	expect_none(&c, "one of 2 slices needs 190835 MiB of memory, 1238 may be used");
	c.whole = false;
	totals.nrec = 1;
	/* 1e11 / 60e6 + 0.5, and 0.03 for each of 24 reads of rows and one of attributes */
	expect_none(&c, "one of 1 slices takes 1668 s, and 450 are allowed");
	totals.nrec = 1000000000;
	c.whole = true;
	c.memory = 150 * MIB;
	expect_none(&c, "tokens of 12336 slices, and more are needed for their memory");
	totals.least = 20000;
	c.memory = 10240 * MIB;
	expect_none(&c, "more are needed for their objects");
}

/* ---- parameters ---- */

/* Lambda gives a share of a core with less memory than 1,769 MB. */
Test(auto, less_memory_is_slower)
{
	const dp_totals totals = large();
	dp__auto_params params = { .memory = (uint64_t)(1769 * MIB / 2) };
	cr_expect(near(dp__auto_case_of(&totals, &params).rate, 30e6, 1));
	params.memory *= 4;
	cr_expect(near(dp__auto_case_of(&totals, &params).rate, 60e6, 1));
	params.memory /= 8;
	params.rate = 1000;
	cr_expect(near(dp__auto_case_of(&totals, &params).rate, 1000, 0));
}

Test(auto, what_is_given_replaces_the_profile_s)
{
	const dp_totals totals = large();
	const dp__auto_params params = { .workers = 7, .memory = 9, .overhead = 0.25, .target = 3 };
	dp__auto_case c = dp__auto_case_of(&totals, &params);
	cr_expect_eq(c.workers, 7);
	cr_expect(near(c.memory, 9, 0) && near(c.overhead, 0.25, 0) && near(c.target, 3, 0));
}

/* What the strategy says of 15 lines of 100 bytes. */
static void expect_said(const char *arg, unsigned flags, const char *expected)
{
	scene s = scene_of_lines(15, 100, NULL);
	cr_assert_eq(scene_cut(&s, "auto", (const char *const[]){ arg, NULL }), DP_OK);
	cr_expect_str_eq(dp_slices_explain(s.slices, flags), expected);
	scene_free(&s);
}

Test(auto, says_what_it_predicts)
{
	expect_said(NULL, 0,
		    "auto: predicted, not measured, with profile lambda-s3 of 2026-11: AWS Lambda, "
		    "x86 in us-east-1, called by Lithops, over one object in S3\n"
		    "  1 slice of 1.5 kB: with more, their start would be too large a share\n"
		    "  time    0.6 s: 1 worker, 1 task each of 0.5 s; most of a task is its start\n"
		    "  cost    under $0.0001, 1 request\n"
		    "  memory  100 MiB of the 1238 MiB that a worker may use\n");
}

/* 0.5 + 0.03 + 1500 / 75e6 s; 2e-7 + 1769 / 1024 * 1.66667e-5 * 0.53002 + 2 * 5e-6 + 4e-7 USD */
Test(auto, says_it_as_json)
{
	expect_said(NULL, DP_EXPLAIN_JSON,
		    "{\"profile\":\"lambda-s3\",\"date\":\"2026-11\",\"goal\":\"balanced\","
		    "\"slices\":1,\"slices_by\":\"overhead\",\"slice_bytes\":1500,\"requests\":1,"
		    "\"workers\":1,\"waves\":1,\"task_seconds\":0.530020,\"seconds\":0.614523,"
		    "\"seconds_by\":\"overhead\",\"usd\":0.000025861,\"memory\":104859100,"
		    "\"memory_limit\":1298451661,\"breaks\":[]}");
}

/*
 * Tokens of 400 bytes and more pass 3.5 MiB, so rows are by reference: 0.56 s a task, two requests.
 * 20 waves after 5 s of starts.
 */
Test(auto, says_what_breaks)
{
	expect_said("n=20000", DP_EXPLAIN_JSON,
		    "{\"profile\":\"lambda-s3\",\"date\":\"2026-11\",\"goal\":\"balanced\","
		    "\"slices\":20000,\"slices_by\":\"given\",\"slice_bytes\":0,\"requests\":40000,"
		    "\"workers\":1000,\"waves\":20,\"task_seconds\":0.560010,\"seconds\":17.880230,"
		    "\"seconds_by\":\"overhead\",\"usd\":0.542480362,\"memory\":104857700,"
		    "\"memory_limit\":1298451661,\"breaks\":[\"tokens\"]}");
}
