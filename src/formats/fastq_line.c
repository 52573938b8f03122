/* fastq_line.c - the lines of FASTQ text and what may stand on them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "formats/fastq.h"

/* How much of a title an error message repeats. */
#define TITLE_SHOWN 60

bool dp__fastq_line(const dp_text *text, size_t at, dp__line *line)
{
	const uint8_t *from = text->data + at;
	const uint8_t *newline = at < text->len ? memchr(from, '\n', text->len - at) : NULL;
	if (!newline && !text->last)
		return false;
	line->at = at;
	line->ended = newline != NULL;
	line->end = newline ? (size_t)(newline - text->data) : text->len;
	line->next = line->end + line->ended;
	if (line->end > at && text->data[line->end - 1] == '\r')
		line->end--;
	return true;
}

/* Eight bytes at a time: the high bit of a lane is set where the byte is below 33, above 126, or
 * above 127. */
static uint64_t unprintable(uint64_t lanes)
{
	const uint64_t ones = UINT64_MAX / 255;
	return ((lanes - ones * 33) | (lanes + ones) | lanes) & (ones * 128);
}

bool dp__fastq_printable(const uint8_t *bytes, size_t len)
{
	uint64_t bad = 0;
	size_t i = 0;
	for (; len - i >= 8; i += 8) {
		uint64_t lanes;
		memcpy(&lanes, bytes + i, 8);
		bad |= unprintable(lanes);
	}
	for (; i < len; i++)
		bad |= bytes[i] < 33 || bytes[i] > 126;
	return bad == 0;
}

bool dp__fastq_plus_fits(const dp_text *text, const dp__line *title, const dp__line *plus)
{
	size_t len = plus->end - plus->at;
	return len == 1 ||
	       (len == title->end - title->at &&
		memcmp(text->data + title->at + 1, text->data + plus->at + 1, len - 1) == 0);
}

bool dp__fastq_blank(const dp_text *text, size_t *at)
{
	dp__line line;
	while (*at < text->len && (text->data[*at] == '\n' || text->data[*at] == '\r')) {
		if (!dp__fastq_line(text, *at, &line))
			return false;
		if (line.end > line.at)
			return true;
		*at = line.next;
	}
	return *at < text->len || text->last;
}

dp__read_end dp__fastq_bad(const dp_text *text, dp__read *read, size_t at, dp_error *err,
			   const char *fmt, ...)
{
	char name[TITLE_SHOWN + 1], what[256];
	size_t n = 0;
	va_list args;
	for (size_t i = read->title; i < text->len && n < TITLE_SHOWN; i++) {
		uint8_t c = text->data[i];
		if (c <= ' ')
			break;
		name[n++] = (char)(c < 127 ? c : '?');
	}
	name[n] = 0;
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	dp_fail(err, DP_EFORMAT, "(%s) %s", name, what);
	read->end = at;
	return DP__READ_BAD;
}
