/* fastq_rows.c - reads as rows of a table. */
#include "formats/fastq.h"

#include <string.h>

const dp_column dp__fastq_columns[] = {
	{ "name", DP_COLUMN_TEXT },     { "description", DP_COLUMN_TEXT },
	{ "sequence", DP_COLUMN_TEXT }, { "quality", DP_COLUMN_TEXT },
	{ NULL, DP_COLUMN_TEXT },
};

enum { NAME, DESCRIPTION, SEQUENCE, QUALITY };

/* The lines in [at, end), without their ends, as one value. */
static dp_code add_lines(dp_rows *rows, size_t column, const dp_text *text, size_t at, size_t end,
			 dp_error *err)
{
	const dp_text part = { text->data, end, true };
	dp_code rc = DP_OK;
	dp__line line;
	while (rc == DP_OK && at < end && dp__fastq_line(&part, at, &line)) {
		rc = dp_rows_add(rows, column, text->data + line.at, line.end - line.at, err);
		at = line.next;
	}
	return rc;
}

/* What stands behind '@': the name up to a blank, then what describes the read. */
static dp_code add_title(dp_rows *rows, const dp_text *text, size_t at, dp_error *err)
{
	dp__line line;
	if (!dp__fastq_line(text, at, &line))
		return dp_fail(err, DP_EFORMAT, "a read without a title");
	size_t name = line.at + 1, end = name;
	while (end < line.end && text->data[end] != ' ' && text->data[end] != '\t')
		end++;
	size_t rest = end;
	while (rest < line.end && (text->data[rest] == ' ' || text->data[rest] == '\t'))
		rest++;
	dp_code rc = dp_rows_add(rows, NAME, text->data + name, end - name, err);
	return rc == DP_OK ? dp_rows_add(rows, DESCRIPTION, text->data + rest, line.end - rest, err)
			   : rc;
}

dp_code dp__fastq_rows(const uint8_t *record, size_t len, bool wrapped, dp_rows *rows,
		       dp_error *err)
{
	const dp_text text = { record, len, true };
	dp__read read = { 0 };
	dp_code rc = DP_OK;
	for (size_t at = 0; rc == DP_OK && at < len; at = read.end) {
		dp__read_end end = wrapped ? dp__fastq_multi(&text, at, &read, err)
					   : dp__fastq_four(&text, at, &read, err);
		if (end != DP__READ_WHOLE)
			return end == DP__READ_BAD ? DP_EFORMAT
						   : dp_fail(err, DP_EFORMAT, "a read is cut off");
		rc = add_title(rows, &text, read.title, err);
		if (rc == DP_OK)
			rc = add_lines(rows, SEQUENCE, &text, read.seq, read.plus, err);
		if (rc == DP_OK)
			rc = add_lines(rows, QUALITY, &text, read.qual, read.end, err);
		if (rc == DP_OK)
			rc = dp_rows_end(rows, err);
	}
	return rc;
}
