/* test_gzi_import.c - units begin at the points of another program's index, or it is refused. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/bytes.h"
#include "core/io/mem.h"
#include "dataplug/plugin.h"
#include "support/points.h"

#define MAX    ((size_t)1 << 26)
#define WINDOW 32768

static dp_session *session;

static void set_up(void)
{
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
}

static void tear_down(void)
{
	dp_session_free(session);
}

TestSuite(gzi_import, .init = set_up, .fini = tear_down, .timeout = 300);

/* What was exported and imported has the units whose points could be exported. */
static void comes_back(object of, const char *span)
{
	static const char *const kinds[] = { "gztool", "gztool-lines", "indexed-gzip" };
	for (size_t k = 0; k < 3; k++) {
		dp_index *first = object_index(&of, span);
		dp_exported done;
		dp_index *index = NULL;
		dp_error err = { 0 };
		dp__buf file = object_export(first, kinds[k], &done);
		cr_assert_eq(object_import(&index, &of, file.data, file.len, &err), DP_OK, "%s: %s",
			     kinds[k], err.msg);
		cr_expect_eq(dp_index_view(index)->nunits, done.points, "%s", kinds[k]);
		object_expect_all(index, &of);
		dp__buf_fini(&file);
		dp_index_free(index);
		dp_index_free(first);
	}
	object_drop(&of);
}

Test(gzi_import, imports_points_between_blocks)
{
	comes_back(object_blocks(session, 3000, 7000), "span=32K");
}

Test(gzi_import, imports_points_in_members)
{
	comes_back(object_members(session, 3000, 7000), "span=32K");
}

Test(gzi_import, imports_points_of_members)
{
	bytes text = make_reads(3000, 150, 5);
	comes_back(object_store(session, make_bgzf(text.data, text.len, 5000), text), "span=32K");
}

Test(gzi_import, imports_points_of_stored_blocks)
{
	comes_back(object_whole(session, 12000, 0, Z_DEFAULT_STRATEGY), "span=256K");
}

Test(gzi_import, imports_into_one_huge_block)
{
	comes_back(object_whole(session, 500, 1, Z_FIXED), "span=1G");
}

/* ---- import of points that the test makes ---- */

typedef struct point {
	uint64_t text, byte;
	uint8_t bits;
} point;

/* An index of indexed_gzip, of points without windows. */
static dp__buf index_of(const object *of, const point *points, uint32_t n)
{
	dp__buf out = dp__buf_of(MAX);
	dp__buf_add(&out, "GZIDX\1\0", 7, NULL);
	dp__put_le64(&out, of->gz.len, NULL);
	dp__put_le64(&out, 0, NULL);
	dp__put_le32(&out, 1 << 20, NULL);
	dp__put_le32(&out, WINDOW, NULL);
	dp__put_le32(&out, n, NULL);
	for (uint32_t i = 0; i < n; i++) {
		dp__put_le64(&out, points[i].byte, NULL);
		dp__put_le64(&out, points[i].text, NULL);
		dp__put_u8(&out, points[i].bits, NULL);
		dp__put_u8(&out, 0, NULL);
	}
	return out;
}

/* What comes of the points, and DP_OK's units. */
static dp_code comes_of(const object *of, const point *points, uint32_t n, size_t *units,
			dp_error *err)
{
	dp__buf file = index_of(of, points, n);
	dp_index *index = NULL;
	dp_code rc = object_import(&index, of, file.data, file.len, err);
	if (rc == DP_OK) {
		object_expect_all(index, of);
		*units = dp_index_view(index)->nunits;
	}
	dp_index_free(index);
	dp__buf_fini(&file);
	return rc;
}

/* Reads in blocks of so many bytes of text, and the points behind the empty one that follows each.
 */
static object flushed(size_t every, point at[20])
{
	bytes text = make_reads(2000, 150, 3);
	uint64_t ends[20] = { 0 };
	object of = object_store(session, make_blocks(text, every, Z_SYNC_FLUSH, ends), text);
	for (size_t i = 0; i < 20; i++)
		at[i] = (point){ .text = (i + 1) * every, .byte = ends[i] };
	return of;
}

/* Two places of one text: before the empty block, where the scan's own point is, and behind it. */
Test(gzi_import, point_behind_an_empty_block_is_the_one_before)
{
	point at[20];
	size_t units = 0;
	dp_error err = { 0 };
	object of = flushed(60000, at);
	cr_assert_eq(comes_of(&of, at, 4, &units, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(units, 5);
	object_drop(&of);
}

/* Text is decoded in pieces of 256 KiB. */
Test(gzi_import, point_at_the_end_of_a_piece)
{
	point at[20];
	size_t units = 0;
	dp_error err = { 0 };
	object of = flushed((size_t)256 << 10, at);
	cr_assert_eq(comes_of(&of, at, 1, &units, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(units, 2);
	object_drop(&of);
}

/* Members as small as BGZF's blocks, with points in the middle of some. */
Test(gzi_import, points_inside_small_members)
{
	enum { MEMBERS = 40, MEMBER = 6000, BLOCK = 2000 };
	point at[MEMBERS / 4];
	size_t units = 0;
	dp_error err = { 0 };
	bytes text = make_lines(6000, 90, 3), gz = make_copy("", 0);
	cr_assert_gt(text.len, MEMBERS * MEMBER);
	text.len = MEMBERS * MEMBER;
	for (size_t i = 0; i < MEMBERS; i++) {
		uint64_t ends[MEMBER / BLOCK];
		bytes part = { text.data + i * MEMBER, MEMBER };
		bytes member = make_blocks(part, BLOCK, Z_SYNC_FLUSH, ends);
		at[i / 4] = (point){ .text = i * MEMBER + 2 * BLOCK, .byte = gz.len + ends[1] };
		gz = make_join(gz, member);
	}
	object of = object_store(session, gz, text);
	of.format = "lines";
	cr_assert_eq(comes_of(&of, at, MEMBERS / 4, &units, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(units, MEMBERS / 4 + 1);
	object_drop(&of);
}

Test(gzi_import, point_elsewhere_is_named)
{
	static const struct {
		int text, byte;
		uint8_t bits;
	} moves[] = { { 1, 0, 0 },  { -1, 0, 0 }, { 0, 1, 0 },
		      { 0, -1, 0 }, { 0, 0, 1 },  { 0, 1000, 0 } };
	point at[20];
	size_t units = 0;
	object of = flushed(60000, at);
	for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
		point moved[4];
		dp_error err = { 0 };
		memcpy(moved, at, sizeof moved);
		moved[2].text += (uint64_t)moves[i].text;
		moved[2].byte += (uint64_t)moves[i].byte;
		moved[2].bits = moves[i].bits;
		cr_assert_eq(comes_of(&of, moved, 4, &units, &err), DP_EFORMAT, "%zu", i);
		cr_assert(strstr(err.msg, "point 2 "), "%zu: %s", i, err.msg);
	}
	object_drop(&of);
}

Test(gzi_import, points_at_the_end_and_in_empty_members)
{
	size_t units = 0;
	dp_error err = { 0 };
	bytes text = make_reads(900, 150, 3), none = make_gzip(NULL, 0, 6, Z_DEFAULT_STRATEGY);
	bytes head = make_gzip(text.data, 50000, 6, Z_DEFAULT_STRATEGY);
	bytes tail = make_gzip(text.data + 50000, text.len - 50000, 6, Z_DEFAULT_STRATEGY);
	uint64_t first = head.len, size = head.len + 2 * none.len + tail.len;
	/* An empty member's header, its block, the next one; behind its header; the ends. */
	const point at[] = { { .byte = 10 },
			     { .text = 50000, .byte = first },
			     { .text = 50000, .byte = first + 10 },
			     { .text = 50000, .byte = first + none.len },
			     { .text = 50000, .byte = first + none.len + 10 },
			     { .text = text.len, .byte = size - none.len },
			     { .text = text.len, .byte = size - none.len + 10 },
			     { .text = text.len, .byte = size } };
	head = make_join(head, make_copy(none.data, none.len));
	object of = object_store(session, make_join(head, make_join(tail, none)), text);
	cr_assert_eq(comes_of(&of, at, 8, &units, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(units, 2);
	object_drop(&of);
}

Test(gzi_import, points_nearer_than_the_span_are_passed_over)
{
	point at[20];
	object of = flushed(30000, at);
	dp__buf file = index_of(&of, at, 8);
	dp_index *index = NULL;
	dp_error err = { 0 };
	cr_assert_eq(dp__mem_put(session, "mem:points", file.data, file.len, NULL), DP_OK);
	cr_assert_eq(object_build(&index, &of, "span=40K", "mem:points", &err), DP_OK, "%s",
		     err.msg);
	size_t units = dp_index_view(index)->nunits;
	cr_assert(units > 1 && units < 5, "%zu", units);
	object_expect_all(index, &of);
	dp_index_free(index);
	dp__buf_fini(&file);
	object_drop(&of);
}

/* A program that leaves bytes out of its windows puts 0 there; another byte is an error. */
Test(gzi_import, window_of_zeros_is_sparse)
{
	object of = object_blocks(session, 3000, 7000);
	dp_index *index = object_index(&of, "span=32K");
	dp__buf file = object_export(index, "indexed-gzip", NULL);
	dp_index_free(index);
	dp_error err = { 0 };
	memset(file.data + file.len - 1000, 0, 700);
	cr_assert_eq(object_import(&index, &of, file.data, file.len, &err), DP_OK, "%s", err.msg);
	object_expect_all(index, &of);
	dp_index_free(index);
	file.data[file.len - 500] = 7;
	cr_assert_eq(object_import(&index, &of, file.data, file.len, &err), DP_EFORMAT);
	cr_assert(strstr(err.msg, "window"), "%s", err.msg);
	dp__buf_fini(&file);
	object_drop(&of);
}

/* ---- hostile ones ---- */

/* As it is, or refused. */
static void right_or_refused(const object *of, const dp__buf *file, size_t at)
{
	dp_index *index = NULL;
	dp_error err = { 0 };
	dp_code rc = object_import(&index, of, file->data, file->len, &err);
	cr_assert(rc == DP_OK || rc == DP_EFORMAT, "byte %zu: %s: %s", at, dp_code_name(rc),
		  err.msg);
	if (rc == DP_OK)
		object_expect_all(index, of);
	dp_index_free(index);
}

static void hostile(const char *kind)
{
	object of = object_members(session, 400, 700);
	dp_index *index = object_index(&of, "span=4K");
	dp__buf file = object_export(index, kind, NULL);
	dp_index_free(index);
	size_t len = file.len;
	for (size_t i = 0; i < len; i += i < 300 ? 1 : 1 + len / 300) {
		uint8_t was = file.data[i];
		file.data[i] ^= (uint8_t)(1u << i % 8);
		right_or_refused(&of, &file, i);
		file.data[i] = 0xff;
		right_or_refused(&of, &file, i);
		file.data[i] = was;
	}
	for (size_t i = 1; i < len; i += i < 300 || i + 50 > len ? 1 : 1 + len / 300) {
		dp_error err = { 0 };
		file.len = i;
		cr_assert_eq(object_import(&index, &of, file.data, file.len, &err), DP_EFORMAT,
			     "%zu bytes", i);
		cr_assert(strstr(err.msg, "imported index"), "%s", err.msg);
	}
	dp__buf_fini(&file);
	object_drop(&of);
}

Test(gzi_import, hostile_gztool)
{
	hostile("gztool");
}

Test(gzi_import, hostile_gztool_with_lines)
{
	hostile("gztool-lines");
}

Test(gzi_import, hostile_indexed_gzip)
{
	hostile("indexed-gzip");
}

Test(gzi_import, index_of_another_object_is_refused)
{
	object of = object_whole(session, 300, 6, Z_DEFAULT_STRATEGY);
	dp_index *index = object_index(&of, "span=16K");
	dp__buf tool = object_export(index, "gztool", NULL),
		gzidx = object_export(index, "indexed-gzip", NULL);
	dp_error err;
	dp_index_free(index);
	object_drop(&of);
	of = object_whole(session, 200, 6, Z_DEFAULT_STRATEGY);
	cr_assert_eq(object_import(&index, &of, tool.data, tool.len, &err), DP_EFORMAT);
	cr_assert_eq(object_import(&index, &of, gzidx.data, gzidx.len, &err), DP_EFORMAT);
	cr_assert(strstr(err.msg, "another size"), "%s", err.msg);
	dp__buf_fini(&tool);
	dp__buf_fini(&gzidx);
	object_drop(&of);
}

Test(gzi_import, what_is_no_index_is_refused)
{
	object of = object_whole(session, 20, 6, Z_DEFAULT_STRATEGY);
	dp_index *index = NULL;
	dp_error err;
	cr_assert_eq(object_build(&index, &of, NULL, of.url, &err), DP_EFORMAT);
	cr_assert_eq(object_import(&index, &of, "", 0, &err), DP_EFORMAT);
	cr_assert_eq(object_build(&index, &of, NULL, "mem:none", &err), DP_ENOTFOUND);
	object_drop(&of);
}

Test(gzi_import, plain_text_imports_nothing)
{
	bytes text = make_reads(20, 100, 1);
	object of = object_store(session, make_copy(text.data, text.len), text);
	dp_index *index = NULL;
	dp_error err;
	cr_assert_eq(object_import(&index, &of, "GZIDX", 5, &err), DP_EUNSUPPORTED);
	cr_assert(strstr(err.msg, "no gzip"), "%s", err.msg);
	object_drop(&of);
}

static dp_code scan_nothing(dp_scan *scan, dp_error *err)
{
	(void)scan, (void)err;
	return DP_OK;
}

static dp_code next_nothing(void *self, dp_fetch *fetch, dp_batch *batch, dp_error *err)
{
	(void)self, (void)fetch, (void)batch, (void)err;
	return DP_OK;
}

Test(gzi_import, format_that_knows_no_points_says_so)
{
	static const dp_part parts[] = { { "data", NULL }, { NULL, NULL } };
	static const dp_format empty = { .name = "empty",
					 .doc = "nothing",
					 .record = "record",
					 .parts = parts,
					 .scan = scan_nothing,
					 .next = next_nothing };
	static const dp_format *const formats[] = { &empty, NULL };
	static const dp_plugin plugin = {
		.abi = DP_PLUGIN_ABI, .name = "empty", .version = "1", .formats = formats
	};
	object of = object_whole(session, 20, 6, Z_DEFAULT_STRATEGY);
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_index *index = NULL;
	dp__buf none = { 0 };
	dp_error err;
	cr_assert_eq(dp_session_add(session, &plugin, NULL), DP_OK);
	opts.format = "empty";
	cr_assert_eq(dp__mem_put(session, "mem:points", "GZIDX", 5, NULL), DP_OK);
	opts.imported = "mem:points";
	cr_assert_eq(dp_index_build(&index, session, of.url, &opts, &err), DP_EUNSUPPORTED);
	opts.imported = NULL;
	cr_assert_eq(dp_index_build(&index, session, of.url, &opts, &err), DP_OK);
	cr_assert_eq(dp_index_export(index, "gztool", NULL, dp__buf_write, &none, &err),
		     DP_EUNSUPPORTED);
	dp_index_free(index);
	object_drop(&of);
}
