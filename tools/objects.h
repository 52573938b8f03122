/* objects.h - the objects that the words of a command name. */
#ifndef TOOLS_OBJECTS_H
#define TOOLS_OBJECTS_H

#include "command.h"

struct objects {
	const char **at;
	size_t n;
	char **listed; /* what at points into beside the words; owned */
	size_t nlisted, cap;
};

/* The first n words; with --recursive, what lies under each in its place. */
dp_code objects_take(struct objects *out, const struct tool *tool, size_t n, dp_error *err);
void objects_fini(struct objects *objects);

#endif
