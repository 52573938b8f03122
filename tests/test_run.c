/* test_run.c - the run while it is built: the same bytes whether they stay in memory or not. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/index/run.h"

#define PIECES 100
#define SIZE   1000

/* 100 pieces of 10 bytes: "0000000000", "1111111111", ... */
static dp__run *filled(size_t memory)
{
	dp__run *run = NULL;
	char piece[10];
	cr_assert_eq(dp__run_open(&run, memory, NULL), DP_OK);
	for (int i = 0; i < PIECES; i++) {
		memset(piece, '0' + i % 10, sizeof(piece));
		cr_assert_eq(dp__run_add(run, piece, sizeof(piece), NULL), DP_OK);
	}
	return run;
}

static void expect_all(size_t memory)
{
	dp__run *run = filled(memory);
	dp__buf out = dp__buf_of(SIZE);
	cr_assert_eq(dp__run_copy(run, dp__buf_write, &out, NULL), DP_OK);
	cr_assert_eq(out.len, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		cr_assert_eq(out.data[i], '0' + i / 10 % 10, "byte %zu", i);
	dp__buf_fini(&out);
	dp__run_free(run);
}

Test(run, gives_all_from_memory)
{
	expect_all(SIZE);
}

Test(run, gives_all_from_file_and_memory)
{
	expect_all(64);
}

Test(run, gives_all_when_pieces_are_larger_than_memory)
{
	expect_all(3);
}

Test(run, tells_its_size)
{
	dp__run *run = filled(64);
	cr_expect_eq(dp__run_size(run), SIZE);
	dp__run_free(run);
}

Test(run, without_temporary_folder_cannot_be_written)
{
	dp__run *run = NULL;
	dp_error err = { 0 };
	setenv("TMPDIR", "/nonexistent", 1);
	cr_assert_eq(dp__run_open(&run, 3, NULL), DP_OK);
	cr_expect_eq(dp__run_add(run, "abcdef", 6, &err), DP_EWRITE);
	cr_expect(strstr(err.msg, "/nonexistent"), "%s", err.msg);
	dp__run_free(run);
}

Test(run, leaves_no_file_behind)
{
	char folder[] = "/tmp/dataplug-test-XXXXXX";
	cr_assert_not_null(mkdtemp(folder));
	setenv("TMPDIR", folder, 1);
	dp__run *run = filled(3);
	cr_expect_eq(rmdir(folder), 0, "the folder is empty while the run is open");
	dp__run_free(run);
}

Test(run, freeing_none_is_fine)
{
	dp__run_free(NULL);
}
