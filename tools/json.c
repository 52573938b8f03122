/* json.c - writes strings and numbers as RFC 8259 wants them. */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataplug/unit.h"

/* How many bytes a character has that begins so; 0 = none does (RFC 3629 4). */
static size_t lead_len(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

/* The bounds of the second byte keep out overlong forms, surrogates, and what is beyond U+10FFFF.
 */
static bool is_second(unsigned char lead, unsigned char c)
{
	unsigned char lo = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	unsigned char hi = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	return c >= lo && c <= hi;
}

/* How many bytes the first character of s has; 0 if that is no UTF-8. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	size_t n = lead_len(s[0]);
	if (n > len || (n > 1 && !is_second(s[0], s[1])))
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void put_text(FILE *to, const char *text, size_t len, bool html)
{
	putc('"', to);
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)text[i];
		size_t n = utf8_len((const unsigned char *)text + i, len - i);
		if (n == 0)
			fputs("\\ufffd", to);
		else if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", to);
		else if (c == '\t')
			fputs("\\t", to);
		else if (c < ' ' || c == 0x7f || (html && c == '<'))
			fprintf(to, "\\u%04x", c);
		else
			fwrite(text + i, 1, n, to);
		i += n ? n : 1;
	}
	putc('"', to);
}

void json_put_text(FILE *to, const char *text, size_t len)
{
	put_text(to, text, len, false);
}

void json_put_html(FILE *to, const char *text, size_t len)
{
	put_text(to, text, len, true);
}

void json_put_string(FILE *to, const char *text)
{
	if (text)
		json_put_text(to, text, strlen(text));
	else
		fputs("null", to);
}

void json_put_base64(FILE *to, const void *data, size_t len)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789+/";
	const unsigned char *p = data;
	putc('"', to);
	for (; len > 0; len -= len < 3 ? len : 3, p += 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (len > 1 ? (uint32_t)p[1] << 8 : 0) |
			     (len > 2 ? p[2] : 0u);
		putc(digit[v >> 18], to);
		putc(digit[v >> 12 & 63], to);
		putc(len > 1 ? digit[v >> 6 & 63] : '=', to);
		putc(len > 2 ? digit[v & 63] : '=', to);
	}
	putc('"', to);
}

void json_put_count(FILE *to, uint64_t n)
{
	if (n == DP_UNKNOWN)
		fputs("null", to);
	else
		fprintf(to, "%" PRIu64, n);
}

void json_put_number(FILE *to, double v)
{
	char text[40];
	if (!isfinite(v)) {
		fputs("null", to);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	fputs(text, to);
}

void json_put_lines(FILE *to, const char *text)
{
	const char *between = "";
	putc('[', to);
	while (text && *text) {
		size_t n = strcspn(text, "\n");
		fputs(between, to);
		json_put_text(to, text, n);
		text += n + (text[n] == '\n');
		between = ",";
	}
	putc(']', to);
}
