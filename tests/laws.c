/* laws.c - every format and framing obeys the laws, with every strategy; on made inputs and on
 * samples. */
#define _XOPEN_SOURCE 700 /* nftw */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "support/laws.h"

static const char *const small_span[] = { "span=2K", NULL };
static const char *const pairs[] = { "span=4K", "group=2", NULL };
static const char *const wrapped[] = { "span=1K", "records=multiline", NULL };

/* Frees the case's bytes. */
static void check(const char *name, const char *format, const char *const *args, bytes object,
		  bytes records, uint64_t nrec)
{
	law_case c = { name, format, args, object, records, nrec };
	laws_hold(&c);
	if (records.data != object.data)
		free(records.data);
	free(object.data);
}

static void check_plain(const char *name, const char *format, const char *const *args, bytes text,
			uint64_t nrec)
{
	check(name, format, args, text, text, nrec);
}

Test(laws, lines_plain)
{
	check_plain("lines.txt", "lines", small_span, make_lines(3000, 80, 1), 3000);
}

Test(laws, lines_one)
{
	check_plain("one.txt", "lines", NULL, make_copy("alone", 5), 1);
}

Test(laws, lines_none)
{
	check_plain("none.txt", "lines", NULL, make_copy("", 0), 0);
}

Test(laws, lines_gzip)
{
	bytes text = make_lines(5000, 100, 2);
	check("lines.txt.gz", "lines", small_span,
	      make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY), text, 5000);
}

Test(laws, reads_plain)
{
	check_plain("reads.fastq", NULL, small_span, make_reads(900, 150, 3), 900);
}

Test(laws, reads_without_final_newline)
{
	bytes text = make_reads(100, 50, 4);
	text.len -= 1;
	check_plain("cut.fastq", "fastq", small_span, text, 100);
}

Test(laws, reads_with_blank_end)
{
	bytes text = make_join(make_reads(100, 50, 5), make_copy("\n\r\n\n", 4));
	check_plain("blank.fastq", "fastq", small_span, text, 100);
}

Test(laws, reads_gzip_levels)
{
	for (int level = 0; level <= 9; level += 3) {
		bytes text = make_reads(1500, 150, 6);
		check("reads.fastq.gz", NULL, small_span,
		      make_gzip(text.data, text.len, level, Z_DEFAULT_STRATEGY), text, 1500);
	}
}

Test(laws, reads_gzip_strategies)
{
	const int strategies[] = { Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED };
	for (size_t i = 0; i < 4; i++) {
		bytes text = make_reads(1500, 150, 7);
		check("odd.fastq.gz", NULL, small_span,
		      make_gzip(text.data, text.len, 6, strategies[i]), text, 1500);
	}
}

Test(laws, reads_many_members)
{
	bytes text = make_reads(1500, 150, 8);
	check("members.fastq.gz", NULL, small_span, make_members(text.data, text.len, 3001, 6),
	      text, 1500);
}

Test(laws, reads_tiny_members)
{
	bytes text = make_reads(200, 60, 9);
	check("tiny.fastq.gz", NULL, small_span, make_members(text.data, text.len, 17, 6), text,
	      200);
}

Test(laws, reads_bgzf)
{
	bytes text = make_reads(3000, 150, 10);
	check("reads.fastq.bgz", NULL, small_span, make_bgzf(text.data, text.len, 65280), text,
	      3000);
}

Test(laws, reads_in_pairs)
{
	bytes text = make_reads(1000, 150, 11);
	check("pairs.fastq.gz", "fastq", pairs, make_gzip(text.data, text.len, 6, 0), text, 500);
}

Test(laws, reads_over_lines)
{
	const char *const two = "@a\nACGT\nAC\n+\nIIII\nII\n@b\n\n+\n\n@c\nA\nC\n+c\n@\n+\n";
	check_plain("wrapped.fastq", "fastq", wrapped, make_copy(two, strlen(two)), 3);
}

Test(laws, reads_as_lines)
{
	bytes text = make_reads(500, 100, 12);
	check("reads.fastq.gz", "lines", small_span, make_gzip(text.data, text.len, 6, 0), text,
	      2000);
}

Test(laws, records_longer_than_units)
{
	bytes text = make_reads(30, 30000, 13);
	check("long.fastq.gz", "fastq", small_span, make_gzip(text.data, text.len, 6, 0), text, 30);
}

/* ---- what a slice costs ---- */

/* One read of data and one of state; nobody looks at the rest of the index. */
Test(laws, a_slice_from_the_middle_costs_two_reads)
{
	const char *const url = "mem:cost.fastq.gz";
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_session *session = NULL;
	dp_index *index = NULL;
	dp_slices *slices = NULL;
	dp__buf out = dp__buf_of((size_t)1 << 24);
	dp__mem_counts before[2], after[2];
	bytes text = make_reads(20000, 150, 14);
	bytes gz = make_gzip(text.data, text.len, 6, 0);
	opts.args = (const char *const[]){ "span=16K", NULL };
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	cr_assert_eq(dp__mem_put(session, url, gz.data, gz.len, NULL), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, url, &opts, NULL), DP_OK);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "box",
				  (const char *const[]){ "record=9000:11000", NULL }, NULL),
		     DP_OK);
	dp__mem_counts_of(session, url, &before[0], NULL);
	dp__mem_counts_of(session, dp_index_url(index), &before[1], NULL);
	cr_assert_eq(dp_slice_get(dp_slices_at(slices, 0), 0, dp__buf_write, &out, NULL), DP_OK);
	dp__mem_counts_of(session, url, &after[0], NULL);
	dp__mem_counts_of(session, dp_index_url(index), &after[1], NULL);
	cr_expect_eq(after[0].reads - before[0].reads, 1);
	cr_expect_lt(after[0].bytes - before[0].bytes, gz.len / 5);
	cr_expect_leq(after[1].reads - before[1].reads, 1);
	cr_expect_lt(after[1].bytes - before[1].bytes, dp_index_size(index) / 5);
	cr_expect_eq(after[0].stats + after[1].stats, before[0].stats + before[1].stats);
	dp__buf_fini(&out);
	dp_slices_free(slices);
	dp_index_free(index);
	dp_session_free(session);
	free(text.data);
	free(gz.data);
}

/* ---- samples: a folder that the environment names; what they hold is asked of gzip and counted
 * here ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static bytes read_all(FILE *file)
{
	bytes out = make_copy("", 0);
	uint8_t piece[65536];
	for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;)
		out = make_join(out, make_copy(piece, n));
	return out;
}

static bytes read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	cr_assert(file, "%s", path);
	bytes out = read_all(file);
	fclose(file);
	return out;
}

static bytes unpack_file(const char *path)
{
	char command[4200];
	snprintf(command, sizeof command, "gzip -dc < '%s'", path);
	FILE *pipe = popen(command, "r");
	cr_assert(pipe);
	bytes out = read_all(pipe);
	cr_assert_eq(pclose(pipe), 0, "%s", command);
	return out;
}

static uint64_t count_lines(bytes text)
{
	uint64_t n = 0;
	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	return n + (text.len && text.data[text.len - 1] != '\n');
}

/* Where the line that begins at off ends, without its "\n" or "\r\n"; *next is where the next one
 * begins. */
static size_t line_end(bytes text, size_t off, size_t *next)
{
	const uint8_t *stop = memchr(text.data + off, '\n', text.len - off);
	size_t end = stop ? (size_t)(stop - text.data) : text.len;
	*next = stop ? end + 1 : end;
	return end > off && text.data[end - 1] == '\r' ? end - 1 : end;
}

/* Whether every read has four lines, by the plain rule alone; empty ones may follow the last. */
static bool has_four_lines(bytes text)
{
	while (text.len > 1 && text.data[text.len - 1] == '\n' && text.data[text.len - 2] == '\n')
		text.len--;
	for (size_t off = 0, next; off < text.len; off = next) {
		size_t title = off, seq, plus, qual;
		line_end(text, title, &seq);
		size_t seq_len = line_end(text, seq, &plus) - seq;
		line_end(text, plus, &qual);
		size_t qual_len = line_end(text, qual, &next) - qual;
		if (text.data[title] != '@' || plus >= text.len || text.data[plus] != '+' ||
		    seq_len != qual_len)
			return false;
	}
	return text.len > 0;
}

/* How many reads seqtk counts, whatever lines they have. */
static uint64_t ask_seqtk(const char *path)
{
	char command[4200];
	snprintf(command, sizeof command, "seqtk seq '%s'", path);
	FILE *pipe = popen(command, "r");
	cr_assert(pipe);
	bytes out = read_all(pipe);
	cr_assert_eq(pclose(pipe), 0, "%s", command);
	uint64_t n = count_lines(out) / 4;
	free(out.data);
	return n;
}

static void check_reads(const char *path, law_case c)
{
	c.format = "fastq";
	c.args = small_span;
	c.nrec = ask_seqtk(path);
	if (has_four_lines(c.records))
		laws_hold(&c);
	else
		laws_refuse(&c, DP_EFORMAT);
	c.args = wrapped;
	laws_hold(&c);
}

/* A sample is read as lines, and a FASTQ as reads too. */
static int check_sample(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)at;
	if (kind != FTW_F || st->st_size > 2 << 20 || strstr(path, "/bad/"))
		return 0;
	bool packed = ends_with(path, ".gz") || ends_with(path, ".bgz");
	bool reads = strstr(path, ".fastq") || strstr(path, ".fq");
	if (!packed && !reads && !ends_with(path, ".csv") && !ends_with(path, ".vcf"))
		return 0;
	bytes object = read_file(path);
	bytes text = packed ? unpack_file(path) : make_copy(object.data, object.len);
	law_case c = { path + 1, "lines", small_span, object, text, count_lines(text) };
	laws_hold(&c);
	if (reads && text.len && text.data[0] == '@')
		check_reads(path, c);
	free(object.data);
	free(text.data);
	return 0;
}

/* What others broke must not be taken for reads. */
static int check_broken(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)at;
	if (kind != FTW_F || !strstr(path, "/bad/") || !ends_with(path, ".fastq") || !st->st_size)
		return 0;
	bytes object = read_file(path);
	law_case c = { path + 1, "fastq", NULL, object, object, 0 };
	laws_refuse(&c, DP_EFORMAT);
	c.args = wrapped;
	laws_refuse(&c, DP_EFORMAT);
	free(object.data);
	return 0;
}

Test(laws, samples)
{
	const char *folder = getenv("DATAPLUG_SAMPLES");
	if (!folder || !*folder)
		cr_skip_test("DATAPLUG_SAMPLES names no folder");
	cr_assert_eq(nftw(folder, check_sample, 16, FTW_PHYS), 0);
	cr_assert_eq(nftw(folder, check_broken, 16, FTW_PHYS), 0);
}
