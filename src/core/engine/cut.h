/* cut.h - selections of one index become slices: each gets its stretch of rows and its price. */
#ifndef DP_ENGINE_CUT_H
#define DP_ENGINE_CUT_H

#include "core/engine/slice.h"

/*
 * Fills out[0..n) with slices of the n selections; what was made before a failure is there, the
 * rest NULL. Rows travel inside those slices where they are small, if then all tokens together have
 * at most `room` bytes.
 */
dp_code dp__cut(dp_slice **out, const dp_index *index, const dp_sel *sels, size_t n, uint64_t room,
		dp_error *err);

#endif
