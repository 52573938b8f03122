/* totals.c - what a strategy is told of all that it cuts: the sums over the units of its objects.
 */
#include "core/engine/totals.h"

#include "core/base/num.h"

/* Stored bytes of all units, those that a unit shares with the one before it counted once. */
static uint64_t stored_of(const dp_view *view)
{
	dp_extent before[DP__MAX_PARTS] = { 0 };
	uint64_t sum = 0;
	for (size_t i = 0; i < view->nunits; i++) {
		for (size_t k = 0; k < DP_MAX_EXTENTS && view->unit[i].extent[k].len; k++) {
			const dp_extent *extent = &view->unit[i].extent[k];
			dp_extent *last = &before[extent->part];
			uint64_t end = last->off + last->len, shared = 0;
			if (extent->off >= last->off && extent->off < end)
				shared = dp__min_u64(end - extent->off, extent->len);
			sum += extent->len - shared;
			if (shared < extent->len) /* else the one before reaches further */
				*last = *extent;
		}
	}
	return sum;
}

/* Adds all but the records. */
static void add_object(dp_totals *totals, const dp_index *index)
{
	const dp_view *view = &index->view;
	totals->stored += stored_of(view);
	totals->nunits += view->nunits;
	for (size_t i = 0; i < view->nunits; i++) {
		totals->raw += view->unit[i].raw;
		totals->state += view->unit[i].state_len;
	}
	totals->attrs = dp__max_u64(totals->attrs, index->travel.len);
}

dp_totals dp__totals_of_set(const dp_index *const *indexes, size_t nindexes)
{
	dp_totals totals = { .members = nindexes, .least = 1 };
	totals.nrec = nindexes ? indexes[0]->view.nrec : 0;
	for (size_t i = 0; i < nindexes; i++)
		add_object(&totals, indexes[i]);
	return totals;
}

dp_totals dp__totals_of_dataset(const dp_index *const *indexes, size_t nindexes)
{
	dp_totals totals = { .members = 1 };
	for (size_t i = 0; i < nindexes; i++) {
		uint64_t nrec = indexes[i]->view.nrec;
		bool unknown = totals.nrec == DP_UNKNOWN || nrec == DP_UNKNOWN;
		totals.nrec = unknown ? DP_UNKNOWN : totals.nrec + nrec;
		totals.least += nrec > 0;
		add_object(&totals, indexes[i]);
	}
	totals.least = dp__max_u64(totals.least, 1);
	return totals;
}
