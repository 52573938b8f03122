/* test_mem.c - the mem: store: counts, faults, forbidden bytes. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "core/io/mem.h"
#include "core/io/store.h"
#include "support/folder.h"

#define URL "mem:x"

static dp_session *session;
static dp_call call;
static dp__site site;

static void set_up(void)
{
	dp_place where = { .url = URL };

	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	call = dp__call_begin(session);
	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	cr_assert_eq(dp__mem_put(session, URL, "hello world", 11, NULL), DP_OK);
}

static void tear_down(void)
{
	dp__site_close(&site);
	dp_session_free(session);
}

TestSuite(mem, .init = set_up, .fini = tear_down);

static dp_code read_at(uint64_t off, size_t len, char *buf)
{
	dp_read read = { off, len, buf };

	return dp__site_read(&site, &call, NULL, &read, 1, NULL);
}

Test(mem, gives_back_what_was_put)
{
	char buf[5];
	size_t len = 0;

	cr_assert_eq(read_at(6, 5, buf), DP_OK);
	cr_assert_arr_eq(buf, "world", 5);
	cr_assert_arr_eq(dp__mem_get(session, URL, &len), "hello world", 11);
	cr_assert_eq(len, 11);
}

Test(mem, unknown_names_are_not_found)
{
	dp_place where = { .url = "mem:other" };
	dp__mem_counts counts;
	dp__site other;
	dp_stat stat = { 0 };
	size_t len;

	cr_assert_eq(dp__site_open(&other, session, &where, NULL), DP_OK);
	cr_assert_eq(dp__site_stat(&other, &call, &stat, NULL), DP_ENOTFOUND);
	cr_assert_eq(dp__site_remove(&other, &call, NULL), DP_ENOTFOUND);
	dp__site_close(&other);
	cr_assert_null(dp__mem_get(session, "mem:other", &len));
	cr_assert_eq(dp__mem_counts_of(session, "mem:other", &counts, NULL), DP_ENOTFOUND);
}

Test(mem, stat_tells_size_and_fills_head)
{
	uint8_t head[5];
	dp_stat stat = { .head = head, .cap = 5 };

	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_OK);
	cr_assert_eq(stat.size, 11);
	cr_assert_eq(stat.len, 5);
	cr_assert_arr_eq(head, "hello", 5);
}

Test(mem, every_put_changes_the_etag)
{
	dp_stat stat = { 0 };
	char buf[5];
	dp_read read = { 0, 5, buf };

	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_OK);
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, &read, 1, NULL), DP_OK);
	dp__mem_put(session, URL, "hello world", 11, NULL);
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, &read, 1, NULL), DP_ESTALE);
}

Test(mem, counts_what_is_asked_of_it)
{
	char a[2], b[3];
	dp_read reads[] = { { 0, 2, a }, { 4, 3, b } };
	dp_stat stat = { 0 };
	dp__mem_counts counts;

	dp__site_stat(&site, &call, &stat, NULL);
	dp__site_read(&site, &call, NULL, reads, 2, NULL);
	cr_assert_eq(dp__mem_counts_of(session, URL, &counts, NULL), DP_OK);
	cr_assert_eq(counts.stats, 1);
	cr_assert_eq(counts.reads, 2);
	cr_assert_eq(counts.bytes, 5);
	cr_assert_eq(counts.puts, 0);
}

Test(mem, store_put_copies_a_file)
{
	int fd = folder_unnamed("new bytes", 9);
	dp__mem_counts counts;
	size_t len = 0;

	cr_assert_eq(dp__site_put(&site, &call, fd, 10, NULL), DP_EIO);
	cr_assert_eq(dp__site_put(&site, &call, fd, 3, NULL), DP_OK);
	close(fd);
	cr_assert_arr_eq(dp__mem_get(session, URL, &len), "new", 3);
	cr_assert_eq(len, 3);
	dp__mem_counts_of(session, URL, &counts, NULL);
	cr_assert_eq(counts.puts, 1);
}

Test(mem, remove_takes_it_away)
{
	size_t len;

	cr_assert_eq(dp__site_remove(&site, &call, NULL), DP_OK);
	cr_assert_null(dp__mem_get(session, URL, &len));
}

Test(mem, fault_comes_when_it_is_told_to)
{
	char buf[2];

	dp__mem_fail(session, URL, (dp__mem_fault){ 1, 2, DP_ETRANSIENT }, NULL);
	cr_assert_eq(read_at(0, 2, buf), DP_OK);
	cr_assert_eq(read_at(0, 2, buf), DP_ETRANSIENT);
	cr_assert_eq(read_at(0, 2, buf), DP_ETRANSIENT);
	cr_assert_eq(read_at(0, 2, buf), DP_OK);
}

Test(mem, silent_fault_flips_a_bit)
{
	char buf[5];

	dp__mem_fail(session, URL, (dp__mem_fault){ 0, 1, DP_OK }, NULL);
	cr_assert_eq(read_at(0, 5, buf), DP_OK);
	cr_assert_arr_eq(buf, "hemlo", 5);
	cr_assert_eq(read_at(0, 5, buf), DP_OK);
	cr_assert_arr_eq(buf, "hello", 5);
}

Test(mem, forbidden_bytes_cannot_be_read)
{
	static const dp_extent allowed[] = { { 4, 3, 0 }, { 0, 4, 0 } };
	dp_read read;
	dp_error err;
	char buf[11];

	dp__mem_allow(session, URL, allowed, 2, NULL);
	cr_assert_eq(read_at(1, 6, buf), DP_OK);
	read = (dp_read){ 5, 4, buf };
	cr_assert_eq(dp__site_read(&site, &call, NULL, &read, 1, &err), DP_EIO);
	cr_assert_str_eq(err.msg, "byte 7 of [5, 9) is forbidden");
	dp__mem_allow(session, URL, allowed, 0, NULL);
	cr_assert_eq(read_at(1, 1, buf), DP_EIO);
	dp__mem_allow(session, URL, NULL, 0, NULL);
	cr_assert_eq(read_at(0, 11, buf), DP_OK);
}

Test(mem, read_past_the_end_fails)
{
	char buf[20];

	cr_assert_eq(read_at(8, 4, buf), DP_ESTALE);
	cr_assert_eq(read_at(UINT64_MAX, 4, buf), DP_ESTALE);
	cr_assert_eq(read_at(11, 0, buf), DP_OK);
}

Test(mem, cancelled_call_reads_nothing)
{
	char buf[2];

	dp_session_cancel(session);
	cr_assert_eq(read_at(0, 2, buf), DP_ECANCELED);
}
