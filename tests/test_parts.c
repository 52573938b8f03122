/*
 * test_parts.c - slices on a store whose reads are small and come bit by bit: every record, at the
 * price that was told, however reads and units lie to each other.
 */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "core/base/session.h"
#include "dataplug/plugin.h"
#include "support/make.h"

#define STEP 700 /* bytes that come together */

static bytes text, object; /* its text, and what is stored */
static dp_session *session;

static dp_code parts_open(void **self, dp_session *of, const dp_place *place, dp_error *err)
{
	(void)self, (void)of, (void)place, (void)err;
	return DP_OK;
}

static dp_code parts_stat(void *self, const dp_call *call, dp_stat *stat, dp_error *err)
{
	(void)self, (void)call, (void)err;
	stat->size = object.len;
	strcpy(stat->etag, "one");
	return DP_OK;
}

static dp_code parts_read(void *self, const dp_call *call, const char *etag, const dp_read *reads,
			  size_t n, dp_error *err)
{
	(void)self, (void)etag, (void)err;
	for (size_t i = 0; i < n; i++) {
		uint8_t *to = reads[i].buf;
		for (size_t done = 0, some; done < reads[i].len; done += some) {
			some = reads[i].len - done < STEP ? reads[i].len - done : STEP;
			memcpy(to + done, object.data + reads[i].off + done, some);
			dp__call_arrived(call, to + done + some);
			sched_yield();
		}
	}
	return DP_OK;
}

static void parts_close(void *self)
{
	(void)self;
}

/* One read is a part of a unit, and small; or it is some units, and its rest is worth a thread. */
#define STORE(SCHEME, PART)                                                                        \
	{                                                                                          \
		.schemes = SCHEME, .part = (PART), .open = parts_open, .stat = parts_stat,         \
		.read = parts_read, .close = parts_close                                           \
	}
static const dp_store stores[] = { STORE("tiny", 5000), STORE("parts", (uint64_t)300 << 10) };
static const dp_plugin plugin = {
	.abi = DP_PLUGIN_ABI,
	.name = "parts",
	.version = "1",
	.stores = (const dp_store *const[]){ &stores[0], &stores[1], NULL },
};

static void set_up(void)
{
	cr_assert_eq(
		dp_session_open(&session, (const char *const[]){ "meta=mem:meta", NULL }, NULL),
		DP_OK);
	cr_assert_eq(dp_session_add(session, &plugin, NULL), DP_OK);
}

static void tear_down(void)
{
	dp_session_free(session);
}

TestSuite(parts, .init = set_up, .fini = tear_down, .timeout = 120);

/* Reads a slice to its end, appends what it has, and compares what was paid with its price. */
static void read_slice(const dp_slice *slice, dp__buf *all)
{
	dp_reader *reader = NULL;
	dp_batch batch = { .nrec = 1 };
	dp_error err = { 0 };

	cr_assert_eq(dp_reader_open(&reader, slice, &err), DP_OK, "%s", err.msg);
	while (batch.nrec > 0) {
		cr_assert_eq(dp_reader_next(reader, &batch, &err), DP_OK, "%s", err.msg);
		cr_assert_eq(dp__buf_add(all, batch.data, batch.len, &err), DP_OK);
	}
	dp_price paid = dp_reader_paid(reader), price = dp_slice_price(slice);
	cr_expect_eq(paid.requests, price.requests, "%lu of %lu", (unsigned long)paid.requests,
		     (unsigned long)price.requests);
	cr_expect_eq(paid.bytes, price.bytes);
	dp_reader_free(reader);
}

static void cut_once(const char *url, const char *span, const char *n)
{
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_index *index = NULL;
	dp_slices *slices = NULL;
	dp__buf all = dp__buf_of((size_t)64 << 20);
	dp_error err = { 0 };

	opts.args = (const char *const[]){ span, NULL };
	opts.force = true;
	cr_assert_eq(dp_index_build(&index, session, url, &opts, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "chunks",
				  (const char *const[]){ n, NULL }, &err),
		     DP_OK, "%s", err.msg);
	for (size_t i = 0; i < dp_slices_count(slices); i++)
		read_slice(dp_slices_at(slices, i), &all);
	cr_assert_eq(all.len, text.len);
	cr_assert(memcmp(all.data, text.data, all.len) == 0);
	dp__buf_fini(&all);
	dp_slices_free(slices);
	dp_index_free(index);
}

/* Cuts it in all ways; frees both. */
static void cut(const char *scheme)
{
	static const char *const spans[] = { "span=4K", "span=30K", "span=200K" };
	static const char *const counts[] = { "n=1", "n=3", "n=17" };
	char url[64];

	snprintf(url, sizeof(url), "%s://x/lines.gz", scheme);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++)
			cut_once(url, spans[i], counts[k]);
	free(text.data);
	free(object.data);
}

static void cut_member(const char *scheme)
{
	text = make_reads(20000, 100, 1);
	object = make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY);
	cut(scheme);
}

/* n lines of 100 bytes. */
static bytes make_even(size_t n)
{
	bytes out = { malloc(n * 100), n * 100 };
	uint64_t state = 1;

	cr_assert_not_null(out.data);
	for (size_t i = 0; i < out.len; i++)
		out.data[i] = i % 100 == 99 ? '\n' : (uint8_t)('a' + make_random(&state) % 8);
	return out;
}

/* Members that end where records do, so that units do too. */
static void cut_members(const char *scheme)
{
	text = make_even(20000);
	object = make_members(text.data, text.len, 3700, 6);
	cut(scheme);
}

/* Two BGZF files, one behind the other: the first one's empty block is in the middle. */
static void cut_blocks(const char *scheme)
{
	text = make_even(20000);
	object = make_join(make_bgzf(text.data, text.len / 2, 6000),
			   make_bgzf(text.data + text.len / 2, text.len / 2, 6000));
	cut(scheme);
}

Test(parts, units_in_many_reads)
{
	cut_member("tiny");
	cut_members("tiny");
	cut_blocks("tiny");
}

Test(parts, reads_of_many_units)
{
	cut_member("parts");
	cut_members("parts");
	cut_blocks("parts");
}
