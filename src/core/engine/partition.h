/* partition.h - a strategy at work: on one index, on a set, and on each object of a dataset. */
#ifndef DP_ENGINE_PARTITION_H
#define DP_ENGINE_PARTITION_H

#include "core/engine/slice.h"
#include "core/engine/totals.h"

/* All tokens of a job have at most so many bytes where rows travel inside them: Lithops carries
 * jobs below 4 MiB (docs/token.md). */
#define DP__MAX_INLINE (UINT64_C(3584) << 10)

typedef struct dp__partition {
	const dp_strategy *strategy;
	const char *const *args; /* "name=value", NULL-terminated; NULL = defaults */
	uint64_t room;           /* bytes of tokens, with rows inside */
} dp__partition;

/* The strategy of that name that the session knows; DP_EINVAL with the near ones. */
dp_code dp__strategy_find(const dp_strategy **out, const dp_session *session, const char *name,
			  dp_error *err);
/* The params of a strategy for a view. */
dp_code dp__partition_params(dp__params *out, const dp__partition *cut, const dp_view *view,
			     dp_error *err);
/* Where a strategy with DP_SHARES_N finds its number of slices; NULL if it has no such param. */
uint64_t *dp__partition_n(const dp__params *params);
/*
 * Lets the strategy say what it will of the cut that gave the slices. totals->slices is filled in.
 */
dp_code dp__partition_explain(dp_slices *slices, const dp__partition *cut, const dp_view *view,
			      const dp_totals *totals, dp_error *err);
/*
 * One slice of everything. Its rows are by reference, so they have their whole states: each unit is
 * decoded from its own point.
 */
dp_code dp__partition_whole(dp_slices **out, const dp_index *const *indexes, size_t nindexes,
			    dp_error *err);
/* Cuts; where the strategy chooses how many slices come, it is asked. */
dp_code dp__partition_run(dp_slices **out, const dp_index *const *indexes, size_t nindexes,
			  const dp__partition *cut, dp_error *err);

#endif
