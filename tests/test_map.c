/* test_map.c - tasks over slices on threads: order, failures, retries, cancel and the total. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/engine/slice.h"
#include "core/map/job.h"
#include "support/scene.h"

#define NSLICES 20

/* What a run of dp_map() told. */
struct seen {
	dp_session *session;
	size_t n, total_at; /* results; 1 + the place of the total among them */
	int busy, overlaps; /* callbacks at once */
	dp_result at[NSLICES];
	char total[256];
	char message[1016];  /* of the last failure */
	size_t cancel_after; /* results; 0 = never */
	size_t last_progress;
};

/* What tasks share; dp_task.impl is const, so it holds a pointer to this. */
struct shared {
	dp_session *session;
	atomic_uint runs, started;
	unsigned started_by_then;
	bool blocked;
};
typedef struct impl {
	struct shared *shared;
} impl;

static struct shared *shared_of(const dp_work *work)
{
	return ((const impl *)work->impl)->shared;
}

/* 100 lines in 20 slices. */
static scene make_scene(void)
{
	scene s = scene_of_lines(100, 10, NULL);
	cr_assert_eq(scene_cut(&s, "chunks", (const char *const[]){ "n=20", NULL }), DP_OK);
	return s;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static dp_code take_result(void *user, const dp_result *result)
{
	struct seen *seen = user;
	seen->overlaps += seen->busy++ > 0;
	seen->n++;
	if (result->slice == SIZE_MAX) {
		seen->total_at = seen->n;
		snprintf(seen->total, sizeof seen->total, "%.*s", (int)result->len,
			 (const char *)result->data);
	} else {
		seen->at[result->slice] = *result;
	}
	if (result->code != DP_OK)
		snprintf(seen->message, sizeof seen->message, "%.*s", (int)result->len,
			 (const char *)result->data);
	seen->busy--;
	return seen->n == seen->cancel_after ? DP_EWRITE : DP_OK;
}

static dp_code take_progress(void *user, uint64_t done, uint64_t total)
{
	struct seen *seen = user;
	seen->overlaps += seen->busy > 0;
	seen->last_progress = total == NSLICES ? done : 0;
	return DP_OK;
}

static dp_code map(const scene *s, const dp_task *task, struct seen *seen, unsigned jobs,
		   dp_error *err)
{
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	opts.jobs = jobs;
	opts.result = take_result;
	opts.progress = take_progress;
	opts.user = seen;
	return dp_map(s->slices, task, NULL, &opts, err);
}

/* ---- tasks ---- */

static size_t number_of(const dp_work *work)
{
	return (size_t)work->slice->ordinal;
}

/* Its number; the earlier, the later it comes. */
static dp_code run_number(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	char text[32];
	sleep_ms(NSLICES - (long)number_of(work));
	int n = snprintf(text, sizeof text, "%zu", number_of(work));
	return out(user, text, (size_t)n, err);
}

static dp_code merge_text(const dp_work *work, const dp_batch *a, const dp_batch *b,
			  dp_write_fn out, void *user, dp_error *err)
{
	(void)work;
	dp_code rc = out(user, a->data, a->len, err);
	if (rc == DP_OK)
		rc = out(user, " ", 1, err);
	return rc == DP_OK ? out(user, b->data, b->len, err) : rc;
}

static const dp_task number = { .name = "number", .run = run_number, .merge = merge_text };

static dp_code run_odd(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	if (number_of(work) % 2)
		return dp_fail(err, DP_EFORMAT, "slice is odd");
	return run_number(work, out, user, err);
}

static const dp_task odd = { .name = "odd", .run = run_odd, .merge = merge_text };

/* Fails twice in a way that may pass, then goes well. */
static dp_code run_flaky(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	if (number_of(work) == 3 && atomic_fetch_add(&shared_of(work)->runs, 1) < 2) {
		out(user, "part of a result", 16, NULL);
		return dp_fail(err, DP_ETRANSIENT, "busy");
	}
	return out(user, "good", 4, err);
}

static dp_code run_code(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	(void)out, (void)user, (void)err;
	return number_of(work) == 5 ? (dp_code)7 : DP_OK;
}

static dp_code run_cancel(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	if (number_of(work) == 4)
		dp_session_cancel(shared_of(work)->session);
	return out(user, "", 0, err);
}

static dp_code run_endless(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	static const char piece[1 << 16];
	dp_code rc = DP_OK;
	if (number_of(work) > 0)
		return out(user, "short", 5, err);
	for (size_t i = 0; rc == DP_OK && i <= DP__MAX_RESULT / sizeof piece; i++)
		rc = out(user, piece, sizeof piece, err);
	return rc;
}

/* 8 MiB each; the first waits, and sees how many were begun meanwhile. */
static dp_code run_large(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	static const char piece[8 << 20];
	struct shared *shared = shared_of(work);
	atomic_fetch_add(&shared->started, 1);
	if (number_of(work) == 0) {
		sleep_ms(500);
		shared->started_by_then = atomic_load(&shared->started);
	}
	return out(user, piece, sizeof piece, err);
}

static dp_code merge_large(const dp_work *work, const dp_batch *a, const dp_batch *b,
			   dp_write_fn out, void *user, dp_error *err)
{
	(void)work, (void)b;
	return out(user, a->data, 1, err);
}

static dp_code run_signals(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	sigset_t set;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	if (number_of(work) == 0)
		shared_of(work)->blocked = sigismember(&set, SIGINT) == 1;
	return out(user, "", 0, err);
}

static dp_code run_reader(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	return dp_slice_get(work->slice, DP_GET_RAW, out, user, err);
}

static dp_code merge_fails(const dp_work *work, const dp_batch *a, const dp_batch *b,
			   dp_write_fn out, void *user, dp_error *err)
{
	(void)work, (void)a, (void)b, (void)out, (void)user;
	return dp_fail(err, DP_ETASK, "they do not go together");
}

/* ---- tests ---- */

Test(map, gives_each_slice_once_and_the_total_last)
{
	scene s = make_scene();
	struct seen seen = { 0 };
	cr_assert_eq(map(&s, &number, &seen, 4, NULL), DP_OK);
	cr_expect_eq(seen.n, NSLICES + 1);
	cr_expect_eq(seen.total_at, NSLICES + 1);
	for (size_t i = 0; i < NSLICES; i++)
		cr_expect_eq(seen.at[i].attempts, 1, "slice %zu", i);
	scene_free(&s);
}

Test(map, merges_in_slice_order)
{
	scene s = make_scene();
	struct seen seen = { 0 };
	cr_assert_eq(map(&s, &number, &seen, 8, NULL), DP_OK);
	cr_expect_str_eq(seen.total, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
	scene_free(&s);
}

Test(map, calls_back_one_at_a_time)
{
	scene s = make_scene();
	struct seen seen = { 0 };
	cr_assert_eq(map(&s, &number, &seen, 8, NULL), DP_OK);
	cr_expect_eq(seen.overlaps, 0);
	cr_expect_eq(seen.last_progress, NSLICES);
	scene_free(&s);
}

Test(map, goes_on_after_failures)
{
	scene s = make_scene();
	struct seen seen = { 0 };
	dp_error err = { 0 };
	cr_expect_eq(map(&s, &odd, &seen, 3, &err), DP_EFORMAT);
	cr_expect_str_eq(err.msg, "slice 1: slice is odd");
	cr_expect_str_eq(seen.message, "slice is odd");
	cr_expect_str_eq(seen.total, "0 2 4 6 8 10 12 14 16 18");
	scene_free(&s);
}

Test(map, repeats_transient_failures)
{
	scene s = make_scene();
	struct shared shared = { 0 };
	impl own = { &shared };
	const dp_task flaky = { .name = "flaky", .impl = &own, .run = run_flaky };
	struct seen seen = { 0 };
	cr_expect_eq(map(&s, &flaky, &seen, 2, NULL), DP_OK);
	cr_expect_eq(seen.at[3].attempts, 3);
	cr_expect_eq(seen.at[3].len, 4, "what a failed attempt wrote is void");
	scene_free(&s);
}

Test(map, gives_up_after_its_retries)
{
	scene s = make_scene();
	struct shared shared = { 0 };
	impl own = { &shared };
	const dp_task flaky = { .name = "flaky", .impl = &own, .run = run_flaky };
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	opts.retries = 1;
	cr_expect_eq(dp_map(s.slices, &flaky, NULL, &opts, NULL), DP_ETRANSIENT);
	cr_expect_eq(atomic_load(&shared.runs), 2);
	scene_free(&s);
}

Test(map, repeats_no_other_failures)
{
	scene s = make_scene();
	struct seen seen = { 0 };
	map(&s, &odd, &seen, 1, NULL);
	cr_expect_eq(seen.at[1].attempts, 1);
	scene_free(&s);
}

Test(map, takes_unknown_codes_for_failures_of_the_task)
{
	scene s = make_scene();
	const dp_task strange = { .name = "strange", .run = run_code };
	struct seen seen = { 0 };
	cr_expect_eq(map(&s, &strange, &seen, 2, NULL), DP_ETASK);
	cr_expect_eq(seen.at[5].code, DP_ETASK);
	cr_expect_neq(seen.message[0], 0);
	scene_free(&s);
}

Test(map, ends_when_results_are_refused)
{
	scene s = make_scene();
	struct seen seen = { .cancel_after = 3 };
	cr_expect_eq(map(&s, &number, &seen, 2, NULL), DP_ECANCELED);
	cr_expect_eq(seen.n, 3);
	cr_expect_eq(seen.total_at, 0);
	scene_free(&s);
}

Test(map, ends_when_the_session_is_cancelled)
{
	scene s = make_scene();
	struct shared shared = { .session = s.session };
	impl own = { &shared };
	const dp_task task = { .name = "cancel", .impl = &own, .run = run_cancel };
	struct seen seen = { 0 };
	cr_expect_eq(map(&s, &task, &seen, 1, NULL), DP_ECANCELED);
	cr_expect_eq(seen.n, 4);
	scene_free(&s);
}

Test(map, bounds_results)
{
	scene s = make_scene();
	const dp_task endless = { .name = "endless", .run = run_endless };
	struct seen seen = { 0 };
	cr_expect_eq(map(&s, &endless, &seen, 1, NULL), DP_ETASK);
	cr_expect_str_eq(seen.message, "the result is longer than 64 MiB");
	cr_expect_eq(seen.n, NSLICES);
	scene_free(&s);
}

Test(map, begins_no_slice_while_too_much_waits)
{
	scene s = make_scene();
	struct shared shared = { 0 };
	impl own = { &shared };
	const dp_task large = {
		.name = "large", .impl = &own, .run = run_large, .merge = merge_large
	};
	struct seen seen = { 0 };
	cr_expect_eq(map(&s, &large, &seen, 4, NULL), DP_OK);
	/* The first, five that pass 32 MiB, and those that ran beside the fifth. */
	cr_expect_leq(shared.started_by_then, 8);
	cr_expect_eq(seen.n, NSLICES + 1);
	scene_free(&s);
}

Test(map, leaves_signals_to_the_program)
{
	scene s = make_scene();
	struct shared shared = { 0 };
	impl own = { &shared };
	const dp_task task = { .name = "signals", .impl = &own, .run = run_signals };
	struct seen seen = { 0 };
	cr_assert_eq(map(&s, &task, &seen, 2, NULL), DP_OK);
	cr_expect(shared.blocked);
	scene_free(&s);
}

Test(map, fails_slices_of_bad_tokens_alone)
{
	scene s = make_scene();
	dp__buf tokens = dp__buf_of(1 << 20);
	dp_slices *slices = NULL;
	struct seen seen = { 0 };
	cr_assert_eq(dp_slices_save(s.slices, dp__buf_write, &tokens, NULL), DP_OK);
	tokens.data[10] ^= 1;
	cr_assert_eq(dp_slices_load(&slices, s.session, (char *)tokens.data, tokens.len, NULL),
		     DP_OK);
	dp_slices_free(s.slices);
	s.slices = slices;
	cr_expect_eq(map(&s, &number, &seen, 2, NULL), DP_EFORMAT);
	cr_expect_eq(seen.at[0].attempts, 0);
	cr_expect_str_eq(seen.total, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
	dp__buf_fini(&tokens);
	scene_free(&s);
}

Test(map, serves_lists_of_bad_tokens)
{
	scene s = make_scene();
	struct seen seen = { 0 };
	dp_slices_free(s.slices);
	s.slices = NULL;
	cr_assert_eq(dp_slices_load(&s.slices, s.session, "x\ny\n", 4, NULL), DP_OK);
	cr_expect_eq(map(&s, &number, &seen, 2, NULL), DP_EFORMAT);
	cr_expect_eq(seen.n, 2);
	scene_free(&s);
}

Test(map, serves_empty_lists)
{
	scene s = make_scene();
	struct seen seen = { 0 };
	dp_slices_free(s.slices);
	s.slices = NULL;
	cr_assert_eq(dp_slices_load(&s.slices, s.session, "", 0, NULL), DP_OK);
	cr_expect_eq(map(&s, &number, &seen, 2, NULL), DP_OK);
	cr_expect_eq(seen.n, 0);
	scene_free(&s);
}

Test(map, pays_what_was_planned)
{
	scene s = make_scene();
	const dp_task reader = { .name = "reader", .run = run_reader };
	struct seen seen = { 0 };
	cr_assert_eq(map(&s, &reader, &seen, 2, NULL), DP_OK);
	for (size_t i = 0; i < NSLICES; i++) {
		dp_price price = dp_slice_price(dp_slices_at(s.slices, i));
		cr_expect_eq(seen.at[i].paid.requests, price.requests, "slice %zu", i);
		cr_expect_eq(seen.at[i].paid.bytes, price.bytes, "slice %zu", i);
		cr_expect_eq(seen.at[i].paid.needed, price.needed, "slice %zu", i);
	}
	scene_free(&s);
}

Test(map, reports_a_failed_merge)
{
	scene s = make_scene();
	const dp_task task = { .name = "merge", .run = run_number, .merge = merge_fails };
	struct seen seen = { 0 };
	dp_error err = { 0 };
	cr_expect_eq(map(&s, &task, &seen, 2, &err), DP_ETASK);
	cr_expect_str_eq(err.msg, "total: they do not go together");
	cr_expect_str_eq(seen.total, "they do not go together");
	scene_free(&s);
}

Test(map, checks_parameters)
{
	scene s = make_scene();
	dp_error err = { 0 };
	cr_expect_eq(dp_map(s.slices, &number, (const char *const[]){ "x=1", NULL }, NULL, &err),
		     DP_EINVAL);
	cr_expect_str_eq(err.msg, "number: no parameter 'x'");
	scene_free(&s);
}
