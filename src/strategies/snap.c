/* snap.c - moves the borders of slices to where units begin, so that none is read for two slices.
 */
#include "strategies/snap.h"

/* The first unit that begins behind rec. */
static size_t unit_behind(const dp_view *view, uint64_t rec)
{
	size_t lo = 0, hi = view->nunits;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (view->unit[mid].rec <= rec)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint64_t dp__snap_next(const dp_view *view, uint64_t rec)
{
	size_t i = unit_behind(view, rec);
	return i < view->nunits ? view->unit[i].rec : view->nrec;
}

uint64_t dp__snap(const dp_view *view, uint64_t rec)
{
	size_t i = unit_behind(view, rec);
	uint64_t before = i > 0 ? view->unit[i - 1].rec : 0;
	uint64_t next = i < view->nunits ? view->unit[i].rec : view->nrec;
	if (rec >= view->nrec)
		return view->nrec;
	return rec - before <= next - rec ? before : next;
}
