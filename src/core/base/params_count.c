/* params_count.c - counts and sizes as users write them: 1M, 2.5e6, 64K. */
#include <string.h>

#include "core/base/num.h"
#include "core/base/params.h"
#include "core/base/text.h"

#define COUNT_END ((uint64_t)1 << 63)

static bool mul_pow10(uint64_t v, uint64_t power, uint64_t *out)
{
	if (v == 0)
		power = 0;
	for (; power > 0; power--)
		if (!dp__mul_u64(v, 10, &v))
			return false;
	*out = v;
	return true;
}

static size_t digits_at(const char *text)
{
	return strspn(text, "0123456789");
}

/* The power of ten behind the digits of a count, "M" or "e6"; false if it is neither. */
static bool take_power(const char *text, uint64_t *power)
{
	static const char suffix[] = "kKMGT";
	static const uint64_t power_of[] = { 3, 3, 6, 9, 12 };
	const char *at;

	*power = 0;
	if (text[0] == '\0')
		return true;
	at = strchr(suffix, text[0]);
	if (at != NULL) {
		*power = power_of[at - suffix];
		return text[1] == '\0';
	}
	if (text[0] != 'e' && text[0] != 'E')
		return false;
	text += text[1] == '+' ? 2 : 1;
	return dp__digits(text, strlen(text), power);
}

bool dp__params_count(const char *text, uint64_t *out)
{
	size_t whole = digits_at(text), part = 0;
	uint64_t v, fraction = 0, power;
	const char *rest = text + whole;

	if (!dp__digits(text, whole, &v))
		return false;
	if (*rest == '.') {
		part = digits_at(rest + 1);
		if (!dp__digits(rest + 1, part, &fraction))
			return false;
		rest += 1 + part;
	}
	if (!take_power(rest, &power))
		return false;
	for (; part > power; part--) {
		if (fraction % 10 != 0)
			return false;
		fraction /= 10;
	}
	if (!mul_pow10(v, power, &v) || !mul_pow10(fraction, power - part, &fraction))
		return false;
	if (!dp__add_u64(v, fraction, &v) || v >= COUNT_END)
		return false;
	*out = v;
	return true;
}

bool dp__params_bytes(const char *text, uint64_t *out)
{
	static const char suffix[] = "KMGTkmgt";
	size_t len = digits_at(text);
	const char *rest = text + len, *at;
	uint64_t v, unit = 1;

	if (!dp__digits(text, len, &v))
		return false;
	at = *rest != '\0' ? strchr(suffix, *rest) : NULL;
	if (at != NULL) {
		unit = (uint64_t)1 << (10 * ((at - suffix) % 4 + 1));
		rest++;
	}
	if (at != NULL && strcmp(rest, "iB") == 0)
		rest += 2;
	else if (strcmp(rest, "B") == 0)
		rest++;
	if (*rest != '\0' || !dp__mul_u64(v, unit, &v) || v >= COUNT_END)
		return false;
	*out = v;
	return true;
}
