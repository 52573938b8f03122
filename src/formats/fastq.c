/* fastq.c - the grammar of FASTQ: reads of four lines, or wrapped ones, alone or in groups
 * (interleaved pairs). */
#include <string.h>

#include "formats/cpu.h"
#include "formats/fastq.h"

#define GROUP_MAX 1024

typedef struct fastq_params {
	int layout;
	uint64_t group;
} fastq_params;

enum { FOUR_LINE, MULTILINE };

/* A third line that does not begin with '+' may be more sequence. */
static dp__read_end bad_plus(const dp_text *text, dp__read *read, const dp__line *plus,
			     dp_error *err)
{
	bool wrapped = plus->end > plus->at &&
		       dp__fastq_printable(text->data + plus->at, plus->end - plus->at);
	return dp__fastq_bad(text, read, plus->at, err, "its third line does not begin with '+'%s",
			     wrapped ? "; for reads of more than four lines there is "
				       "records=multiline"
				     : "");
}

static dp__read_end bad_end(const dp_text *text, dp__read *read, dp_error *err)
{
	return dp__fastq_bad(text, read, text->len, err, "the text ends inside it");
}

/* What stands behind the quality: at most blank lines at the end of the text. */
static dp__read_end pass_end(const dp_text *text, dp__read *read, dp_error *err)
{
	size_t at = read->end;
	if (!dp__fastq_blank(text, &read->end))
		return DP__READ_MORE;
	if (read->end > at && read->end < text->len)
		return dp__fastq_bad(text, read, at, err, "a blank line behind it");
	return DP__READ_WHOLE;
}

/* The title and the sequence. */
static dp__read_end pass_bases(const dp_text *text, dp__read *read, dp__line *title, dp__line *seq,
			       dp_error *err)
{
	size_t at = read->title;
	if (text->data[at] != '@')
		return dp__fastq_bad(text, read, at, err, "a title does not begin with '@'");
	if (!dp__fastq_line(text, at, title))
		return DP__READ_MORE;
	if (!title->ended)
		return bad_end(text, read, err);
	if (!dp__fastq_line(text, title->next, seq))
		return DP__READ_MORE;
	if (!dp__fastq_printable(text->data + seq->at, seq->end - seq->at))
		return dp__fastq_bad(text, read, seq->at, err, "its sequence is no sequence");
	return seq->ended ? DP__READ_WHOLE : bad_end(text, read, err);
}

static dp__read_end pass_plus(const dp_text *text, dp__read *read, const dp__line *title,
			      dp__line *plus, dp_error *err)
{
	if (!dp__fastq_line(text, read->plus, plus))
		return DP__READ_MORE;
	if (plus->end == plus->at && !plus->ended)
		return bad_end(text, read, err);
	if (text->data[plus->at] != '+')
		return bad_plus(text, read, plus, err);
	if (!plus->ended)
		return bad_end(text, read, err);
	if (!dp__fastq_plus_fits(text, title, plus))
		return dp__fastq_bad(text, read, plus->at, err,
				     "its '+' line repeats another title");
	return DP__READ_WHOLE;
}

dp__read_end dp__fastq_four(const dp_text *text, size_t at, dp__read *read, dp_error *err)
{
	dp__line title, seq, plus, qual;
	read->title = at;
	dp__read_end end = pass_bases(text, read, &title, &seq, err);
	if (end != DP__READ_WHOLE)
		return end;
	read->seq = seq.at;
	read->plus = seq.next;
	end = pass_plus(text, read, &title, &plus, err);
	if (end != DP__READ_WHOLE)
		return end;
	if (!dp__fastq_line(text, plus.next, &qual))
		return DP__READ_MORE;
	if (!dp__fastq_printable(text->data + qual.at, qual.end - qual.at))
		return dp__fastq_bad(text, read, qual.at, err, "its quality is no quality");
	if (qual.end - qual.at != seq.end - seq.at)
		return dp__fastq_bad(text, read, qual.at, err, "%zu qualities for %zu bases",
				     qual.end - qual.at, seq.end - seq.at);
	read->qual = qual.at;
	read->end = qual.next;
	return pass_end(text, read, err);
}

/* One record: a group of reads. Its end, or where it is wrong, is in read. */
static dp__read_end pass_group(const dp_text *text, size_t at, const fastq_params *params,
			       dp__read *read, dp_error *err)
{
	for (uint64_t i = 0; i < params->group; i++) {
		if (at == text->len && !text->last)
			return DP__READ_MORE;
		if (at == text->len) {
			read->end = at;
			dp_fail(err, DP_EFORMAT,
				"has %d reads at the end of the text, not group=%d", (int)i,
				(int)params->group);
			return DP__READ_BAD;
		}
		dp__read_end end = params->layout == MULTILINE
					   ? dp__fastq_multi(text, at, read, err)
					   : dp__fastq_four(text, at, read, err);
		if (end != DP__READ_WHOLE)
			return end;
		at = read->end;
	}
	return DP__READ_WHOLE;
}

static void quick(const dp_text *text, uint64_t max, uint64_t group, dp_records *found)
{
#ifdef __x86_64__
	if (dp__cpu_is_v3()) {
		dp__fastq_quick_v3(text, max, group, found);
		return;
	}
#endif
	dp__fastq_quick_base(text, max, group, found);
}

static dp_code fastq_records(const dp_text *text, uint64_t max, const void *params,
			     dp_records *found, dp_error *err)
{
	const fastq_params *own = params;
	dp__read read = { 0 };
	if (own->group < 1 || own->group > GROUP_MAX)
		return dp_fail(err, DP_EINVAL, "group must be from 1 to %d", GROUP_MAX);
	found->nrec = 0;
	found->used = 0;
	while (found->nrec < max && found->used < text->len) {
		if (own->layout == FOUR_LINE)
			quick(text, max, own->group, found);
		if (found->nrec == max)
			break;
		dp__read_end end = pass_group(text, found->used, own, &read, err);
		if (end == DP__READ_MORE)
			break;
		if (end == DP__READ_BAD) {
			found->used = read.end;
			return DP_EFORMAT;
		}
		found->used = read.end;
		if (found->ends)
			found->ends[found->nrec] = (uint32_t)found->used;
		found->nrec++;
	}
	return DP_OK;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);
	return len >= n && strcmp(text + len - n, end) == 0;
}

/* By its name: for a file without a single read. */
static bool named_fastq(const char *key)
{
	static const char *const ends[] = { ".fastq", ".fq", ".fastq.gz", ".fq.gz", NULL };
	for (size_t i = 0; ends[i]; i++) {
		if (ends_with(key, ends[i]))
			return true;
	}
	return false;
}

/* "@HD" and a tab is how SAM begins (SAM 1.3). */
static bool is_sam(const uint8_t *head, size_t len)
{
	return len >= 4 && head[3] == '\t';
}

static int fastq_probe(const char *key, const uint8_t *head, size_t len)
{
	dp_text text = { head, len, false };
	if (len == 0)
		return named_fastq(key) ? 2 : 0;
	if (head[0] != '@')
		return 0;
	for (int layout = FOUR_LINE; layout <= MULTILINE; layout++) {
		fastq_params params = { layout, 1 };
		dp_records found = { 0 };
		dp_code rc = fastq_records(&text, UINT64_MAX, &params, &found, NULL);
		if (found.nrec || (rc == DP_OK && !is_sam(head, len)))
			return (int)(found.used < 1000 ? found.used + 2 : 1000);
	}
	return 0;
}

static dp_code fastq_mate(const uint8_t *record, size_t len, size_t *off, size_t *n)
{
	size_t end = 1;
	while (end < len && record[end] > ' ')
		end++;
	if (end >= 3 && record[end - 2] == '/' &&
	    (record[end - 1] == '1' || record[end - 1] == '2'))
		end -= 2;
	*off = 1;
	*n = len ? end - 1 : 0;
	return DP_OK;
}

static dp_code fastq_rows(const uint8_t *record, size_t len, const void *params, dp_rows *rows,
			  dp_error *err)
{
	const fastq_params *own = params;
	return dp__fastq_rows(record, len, own->layout == MULTILINE, rows, err);
}

static const dp_param params[] = {
	{ "records", DP_PARAM_CHOICE, offsetof(fastq_params, layout), "four-line",
	  "four-line|multiline",
	  "how a read is written; multiline: wrapped over any number of lines" },
	{ "group", DP_PARAM_COUNT, offsetof(fastq_params, group), "1", NULL,
	  "reads in a record: 2 for interleaved pairs" },
	{ .name = NULL },
};

const dp_grammar dp__fastq = {
	.name = "fastq",
	.doc = "sequencing reads with qualities (FASTQ), plain or .gz",
	.record = "read",
	.params = params,
	.params_size = sizeof(fastq_params),
	.probe = fastq_probe,
	.records = fastq_records,
	.mate = fastq_mate,
	.columns = dp__fastq_columns,
	.rows = fastq_rows,
};
