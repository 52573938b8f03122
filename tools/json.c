/* json.c - writes strings and numbers as RFC 8259 wants them. */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "dataplug/unit.h"

static void put_text(FILE *to, const char *text, size_t len, bool html)
{
	putc('"', to);
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = dp__utf8_take((const uint8_t *)text + i, len - i, &c);
		if (n == 1 && c == DP__UTF8_STRAY)
			fputs("\\ufffd", to);
		else if (c == '"' || c == '\\')
			fprintf(to, "\\%c", (char)c);
		else if (c == '\n')
			fputs("\\n", to);
		else if (c == '\t')
			fputs("\\t", to);
		else if (c < ' ' || c == 0x7f || (html && c == '<'))
			fprintf(to, "\\u%04x", (unsigned)c);
		else
			fwrite(text + i, 1, n, to);
		i += n;
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
