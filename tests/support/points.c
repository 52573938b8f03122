/* points.c - objects in memory whose points are exported to other programs, and imported. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <zlib.h>

#include "core/io/mem.h"
#include "support/points.h"

#define MAX ((size_t)1 << 26)

object object_store(dp_session *session, bytes gz, bytes text)
{
	object made = { session, gz, text, "mem:x.fastq.gz", "fastq" };
	cr_assert_eq(dp__mem_put(session, made.url, gz.data, gz.len, NULL), DP_OK);
	return made;
}

void object_drop(object *of)
{
	free(of->gz.data);
	free(of->text.data);
}

object object_whole(dp_session *session, size_t reads, int level, int strategy)
{
	bytes text = make_reads(reads, 150, 5);
	return object_store(session, make_gzip(text.data, text.len, level, strategy), text);
}

object object_blocks(dp_session *session, size_t reads, size_t every)
{
	bytes text = make_reads(reads, 150, 5);
	return object_store(session, make_blocks(text, every, Z_BLOCK, NULL), text);
}

object object_members(dp_session *session, size_t reads, size_t every)
{
	bytes text = make_reads(reads, 150, 5);
	bytes half = { text.data, text.len / 2 };
	bytes rest = { text.data + half.len, text.len - half.len };
	bytes first = make_blocks(half, every, Z_BLOCK, NULL);
	bytes second = make_blocks(rest, every, Z_SYNC_FLUSH, NULL);
	return object_store(session, make_join(first, second), text);
}

dp_code object_build(dp_index **out, const object *of, const char *span, const char *points,
		     dp_error *err)
{
	const char *args[] = { span, NULL };
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	opts.format = of->format;
	opts.args = args;
	opts.force = true;
	opts.imported = points;
	return dp_index_build(out, of->session, of->url, &opts, err);
}

dp_index *object_index(const object *of, const char *span)
{
	dp_index *index = NULL;
	dp_error err = { 0 };
	cr_assert_eq(object_build(&index, of, span, NULL, &err), DP_OK, "%s", err.msg);
	return index;
}

dp__buf object_export(const dp_index *index, const char *as, dp_exported *done)
{
	dp__buf out = dp__buf_of(MAX);
	dp_error err = { 0 };
	cr_assert_eq(dp_index_export(index, as, done, dp__buf_write, &out, &err), DP_OK, "%s",
		     err.msg);
	return out;
}

dp_code object_import(dp_index **out, const object *of, const void *points, size_t len,
		      dp_error *err)
{
	cr_assert_eq(dp__mem_put(of->session, "mem:points", points, len, NULL), DP_OK);
	return object_build(out, of, NULL, "mem:points", err);
}

void object_expect_all(const dp_index *index, const object *of)
{
	dp_slices *slices = NULL;
	dp_error err = { 0 };
	dp__buf back = dp__buf_of(MAX);
	dp_code rc = dp_partition(&slices, &index, 1, "chunks",
				  (const char *const[]){ "n=7", NULL }, &err);
	for (size_t i = 0; rc == DP_OK && i < dp_slices_count(slices); i++)
		rc = dp_slice_get(dp_slices_at(slices, i), 0, dp__buf_write, &back, &err);
	cr_assert_eq(rc, DP_OK, "%s", err.msg);
	cr_assert_eq(back.len, of->text.len);
	if (back.len)
		cr_assert_arr_eq(back.data, of->text.data, back.len);
	dp_slices_free(slices);
	dp__buf_fini(&back);
}
