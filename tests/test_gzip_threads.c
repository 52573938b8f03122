/* test_gzip_threads.c - the index of a gzip file of many members is the same bytes, however many
 * threads have made it; or none, for the same reason. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "support/make.h"

#define URL "mem:x.fastq.gz"

TestSuite(gzip_threads, .timeout = 300);

/* What becomes of an object. */
typedef struct made {
	dp_code code;
	dp_error err;
	bytes index;
} made;

/* How it is made. */
typedef struct way {
	const char *const *args;
	dp__mem_fault fault;
	uint64_t stop; /* once so many bytes were read; 0 = never */
	bool cancel;   /* with the session's means */
	dp_session *session;
} way;

static dp_code watch(void *user, uint64_t done, uint64_t total)
{
	const way *how = user;
	(void)total;
	if (!how->stop || done < how->stop)
		return DP_OK;
	if (!how->cancel)
		return DP_ECANCELED;
	dp_session_cancel(how->session);
	return DP_OK;
}

static dp_code add(void *user, const void *data, size_t len, dp_error *err)
{
	return dp__buf_add(user, data, len, err);
}

static void check_text(const dp_index *index, bytes text)
{
	dp_slices *slices = NULL;
	dp__buf got = dp__buf_of((size_t)1 << 28);
	const char *args[] = { "n=7", NULL };
	dp_error err = { 0 };
	cr_assert_eq(dp_partition(&slices, &index, 1, "chunks", args, NULL), DP_OK);
	for (size_t i = 0; i < dp_slices_count(slices); i++)
		cr_assert_eq(dp_slice_get(dp_slices_at(slices, i), 0, add, &got, &err), DP_OK, "%s",
			     err.msg);
	cr_assert_eq(got.len, text.len);
	cr_assert_arr_eq(got.data, text.data, text.len);
	cr_assert_eq(dp_index_verify(index, NULL, NULL, &err), DP_OK, "%s", err.msg);
	dp_slices_free(slices);
	dp__buf_fini(&got);
}

static made build(bytes object, bytes text, way how, const char *threads)
{
	const char *settings[] = { threads, "memory=1M", NULL };
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_index *index = NULL;
	made out = { 0 };
	cr_assert_eq(dp_session_open(&how.session, settings, NULL), DP_OK);
	opts.args = how.args;
	opts.progress = watch;
	opts.user = &how;
	cr_assert_eq(dp__mem_put(how.session, URL, object.data, object.len, NULL), DP_OK);
	if (how.fault.times)
		cr_assert_eq(dp__mem_fail(how.session, URL, how.fault, NULL), DP_OK);
	out.code = dp_index_build(&index, how.session, URL, &opts, &out.err);
	if (out.code == DP_OK) {
		const uint8_t *data = dp__mem_get(how.session, URL ".dpx", &out.index.len);
		cr_assert_not_null(data);
		out.index = make_copy(data, out.index.len);
		if (text.data)
			check_text(index, text);
	}
	dp_index_free(index);
	dp_session_free(how.session);
	return out;
}

/* Text that is NULL is not looked at. */
static made agree_on(bytes object, bytes text, way how)
{
	static const char *const threads[] = { "threads=2", "threads=4", "threads=20" };
	made alone = build(object, text, how, "threads=1");
	for (size_t i = 0; i < 3; i++) {
		made many = build(object, text, how, threads[i]);
		cr_assert_eq(many.code, alone.code, "%s, alone: %s", many.err.msg, alone.err.msg);
		cr_assert(alone.code == DP_OK || strcmp(many.err.msg, alone.err.msg) == 0,
			  "%s, alone: %s", many.err.msg, alone.err.msg);
		cr_assert_eq(many.index.len, alone.index.len);
		cr_assert(!alone.index.len ||
			  memcmp(many.index.data, alone.index.data, alone.index.len) == 0);
		free(many.index.data);
	}
	free(alone.index.data);
	return alone;
}

static bytes bgzf_of(bytes text)
{
	return make_bgzf(text.data, text.len, 65280);
}

static void same_index(const char *const *args)
{
	bytes text = make_reads(25000, 150, 1), object = bgzf_of(text);
	made out = agree_on(object, text, (way){ .args = args });
	cr_assert_eq(out.code, DP_OK, "%s", out.err.msg);
	free(text.data);
	free(object.data);
}

Test(gzip_threads, same_index_of_bgzf)
{
	same_index(NULL);
}

Test(gzip_threads, same_index_of_bgzf_in_small_units)
{
	static const char *const args[] = { "span=16K", NULL };
	same_index(args);
}

Test(gzip_threads, same_index_of_bgzf_in_units_smaller_than_blocks)
{
	static const char *const args[] = { "span=2K", NULL };
	same_index(args);
}

Test(gzip_threads, same_index_of_members_of_all_sizes)
{
	static const size_t n[] = { 3000, 100, 7000, 20, 12000, 1, 1500 };
	bytes text = make_copy("", 0), object = make_copy("", 0);
	for (size_t i = 0; i < 28; i++) {
		bytes part = make_reads(n[i % 7], 150, i);
		bool bgzf = i / 7 % 2 == 0;
		object = make_join(object,
				   bgzf ? bgzf_of(part)
					: make_gzip(part.data, part.len, 6, Z_DEFAULT_STRATEGY));
		text = make_join(text, part);
	}
	made out = agree_on(object, text, (way){ 0 });
	cr_assert_eq(out.code, DP_OK, "%s", out.err.msg);
	free(text.data);
	free(object.data);
}

/* With the same warning in it. */
Test(gzip_threads, same_index_of_what_is_cut_off)
{
	static const char *const args[] = { "allow_truncated=yes", NULL };
	bytes text = make_reads(25000, 150, 1), object = bgzf_of(text), none = { NULL, 0 };
	for (size_t i = 1; i < 20; i++) {
		bytes cut = { object.data, object.len / 20 * i };
		made out = agree_on(cut, none, (way){ .args = args });
		cr_assert_eq(out.code, DP_OK, "%s", out.err.msg);
		out = agree_on(cut, none, (way){ 0 });
		cr_assert_eq(out.code, DP_EFORMAT);
		cr_assert(strstr(out.err.msg, ": ends inside a gzip "), "%s", out.err.msg);
	}
	free(text.data);
	free(object.data);
}

Test(gzip_threads, same_error_of_what_is_damaged)
{
	bytes text = make_reads(25000, 150, 1), object = bgzf_of(text), none = { NULL, 0 };
	for (size_t i = 1; i < 20; i++) {
		uint8_t *at = &object.data[object.len / 20 * i];
		*at ^= 0x10;
		cr_assert_eq(agree_on(object, none, (way){ 0 }).code, DP_EFORMAT);
		*at ^= 0x10;
	}
	free(text.data);
	free(object.data);
}

/* A record that is wrong comes before a member that is. */
Test(gzip_threads, first_error_is_told)
{
	bytes text = make_reads(12000, 150, 1), bad = make_copy("no read\n", 8), none = { NULL, 0 };
	bytes object = make_join(bgzf_of(text), bgzf_of(bad));
	object = make_join(object, bgzf_of(text));
	object.data[object.len - 20000] ^= 0x10;
	made out = agree_on(object, none, (way){ 0 });
	cr_assert_eq(out.code, DP_EFORMAT);
	cr_assert(strstr(out.err.msg, "read 12000"), "%s", out.err.msg);
	free(bad.data);
	free(text.data);
	free(object.data);
}

Test(gzip_threads, reads_that_fail)
{
	bytes text = make_reads(60000, 150, 1), object = bgzf_of(text), none = { NULL, 0 };
	for (uint64_t skip = 1; skip < 5; skip++) {
		way how = { .fault = { .skip = skip, .times = UINT64_MAX, .code = DP_EIO } };
		cr_assert_eq(agree_on(object, none, how).code, DP_EIO);
	}
	free(text.data);
	free(object.data);
}

Test(gzip_threads, stopped_in_the_middle)
{
	bytes text = make_reads(60000, 150, 1), object = bgzf_of(text), none = { NULL, 0 };
	for (uint64_t i = 1; i < 10; i++) {
		way how = { .stop = object.len / 10 * i, .cancel = i % 2 == 0 };
		cr_assert_eq(agree_on(object, none, how).code, DP_ECANCELED);
	}
	free(text.data);
	free(object.data);
}
