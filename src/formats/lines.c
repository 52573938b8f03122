/* lines.c - the grammar of text whose records are lines. */
#include <string.h>

#include "formats/lines.h"

/* Binary data has control characters that text does not; zero bytes above all. */
static bool is_binary(uint8_t c)
{
	static const uint8_t fine[] = "\b\t\n\v\f\r\033";
	return c < ' ' && (c == 0 || !memchr(fine, c, sizeof fine - 1));
}

static int lines_probe(const char *key, const uint8_t *head, size_t len)
{
	(void)key;
	for (size_t i = 0; i < len; i++) {
		if (is_binary(head[i]))
			return 0;
	}
	return 1;
}

static dp_code lines_records(const dp_text *text, uint64_t max, const void *params,
			     dp_records *found, dp_error *err)
{
	size_t at = 0;
	uint64_t n = 0;
	(void)params;
	(void)err;
	while (n < max && at < text->len) {
		const uint8_t *newline = memchr(text->data + at, '\n', text->len - at);
		if (!newline && !text->last)
			break;
		at = newline ? (size_t)(newline - text->data) + 1 : text->len;
		if (found->ends)
			found->ends[n] = (uint32_t)at;
		n++;
	}
	found->nrec = n;
	found->used = at;
	return DP_OK;
}

static const dp_column columns[] = { { "line", DP_COLUMN_TEXT }, { NULL, DP_COLUMN_TEXT } };

static dp_code lines_rows(const uint8_t *record, size_t len, const void *params, dp_rows *rows,
			  dp_error *err)
{
	(void)params;
	if (len && record[len - 1] == '\n')
		len--;
	if (len && record[len - 1] == '\r')
		len--;
	dp_code rc = dp_rows_add(rows, 0, record, len, err);
	return rc == DP_OK ? dp_rows_end(rows, err) : rc;
}

const dp_grammar dp__lines = {
	.name = "lines",
	.doc = "any text, plain or .gz: a record is a line",
	.record = "line",
	.probe = lines_probe,
	.records = lines_records,
	.columns = columns,
	.rows = lines_rows,
};
