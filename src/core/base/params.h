/* params.h - "name=value" lists checked against a dp_param table into a struct, and back. */
#ifndef DP_BASE_PARAMS_H
#define DP_BASE_PARAMS_H

#include "dataplug/param.h"
#include "dataplug/unit.h"

/* A struct of the table's owner, filled from names and values; what it points to belongs to it. */
typedef struct dp__params {
	const dp_param *table;
	void *value; /* the owner's struct */
	/*
	 * What differs from the defaults, "name=value", in table order, in canonical form; NULL-
	 * terminated.
	 */
	char **args;
	size_t nargs;
	struct dp__params_mem *mem; /* texts and axis arguments that value points to */
} dp__params;

/* Whose parameters are filled. */
typedef struct dp__params_owner {
	const dp_param *table;
	size_t size;         /* of the owner's struct */
	const dp_axis *axes; /* what DP_PARAM_AXES takes besides "record"; may be NULL */
	size_t naxes;
	const char *name; /* in messages: "strategy chunks" */
} dp__params_owner;

/*
 * Fills out from args ("name=value", NULL-terminated, NULL = none) over the table's defaults.
 * DP_EINVAL: unknown or doubled name (with near ones), bad value, required one missing. On failure
 * out needs no fini.
 */
dp_code dp__params_init(dp__params *out, const dp__params_owner *owner, const char *const *args,
			dp_error *err);
void dp__params_fini(dp__params *params);
/* Whether both have the same canonical form. */
bool dp__params_equal(const dp__params *a, const dp__params *b);

/* One value: "64M" = 64 * 2^20 for DP_PARAM_BYTES, "1M" or "1e6" = 1000000 for DP_PARAM_COUNT. */
bool dp__params_count(const char *text, uint64_t *out);
bool dp__params_bytes(const char *text, uint64_t *out);

#endif
