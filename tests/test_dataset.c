/* test_dataset.c - objects under a prefix: listed in order, cut as one, never across. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "support/folder.h"

static dp_session *session;
static char told[2000];

static void open_session(void)
{
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	told[0] = 0;
}

static void close_session(void)
{
	dp_session_free(session);
}

TestSuite(dataset, .init = open_session, .fini = close_session);

/* So many lines at mem:NAME, indexed. */
static void put(const char *url, size_t lines)
{
	dp__buf text = dp__buf_of((size_t)1 << 20);
	dp_index *index = NULL;
	for (size_t i = 0; i < lines; i++)
		cr_assert_eq(dp__buf_printf(&text, NULL, "%s %zu\n", url, i), DP_OK);
	cr_assert_eq(dp__mem_put(session, url, text.data, text.len, NULL), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, url, NULL, NULL), DP_OK);
	dp_index_free(index);
	dp__buf_fini(&text);
}

static dp_code tell(void *user, const char *url, uint64_t size, dp_error *err)
{
	size_t len = strlen(told);
	(void)user;
	(void)err;
	snprintf(told + len, sizeof told - len, "%s %d|", url, (int)size);
	return DP_OK;
}

static void tell_skipped(void *user, const char *url, const dp_error *why)
{
	size_t len = strlen(told);
	(void)user;
	snprintf(told + len, sizeof told - len, "%s %s|", url, dp_code_name(why->code));
}

/* "records of url" of every slice. */
static void expect_cut(const char *strategy, const char *arg, const char *expected)
{
	dp_dataset *dataset = NULL;
	dp_slices *slices = NULL;
	char text[2000] = "";
	dp_error err = { 0 };
	cr_assert_eq(dp_dataset_open(&dataset, session, "mem:d/", NULL, NULL), DP_OK);
	cr_assert_eq(dp_dataset_partition(&slices, dataset, strategy,
					  (const char *const[]){ arg, NULL }, &err),
		     DP_OK, "%s", err.msg);
	for (size_t i = 0; i < dp_slices_count(slices); i++) {
		const dp_slice *slice = dp_slices_at(slices, i);
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "%s%s:%d+%d", i ? " " : "",
			 dp_slice_url(slice) + strlen("mem:d/"), (int)dp_slice_sel(slice)->rec,
			 (int)dp_slice_sel(slice)->nrec);
	}
	cr_expect_str_eq(text, expected);
	dp_slices_free(slices);
	dp_dataset_free(dataset);
}

Test(dataset, lists_in_order_without_indexes)
{
	put("mem:d/b", 1);
	put("mem:d/a/x", 2);
	put("mem:e", 1);
	put("mem:d/a.x", 1);
	cr_assert_eq(dp_list(session, "mem:d/", tell, NULL, NULL), DP_OK);
	cr_expect_str_eq(told, "mem:d/a.x 12|mem:d/a/x 24|mem:d/b 10|");
}

static dp_code refuse(void *user, const char *url, uint64_t size, dp_error *err)
{
	(void)user;
	(void)size;
	return dp_fail(err, DP_ETASK, "not %s", url);
}

Test(dataset, a_listing_can_be_stopped)
{
	dp_error err = { 0 };
	put("mem:d/b", 1);
	cr_expect_eq(dp_list(session, "mem:d/", refuse, NULL, &err), DP_ETASK);
	cr_expect_str_eq(err.msg, "not mem:d/b");
}

Test(dataset, slices_are_shared_out_by_records)
{
	put("mem:d/a", 10);
	put("mem:d/b", 30);
	expect_cut("chunks", "n=4", "a:0+10 b:0+10 b:10+10 b:20+10");
}

Test(dataset, each_object_has_a_slice)
{
	put("mem:d/a", 1);
	put("mem:d/b", 1000);
	put("mem:d/c", 1);
	expect_cut("chunks", "n=1", "a:0+1 b:0+1000 c:0+1");
	expect_cut("chunks", "n=4", "a:0+1 b:0+500 b:500+500 c:0+1");
}

Test(dataset, the_largest_slice_is_as_small_as_it_can_be)
{
	put("mem:d/a", 7);
	put("mem:d/b", 12);
	expect_cut("chunks", "n=5", "a:0+3 a:3+4 b:0+4 b:4+4 b:8+4");
	expect_cut("chunks", "n=6", "a:0+2 a:2+2 a:4+3 b:0+4 b:4+4 b:8+4");
}

Test(dataset, more_slices_than_records)
{
	put("mem:d/a", 1);
	put("mem:d/b", 1);
	expect_cut("chunks", "n=3", "a:0+0 a:0+1 b:0+1");
}

Test(dataset, empty_objects_have_none)
{
	put("mem:d/a", 2);
	put("mem:d/b", 0);
	put("mem:d/c", 2);
	expect_cut("chunks", "n=3", "a:0+1 a:1+1 c:0+2");
}

Test(dataset, other_strategies_cut_each_object)
{
	put("mem:d/a", 5);
	put("mem:d/b", 3);
	expect_cut("count", "n=2", "a:0+2 a:2+2 a:4+1 b:0+2 b:2+1");
}

Test(dataset, slices_are_numbered_through)
{
	dp_dataset *dataset = NULL;
	dp_slices *slices = NULL, *again = NULL;
	dp__buf tokens = dp__buf_of((size_t)1 << 20);
	put("mem:d/a", 5);
	put("mem:d/b", 3);
	cr_assert_eq(dp_dataset_open(&dataset, session, "mem:d/", NULL, NULL), DP_OK);
	cr_assert_eq(dp_dataset_partition(&slices, dataset, "chunks",
					  (const char *const[]){ "n=3", NULL }, NULL),
		     DP_OK);
	cr_assert_eq(dp_slices_save(slices, dp__buf_write, &tokens, NULL), DP_OK);
	cr_assert_eq(dp__buf_close(&tokens, NULL), DP_OK);
	cr_expect_not_null(strstr((char *)tokens.data, "\"slice\":[2,3]"));
	cr_assert_eq(dp_slices_load(&again, session, (char *)tokens.data, tokens.len, NULL), DP_OK);
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(dp_slice_get(dp_slices_at(again, i), 0, dp__buf_write, &tokens, NULL),
			     DP_OK);
	dp_slices_free(slices);
	dp_slices_free(again);
	dp_dataset_free(dataset);
	dp__buf_fini(&tokens);
}

Test(dataset, what_does_not_belong_is_told)
{
	dp_dataset_opts opts = DP_DATASET_OPTS_INIT;
	dp_dataset *dataset = NULL;
	dp_error err = { 0 };
	put("mem:d/a", 5);
	put("mem:d/b", 5);
	cr_assert_eq(dp__mem_put(session, "mem:d/b", "new\n", 4, NULL), DP_OK);
	cr_assert_eq(dp__mem_put(session, "mem:d/c", "none\n", 5, NULL), DP_OK);
	opts.skipped = tell_skipped;
	cr_assert_eq(dp_dataset_open(&dataset, session, "mem:d/", &opts, NULL), DP_OK);
	cr_expect_eq(dp_dataset_count(dataset), 1);
	cr_expect_str_eq(told, "mem:d/b DP_ESTALE|mem:d/c DP_ENOTFOUND|");
	dp_dataset_free(dataset);
	dataset = NULL;
	opts.strict = true;
	cr_expect_eq(dp_dataset_open(&dataset, session, "mem:d/", &opts, &err), DP_ESTALE);
	cr_expect_not_null(strstr(err.msg, "mem:d/b"), "%s", err.msg);
	opts.strict = false;
	opts.format = "fastq";
	cr_expect_eq(dp_dataset_open(&dataset, session, "mem:d/", &opts, &err), DP_ENOTFOUND);
}

Test(dataset, wrong_numbers_are_refused)
{
	dp_dataset *dataset = NULL;
	dp_slices *slices = NULL;
	put("mem:d/a", 5);
	cr_assert_eq(dp_dataset_open(&dataset, session, "mem:d/", NULL, NULL), DP_OK);
	cr_expect_eq(dp_dataset_partition(&slices, dataset, "chunks",
					  (const char *const[]){ "n=0", NULL }, NULL),
		     DP_EINVAL);
	cr_expect_eq(dp_dataset_partition(&slices, dataset, "none", NULL, NULL), DP_EINVAL);
	dp_dataset_free(dataset);
}

Test(dataset, files_of_a_folder)
{
	const char *folder = folder_make();
	char path[200], expected[600];
	const char *const names[] = { "b.txt", "a/x.txt", "a.txt", ".hidden", "z.dpx" };
	snprintf(path, sizeof path, "%s/a", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < 5; i++)
		folder_write(names[i], "x\n");
	cr_expect_eq(dp_list(session, folder, tell, NULL, NULL), DP_OK);
	snprintf(expected, sizeof expected,
		 "file://%s/a.txt 2|file://%s/a/x.txt 2|file://%s/b.txt 2|", folder, folder,
		 folder);
	cr_expect_str_eq(told, expected);
	folder_remove();
	cr_expect_eq(dp_list(session, folder, tell, NULL, NULL), DP_ENOTFOUND);
}
