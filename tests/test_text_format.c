/* test_text_format.c - text in any framing, through the whole engine: units, slices, refusals,
 * grammars of one's own. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/plugin.h"
#include "support/make.h"

/* One object in a session of its own. */
typedef struct fixture {
	dp_session *session;
	dp_index *index;
	char url[64];
	dp_error err;
} fixture;

static void put(fixture *f, const char *key, bytes object, const char *setting)
{
	const char *const settings[] = { setting, NULL };
	memset(f, 0, sizeof *f);
	cr_assert_eq(dp_session_open(&f->session, settings, &f->err), DP_OK, "%s", f->err.msg);
	snprintf(f->url, sizeof f->url, "mem:%s", key);
	cr_assert_eq(dp__mem_put(f->session, f->url, object.data, object.len, &f->err), DP_OK);
	free(object.data);
}

static dp_code build(fixture *f, const char *format, const char *arg)
{
	const char *const args[] = { arg, NULL };
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	opts.format = format;
	opts.args = args;
	return dp_index_build(&f->index, f->session, f->url, &opts, &f->err);
}

static void drop(fixture *f)
{
	dp_index_free(f->index);
	dp_session_free(f->session);
}

static const dp_view *view(const fixture *f)
{
	return dp_index_view(f->index);
}

/* The records of a strategy's slices, one after the other. */
static dp_code get(fixture *f, const char *strategy, const char *arg, dp__buf *out)
{
	const char *const args[] = { arg, NULL };
	const dp_index *index = f->index;
	dp_slices *slices = NULL;
	*out = dp__buf_of((size_t)1 << 30);
	dp_code rc = dp_partition(&slices, &index, 1, strategy, args, &f->err);
	for (size_t i = 0; rc == DP_OK && i < dp_slices_count(slices); i++)
		rc = dp_slice_get(dp_slices_at(slices, i), DP_GET_RAW, dp__buf_write, out, &f->err);
	dp_slices_free(slices);
	return rc;
}

/* All slices together are the text, from `from` on, and the units are as many as there should be.
 * Frees both. */
static void comes_back(const char *key, bytes object, const char *format, const char *arg,
		       bytes text, size_t least_units)
{
	static const char *const parts[] = { "n=1", "n=3", "n=50" };
	fixture f;
	put(&f, key, object, NULL);
	cr_assert_eq(build(&f, format, arg), DP_OK, "%s", f.err.msg);
	cr_assert_geq(view(&f)->nunits, least_units, "%zu units", view(&f)->nunits);
	for (size_t i = 0; i < 3; i++) {
		dp__buf out;
		cr_assert_eq(get(&f, "chunks", parts[i], &out), DP_OK, "%s", f.err.msg);
		cr_assert_eq(out.len, text.len);
		cr_assert_arr_eq(out.data, text.data, text.len);
		dp__buf_fini(&out);
	}
	cr_assert_eq(dp_index_verify(f.index, NULL, NULL, &f.err), DP_OK, "%s", f.err.msg);
	drop(&f);
	free(text.data);
}

static bytes gzip(bytes text)
{
	return make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY);
}

/* ---- units ---- */

Test(text_format, small_spans_gzip)
{
	bytes text = make_reads(3000, 150, 1);
	comes_back("x.fq.gz", gzip(text), "fastq", "span=1K", text, 100);
}

Test(text_format, middle_spans_gzip)
{
	bytes text = make_reads(9000, 150, 2);
	comes_back("x.fq.gz", gzip(text), "fastq", "span=100K", text, 5);
}

/* The stored bytes that a slice needs may end where its last record does, within a unit. */
Test(text_format, long_reads_gzip)
{
	bytes text = make_reads(12, 300000, 7);
	comes_back("x.fq.gz", gzip(text), "fastq", NULL, text, 2);
}

Test(text_format, small_spans_plain)
{
	bytes text = make_reads(3000, 150, 3);
	comes_back("x.fq", make_copy(text.data, text.len), "fastq", "span=1K", text, 200);
}

Test(text_format, small_spans_bgzf)
{
	bytes text = make_lines(9000, 100, 4);
	comes_back("x.gz", make_bgzf(text.data, text.len, 3000), "lines", "span=4K", text, 50);
}

Test(text_format, small_spans_tiny_members)
{
	bytes text = make_lines(3000, 100, 5);
	comes_back("x.gz", make_members(text.data, text.len, 77, 6), "lines", "span=1K", text, 50);
}

Test(text_format, one_huge_block)
{
	bytes text = make_reads(9000, 150, 6);
	comes_back("x.gz", make_gzip(text.data, text.len, 1, Z_FIXED), "fastq", "span=64K", text,
		   5);
}

/* Records longer than the span: units must still begin with one. */
Test(text_format, records_longer_than_spans)
{
	bytes text = make_lines(40, 60000, 7);
	comes_back("x.gz", gzip(text), "lines", "span=1K", text, 20);
}

Test(text_format, one_record_of_many_spans)
{
	bytes text = { malloc(3000000), 3000000 };
	for (size_t i = 0; i < text.len; i++)
		text.data[i] = (uint8_t)('a' + i * 2654435761u % 1000003 % 26);
	comes_back("x.gz", gzip(text), "lines", "span=2K", text, 1);
}

Test(text_format, empty_lines)
{
	bytes text = { malloc(500000), 500000 };
	memset(text.data, '\n', text.len);
	comes_back("x.gz", gzip(text), "lines", NULL, text, 1);
}

Test(text_format, text_of_a_thousand_to_one_is_cut_too)
{
	bytes text = { malloc(60000000), 60000000 };
	for (size_t i = 0; i < text.len; i++)
		text.data[i] = i % 100 == 99 ? '\n' : 'A';
	fixture f;
	put(&f, "x.gz", gzip(text), NULL);
	cr_assert_eq(build(&f, "lines", NULL), DP_OK, "%s", f.err.msg);
	cr_assert_eq(view(&f)->nrec, 600000);
	cr_assert_eq(view(&f)->nunits, 3);
	for (size_t i = 0; i < view(&f)->nunits; i++)
		cr_assert_leq(view(&f)->unit[i].raw, (uint64_t)24 << 20);
	drop(&f);
	free(text.data);
}

Test(text_format, blank_lines_at_the_end_come_with_the_last_read)
{
	bytes text = make_join(make_reads(100, 50, 8), make_copy("\n\r\n\n", 4));
	comes_back("x.fq.gz", gzip(text), "fastq", "span=1K", text, 1);
}

Test(text_format, units_overlap_but_records_do_not)
{
	bytes text = make_reads(3000, 150, 9);
	fixture f;
	put(&f, "x.fq.gz", gzip(text), NULL);
	cr_assert_eq(build(&f, "fastq", "span=8K"), DP_OK, "%s", f.err.msg);
	uint64_t rec = 0, raw = 0;
	for (size_t i = 0; i < view(&f)->nunits; i++) {
		const dp_unit *unit = &view(&f)->unit[i];
		cr_assert_eq(unit->rec, rec);
		cr_assert_geq(unit->nrec, 1);
		cr_assert_eq(unit->crc, crc32(0, text.data + raw, (uInt)unit->raw));
		cr_assert(unit->flags & DP_UNIT_CRC);
		rec += unit->nrec;
		raw += unit->raw;
	}
	cr_assert_eq(rec, 3000);
	cr_assert_eq(raw, text.len);
	drop(&f);
	free(text.data);
}

/* A record range, with what it costs: the bytes of a megabyte are not read for one record. */
Test(text_format, one_record_of_a_plain_file)
{
	bytes text = make_lines(40000, 100, 10);
	fixture f;
	dp__buf out;
	put(&f, "x.txt", make_copy(text.data, text.len), NULL);
	cr_assert_eq(build(&f, "lines", NULL), DP_OK, "%s", f.err.msg);
	size_t from = 0, n = 0;
	for (; n < 20000; n++)
		from = (size_t)((uint8_t *)memchr(text.data + from, '\n', text.len - from) -
				text.data) +
		       1;
	size_t to =
		(size_t)((uint8_t *)memchr(text.data + from, '\n', text.len - from) - text.data) +
		1;
	cr_assert_eq(get(&f, "box", "record=20000:20001", &out), DP_OK, "%s", f.err.msg);
	cr_assert_eq(out.len, to - from);
	cr_assert_arr_eq(out.data, text.data + from, out.len);
	dp__buf_fini(&out);
	const char *const args[] = { "record=20000:20001", NULL };
	const dp_index *index = f.index;
	dp_slices *slices = NULL;
	cr_assert_eq(dp_partition(&slices, &index, 1, "box", args, NULL), DP_OK);
	cr_assert_lt(dp_slices_price(slices).bytes, 200000);
	dp_slices_free(slices);
	drop(&f);
	free(text.data);
}

/* ---- what is refused, and what is said ---- */

static void refused(const char *key, bytes object, const char *arg, dp_code code, const char *words)
{
	fixture f;
	put(&f, key, object, "record=64K");
	dp_code rc = build(&f, NULL, arg);
	cr_assert_eq(rc, code, "%s: %s", dp_code_name(rc), f.err.msg);
	cr_assert(strstr(f.err.msg, words), "%s", f.err.msg);
	drop(&f);
}

Test(text_format, empty_gz_is_refused)
{
	refused("x.gz", make_copy("", 0), NULL, DP_EFORMAT, "is empty, not gzip");
}

Test(text_format, zstd_is_refused_by_its_magic)
{
	refused("x", make_copy("\x28\xb5\x2f\xfd....", 8), NULL, DP_EUNSUPPORTED, "zstd");
}

Test(text_format, bzip2_is_refused_by_its_magic)
{
	refused("x", make_copy("BZh91AY&SY", 10), NULL, DP_EUNSUPPORTED, "bzip2");
}

Test(text_format, xz_is_refused_by_its_name)
{
	refused("x.xz", make_copy("abc", 3), NULL, DP_EUNSUPPORTED, "recompress it with gzip");
}

Test(text_format, too_small_a_span_is_refused)
{
	refused("x", make_copy("a\n", 2), "span=1023", DP_EINVAL, "span must be");
}

Test(text_format, too_large_a_span_is_refused)
{
	refused("x", make_copy("a\n", 2), "span=2G", DP_EINVAL, "span must be");
}

Test(text_format, too_long_a_record_is_refused_with_its_place)
{
	bytes text = { malloc(200000), 200000 };
	memset(text.data, 'x', text.len);
	memcpy(text.data, "a\nb\n", 4);
	refused("x", text, NULL, DP_EFORMAT, "line 2, byte 4 of the text: longer than 65536 bytes");
}

/* The limit is exact, wherever pieces of text end. */
Test(text_format, record_of_the_longest_length_goes)
{
	for (size_t more = 0; more < 2; more++) {
		bytes text = { malloc(300000), 300000 };
		memset(text.data, '\n', text.len);
		memset(text.data + 1000, 'x', 65535 + more);
		fixture f;
		put(&f, "x", text, "record=64K");
		cr_assert_eq(build(&f, "lines", NULL), more ? DP_EFORMAT : DP_OK, "%s", f.err.msg);
		drop(&f);
	}
}

Test(text_format, wrong_read_is_named_with_its_place)
{
	bytes text = make_reads(5000, 100, 11);
	size_t len = text.len;
	text = make_join(text, make_copy("@bad\nACGT\n+\nIII\n", 16));
	bytes object = gzip(text);
	char words[100];
	snprintf(words, sizeof words,
		 "read 5000, byte %zu of the text: (@bad) 3 qualities for 4 bases", len + 12);
	refused("x.fq.gz", object, NULL, DP_EFORMAT, words);
	free(text.data);
}

Test(text_format, cut_gzip_gives_no_index)
{
	bytes text = make_lines(9000, 100, 12), object = gzip(text);
	object.len /= 2;
	refused("x.gz", object, NULL, DP_EFORMAT, "ends inside a gzip member");
	free(text.data);
}

static bytes with_garbage(void)
{
	bytes text = make_lines(100, 50, 13), object = gzip(text);
	free(text.data);
	return make_join(object, make_copy("stray", 5));
}

Test(text_format, stray_bytes_are_warned_of)
{
	fixture f;
	size_t len;
	put(&f, "x.gz", with_garbage(), NULL);
	cr_assert_eq(build(&f, "lines", NULL), DP_OK, "%s", f.err.msg);
	cr_assert_eq(view(&f)->nrec, 100);
	cr_assert_str_eq(dp_index_attr(f.index, "warnings", &len),
			 "5 bytes that are not gzip follow the last member");
	drop(&f);
}

Test(text_format, stray_bytes_are_refused_when_strict)
{
	refused("x.gz", with_garbage(), "strict=yes", DP_EFORMAT,
		"5 bytes that are not gzip follow the last member");
}

Test(text_format, zeros_trail_in_silence)
{
	bytes text = make_lines(100, 50, 14), zeros = { calloc(1, 777), 777 };
	fixture f;
	size_t len;
	put(&f, "x.gz", make_join(gzip(text), zeros), NULL);
	cr_assert_eq(build(&f, "lines", "strict=yes"), DP_OK, "%s", f.err.msg);
	cr_assert_str_eq(dp_index_attr(f.index, "warnings", &len), "");
	drop(&f);
	free(text.data);
}

/* ---- what it is ---- */

static void recognised(const char *key, bytes object, const char *format, uint64_t nrec)
{
	fixture f;
	size_t len;
	put(&f, key, object, NULL);
	cr_assert_eq(build(&f, NULL, NULL), DP_OK, "%s", f.err.msg);
	cr_assert_str_eq(dp_index_attr(f.index, "format", &len), format);
	cr_assert_eq(view(&f)->nrec, nrec);
	drop(&f);
}

Test(text_format, reads_are_recognised_in_gzip)
{
	bytes text = make_reads(2000, 150, 15);
	recognised("x", gzip(text), "fastq", 2000);
	free(text.data);
}

Test(text_format, text_named_gz_is_what_it_is)
{
	recognised("x.gz", make_lines(200, 50, 16), "lines", 200);
}

Test(text_format, empty_file_has_no_records)
{
	recognised("x.txt", make_copy("", 0), "lines", 0);
}

Test(text_format, empty_member_has_no_records)
{
	recognised("x.fastq.gz", make_gzip((const uint8_t *)"", 0, 6, 0), "fastq", 0);
}

/* ---- damage behind the index's back ---- */

/* The store lends flipped bits from now on: the unit's checksum tells, whatever was flipped. */
Test(text_format, changed_bytes_of_a_whole_unit_are_seen)
{
	bytes text = make_lines(3000, 100, 17);
	fixture f;
	dp__buf out;
	put(&f, "x.txt", make_copy(text.data, text.len), NULL);
	cr_assert_eq(build(&f, "lines", NULL), DP_OK);
	cr_assert_eq(dp__mem_fail(f.session, f.url, (dp__mem_fault){ 0, UINT64_MAX, DP_OK }, NULL),
		     DP_OK);
	cr_assert_eq(get(&f, "chunks", "n=1", &out), DP_EFORMAT);
	dp__buf_fini(&out);
	drop(&f);
	free(text.data);
}

/* ---- a grammar of one's own ---- */

/* "#" lines are the header; a record is "NUMBER\n", and the number is where it lies on the axis. */
static const dp_axis number_axes[] = { { .name = "v" }, { .name = NULL } };

static dp_code number_header(const dp_text *text, const void *params, size_t *used, bool *more,
			     dp_error *err)
{
	(void)params;
	(void)err;
	*used = 0;
	while (*used < text->len && text->data[*used] == '#') {
		const uint8_t *end = memchr(text->data + *used, '\n', text->len - *used);
		if (!end)
			break;
		*used = (size_t)(end - text->data) + 1;
	}
	*more = !text->last && (*used == text->len || text->data[*used] == '#');
	return DP_OK;
}

static dp_code number_records(const dp_text *text, uint64_t max, const void *params,
			      dp_records *found, dp_error *err)
{
	(void)params;
	(void)err;
	found->nrec = 0;
	found->used = 0;
	while (found->nrec < max && found->used < text->len) {
		const uint8_t *from = text->data + found->used;
		const uint8_t *end = memchr(from, '\n', text->len - found->used);
		if (!end)
			break;
		double v = 0;
		for (const uint8_t *p = from; p < end; p++)
			v = v * 10 + (*p - '0');
		found->used = (size_t)(end - text->data) + 1;
		if (found->ends)
			found->ends[found->nrec] = (uint32_t)found->used;
		if (found->box) {
			found->box->lo[0] = v < found->box->lo[0] ? v : found->box->lo[0];
			found->box->hi[0] = v + 1 > found->box->hi[0] ? v + 1 : found->box->hi[0];
		}
		found->nrec++;
	}
	return DP_OK;
}

static int number_probe(const char *key, const uint8_t *head, size_t len)
{
	(void)key;
	(void)head;
	return len > 2 && head[0] == '#' && head[1] == 'N' ? 10 : 0;
}

static const dp_grammar number_grammar = { .name = "numbers",
					   .doc = "numbers",
					   .record = "number",
					   .axes = number_axes,
					   .probe = number_probe,
					   .header = number_header,
					   .records = number_records };
static const dp_grammar *const number_grammars[] = { &number_grammar, NULL };
static const dp_plugin number_plugin = {
	.abi = DP_PLUGIN_ABI, .name = "numbers", .version = "1", .grammars = number_grammars
};

static bytes numbers(size_t n)
{
	bytes out = { malloc(n * 8 + 64), 0 };
	out.len = (size_t)sprintf((char *)out.data, "#N\n# of any kind\n");
	for (size_t i = 0; i < n; i++)
		out.len += (size_t)sprintf((char *)out.data + out.len, "%zu\n", i % 5000);
	return out;
}

static void open_numbers(fixture *f, const char *key, bytes object)
{
	put(f, key, object, NULL);
	cr_assert_eq(dp_session_add(f->session, &number_plugin, &f->err), DP_OK, "%s", f->err.msg);
	cr_assert_eq(build(f, NULL, "span=1K"), DP_OK, "%s", f->err.msg);
}

Test(text_format, own_grammar_has_its_header_in_every_file)
{
	bytes text = numbers(20000);
	fixture f;
	dp__buf out = dp__buf_of(1 << 20);
	const char *const args[] = { "record=7000:7002", NULL };
	dp_slices *slices = NULL;
	open_numbers(&f, "x.gz", gzip(text));
	const dp_index *index = f.index;
	cr_assert_eq(dp_partition(&slices, &index, 1, "box", args, NULL), DP_OK);
	cr_assert_eq(dp_slice_get(dp_slices_at(slices, 0), 0, dp__buf_write, &out, &f.err), DP_OK,
		     "%s", f.err.msg);
	cr_assert_eq(out.len, 27);
	cr_assert_arr_eq(out.data, "#N\n# of any kind\n2000\n2001\n", 27);
	dp__buf_fini(&out);
	dp_slices_free(slices);
	drop(&f);
	free(text.data);
}

Test(text_format, own_grammar_comes_back_behind_its_header)
{
	bytes text = numbers(20000);
	fixture f;
	dp__buf out;
	open_numbers(&f, "x", make_copy(text.data, text.len));
	cr_assert_eq(get(&f, "chunks", "n=9", &out), DP_OK, "%s", f.err.msg);
	cr_assert_eq(out.len, text.len - 17);
	cr_assert_arr_eq(out.data, text.data + 17, out.len);
	dp__buf_fini(&out);
	drop(&f);
	free(text.data);
}

Test(text_format, own_grammar_is_cut_on_its_axis)
{
	bytes text = numbers(20000);
	fixture f;
	dp__buf out;
	open_numbers(&f, "x.gz", gzip(text));
	cr_assert_eq(get(&f, "box", "v=41:43", &out), DP_OK, "%s", f.err.msg);
	cr_assert_eq(out.len, 24);
	cr_assert_arr_eq(out.data, "41\n42\n41\n42\n41\n42\n41\n42\n", 24);
	dp__buf_fini(&out);
	drop(&f);
	free(text.data);
}
