/* text.c - JSON strings, base64, numbers without locale. */
#include "core/base/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One character of a JSON string, RFC 8259 7. */
static dp_code add_json_char(dp__buf *buf, uint32_t c, dp_error *err)
{
	char ascii = (char)c;

	if (c == '"' || c == '\\')
		return dp__buf_printf(buf, err, "\\%c", ascii);
	if (c >= 0x20 && c < 0x7f)
		return dp__buf_add(buf, &ascii, 1, err);
	if (c < 0x10000)
		return dp__buf_printf(buf, err, "\\u%04x", (unsigned)c);
	c -= 0x10000;
	return dp__buf_printf(buf, err, "\\u%04x\\u%04x", (unsigned)(0xd800 | c >> 10),
			      (unsigned)(0xdc00 | (c & 0x3ff)));
}

dp_code dp__json_string(dp__buf *buf, const char *text, size_t len, dp_error *err)
{
	const uint8_t *p = (const uint8_t *)text;
	dp_code code = dp__buf_add(buf, "\"", 1, err);
	uint32_t c;

	for (size_t i = 0; code == DP_OK && i < len;) {
		i += dp__utf8_take(p + i, len - i, &c);
		code = add_json_char(buf, c, err);
	}
	return code == DP_OK ? dp__buf_add(buf, "\"", 1, err) : code;
}

dp_code dp__base64_add(dp__buf *buf, const void *data, size_t len, dp_error *err)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	dp_code code = dp__buf_reserve(buf, (len + 2) / 3 * 4, err);

	for (size_t i = 0; code == DP_OK && i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;
		char four[4];

		if (n > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (n > 2)
			v |= p[i + 2];
		four[0] = digit[v >> 18];
		four[1] = digit[v >> 12 & 63];
		four[2] = '=';
		four[3] = '=';
		if (n > 1)
			four[2] = digit[v >> 6 & 63];
		if (n > 2)
			four[3] = digit[v & 63];
		code = dp__buf_add(buf, four, 4, err);
	}
	return code;
}

/* The value of a base64 digit, 64 if it is none. */
static uint32_t base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (is_digit(c))
		return (uint32_t)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

dp_code dp__base64_decode(dp__buf *buf, const char *text, size_t len, dp_error *err)
{
	dp_code code = DP_OK;
	size_t pad = 0;

	if (len % 4 != 0)
		return dp_fail(err, DP_EFORMAT, "base64 of %zu characters", len);
	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; code == DP_OK && i < len; i += 4) {
		size_t digits = i + 4 == len ? 4 - pad : 4;
		uint32_t v = 0, d;
		uint8_t three[3];

		for (size_t k = 0; k < 4; k++) {
			d = k < digits ? base64_value(text[i + k]) : 0;
			if (d > 63)
				return dp_fail(err, DP_EFORMAT, "no base64 at character %zu",
					       i + k);
			v = v << 6 | d;
		}
		/* RFC 4648 3.5: bits that pad must be zero, or one value had many texts. */
		if ((v & ((1u << 8 * (4 - digits)) - 1)) != 0)
			return dp_fail(err, DP_EFORMAT, "stray bits at the end of base64");
		for (size_t k = 0; k < 3; k++)
			three[k] = (uint8_t)(v >> (16 - 8 * k));
		code = dp__buf_add(buf, three, digits - 1, err);
	}
	return code;
}

static const char *skip_digits(const char *p)
{
	while (is_digit(*p))
		p++;
	return p;
}

/*
 * Whether text is [+-]digits[.digits][e[+-]digits]: what strtod() takes, without hexadecimal, names
 * and spaces.
 */
static bool is_decimal(const char *text)
{
	const char *p = *text == '+' || *text == '-' ? text + 1 : text;
	const char *digits = p;

	p = skip_digits(p);
	if (p == digits)
		return false;
	if (*p == '.') {
		digits = ++p;
		p = skip_digits(p);
		if (p == digits)
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		digits = p;
		p = skip_digits(p);
		if (p == digits)
			return false;
	}
	return *p == '\0';
}

bool dp__number(const char *text, double *out)
{
	locale_t plain, before;
	double v;

	if (strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0) {
		*out = text[0] == '-' ? -INFINITY : INFINITY;
		return true;
	}
	if (!is_decimal(text))
		return false;
	plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (plain == (locale_t)0)
		return false;
	before = uselocale(plain);
	v = strtod(text, NULL);
	uselocale(before);
	freelocale(plain);
	if (isinf(v))
		return false;
	*out = v;
	return true;
}

bool dp__digits(const char *text, size_t len, uint64_t *out)
{
	uint64_t v = 0, d;

	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		d = (uint64_t)(text[i] - '0');
		if (v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return len > 0;
}

dp_code dp__number_add(dp__buf *buf, double v, dp_error *err)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
	char text[40];
	double back;

	if (plain == (locale_t)0)
		return dp_fail(err, DP_ENOMEM, "no memory for a locale");
	before = uselocale(plain);
	/* Whole numbers are written in full, so that 1000000 does not become 1e+06. */
	if (v > -1e17 && v < 1e17 && v == floor(v)) {
		snprintf(text, sizeof(text), "%.0f", v);
	} else {
		for (int digits = 15; digits <= 17; digits++) {
			snprintf(text, sizeof(text), "%.*g", digits, v);
			back = strtod(text, NULL);
			if (!(back < v) && !(back > v))
				break;
		}
	}
	uselocale(before);
	freelocale(plain);
	return dp__buf_add(buf, text, strlen(text), err);
}

char *dp__strndup(const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? malloc(len + 1) : NULL;

	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *dp__strdup(const char *text)
{
	return dp__strndup(text, strlen(text));
}

void dp__one_line(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}
