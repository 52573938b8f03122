/* test_gzi.c - an index as gztool's and indexed_gzip's: zlib decodes from every point of it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/bytes.h"
#include "core/io/mem.h"
#include "dataplug/plugin.h"
#include "support/points.h"

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

TestSuite(gzi, .init = set_up, .fini = tear_down, .timeout = 120);

/* A point, as the test itself reads it from the file. */
typedef struct point {
	uint64_t text, byte, line;
	unsigned bits;
	const uint8_t *window;
	size_t len;
} point;

/* zlib decodes from the point on what the text is there. */
static void resumes(const object *of, const point *at)
{
	static uint8_t window[WINDOW], out[100000];
	uLong n = WINDOW;
	z_stream z = { 0 };
	cr_assert_eq(inflateInit2(&z, -15), Z_OK);
	if (at->bits)
		inflatePrime(&z, (int)at->bits, of->gz.data[at->byte - 1] >> (8 - at->bits));
	if (at->len == WINDOW)
		memcpy(window, at->window, WINDOW);
	else if (at->len)
		cr_assert_eq(uncompress(window, &n, at->window, (uLong)at->len), Z_OK);
	if (at->len)
		cr_assert_eq(inflateSetDictionary(&z, window, (uInt)n), Z_OK);
	z.next_in = of->gz.data + at->byte;
	z.avail_in = (uInt)(of->gz.len - at->byte);
	z.next_out = out;
	z.avail_out = sizeof out;
	int end = inflate(&z, Z_SYNC_FLUSH);
	cr_assert(end == Z_OK || end == Z_STREAM_END || end == Z_BUF_ERROR, "text %zu: %d",
		  (size_t)at->text, end);
	cr_assert(z.total_out > 0 || at->text == of->text.len);
	cr_assert_arr_eq(out, of->text.data + at->text, z.total_out);
	inflateEnd(&z);
}

static size_t newlines_before(const object *of, uint64_t end)
{
	size_t n = 0;
	for (uint64_t i = 0; i < end; i++)
		n += of->text.data[i] == '\n';
	return n;
}

/* Reads gztool's index, and resumes at each of its points. */
static size_t check_gztool(const object *of, const dp__buf *file, bool lines)
{
	dp__cur cur = dp__cur_of(file->data, file->len);
	cr_assert_arr_eq(dp__cur_bytes(&cur, 16),
			 lines ? "\0\0\0\0\0\0\0\0gzipindX" : "\0\0\0\0\0\0\0\0gzipindx", 16);
	cr_assert_eq(lines ? dp__cur_be32(&cur) : 0, 0);
	uint64_t n = dp__cur_be64(&cur);
	cr_assert_eq(dp__cur_be64(&cur), n);
	for (uint64_t i = 0; i < n; i++) {
		point at = { .text = dp__cur_be64(&cur) };
		at.byte = dp__cur_be64(&cur);
		at.bits = dp__cur_be32(&cur);
		at.len = dp__cur_be32(&cur);
		at.window = dp__cur_bytes(&cur, at.len);
		resumes(of, &at);
		if (lines)
			cr_assert_eq(dp__cur_be64(&cur), newlines_before(of, at.text) + 1);
	}
	cr_assert_eq(dp__cur_be64(&cur), of->text.len);
	if (lines)
		cr_assert_eq(dp__cur_be64(&cur), newlines_before(of, of->text.len));
	cr_assert(!cur.bad && dp__cur_left(&cur) == 0);
	return (size_t)n;
}

static size_t check_indexed_gzip(const object *of, const dp__buf *file)
{
	dp__cur cur = dp__cur_of(file->data, file->len);
	cr_assert_arr_eq(dp__cur_bytes(&cur, 7), "GZIDX\1\0", 7);
	cr_assert_eq(dp__cur_le64(&cur), of->gz.len);
	cr_assert_eq(dp__cur_le64(&cur), of->text.len);
	cr_assert_geq(dp__cur_le32(&cur), WINDOW);
	cr_assert_eq(dp__cur_le32(&cur), WINDOW);
	uint32_t n = dp__cur_le32(&cur);
	dp__cur windows = dp__cur_of(cur.p + 18 * (size_t)n, dp__cur_left(&cur) - 18 * (size_t)n);
	for (uint32_t i = 0; i < n; i++) {
		point at = { .byte = dp__cur_le64(&cur) };
		at.text = dp__cur_le64(&cur);
		at.bits = dp__cur_u8(&cur);
		at.len = dp__cur_u8(&cur) ? WINDOW : 0;
		if (at.len)
			at.window = dp__cur_bytes(&windows, WINDOW);
		if (i < n - 1)
			resumes(of, &at);
		else
			cr_assert(at.byte == of->gz.len && at.text == of->text.len);
	}
	cr_assert(!cur.bad && !windows.bad && dp__cur_left(&windows) == 0);
	return n - 1;
}

/* All kinds of index hold the same points: of how many units. Frees the object. */
static dp_exported exports(object of, const char *span)
{
	dp_index *index = object_index(&of, span);
	dp_exported done = { 0 }, again;
	dp__buf file = object_export(index, "gztool", &done);
	cr_expect_eq(check_gztool(&of, &file, false), done.points);
	dp__buf_fini(&file);
	file = object_export(index, "gztool-lines", NULL);
	cr_expect_eq(check_gztool(&of, &file, true), done.points);
	dp__buf_fini(&file);
	file = object_export(index, "indexed-gzip", &again);
	cr_expect_eq(check_indexed_gzip(&of, &file), done.points);
	cr_expect(again.points == done.points && again.units == done.units);
	cr_expect_eq(done.units, dp_index_view(index)->nunits);
	dp_index_free(index);
	dp_error err = { 0 };
	cr_expect_eq(object_import(&index, &of, file.data, file.len, &err), DP_OK, "%s", err.msg);
	cr_expect_eq(dp_index_view(index)->nunits, done.points);
	dp__buf_fini(&file);
	dp_index_free(index);
	object_drop(&of);
	return done;
}

Test(gzi, exports_points_between_blocks)
{
	cr_assert_gt(exports(object_blocks(session, 3000, 7000), "span=32K").points, 4);
}

Test(gzi, exports_points_in_stored_blocks)
{
	cr_assert_gt(
		exports(object_whole(session, 12000, 0, Z_DEFAULT_STRATEGY), "span=256K").points,
		2);
}

Test(gzi, exports_every_member)
{
	bytes text = make_reads(3000, 150, 5);
	dp_exported done = exports(
		object_store(session, make_bgzf(text.data, text.len, 5000), text), "span=32K");
	cr_assert(done.units > 4 && done.points == done.units);
}

Test(gzi, exports_members_of_many_blocks)
{
	cr_assert_gt(exports(object_members(session, 3000, 7000), "span=32K").points, 4);
}

/* One block: its units begin inside it, but for the first. */
Test(gzi, exports_of_one_huge_block_its_begin)
{
	dp_exported done = exports(object_whole(session, 2000, 1, Z_FIXED), "span=8K");
	cr_assert(done.units > 3 && done.points == 1);
}

Test(gzi, exports_a_last_line_without_end)
{
	object of = object_whole(session, 20, 6, Z_DEFAULT_STRATEGY);
	free(of.gz.data);
	of.text.len--;
	of = object_store(session, make_gzip(of.text.data, of.text.len, 6, Z_DEFAULT_STRATEGY),
			  of.text);
	dp_index *index = object_index(&of, "span=8K");
	dp__buf file = object_export(index, "gztool-lines", NULL);
	dp__cur cur = dp__cur_of(file.data + file.len - 8, 8);
	cr_assert_eq(dp__cur_be64(&cur), newlines_before(&of, of.text.len) + 1);
	dp__buf_fini(&file);
	dp_index_free(index);
	object_drop(&of);
}

static dp_code swallow(void *user, const void *data, size_t len, dp_error *err)
{
	(void)user, (void)data, (void)len, (void)err;
	return DP_OK;
}

Test(gzi, exports_an_empty_text)
{
	bytes text = make_copy("", 0);
	object of = object_store(session, make_gzip(text.data, 0, 6, Z_DEFAULT_STRATEGY), text);
	dp_index *index = object_index(&of, "span=8K");
	dp__buf file = object_export(index, "indexed-gzip", NULL);
	cr_assert_eq(check_indexed_gzip(&of, &file), 1);
	dp__buf_fini(&file);
	dp_index_free(index);
	object_drop(&of);
}

Test(gzi, exports_no_plain_text)
{
	bytes text = make_reads(20, 100, 1);
	object of = object_store(session, make_copy(text.data, text.len), text);
	dp_index *index = object_index(&of, "span=8K");
	dp_error err;
	cr_assert_eq(dp_index_export(index, "gztool", NULL, swallow, NULL, &err), DP_EUNSUPPORTED);
	cr_assert(strstr(err.msg, "no gzip"), "%s", err.msg);
	cr_assert_eq(dp_index_export(index, "bgzip", NULL, swallow, NULL, &err), DP_EINVAL);
	cr_assert(strstr(err.msg, "indexed-gzip"), "%s", err.msg);
	dp_index_free(index);
	object_drop(&of);
}

Test(gzi, export_with_lines_checks_the_text)
{
	object of = object_whole(session, 300, 0, Z_DEFAULT_STRATEGY);
	dp_index *index = object_index(&of, "span=8K");
	dp_error err;
	of.gz.data[of.gz.len / 2] ^= 1; /* the store lends the test's bytes nothing */
	cr_assert_eq(dp__mem_put(session, of.url, of.gz.data, of.gz.len, NULL), DP_OK);
	dp_code rc = dp_index_export(index, "gztool-lines", NULL, swallow, NULL, &err);
	cr_assert(rc == DP_EFORMAT || rc == DP_ESTALE, "%s", dp_code_name(rc));
	dp_index_free(index);
	object_drop(&of);
}

/* ---- text before the first record ---- */

static dp_code pass_head(const dp_text *text, const void *params, size_t *used, bool *more,
			 dp_error *err)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	(void)params, (void)err;
	*more = !end;
	*used = end ? (size_t)(end - text->data) + 1 : 0;
	return DP_OK;
}

static dp_code pass_lines(const dp_text *text, uint64_t max, const void *params, dp_records *found,
			  dp_error *err)
{
	(void)params, (void)err;
	while (found->nrec < max) {
		const uint8_t *from = text->data + found->used;
		const uint8_t *end = memchr(from, '\n', text->len - found->used);
		if (!end)
			break;
		found->used += (size_t)(end - from) + 1;
		if (found->ends)
			found->ends[found->nrec] = (uint32_t)found->used;
		found->nrec++;
	}
	return DP_OK;
}

Test(gzi, text_before_the_first_record_counts)
{
	static const dp_grammar headed = { .name = "headed",
					   .doc = "lines with a title",
					   .record = "line",
					   .header = pass_head,
					   .records = pass_lines };
	static const dp_grammar *const grammars[] = { &headed, NULL };
	static const dp_plugin plugin = {
		.abi = DP_PLUGIN_ABI, .name = "headed", .version = "1", .grammars = grammars
	};
	cr_assert_eq(dp_session_add(session, &plugin, NULL), DP_OK);
	object of = object_blocks(session, 3000, 7000);
	of.format = "headed";
	cr_assert_gt(exports(of, "span=32K").points, 4);
}
