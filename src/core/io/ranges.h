/* ranges.h - joins extents that lie near each other into reads, and splits long ones. */
#ifndef DP_IO_RANGES_H
#define DP_IO_RANGES_H

#include "dataplug/base.h"

/*
 * The planner prices with it and get reads with it, so that prices equal reads. Zeroed but for gap,
 * part, emit and user it is ready. Extents come in order of their offsets (an earlier or
 * overlapping one is joined as far as its bytes were not passed yet); what is less than gap behind
 * the one before is joined to it. Each read is given out once it cannot grow any more, in order,
 * none empty, none overlapping, none longer than part; a stretch of joined extents is split at
 * multiples of part from its start.
 */
typedef struct dp__ranges {
	uint64_t gap, part;  /* part 0: never split */
	uint64_t start, end; /* what is joined and not given out yet; start == end: nothing */
	uint64_t passed;     /* the end of what was given out */
	dp_code (*emit)(void *user, uint64_t off, uint64_t len, dp_error *err);
	void *user;
} dp__ranges;

dp_code dp__ranges_add(dp__ranges *ranges, uint64_t off, uint64_t len, dp_error *err);
/* Gives out what is left. */
dp_code dp__ranges_end(dp__ranges *ranges, dp_error *err);

#endif
