/* test_ahead.c - reading ahead: order, budget, faults, random use against a plain buffer. */
#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/io/ahead.h"
#include "core/io/mem.h"

#define URL  "mem:x"
#define SIZE 400000

static dp_session *session;
static dp_call call;
static dp__site site;
static dp__ahead *ahead;
static dp__buf scratch;
static uint8_t plain[SIZE];

static void set_up(void)
{
	dp_place where = { .url = URL };

	for (size_t i = 0; i < SIZE; i++)
		plain[i] = (uint8_t)(i * 2654435761u >> 13);
	scratch = dp__buf_of(SIZE);
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	call = dp__call_begin(session);
	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	cr_assert_eq(dp__mem_put(session, URL, plain, SIZE, NULL), DP_OK);
}

static void tear_down(void)
{
	dp__ahead_free(ahead);
	dp__buf_fini(&scratch);
	dp__site_close(&site);
	dp_session_free(session);
}

TestSuite(ahead, .init = set_up, .fini = tear_down, .timeout = 60);

static void open_ahead(uint64_t budget)
{
	cr_assert_eq(dp__ahead_open(&ahead, &site, &call, NULL, budget, NULL), DP_OK);
}

static void push(uint64_t off, uint64_t len)
{
	cr_assert_eq(dp__ahead_push(ahead, off, len, NULL), DP_OK);
}

static dp_code ask(uint64_t off, uint64_t len)
{
	const uint8_t *got = NULL;
	dp_code code = dp__ahead_bytes(ahead, off, len, &scratch, &got, NULL);

	if (code == DP_OK)
		cr_assert(memcmp(got, plain + off, len) == 0, "[%lu, +%lu)", (unsigned long)off,
			  (unsigned long)len);
	return code;
}

static dp__mem_counts counts(void)
{
	dp__mem_counts all = { 0 };

	cr_assert_eq(dp__mem_counts_of(session, URL, &all, NULL), DP_OK);
	return all;
}

/* A store whose reads come in two halves: the second one when the test lets it, and as it says. */
static sem_t second;
static dp_code second_ends;

static dp_code read_in_halves(void *self, const dp_call *with, const char *etag,
			      const dp_read *reads, size_t n, dp_error *err)
{
	(void)self, (void)etag;
	for (size_t i = 0; i < n; i++) {
		uint8_t *buf = reads[i].buf;
		size_t half = reads[i].len / 2;

		memcpy(buf, plain + reads[i].off, half);
		dp__call_arrived(with, buf + half);
		sem_wait(&second);
		memcpy(buf + half, plain + reads[i].off + half, reads[i].len - half);
		dp__call_arrived(with, buf + reads[i].len);
	}
	return second_ends == DP_OK ? DP_OK : dp_fail(err, second_ends, "it was no good");
}

static void open_halves(dp_code end)
{
	static const dp_store store = { .schemes = "halves", .read = read_in_halves };
	static const dp__site halves = { &store, NULL };

	second_ends = end;
	cr_assert_eq(sem_init(&second, 0, 0), 0);
	cr_assert_eq(dp__ahead_open(&ahead, &halves, &call, NULL, 2 * (uint64_t)SIZE, NULL), DP_OK);
}

/* As many bytes from off on as are here; 0: it failed. */
static size_t some(uint64_t off, uint64_t max)
{
	const uint8_t *got = NULL;
	size_t len = 0;

	if (dp__ahead_some(ahead, off, max, &got, &len, NULL) != DP_OK)
		return 0;
	cr_assert(memcmp(got, plain + off, len) == 0, "[%lu, +%zu)", (unsigned long)off, len);
	return len;
}

static void pause_ms(long ms)
{
	struct timespec time = { 0, ms * 1000000 };

	nanosleep(&time, NULL);
}

/* Waits until so much was read, and a little longer for more that should not come. */
static void expect_bytes(uint64_t bytes)
{
	while (counts().bytes < bytes)
		pause_ms(1);
	pause_ms(20);
	cr_assert_eq(counts().bytes, bytes);
}

Test(ahead, one_read_waits_for_who_asks)
{
	open_ahead(1000);
	push(10, 100);
	expect_bytes(0);
	cr_assert_eq(ask(20, 90), DP_OK);
	cr_assert_eq(counts().reads, 1);
}

Test(ahead, two_reads_come_by_themselves)
{
	open_ahead(1000);
	push(0, 100);
	push(200, 100);
	expect_bytes(200);
	cr_assert_eq(ask(200, 100), DP_OK);
}

Test(ahead, bytes_across_reads_come_in_one_piece)
{
	open_ahead(1000);
	push(0, 100);
	push(100, 100);
	push(200, 100);
	cr_assert_eq(ask(50, 200), DP_OK);
	cr_assert_eq(ask(0, 300), DP_OK);
	cr_assert_eq(counts().bytes, 300);
}

Test(ahead, holes_are_refused)
{
	open_ahead(1000);
	push(10, 100);
	push(111, 100);
	cr_assert_eq(ask(9, 5), DP_EINVAL);
	cr_assert_eq(ask(100, 20), DP_EINVAL);
	cr_assert_eq(ask(200, 12), DP_EINVAL);
	cr_assert_eq(ask(UINT64_MAX, 2), DP_EINVAL);
	cr_assert_eq(ask(111, 100), DP_OK);
}

Test(ahead, nothing_asked_is_nothing_read)
{
	open_ahead(1000);
	push(10, 0);
	cr_assert_eq(ask(5, 0), DP_OK);
	cr_assert_eq(counts().reads, 0);
}

Test(ahead, reads_are_queued_in_order)
{
	open_ahead(1000);
	push(100, 100);
	cr_assert_eq(dp__ahead_push(ahead, 50, 100, NULL), DP_EINVAL);
	cr_assert_eq(dp__ahead_push(ahead, 199, 1, NULL), DP_EINVAL);
	cr_assert_eq(dp__ahead_push(ahead, UINT64_MAX, 2, NULL), DP_EINVAL);
	push(200, 1);
}

Test(ahead, budget_bounds_what_is_held)
{
	open_ahead(400);
	for (uint64_t i = 0; i < 20; i++)
		push(i * 100, 100);
	expect_bytes(400);
	dp__ahead_release(ahead, 250);
	expect_bytes(600);
}

Test(ahead, what_is_waited_for_passes_the_budget)
{
	open_ahead(10);
	for (uint64_t i = 0; i < 5; i++)
		push(i * 100, 100);
	cr_assert_eq(ask(0, 100), DP_OK);
	cr_assert_eq(ask(0, 400), DP_OK);
	cr_assert_eq(counts().bytes, 400);
}

Test(ahead, released_reads_are_not_made)
{
	open_ahead(10);
	for (uint64_t i = 0; i < 5; i++)
		push(i * 100, 100);
	dp__ahead_release(ahead, 400);
	cr_assert_eq(ask(400, 100), DP_OK);
	cr_assert_eq(counts().bytes, 100);
	cr_assert_eq(ask(300, 100), DP_EINVAL);
}

Test(ahead, paid_counts_reads_and_bytes)
{
	uint64_t requests, bytes;

	open_ahead(1000);
	push(0, 100);
	push(100, 50);
	cr_assert_eq(ask(0, 150), DP_OK);
	dp__ahead_paid(ahead, &requests, &bytes);
	cr_assert_eq(requests, 2);
	cr_assert_eq(bytes, 150);
}

Test(ahead, what_came_before_a_failed_read_is_lent)
{
	open_ahead(200);
	dp__mem_fail(session, URL, (dp__mem_fault){ 1, 1, DP_ETRANSIENT }, NULL);
	push(0, 100);
	cr_assert_eq(ask(0, 100), DP_OK);
	push(100, 100);
	push(200, 100);
	cr_assert_eq(ask(100, 100), DP_ETRANSIENT);
	cr_assert_eq(ask(0, 100), DP_OK);
	cr_assert_eq(ask(200, 100), DP_ETRANSIENT);
	cr_assert_eq(ask(100, 100), DP_ETRANSIENT);
}

/* Each ask would wait for ever if it waited for the second half. */
Test(ahead, the_beginning_of_a_read_is_lent_while_the_rest_comes)
{
	open_halves(DP_OK);
	push(10, 300000);
	cr_assert_eq(ask(10, 1000), DP_OK);
	cr_assert_eq(ask(100000, 50010), DP_OK);
	cr_assert_eq(some(100010, 200000), 50000);
	sem_post(&second);
	cr_assert_eq(ask(10, 300000), DP_OK);
	cr_assert_eq(some(100010, 200000), 200000);
}

Test(ahead, last_byte_of_a_read_is_lent_when_the_read_was_good)
{
	open_halves(DP_EIO);
	push(0, 300000);
	cr_assert_eq(ask(0, 1000), DP_OK);
	sem_post(&second);
	cr_assert_eq(dp__ahead_await(ahead, 0, 300000, NULL), DP_EIO);
	cr_assert_eq(ask(299999, 1), DP_EIO);
	cr_assert_eq(ask(0, 1000), DP_EIO);
}

Test(ahead, bytes_may_be_waited_for_without_being_lent)
{
	uint64_t requests, bytes;

	open_halves(DP_OK);
	push(0, 300000);
	cr_assert_eq(ask(0, 1000), DP_OK);
	cr_assert_eq(dp__ahead_await(ahead, 0, 150000, NULL), DP_OK);
	sem_post(&second);
	cr_assert_eq(dp__ahead_await(ahead, 1000, 299000, NULL), DP_OK);
	dp__ahead_paid(ahead, &requests, &bytes);
	cr_assert_eq(requests, 1);
	cr_assert_eq(bytes, 300000);
	cr_assert_eq(dp__ahead_read(ahead).len, 300000);
}

Test(ahead, free_waits_for_the_read_that_runs)
{
	open_halves(DP_OK);
	push(0, 300000);
	cr_assert_eq(some(0, 1000), 1000);
	dp__ahead_release(ahead, SIZE);
	sem_post(&second);
	dp__ahead_free(ahead);
	ahead = NULL;
}

Test(ahead, some_bytes_are_those_of_one_read)
{
	open_ahead(1000);
	push(0, 100);
	push(100, 100);
	cr_assert_eq(some(50, 100), 50);
	cr_assert_eq(some(100, 10), 10);
	cr_assert_eq(some(199, 1), 1);
	cr_assert_eq(some(150, 0), 0);
	cr_assert_eq(some(200, 1), 0);
}

Test(ahead, failure_keeps_its_message)
{
	const uint8_t *got;
	dp_error err;

	open_ahead(1000);
	dp__mem_fail(session, URL, (dp__mem_fault){ 0, UINT64_MAX, DP_EIO }, NULL);
	push(0, 100);
	push(100, 100);
	cr_assert_eq(dp__ahead_bytes(ahead, 0, 10, &scratch, &got, &err), DP_EIO);
	cr_assert_str_eq(err.msg, "a fault was asked for at byte 0");
}

Test(ahead, changed_object_is_stale)
{
	const uint8_t *got;

	cr_assert_eq(dp__ahead_open(&ahead, &site, &call, "put-0", 1000, NULL), DP_OK);
	push(0, 100);
	cr_assert_eq(dp__ahead_bytes(ahead, 0, 10, &scratch, &got, NULL), DP_ESTALE);
}

Test(ahead, cancel_ends_it)
{
	open_ahead(100);
	push(0, 100);
	push(100, 100);
	cr_assert_eq(ask(0, 100), DP_OK);
	dp_session_cancel(session);
	cr_assert_eq(ask(100, 100), DP_ECANCELED);
}

Test(ahead, scratch_has_a_limit)
{
	open_ahead(1000);
	push(0, 100);
	push(100, 100);
	scratch.max = 150;
	cr_assert_eq(ask(0, 200), DP_ENOMEM);
	cr_assert_eq(ask(0, 100), DP_OK);
}

/* Buffers of a MiB and more are used again, as long as reads have one length. */
Test(ahead, large_reads_do_not_mix)
{
	static const size_t lens[] = {
		4, 4, 4, 4, 4, 3, 3, 5, 5, 5, 4, 1, 1
	}; /* quarters of MiB */
	size_t quarter = (size_t)1 << 18, size = 47 * quarter;
	uint8_t *large = malloc(size);
	const uint8_t *got = NULL;
	uint64_t off = 0, pushed = 0;
	size_t next = 0;

	cr_assert_not_null(large);
	for (size_t i = 0; i < size; i++)
		large[i] = (uint8_t)(i * 2654435761u >> 13);
	cr_assert_eq(dp__mem_put(session, URL, large, size, NULL), DP_OK);
	open_ahead(12 * quarter);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t len = lens[i] * quarter;

		for (; next < sizeof(lens) / sizeof(lens[0]) && next < i + 5; next++) {
			push(pushed, lens[next] * quarter);
			pushed += lens[next] * quarter;
		}
		cr_assert_eq(dp__ahead_bytes(ahead, off, len, &scratch, &got, NULL), DP_OK);
		cr_assert(memcmp(got, large + off, len) == 0, "read %zu", i);
		off += len;
		dp__ahead_release(ahead, off);
	}
	cr_assert_eq(off, size);
	free(large);
}

Test(ahead, free_while_it_reads)
{
	for (unsigned round = 0; round < 200; round++) {
		open_ahead(SIZE);
		for (uint64_t i = 0; i < 100; i++)
			push(i * 1000, 1000);
		if (round % 2 == 0)
			cr_assert_eq(ask(500, 1000), DP_OK);
		dp__ahead_free(ahead);
		ahead = NULL;
	}
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

/* Pushes and asks as readers do: forward, with holes, across reads, releasing what is behind. */
static void walk(unsigned seed)
{
	uint64_t pushed = next_random(&seed) % 100, at = pushed, begin = pushed;

	open_ahead(1 + next_random(&seed) % 5000);
	for (unsigned step = 0; step < 200; step++) {
		uint64_t len = 1 + next_random(&seed) % 700;

		if (next_random(&seed) % 2 == 0 && pushed + len <= SIZE) {
			push(pushed, len);
			pushed += len;
		} else if (at < pushed) {
			at += next_random(&seed) % (pushed - at);
			len = 1 + next_random(&seed) % (pushed - at);
			cr_assert_eq(ask(at, len), DP_OK);
			if (next_random(&seed) % 2 == 0) {
				dp__ahead_release(ahead, at);
				begin = at;
			}
			at = next_random(&seed) % 4 == 0 ? begin : at;
		}
	}
	dp__ahead_free(ahead);
	ahead = NULL;
}

Test(ahead, random_walks_give_the_bytes_of_the_object)
{
	for (unsigned seed = 0; seed < 300; seed++)
		walk(seed);
}
