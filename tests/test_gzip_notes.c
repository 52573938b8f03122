/* test_gzip_notes.c - what is noticed of odd .gz files while they are indexed: BGZF that is not as
 * it says, and files that are cut off. zlib says how far they can be read. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "support/make.h"

#define MAX ((size_t)1 << 24)

static dp_session *session;

static void set_up(void)
{
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
}

static void tear_down(void)
{
	dp_session_free(session);
}

TestSuite(gzip_notes, .init = set_up, .fini = tear_down, .timeout = 120);

/* Frees the object. */
static dp_code build(dp_index **out, const char *url, bytes object, const char *arg, dp_error *err)
{
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	const char *args[] = { "span=4K", arg, NULL };
	opts.args = args;
	opts.force = true;
	opts.format = strstr(url, "fastq") ? "fastq" : "lines";
	cr_assert_eq(dp__mem_put(session, url, object.data, object.len, NULL), DP_OK);
	free(object.data);
	return dp_index_build(out, session, url, &opts, err);
}

static const char *warnings_of(const dp_index *index)
{
	size_t len;
	return dp_index_attr(index, "warnings", &len);
}

static void expect_warnings(bytes object, const char *expected)
{
	dp_index *index = NULL;
	dp_error err = { 0 };
	cr_assert_eq(build(&index, "mem:x.txt.gz", object, NULL, &err), DP_OK, "%s", err.msg);
	cr_expect_str_eq(warnings_of(index), expected);
	dp_index_free(index);
}

static bytes bgzf_of(size_t lines, size_t block)
{
	bytes text = make_lines(lines, 60, 1);
	bytes made = make_bgzf(text.data, text.len, block);
	free(text.data);
	return made;
}

static bytes without_end(bytes object)
{
	object.len -= 28;
	return object;
}

Test(gzip_notes, whole_bgzf_is_nothing_to_notice)
{
	expect_warnings(bgzf_of(3000, 9000), "");
	expect_warnings(make_join(bgzf_of(3000, 9000), bgzf_of(10, 9000)), "");
}

Test(gzip_notes, missing_end_of_bgzf)
{
	expect_warnings(without_end(bgzf_of(3000, 9000)),
			"the block that ends a BGZF file is missing");
	expect_warnings(make_join(bgzf_of(3000, 9000), without_end(bgzf_of(10, 9000))),
			"the block that ends a BGZF file is missing");
}

Test(gzip_notes, bgzf_that_gzip_follows_has_no_end)
{
	bytes more = make_gzip((const uint8_t *)"more\n", 5, 6, Z_DEFAULT_STRATEGY);
	expect_warnings(make_join(bgzf_of(3000, 9000), more),
			"the block that ends a BGZF file is missing");
}

Test(gzip_notes, block_sizes_that_lie)
{
	bytes object = bgzf_of(3000, 9000);
	object.data[16] ^= 1;
	expect_warnings(object, "1 BGZF blocks are not as long as they say, the first at stored "
				"byte 0; they were read as gzip");
}

/* A subfield before BC, as htslib's own readers do not expect it. */
Test(gzip_notes, block_size_is_found_behind_another_subfield)
{
	static const uint8_t other[] = { 'X', 'Y', 3, 0, 1, 2, 3 };
	bytes made = bgzf_of(2, 9000), object = { NULL, 0 };
	size_t size = (size_t)(made.data[16] | made.data[17] << 8) + 1;
	object.data = malloc(made.len + sizeof other);
	memcpy(object.data, made.data, 12);
	memcpy(object.data + 12, other, sizeof other);
	memcpy(object.data + 12 + sizeof other, made.data + 12, made.len - 12);
	object.len = made.len + sizeof other;
	object.data[10] = (uint8_t)(6 + sizeof other);
	object.data[16 + sizeof other] = (uint8_t)(size + sizeof other - 1);
	object.data[17 + sizeof other] = (uint8_t)((size + sizeof other - 1) >> 8);
	free(made.data);
	expect_warnings(object, "");
}

/* Subfields that are longer than the field are only passed over. */
Test(gzip_notes, broken_extra_field_is_passed_over)
{
	bytes object = bgzf_of(2, 9000);
	object.data[14] = 0xff;
	expect_warnings(object, "");
}

/* What zlib decodes of the first member, cut off as it is. */
static bytes decoded(bytes object)
{
	z_stream z = { .next_in = object.data, .avail_in = (uInt)object.len };
	bytes text = { malloc(MAX), 0 };
	z.next_out = text.data;
	z.avail_out = (uInt)MAX;
	cr_assert_eq(inflateInit2(&z, 31), Z_OK);
	inflate(&z, Z_SYNC_FLUSH);
	text.len = MAX - z.avail_out;
	inflateEnd(&z);
	return text;
}

/* How many bytes of it are whole records: those that so many newlines end. */
static size_t whole_records(bytes text, size_t newlines, size_t *n)
{
	size_t len = 0, seen = 0;
	*n = 0;
	for (size_t i = 0; i < text.len; i++) {
		seen += text.data[i] == '\n';
		if (text.data[i] == '\n' && seen % newlines == 0) {
			len = i + 1;
			++*n;
		}
	}
	return len;
}

static dp_code add(void *user, const void *data, size_t len, dp_error *err)
{
	return dp__buf_add(user, data, len, err);
}

/* All records of the index, by the slices of a cut. */
static dp__buf all_of(const dp_index *index)
{
	dp__buf got = dp__buf_of(MAX);
	dp_slices *slices = NULL;
	dp_error err = { 0 };
	const char *args[] = { "n=5", NULL };
	cr_assert_eq(dp_partition(&slices, &index, 1, "chunks", args, NULL), DP_OK);
	for (size_t i = 0; i < dp_slices_count(slices); i++)
		cr_assert_eq(dp_slice_get(dp_slices_at(slices, i), 0, add, &got, &err), DP_OK, "%s",
			     err.msg);
	dp_slices_free(slices);
	return got;
}

static void check_cut(const char *url, bytes object, size_t len, size_t newlines)
{
	bytes cut = make_copy(object.data, len), text = decoded(cut);
	dp_index *index = NULL;
	dp_error err = { 0 };
	char where[64];
	size_t nrec, whole = whole_records(text, newlines, &nrec);
	cr_assert_eq(build(&index, url, make_copy(object.data, len), NULL, &err), DP_EFORMAT);
	cr_assert_eq(build(&index, url, cut, "allow_truncated=yes", &err), DP_OK, "cut at %zu: %s",
		     len, err.msg);
	cr_assert_eq(dp_index_view(index)->nrec, nrec, "cut at %zu: %zu, not %zu; %s", len,
		     (size_t)dp_index_view(index)->nrec, nrec, warnings_of(index));
	dp__buf got = all_of(index);
	cr_assert_eq(got.len, whole, "cut at %zu", len);
	cr_assert(whole == 0 || memcmp(got.data, text.data, whole) == 0, "cut at %zu", len);
	snprintf(where, sizeof where, "is cut off at stored byte %zu; ", len);
	cr_assert_not_null(strstr(warnings_of(index), where), "%s", warnings_of(index));
	cr_assert_eq(dp_index_verify(index, NULL, NULL, &err), DP_OK, "%s", err.msg);
	dp__buf_fini(&got);
	dp_index_free(index);
	free(text.data);
}

Test(gzip_notes, cut_off_reads_are_indexed_if_they_may)
{
	bytes text = make_reads(600, 100, 1);
	bytes object = make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY);
	for (size_t len = 30; len < object.len; len += object.len / 37)
		check_cut("mem:x.fastq.gz", object, len, 4);
	for (size_t len = object.len - 12; len < object.len; len++)
		check_cut("mem:x.fastq.gz", object, len, 4);
	free(object.data);
	free(text.data);
}

Test(gzip_notes, cut_off_lines_are_indexed_if_they_may)
{
	bytes text = make_lines(2000, 60, 1);
	bytes object = make_gzip(text.data, text.len, 1, Z_DEFAULT_STRATEGY);
	for (size_t len = 30; len < object.len; len += object.len / 23)
		check_cut("mem:x.txt.gz", object, len, 1);
	free(object.data);
	free(text.data);
}

Test(gzip_notes, what_is_wrong_is_no_cut)
{
	bytes text = make_lines(2000, 60, 1);
	bytes object = make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY);
	dp_index *index = NULL;
	dp_error err = { 0 };
	object.data[object.len - 8] ^= 1;
	cr_assert_eq(build(&index, "mem:x.txt.gz", object, "allow_truncated=yes", &err),
		     DP_EFORMAT);
	free(text.data);
}
