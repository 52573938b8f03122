/* test_fastq.c - the grammar of FASTQ, and its statistics. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/mem.h"
#include "formats/fastq.h"
#include "support/make.h"

/* As the grammar's table lays them out. */
typedef struct settings {
	int records;
	uint64_t group;
} settings;

static const settings four = { 0, 1 }, multi = { 1, 1 }, pairs = { 0, 2 };

static dp_code find(const char *text, const settings *how, bool last, dp_records *found,
		    dp_error *err)
{
	/* A copy of its own, so that a read behind it is seen. */
	bytes copy = make_copy(text, strlen(text));
	copy.data = realloc(copy.data, copy.len ? copy.len : 1);
	dp_text in = { copy.data, copy.len, last };
	dp_code rc = dp__fastq.records(&in, UINT64_MAX, how, found, err);
	free(copy.data);
	return rc;
}

/* All of the text, which ends there, is so many records. */
static void is(const char *text, const settings *how, uint64_t nrec)
{
	dp_records found = { 0 };
	dp_error err = { 0 };
	cr_assert_eq(find(text, how, true, &found, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(found.nrec, nrec);
	cr_assert_eq(found.used, strlen(text));
}

/* The text is wrong at byte `at`, with these words, behind so many good records. */
static void wrong(const char *text, const settings *how, uint64_t nrec, size_t at,
		  const char *words)
{
	dp_records found = { 0 };
	dp_error err = { 0 };
	cr_assert_eq(find(text, how, true, &found, &err), DP_EFORMAT);
	cr_assert_eq(found.nrec, nrec);
	cr_assert_eq(found.used, at, "%zu, not %zu", found.used, at);
	cr_assert_str_eq(err.msg, words);
}

/* ---- four lines ---- */

Test(fastq, four_lines)
{
	is("@a\nAC\n+\nII\n@b\nG\n+\n@\n", &four, 2);
}

Test(fastq, quality_that_looks_like_a_title)
{
	is("@a\nACG\n+\n@b+\n@b\nA\n+\n+\n", &four, 2);
}

Test(fastq, windows_line_ends)
{
	is("@a\r\nAC\r\n+\r\nII\r\n@b\r\nG\r\n+\r\nI\r\n", &four, 2);
}

Test(fastq, empty_read)
{
	is("@a\n\n+\n\n@b\nG\n+\nI\n", &four, 2);
}

Test(fastq, empty_read_at_the_end_without_newline)
{
	is("@a\nA\n+\nI\n@b\n\n+\n", &four, 2);
}

Test(fastq, no_newline_at_the_end)
{
	is("@a\nAC\n+\nII", &four, 1);
}

Test(fastq, plus_repeats_the_title)
{
	is("@a b\nAC\n+a b\nII\n", &four, 1);
}

Test(fastq, blank_lines_at_the_end_stay_with_the_last)
{
	is("@a\nA\n+\nI\n@b\nA\n+\nI\n\n\r\n\n", &four, 2);
}

Test(fastq, any_printable_base)
{
	is("@a\nacgtnRYSWKM.-*=\n+\n!~!~!~!~!~!~!~!\n", &four, 1);
}

Test(fastq, no_reads)
{
	is("", &four, 0);
}

/* Whatever stretch of it is there: what was passed is whole, and the rest is asked for again. */
Test(fastq, text_may_end_anywhere_and_go_on)
{
	bytes text = make_reads(12, 20, 5);
	text.data = realloc(text.data, text.len + 3);
	memcpy(text.data + text.len, "\r\n\n", 3);
	text.len += 3;
	for (size_t cut = 0; cut <= text.len; cut++) {
		uint8_t *part = malloc(cut + 1);
		memcpy(part, text.data, cut);
		dp_text in = { part, cut, false };
		dp_records one = { 0 }, two = { 0 };
		cr_assert_eq(dp__fastq.records(&in, UINT64_MAX, &four, &one, NULL), DP_OK);
		free(part);
		in = (dp_text){ text.data + one.used, text.len - one.used, true };
		cr_assert_eq(dp__fastq.records(&in, UINT64_MAX, &four, &two, NULL), DP_OK);
		cr_assert_eq(one.nrec + two.nrec, 12);
		cr_assert_eq(one.used + two.used, text.len);
	}
	free(text.data);
}

Test(fastq, ends_are_where_reads_end)
{
	const char *text = "@a\nAC\n+\nII\n@b\nG\n+\nI\n";
	uint32_t ends[2];
	dp_text in = { (const uint8_t *)text, strlen(text), true };
	dp_records found = { .ends = ends };
	cr_assert_eq(dp__fastq.records(&in, 2, &four, &found, NULL), DP_OK);
	cr_assert_eq(ends[0], 11);
	cr_assert_eq(ends[1], 20);
}

Test(fastq, no_more_than_asked_for)
{
	const char *text = "@a\nAC\n+\nII\n@b\nG\n+\nI\n";
	dp_text in = { (const uint8_t *)text, strlen(text), true };
	dp_records found = { 0 };
	cr_assert_eq(dp__fastq.records(&in, 1, &four, &found, NULL), DP_OK);
	cr_assert_eq(found.used, 11);
}

Test(fastq, title_without_at)
{
	wrong("@a\nA\n+\nI\nb\nG\n+\nI\n", &four, 1, 9, "(b) a title does not begin with '@'");
}

Test(fastq, blank_line_between_reads)
{
	wrong("@a\nA\n+\nI\n\n@b\nG\n+\nI\n", &four, 0, 9, "(@a) a blank line behind it");
}

Test(fastq, space_in_the_sequence)
{
	wrong("@a\nAAAAAAAAAA A\n+\nIIIIIIIIIIII\n", &four, 0, 3,
	      "(@a) its sequence is no sequence");
}

Test(fastq, byte_above_126_in_the_quality)
{
	wrong("@a\nAAAAAAAAA\n+\nIIIIIII\x7fI\n", &four, 0, 15, "(@a) its quality is no quality");
}

Test(fastq, lost_line_in_the_middle)
{
	wrong("@a\nA\n+\nI\n@b\nG\n+\n@c\nT\n+\nI\n", &four, 1, 16, "(@b) 2 qualities for 1 bases");
}

Test(fastq, short_quality)
{
	wrong("@a 1:N\nACG\n+\nII\n", &four, 0, 13, "(@a) 2 qualities for 3 bases");
}

Test(fastq, plus_of_another_title)
{
	wrong("@a\nA\n+b\nI\n", &four, 0, 5, "(@a) its '+' line repeats another title");
}

Test(fastq, wrapped_reads_get_a_hint)
{
	wrong("@a\nAC\nGT\n+\nII\nII\n", &four, 0, 6,
	      "(@a) its third line does not begin with '+'; for reads of more than four lines "
	      "there is "
	      "records=multiline");
}

Test(fastq, text_that_ends_in_the_title)
{
	wrong("@a\nA\n+\nI\n@b", &four, 1, 11, "(@b) the text ends inside it");
}

Test(fastq, text_that_ends_in_the_sequence)
{
	wrong("@a\nACG", &four, 0, 6, "(@a) the text ends inside it");
}

Test(fastq, text_that_ends_before_the_plus)
{
	wrong("@a\nACG\n", &four, 0, 7, "(@a) the text ends inside it");
}

Test(fastq, text_that_ends_before_the_quality)
{
	wrong("@a\nACG\n+\n", &four, 0, 9, "(@a) 0 qualities for 3 bases");
}

/* ---- wrapped ---- */

Test(fastq, wrapped_lines)
{
	is("@a\nAC\nGT\n+\nII\nII\n@b\nA\n+\n@\n", &multi, 2);
}

Test(fastq, wrapped_quality_that_looks_like_a_title)
{
	is("@a\nAC\nGT\n+a\n@b\n+b\n@b\nA\n+\nI\n", &multi, 2);
}

Test(fastq, wrapped_differently)
{
	is("@a\nACGT\n+\nI\nI\nII\n", &multi, 1);
}

Test(fastq, wrapped_with_blank_lines_between)
{
	is("@a\nA\n+\nI\n\n\r\n@b\nG\n+\nI\n\n", &multi, 2);
}

Test(fastq, wrapped_reads_without_bases)
{
	is("@a\n\n+\n\n@b\n+\n\n@c\nA\n+\nI\n", &multi, 3);
}

Test(fastq, wrapped_without_last_newline)
{
	is("@a\r\nAC\r\nG\r\n+\r\nIII", &multi, 1);
}

Test(fastq, wrapped_quality_too_long)
{
	wrong("@a\nAC\nG\n+\nII\nII\n", &multi, 0, 10, "(@a) 4 qualities for 3 bases");
}

Test(fastq, wrapped_without_plus)
{
	wrong("@a\nAC\n@b\nG\n+\nI\n", &multi, 0, 6,
	      "(@a) the next title comes before its '+' line");
}

Test(fastq, wrapped_text_that_ends_in_the_sequence)
{
	wrong("@a\nAC\nGT", &multi, 0, 6, "(@a) the text ends before its '+' line");
}

/* ---- groups ---- */

Test(fastq, pairs)
{
	is("@a/1\nA\n+\nI\n@a/2\nG\n+\nI\n@b/1\nA\n+\nI\n@b/2\nG\n+\nI\n\n", &pairs, 2);
}

Test(fastq, half_a_pair_at_the_end)
{
	wrong("@a/1\nA\n+\nI\n@a/2\nG\n+\nI\n@b/1\nA\n+\nI\n", &pairs, 1, 33,
	      "has 1 reads at the end of the text, not group=2");
}

Test(fastq, group_of_none)
{
	const settings none = { 0, 0 };
	dp_records found = { 0 };
	cr_assert_eq(find("@a\nA\n+\nI\n", &none, true, &found, NULL), DP_EINVAL);
}

/* ---- probe and mate ---- */

static int probe(const char *key, const char *head)
{
	return dp__fastq.probe(key, (const uint8_t *)head, strlen(head));
}

Test(fastq, probe_beats_lines)
{
	cr_assert_gt(probe("x", "@a\nAC\n+\nII\n@b"), 1);
}

Test(fastq, probe_knows_wrapped_reads)
{
	cr_assert_gt(probe("x", "@a\nAC\nGT\n+\nII\nII\n"), 1);
}

Test(fastq, probe_knows_a_begun_read)
{
	cr_assert_gt(probe("x", "@a\nACGT"), 1);
}

Test(fastq, probe_refuses_sam)
{
	cr_assert_eq(probe("x", "@HD\tVN:1.6\n@SQ\tSN:1\tLN:5\n"), 0);
}

Test(fastq, probe_refuses_fasta)
{
	cr_assert_eq(probe("x.fastq", ">a\nAC\n"), 0);
}

Test(fastq, probe_goes_by_the_name_of_an_empty_one)
{
	cr_assert_gt(probe("x.fastq.gz", ""), 1);
	cr_assert_eq(probe("x.txt", ""), 0);
}

static void mate(const char *record, const char *name)
{
	size_t off, n;
	cr_assert_eq(dp__fastq.mate((const uint8_t *)record, strlen(record), &off, &n), DP_OK);
	cr_assert_eq(off, 1);
	cr_assert_eq(n, strlen(name));
	cr_assert_arr_eq(record + off, name, n);
}

Test(fastq, mate_is_the_name_to_the_first_space)
{
	mate("@a:1:2 1:N:0\nA\n", "a:1:2");
}

Test(fastq, mate_is_the_name_without_its_number)
{
	mate("@a/2\nA\n", "a");
}

Test(fastq, mate_keeps_other_endings)
{
	mate("@a/3\tx\n", "a/3");
}

Test(fastq, mate_of_an_empty_name)
{
	mate("@\nA\n", "");
}

/* ---- statistics ---- */

static dp_code keep_total(void *user, const dp_result *result)
{
	char *total = user;
	if (result->slice == SIZE_MAX || result->code != DP_OK)
		snprintf(total, 400, "%.*s", (int)result->len, (const char *)result->data);
	return DP_OK;
}

/* The total over three slices of the text; the message if it fails. */
static void total(char out[400], const char *format, const char *const *args, const char *text)
{
	dp_session *session = NULL;
	dp_index *index = NULL;
	dp_slices *slices = NULL;
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_map_opts map = DP_MAP_OPTS_INIT;
	const char *const cut[] = { "n=3", NULL };
	dp_error err = { 0 };
	opts.format = format;
	opts.args = args;
	map.result = keep_total;
	map.user = out;
	map.jobs = 1;
	out[0] = 0;
	cr_assert_eq(dp_session_open(&session, NULL, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp__mem_put(session, "mem:x", text, strlen(text), &err), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, "mem:x", &opts, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "chunks", cut, &err),
		     DP_OK, "%s", err.msg);
	(void)dp_map(slices, &dp__fastq_stats, NULL, &map, &err);
	dp_slices_free(slices);
	dp_index_free(index);
	dp_session_free(session);
}

/* 4 reads, 12 bases: 5 G or C, 2 N; qualities 8 * 40 ("I"), 2 * 2 ("#"), 2 * 31 ("@"). */
Test(fastq, stats_add_up)
{
	char out[400];
	total(out, "fastq", NULL,
	      "@a\nACGTN\n+\nIIII#\n@b\ngcN\n+\nII#\n@c\n\n+\n\n@d\nGTAA\n+\n@@II\n");
	cr_assert_str_eq(out, "{\"reads\":4,\"bases\":12,\"gc\":5,\"n\":2,\"quality\":386,"
			      "\"gc_percent\":50.00,\"mean_quality\":32.17}");
}

Test(fastq, stats_of_wrapped_reads)
{
	const char *const args[] = { "records=multiline", NULL };
	char out[400];
	total(out, "fastq", args, "@a\nAC\nGT\n+\nII\n#I\n@b\n+\n\n\n@c\r\nG\r\n+\r\nI\r\n");
	cr_assert_str_eq(out, "{\"reads\":3,\"bases\":5,\"gc\":3,\"n\":0,\"quality\":162,"
			      "\"gc_percent\":60.00,\"mean_quality\":32.40}");
}

Test(fastq, stats_of_pairs)
{
	const char *const args[] = { "group=2", NULL };
	char out[400];
	total(out, "fastq", args, "@a/1\nA\n+\nI\n@a/2\nG\n+\nI\n");
	cr_assert_str_eq(out, "{\"reads\":2,\"bases\":2,\"gc\":1,\"n\":0,\"quality\":80,"
			      "\"gc_percent\":50.00,\"mean_quality\":40.00}");
}

Test(fastq, stats_of_no_reads)
{
	char out[400];
	total(out, "fastq", NULL, "");
	cr_assert_str_eq(out, "{\"reads\":0,\"bases\":0,\"gc\":0,\"n\":0,\"quality\":0,"
			      "\"gc_percent\":0.00,\"mean_quality\":0.00}");
}

Test(fastq, stats_refuse_other_formats)
{
	char out[400];
	total(out, "lines", NULL, "@a\nA\n+\nI\n");
	cr_assert(strstr(out, "fastq-stats reads fastq, not lines"), "%s", out);
}

Test(fastq, stats_refuse_a_damaged_result)
{
	const dp_work work = { 0 };
	const char *good = "{\"reads\":0,\"bases\":0,\"gc\":0,\"n\":0,\"quality\":0}";
	const char *bad[] = { "",
			      "{",
			      "[]",
			      "{\"reads\":1}",
			      "{\"reads\":-1,\"bases\":0,\"gc\":0,\"n\":0,\"quality\":0}",
			      "{\"reads\":1,\"bases\":1,\"gc\":1,\"n\":1,\"quality\":0}" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		dp_batch a = { .data = (const uint8_t *)good, .len = strlen(good) };
		dp_batch b = { .data = (const uint8_t *)bad[i], .len = strlen(bad[i]) };
		cr_assert_eq(dp__fastq_stats.merge(&work, &a, &b, NULL, NULL, NULL), DP_ETASK);
	}
}
