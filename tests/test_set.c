/* test_set.c - several objects cut together, record by record. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "support/make.h"

#define MAX ((size_t)1 << 24)

static dp_session *session;

static void open_session(void)
{
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
}

static void close_session(void)
{
	dp_session_free(session);
}

TestSuite(set, .init = open_session, .fini = close_session);

static dp_index *index_of(const char *url, const char *text)
{
	dp_index *index = NULL;
	cr_assert_eq(dp__mem_put(session, url, text, strlen(text), NULL), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, url, NULL, NULL), DP_OK);
	return index;
}

/* All that the slices of a cut give, one after the other; the caller frees it. */
static char *all_of(const dp_slices *slices)
{
	dp__buf out = dp__buf_of(MAX);
	for (size_t i = 0; i < dp_slices_count(slices); i++) {
		dp_error err = { 0 };
		cr_assert_eq(dp_slice_get(dp_slices_at(slices, i), 0, dp__buf_write, &out, &err),
			     DP_OK, "%s", err.msg);
	}
	cr_assert_eq(dp__buf_close(&out, NULL), DP_OK);
	return (char *)out.data;
}

static void expect_cut(const char *a, const char *b, const char *arg, const char *expected)
{
	dp_index *index[2] = { index_of("mem:a.txt", a), index_of("mem:b.txt", b) };
	const dp_index *const both[2] = { index[0], index[1] };
	dp_slices *slices = NULL;
	cr_assert_eq(
		dp_partition(&slices, both, 2, "chunks", (const char *const[]){ arg, NULL }, NULL),
		DP_OK);
	cr_expect_eq(dp_slice_count(dp_slices_at(slices, 0)), 2);
	char *got = all_of(slices);
	cr_expect_str_eq(got, expected);
	free(got);
	dp_slices_free(slices);
	dp_index_free(index[0]);
	dp_index_free(index[1]);
}

Test(set, records_come_in_turns)
{
	expect_cut("a1\na2\na3\n", "b1\nb2\nb3\n", "n=1", "a1\nb1\na2\nb2\na3\nb3\n");
	expect_cut("a1\na2\na3\n", "b1\nb2\nb3\n", "n=2", "a1\nb1\na2\nb2\na3\nb3\n");
	expect_cut("a1\na2\na3\n", "b1\nb2\nb3\n", "n=7", "a1\nb1\na2\nb2\na3\nb3\n");
}

Test(set, a_missing_final_newline_is_put_in)
{
	expect_cut("a1\na2", "b1\nb2", "n=1", "a1\nb1\na2\nb2\n");
}

Test(set, unequal_counts_are_refused)
{
	dp_index *a = index_of("mem:a.txt", "1\n2\n3\n"), *b = index_of("mem:b.txt", "1\n2\n");
	const dp_index *const both[2] = { a, b };
	dp_slices *slices = NULL;
	dp_error err = { 0 };
	cr_expect_eq(dp_partition(&slices, both, 2, "chunks", NULL, &err), DP_EFORMAT);
	cr_expect_not_null(strstr(err.msg, "3"), "%s", err.msg);
	dp_index_free(a);
	dp_index_free(b);
}

/* Members whose batches do not end together. */
Test(set, large_members_of_other_sizes)
{
	bytes a = make_lines(30000, 40, 1), b = make_lines(30000, 90, 2);
	a.data[a.len] = b.data[b.len] = 0;
	dp__buf expected = dp__buf_of(MAX);
	const char *p = (const char *)a.data, *q = (const char *)b.data;
	for (int i = 0; i < 30000; i++) {
		size_t n = strcspn(p, "\n") + 1, m = strcspn(q, "\n") + 1;
		cr_assert_eq(dp__buf_add(&expected, p, n, NULL), DP_OK);
		cr_assert_eq(dp__buf_add(&expected, q, m, NULL), DP_OK);
		p += n;
		q += m;
	}
	cr_assert_eq(dp__buf_close(&expected, NULL), DP_OK);
	expect_cut((char *)a.data, (char *)b.data, "n=3", (char *)expected.data);
	dp__buf_fini(&expected);
	free(a.data);
	free(b.data);
}

Test(set, a_token_holds_all_members)
{
	dp_index *a = index_of("mem:a.txt", "a1\na2\n"), *b = index_of("mem:b.txt", "b1\nb2\n");
	const dp_index *const both[2] = { a, b };
	dp_slices *slices = NULL, *again = NULL, *halves = NULL;
	dp__buf token = dp__buf_of(MAX);
	cr_assert_eq(dp_partition(&slices, both, 2, "box", NULL, NULL), DP_OK);
	cr_assert_eq(dp_slices_save(slices, dp__buf_write, &token, NULL), DP_OK);
	cr_assert_eq(dp_slices_load(&again, session, (char *)token.data, token.len, NULL), DP_OK);
	char *got = all_of(again);
	cr_expect_str_eq(got, "a1\nb1\na2\nb2\n");
	free(got);
	cr_assert_eq(dp_slice_split(&halves, dp_slices_at(again, 0), both, 2, 2, NULL), DP_OK);
	got = all_of(halves);
	cr_expect_str_eq(got, "a1\nb1\na2\nb2\n");
	free(got);
	cr_expect_eq(dp_slice_split(&halves, dp_slices_at(again, 0), both, 1, 2, NULL), DP_EINVAL);
	dp_slices_free(slices);
	dp_slices_free(again);
	dp_slices_free(halves);
	dp__buf_fini(&token);
	dp_index_free(a);
	dp_index_free(b);
}
