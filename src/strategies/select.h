/* select.h - selections of records, as most strategies make them. */
#ifndef DP_STRATEGIES_SELECT_H
#define DP_STRATEGIES_SELECT_H

#include <math.h>

#include "dataplug/strategy.h"

/* More are not taken by dp_sels_add(), so none are asked for or chosen. */
#define DP__MAX_SLICES (UINT64_C(1) << 20)

/* Records [first, last), wherever they lie on the axes. */
static inline dp_sel dp__select_records(uint64_t first, uint64_t last)
{
	dp_sel sel = { .rec = first, .nrec = last - first };
	for (int i = 0; i < DP_MAX_AXES; i++) {
		sel.box.lo[i] = sel.halo.lo[i] = -INFINITY;
		sel.box.hi[i] = sel.halo.hi[i] = INFINITY;
	}
	return sel;
}

/* i * total / n without overflow: the sizes of neighbours differ by one at most. */
static inline uint64_t dp__share(uint64_t total, uint64_t i, uint64_t n)
{
	return total / n * i + total % n * i / n;
}

#endif
