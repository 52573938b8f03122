/* near.h - names that a mistyped one may have meant. */
#ifndef DP_BASE_NEAR_H
#define DP_BASE_NEAR_H

#include <stddef.h>

/*
 * The names of a list that a mistyped one may have meant, as " (did you mean a, b?)"; "" when none
 * is near. name(user, i) gives the i-th name, NULL at the end. out holds cap bytes.
 */
void dp__names_near(char *out, size_t cap, const char *typed,
		    const char *(*name)(const void *user, size_t i), const void *user);

#endif
