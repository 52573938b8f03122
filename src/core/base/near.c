/* near.c - finds near names by their edit distance. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/near.h"

#define LONGEST 48

static bool same(char a, char b)
{
	return strncasecmp(&a, &b, 1) == 0;
}

static void keep_least(size_t *best, size_t other)
{
	*best = other < *best ? other : *best;
}

/*
 * How many letters to add, drop, replace or swap with their neighbour (Damerau's distance, without
 * regard to case); LONGEST for names too long to be compared.
 */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t d[LONGEST + 1][LONGEST + 1];
	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t i = 0; i <= la; i++) {
		for (size_t j = 0; j <= lb; j++) {
			d[i][j] = i + j;
			if (i == 0 || j == 0)
				continue;
			keep_least(&d[i][j], d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]));
			keep_least(&d[i][j], d[i - 1][j] + 1);
			keep_least(&d[i][j], d[i][j - 1] + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				keep_least(&d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[la][lb];
}

/* A third of the letters may be wrong, or the rest be left off. */
static bool is_near(const char *typed, const char *name)
{
	size_t len = strlen(typed);
	if (len >= 2 && strncasecmp(typed, name, len) == 0)
		return true;
	return distance(typed, name) <= (len < 3 ? 1 : len / 3);
}

void dp__names_near(char *out, size_t cap, const char *typed,
		    const char *(*name)(const void *user, size_t i), const void *user)
{
	size_t n = 0;
	if (cap)
		out[0] = 0;
	for (size_t i = 0; name(user, i); i++) {
		const char *found = name(user, i);
		if (!is_near(typed, found) || n + strlen(found) + sizeof " (did you mean ?)" > cap)
			continue;
		n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : " (did you mean ",
				      found);
	}
	if (n)
		snprintf(out + n, cap - n, "?)");
}
