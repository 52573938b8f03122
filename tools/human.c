/* human.c - rounds sizes and puts nouns into the plural. */
#include "human.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "dataplug/unit.h"

int human_name(const char *object)
{
	bool web = strncmp(object, "http://", 7) == 0 || strncmp(object, "https://", 8) == 0;
	size_t len = web ? strcspn(object, "?") : strlen(object);
	return len < INT_MAX ? (int)len : INT_MAX;
}

void human_bytes(FILE *to, uint64_t n)
{
	static const char *const unit[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	double v = (double)n / 1000;
	size_t i = 0;
	if (n < 1000) {
		fprintf(to, "%" PRIu64 " B", n);
		return;
	}
	while (v >= 999.5 && i + 1 < sizeof unit / sizeof unit[0]) {
		v /= 1000;
		i++;
	}
	fprintf(to, v < 9.95 ? "%.1f %s" : "%.0f %s", v, unit[i]);
}

void human_count(FILE *to, uint64_t n, const char *noun)
{
	if (n == DP_UNKNOWN)
		fprintf(to, "uncounted %ss", noun);
	else
		fprintf(to, "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
}

void human_share(FILE *to, uint64_t part, uint64_t whole)
{
	fprintf(to, "%.2f %%", whole ? 100.0 * (double)part / (double)whole : 0.0);
}
