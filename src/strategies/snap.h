/* snap.h - moves the borders of slices to where units begin, so that none is read for two slices.
 */
#ifndef DP_STRATEGIES_SNAP_H
#define DP_STRATEGIES_SNAP_H

#include "dataplug/strategy.h"

/* The record nearest to rec that a unit begins with, or the end of all; ties go back. */
uint64_t dp__snap(const dp_view *view, uint64_t rec);
/* The first record behind rec that a unit begins with, or the end of all. */
uint64_t dp__snap_next(const dp_view *view, uint64_t rec);

#endif
