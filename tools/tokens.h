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
/* How numbers of an array job become lines: offset is added, then each stands for group lines. */
typedef struct array_job {
	size_t group, offset;
} array_job;
/* "7", "3..9" or "auto": as the array job says that this is part of. DP_EINVAL also for lines past
 * the n there are. */
dp_code tokens_span(span *out, const char *text, const array_job *job, size_t n, dp_error *err);
/* A whole number of an option. */
dp_code tokens_number(size_t *out, const char *option, const char *text, dp_error *err);

#endif
