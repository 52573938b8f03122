/* fastq.h - one read of FASTQ text, in either of its two layouts. */
#ifndef DP_FORMATS_FASTQ_H
#define DP_FORMATS_FASTQ_H

#include "dataplug/dataplug.h"

/* Where the parts of a read lie in the text; sequence and quality hold line ends. */
typedef struct dp__read {
	size_t title;     /* its '@' */
	size_t seq, plus; /* the sequence is [seq, plus) */
	size_t qual,
		end; /* the quality is [qual, end), with the blank lines that stay with the read */
} dp__read;

typedef enum dp__read_end {
	DP__READ_WHOLE,
	DP__READ_MORE, /* the text ends before one knows */
	DP__READ_BAD   /* err says why, read->end where */
} dp__read_end;

/* A line from `at` on: its end without "\n" or "\r\n", and where the next one begins. False: the
 * text ends before one knows. */
typedef struct dp__line {
	size_t at, end, next;
	bool ended; /* by a newline, not by the text's end */
} dp__line;
bool dp__fastq_line(const dp_text *text, size_t at, dp__line *line);
/* Whether all bytes are printable: 33 to 126. */
bool dp__fastq_printable(const uint8_t *bytes, size_t len);
/* A line that begins with '+' repeats the title or is alone. */
bool dp__fastq_plus_fits(const dp_text *text, const dp__line *title, const dp__line *plus);
/* DP__READ_BAD: the read that begins at title is wrong at byte at. */
dp__read_end dp__fastq_bad(const dp_text *text, dp__read *read, size_t at, dp_error *err,
			   const char *fmt, ...) DP_PRINTF(5, 6);
/* Passes over blank lines from *at on. False: the text ends before one knows. */
bool dp__fastq_blank(const dp_text *text, size_t *at);

/* The read that begins at `at`, which is before the text's end: a title, one line each of sequence,
 * '+', quality. */
dp__read_end dp__fastq_four(const dp_text *text, size_t at, dp__read *read, dp_error *err);
/*
 * The same with any number of lines, as kseq.h reads them: sequence up to a line that begins with
 * '+', then quality until it is as long.
 */
dp__read_end dp__fastq_multi(const dp_text *text, size_t at, dp__read *read, dp_error *err);

/* The columns name, description, sequence and quality, and the rows of a record: one for each of
 * its reads. */
extern const dp_column dp__fastq_columns[];
dp_code dp__fastq_rows(const uint8_t *record, size_t len, bool wrapped, dp_rows *rows,
		       dp_error *err);

/* Passes over records of so many reads each, as long as they are plain and more text follows:
 * appends to found, up to max records. What is left is for the two above. */
void dp__fastq_quick_base(const dp_text *text, uint64_t max, uint64_t group, dp_records *found);
void dp__fastq_quick_v3(const dp_text *text, uint64_t max, uint64_t group, dp_records *found);

extern const dp_grammar dp__fastq;
extern const dp_task dp__fastq_stats;

#endif
