/* near.c - finds near names by their edit distance. */
#include "near.h"

#include <stdio.h>
#include <string.h>

#define LONGEST 48

/* How many letters to add, drop, replace or swap with their neighbour; LONGEST for names too long
 * to be compared. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t d[LONGEST + 1][LONGEST + 1];
	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t i = 0; i <= la; i++) {
		for (size_t j = 0; j <= lb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[la][lb];
}

static int is_near(const char *typed, const char *name)
{
	size_t len = strlen(typed);
	if (len >= 3 && strncmp(typed, name, len) == 0)
		return 1;
	return distance(typed, name) <= (len < 4 ? 1 : len < 8 ? 2 : 3);
}

void near_names(char *out, size_t cap, const char *typed,
		const char *(*name)(const void *user, size_t i), const void *user)
{
	size_t n = 0;
	out[0] = 0;
	for (size_t i = 0; name(user, i); i++) {
		const char *found = name(user, i);
		if (!is_near(typed, found) || n + strlen(found) + 24 > cap)
			continue;
		n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : " (did you mean ",
				      found);
	}
	if (n)
		snprintf(out + n, cap - n, "?)");
}
