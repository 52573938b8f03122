/* tokens.h - a file of token lines in memory, addressed by line number. */
#ifndef TOOLS_TOKENS_H
#define TOOLS_TOKENS_H

#include "dataplug/base.h"

/* Zeroed is an empty one. Line i is [at[i], at[i + 1]), its newline included, which the last may
 * lack. */
struct tokens {
	char *data;
	size_t *at;
	size_t n;
};

/* "-" is stdin. */
dp_code tokens_read(struct tokens *out, const char *path, dp_error *err);
/* What messages call it. */
const char *tokens_name(const char *path);
void tokens_fini(struct tokens *lines);

/* Lines first to last, both included. */
typedef struct span {
	size_t first, last;
} span;
/* "7", "3..9" or "auto": as the array job says that this is part of. DP_EINVAL also for lines past
 * the n there are. */
dp_code tokens_span(span *out, const char *text, size_t n, dp_error *err);

#endif
