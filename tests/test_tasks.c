/* test_tasks.c - the built-in tasks count and checksum, and their totals. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"

static dp_code keep_total(void *user, const dp_result *result)
{
	if (result->slice == SIZE_MAX)
		snprintf(user, 128, "%.*s", (int)result->len, (const char *)result->data);
	return DP_OK;
}

/* The total of a built-in task over so many slices of a text of lines. */
static void total_of(char total[128], const char *text, const char *task, const char *slices)
{
	dp_session *session = NULL;
	dp_index *index = NULL;
	dp_slices *cut = NULL;
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_map_opts how = DP_MAP_OPTS_INIT;
	opts.format = "lines";
	how.result = keep_total;
	how.user = total;
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	cr_assert_eq(dp__mem_put(session, "mem:x", text, strlen(text), NULL), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, "mem:x", &opts, NULL), DP_OK);
	cr_assert_eq(dp_partition(&cut, (const dp_index *const *)&index, 1, "chunks",
				  (const char *const[]){ slices, NULL }, NULL),
		     DP_OK);
	cr_assert_eq(dp_map(cut, dp_task_find(session, task), NULL, &how, NULL), DP_OK);
	dp_slices_free(cut);
	dp_index_free(index);
	dp_session_free(session);
}

/* Folds b into a as dp_map() would. */
static dp_code merge(const char *task, const char *a, const char *b, char *out)
{
	dp_session *session = NULL;
	dp_batch left = { .data = (const uint8_t *)a, .len = strlen(a) };
	dp_batch right = { .data = (const uint8_t *)b, .len = strlen(b) };
	dp_work work = { 0 };
	char room[128] = "";
	dp__buf sum = { .data = (uint8_t *)room, .cap = sizeof room - 1, .max = sizeof room - 1 };
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	dp_code rc =
		dp_task_find(session, task)->merge(&work, &left, &right, dp__buf_write, &sum, NULL);
	memcpy(out, room, sizeof room);
	dp_session_free(session);
	return rc;
}

Test(tasks, count_counts_records)
{
	char total[128] = "";
	total_of(total, "a\nb\n\nd\ne", "count", "n=3");
	cr_expect_str_eq(total, "{\"records\":5}");
}

/* The check value of CRC-32: "123456789" has cbf43926. */
Test(tasks, checksum_of_one_slice_is_the_texts)
{
	char total[128] = "";
	total_of(total, "123456789", "checksum", "n=1");
	cr_expect_str_eq(total, "{\"bytes\":9,\"crc32\":\"cbf43926\"}");
}

/* printf '12\n34\n56\n' | gzip -c | tail -c8 | od -An -tx4 */
Test(tasks, checksum_of_many_slices_is_the_texts)
{
	char total[128] = "";
	total_of(total, "12\n34\n56\n", "checksum", "n=5");
	cr_expect_str_eq(total, "{\"bytes\":9,\"crc32\":\"4e401f40\"}");
}

Test(tasks, merge_refuses_what_is_no_result)
{
	char out[128];
	cr_expect_eq(merge("count", "{\"records\":1}", "{\"records\":-1}", out), DP_ETASK);
	cr_expect_eq(merge("count", "{\"records\":1}", "records", out), DP_ETASK);
	cr_expect_eq(merge("checksum", "{\"bytes\":1,\"crc32\":\"0\"}", "{\"bytes\":1}", out),
		     DP_ETASK);
	cr_expect_eq(merge("checksum", "{\"bytes\":1,\"crc32\":\"0000000g\"}",
			   "{\"bytes\":0,\"crc32\":\"00000000\"}", out),
		     DP_ETASK);
}

Test(tasks, merge_keeps_what_is_added_to_nothing)
{
	char out[128];
	cr_expect_eq(merge("checksum", "{\"bytes\":0,\"crc32\":\"00000000\"}",
			   "{\"bytes\":9,\"crc32\":\"cbf43926\"}", out),
		     DP_OK);
	cr_expect_str_eq(out, "{\"bytes\":9,\"crc32\":\"cbf43926\"}");
}
