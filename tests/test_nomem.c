/*
 * test_nomem.c - every allocation of the library fails once: the whole path ends with DP_ENOMEM,
 * and leaks nothing (the sanitizers' run tells).
 *
 * The linker leads the library's allocations here (--wrap); those of other libraries go their way.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "support/make.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);

/* How many allocations go well before one fails; negative: all do. */
static long left = -1;

static bool fails(void)
{
	if (left < 0)
		return false;
	return left-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
	return fails() ? NULL : __real_realloc(old, n);
}

static dp_code swallow(void *user, const void *data, size_t len, dp_error *err)
{
	size_t *sum = user;
	(void)data;
	(void)err;
	*sum += len;
	return DP_OK;
}

/* Cuts an index, sends the tokens through memory, gets and maps the slices. */
static dp_code use_index(dp_session *session, const dp_index *index, size_t *sum, dp_error *err)
{
	dp_slices *slices = NULL, *halves = NULL, *chosen = NULL;
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	opts.jobs = 1;
	dp_code rc = dp_partition(&slices, &index, 1, "chunks",
				  (const char *const[]){ "n=3", NULL }, err);
	for (size_t i = 0; rc == DP_OK && i < dp_slices_count(slices); i++)
		rc = dp_slice_get(dp_slices_at(slices, i), 0, swallow, sum, err);
	if (rc == DP_OK)
		rc = dp_slice_split(&halves, dp_slices_at(slices, 1), &index, 1, 2, err);
	if (rc == DP_OK)
		rc = dp_map(slices, dp_task_find(session, "count"), NULL, &opts, err);
	if (rc == DP_OK)
		rc = dp_partition(&chosen, &index, 1, "auto", NULL, err);
	dp_slices_free(chosen);
	dp_slices_free(halves);
	dp_slices_free(slices);
	return rc;
}

/* The points go out as another program's, and come back. */
static dp_code exchange_points(dp_session *session, const dp_index *index, dp_error *err)
{
	dp__buf points = dp__buf_of((size_t)1 << 20);
	dp_index *again = NULL;
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	opts.imported = "mem:points";
	dp_code rc = dp_index_export(index, "gztool-lines", NULL, dp__buf_write, &points, err);
	if (rc == DP_OK)
		rc = dp__mem_put(session, opts.imported, points.data, points.len, err);
	if (rc == DP_OK)
		rc = dp_index_build(&again, session, "mem:x.fastq.gz", &opts, err);
	dp_index_free(again);
	dp__buf_fini(&points);
	return rc;
}

static dp_code whole_path(bytes object, size_t *sum, dp_error *err)
{
	dp_session *session = NULL;
	dp_index *index = NULL;
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	opts.args = (const char *const[]){ "span=2K", NULL };
	dp_code rc = dp_session_open(&session, NULL, err);
	if (rc == DP_OK)
		rc = dp__mem_put(session, "mem:x.fastq.gz", object.data, object.len, err);
	if (rc == DP_OK)
		rc = dp_index_build(&index, session, "mem:x.fastq.gz", &opts, err);
	dp_index_free(index);
	index = NULL;
	if (rc == DP_OK)
		rc = dp_index_open(&index, session, "mem:x.fastq.gz", err);
	if (rc == DP_OK)
		rc = use_index(session, index, sum, err);
	if (rc == DP_OK)
		rc = exchange_points(session, index, err);
	dp_index_free(index);
	dp_session_free(session);
	return rc;
}

Test(nomem, each_allocation_fails_once)
{
	bytes text = make_reads(60, 60, 1), gz = make_gzip(text.data, text.len, 6, 0);
	dp_code rc = DP_ENOMEM;
	for (long k = 0; rc != DP_OK; k++) {
		dp_error err = { 0 };
		size_t sum = 0;
		left = k;
		rc = whole_path(gz, &sum, &err);
		bool failed = left < 0;
		left = -1;
		cr_assert(rc == DP_OK || rc == DP_ENOMEM, "allocation %ld: %s: %s", k,
			  dp_code_name(rc), err.msg);
		cr_assert(rc != DP_OK || sum == text.len, "allocation %ld", k);
		if (rc == DP_OK && failed)
			rc = DP_ENOMEM; /* one that could be done without */
		cr_assert_lt(k, 100000);
	}
	free(text.data);
	free(gz.data);
}
