/* test_attempt.c - where the time of a mapped slice goes, and what it read. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "dataplug/plugin.h"

#define NSLICES 6
#define LINE    100
#define NLINES  60
/* Milliseconds that a read, a batch of records and a task take. */
#define READ_MS   40
#define DECODE_MS 60
#define TASK_MS   90

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* ---- slow://x/y, 60 lines of 100 bytes each on a store that takes its time ---- */

static dp_code slow_open(void **self, dp_session *session, const dp_place *place, dp_error *err)
{
	(void)self, (void)session, (void)place, (void)err;
	return DP_OK;
}

static dp_code slow_stat(void *self, const dp_call *call, dp_stat *stat, dp_error *err)
{
	(void)self, (void)call, (void)err;
	stat->size = LINE * NLINES;
	strcpy(stat->etag, "one");
	return DP_OK;
}

static dp_code slow_read(void *self, const dp_call *call, const char *etag, const dp_read *reads,
			 size_t n, dp_error *err)
{
	(void)self, (void)call, (void)etag, (void)err;
	for (size_t i = 0; i < n; i++) {
		char *to = reads[i].buf;
		sleep_ms(READ_MS);
		for (size_t k = 0; k < reads[i].len; k++)
			to[k] = (reads[i].off + k) % LINE == LINE - 1 ? '\n' : 'x';
	}
	return DP_OK;
}

static void slow_close(void *self)
{
	(void)self;
}

static const dp_store slow_store = {
	.schemes = "slow",
	.part = 1 << 20,
	.open = slow_open,
	.stat = slow_stat,
	.read = slow_read,
	.close = slow_close,
};

/* ---- a grammar of lines that thinks about each call ---- */

static dp_code slow_records(const dp_text *text, uint64_t max, const void *params,
			    dp_records *found, dp_error *err)
{
	(void)params, (void)err;
	sleep_ms(DECODE_MS);
	for (; found->nrec < max && text->len - found->used >= LINE; found->nrec++) {
		found->used += LINE;
		if (found->ends)
			found->ends[found->nrec] = (uint32_t)found->used;
	}
	return DP_OK;
}

static const dp_grammar slow_grammar = {
	.name = "slow", .doc = "slow lines", .record = "line", .records = slow_records
};

static const dp_plugin plugin = {
	.abi = DP_PLUGIN_ABI,
	.name = "slow",
	.version = "1",
	.stores = (const dp_store *const[]){ &slow_store, NULL },
	.grammars = (const dp_grammar *const[]){ &slow_grammar, NULL },
};

/* ---- tasks ---- */

static dp_code run_slow(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	dp_code rc = dp_slice_get(work->slice, DP_GET_RAW, out, user, err);
	sleep_ms(TASK_MS);
	return rc;
}

/* The first attempt is void. */
static dp_code run_again(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	atomic_uint *runs = *(atomic_uint *const *)work->impl;
	sleep_ms(TASK_MS);
	if (atomic_fetch_add(runs, 1) == 0)
		return dp_fail(err, DP_ETRANSIENT, "busy");
	return out(user, "good", 4, err);
}

static const dp_task slow_task = { .name = "slow", .run = run_slow };

static dp_session *session;
static dp_index *index_x;
static dp_slices *slices;
static dp_result results[NSLICES];
static dp_range first_read[NSLICES], second_read[NSLICES];
static dp_result total;

static void open_scene(void)
{
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	opts.format = "slow";
	cr_assert_eq(
		dp_session_open(&session, (const char *const[]){ "meta=mem:meta", NULL }, NULL),
		DP_OK);
	cr_assert_eq(dp_session_add(session, &plugin, NULL), DP_OK);
	dp_error err = { 0 };
	cr_assert_eq(dp_index_build(&index_x, session, "slow://x/y", &opts, &err), DP_OK, "%s",
		     err.msg);
}

static void close_scene(void)
{
	dp_slices_free(slices);
	dp_index_free(index_x);
	dp_session_free(session);
}

TestSuite(attempt, .init = open_scene, .fini = close_scene);

static dp_code take_result(void *user, const dp_result *result)
{
	(void)user;
	if (result->slice == SIZE_MAX) {
		total = *result;
		return DP_OK;
	}
	results[result->slice] = *result;
	first_read[result->slice] = result->read[0];
	if (dp_slice_count(dp_slices_at(slices, result->slice)) > 1)
		second_read[result->slice] = result->read[1];
	return DP_OK;
}

static dp_code map(size_t nobjects, const dp_task *task, unsigned jobs)
{
	const dp_index *const both[] = { index_x, index_x };
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	opts.jobs = jobs;
	opts.result = take_result;
	cr_assert_eq(dp_partition(&slices, both, nobjects, "chunks",
				  (const char *const[]){ "n=6", NULL }, NULL),
		     DP_OK);
	return dp_map(slices, task, NULL, &opts, NULL);
}

/* ---- tests ---- */

Test(attempt, divides_the_time)
{
	cr_assert_eq(map(1, &slow_task, 2), DP_OK);
	for (size_t i = 0; i < NSLICES; i++) {
		const dp_result *one = &results[i];
		cr_expect_geq(one->fetch, READ_MS * 0.99e-3, "slice %zu: %f", i, one->fetch);
		cr_expect_geq(one->decode, DECODE_MS * 0.99e-3, "slice %zu: %f", i, one->decode);
		cr_expect_geq(one->user, TASK_MS * 0.99e-3, "slice %zu: %f", i, one->user);
		cr_expect_leq(one->fetch + one->decode + one->user, one->seconds + 1e-6);
	}
}

Test(attempt, a_reader_of_a_set_counts_each_time_once)
{
	cr_assert_eq(map(2, &slow_task, 3), DP_OK);
	for (size_t i = 0; i < NSLICES; i++) {
		const dp_result *one = &results[i];
		cr_expect_geq(one->fetch, 2 * READ_MS * 0.99e-3, "slice %zu: %f", i, one->fetch);
		cr_expect_geq(one->decode, 2 * DECODE_MS * 0.99e-3, "slice %zu: %f", i,
			      one->decode);
		cr_expect_leq(one->fetch + one->decode + one->user, one->seconds + 1e-6);
	}
}

Test(attempt, waits_between_attempts_are_none_of_it)
{
	atomic_uint runs = 0, *shared = &runs;
	const dp_task again = { .name = "again", .impl = &shared, .run = run_again };
	cr_assert_eq(map(1, &again, 1), DP_OK);
	cr_expect_eq(results[0].attempts, 2);
	cr_expect_geq(results[0].user, 2 * TASK_MS * 0.99e-3);
	cr_expect_geq(results[0].seconds - results[0].user, 0.05, "half of the first wait");
	cr_expect_eq(results[0].fetch + results[0].decode, 0);
}

Test(attempt, a_worker_runs_one_task_after_the_other)
{
	cr_assert_eq(map(1, &slow_task, 2), DP_OK);
	for (size_t i = 0; i < NSLICES; i++) {
		cr_expect_lt(results[i].worker, 2);
		cr_expect_geq(results[i].start, 0);
		for (size_t k = 0; k < i; k++) {
			if (results[k].worker == results[i].worker)
				cr_expect_geq(results[i].start,
					      results[k].start + results[k].seconds - 1e-6,
					      "slices %zu and %zu", k, i);
		}
	}
}

Test(attempt, the_total_has_the_sums)
{
	double fetch = 0, decode = 0, user = 0;
	cr_assert_eq(map(1, dp_task_find(session, "count"), 2), DP_OK);
	for (size_t i = 0; i < NSLICES; i++) {
		fetch += results[i].fetch;
		decode += results[i].decode;
		user += results[i].user;
	}
	cr_expect_float_eq(total.fetch, fetch, 1e-9);
	cr_expect_float_eq(total.decode, decode, 1e-9);
	cr_expect_float_eq(total.user, user, 1e-9);
	cr_expect_null(total.read);
}

Test(attempt, reads_where_it_was_planned)
{
	cr_assert_eq(map(1, &slow_task, 2), DP_OK);
	for (size_t i = 0; i < NSLICES; i++) {
		dp_range planned = dp_slice_range(dp_slices_at(slices, i));
		cr_expect_eq(first_read[i].begin, planned.begin);
		cr_expect_eq(first_read[i].end, planned.end);
		cr_expect_leq(first_read[i].begin, i * LINE * NLINES / NSLICES);
		cr_expect_geq(first_read[i].end, (i + 1) * LINE * NLINES / NSLICES);
	}
}

Test(attempt, tells_what_was_read_of_each_member)
{
	cr_assert_eq(map(2, &slow_task, 3), DP_OK);
	for (size_t i = 0; i < NSLICES; i++) {
		cr_expect_gt(first_read[i].end, first_read[i].begin);
		cr_expect_eq(second_read[i].begin, first_read[i].begin);
		cr_expect_eq(second_read[i].end, first_read[i].end);
	}
}

Test(attempt, a_task_that_reads_nothing_read_nothing)
{
	atomic_uint runs = 1, *shared = &runs;
	const dp_task lazy = { .name = "lazy", .impl = &shared, .run = run_again };
	cr_assert_eq(map(1, &lazy, 3), DP_OK);
	cr_expect_eq(first_read[0].end, 0);
}
