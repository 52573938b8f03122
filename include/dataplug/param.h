/* param.h - typed parameters: one table gives parsing, checking, defaults and --help. */
#ifndef DATAPLUG_PARAM_H
#define DATAPLUG_PARAM_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dp_param_type {
	DP_PARAM_COUNT,  /* uint64_t: 1000000, 1M, 1e6 (decimal) */
	DP_PARAM_BYTES,  /* uint64_t: 64M = 64 * 2^20, as samtools sort -m */
	DP_PARAM_NUMBER, /* double, locale-free */
	DP_PARAM_BOOL,   /* bool: yes, no */
	DP_PARAM_CHOICE, /* int: index into choices, "keep|merge" */
	DP_PARAM_TEXT,   /* const char *, lives as long as the params */
	DP_PARAM_AXES /* dp_axis_args: takes every name that is an axis of the index, and "record"
		       */
} dp_param_type;

/* One row; a table ends with a row whose name is NULL. offset is into the owner's own struct. */
typedef struct dp_param {
	const char *name; /* NULL in the middle is not possible; "*" for DP_PARAM_AXES */
	dp_param_type type;
	size_t offset;
	const char *def;     /* default as the user would write it; NULL = required */
	const char *choices; /* DP_PARAM_CHOICE only */
	const char *doc;     /* one line for --help */
} dp_param;

/* "x=4" gives count 4; "mz=500:600" gives the interval [500, 600). */
typedef struct dp_axis_arg {
	const char *axis; /* an axis of the index, or "record" */
	bool interval;
	double count, lo, hi;
} dp_axis_arg;
typedef struct dp_axis_args {
	const dp_axis_arg *arg;
	size_t n;
} dp_axis_args;

#ifdef __cplusplus
}
#endif
#endif
