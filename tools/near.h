/* near.h - the names that a mistyped one may have meant. */
#ifndef TOOLS_NEAR_H
#define TOOLS_NEAR_H

#include <stddef.h>

/*
 * Writes " (did you mean a, b?)" into out, "" if no name is near. name(user, i) gives the i-th
 * name, NULL at the end.
 */
void near_names(char *out, size_t cap, const char *typed,
		const char *(*name)(const void *user, size_t i), const void *user);

#endif
