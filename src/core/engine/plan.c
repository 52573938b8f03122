/* plan.c - from a selection to units, and from units to bytes. */
#include <math.h>

#include "core/base/num.h"
#include "core/engine/plan.h"

/* Half-open intervals of records that have one in common; an unknown count reaches to the end. */
static bool records_meet(uint64_t a, uint64_t na, uint64_t b, uint64_t nb)
{
	bool a_reaches = na == DP_UNKNOWN || a + na > b;
	bool b_reaches = nb == DP_UNKNOWN || b + nb > a;
	return a_reaches && b_reaches && na > 0 && nb > 0;
}

static bool records_within(const dp_unit *unit, const dp_sel *sel)
{
	if (sel->rec == 0 && sel->nrec == DP_UNKNOWN)
		return true;
	if (unit->rec == DP_UNKNOWN || unit->nrec == DP_UNKNOWN || sel->rec > unit->rec)
		return false;
	return sel->nrec == DP_UNKNOWN || unit->rec + unit->nrec <= sel->rec + sel->nrec;
}

bool dp__plan_touches(const dp_unit *unit, const dp_sel *sel, size_t naxes)
{
	bool all = sel->rec == 0 && sel->nrec == DP_UNKNOWN;
	if (!all && unit->rec != DP_UNKNOWN &&
	    !records_meet(unit->rec, unit->nrec, sel->rec, sel->nrec))
		return false;
	for (size_t i = 0; i < naxes; i++) {
		if (unit->box.lo[i] >= sel->halo.hi[i] || sel->halo.lo[i] >= unit->box.hi[i])
			return false;
	}
	return true;
}

bool dp__plan_cuts(const dp_unit *unit, const dp_sel *sel, size_t naxes)
{
	if (!records_within(unit, sel))
		return true;
	for (size_t i = 0; i < naxes; i++) {
		if (unit->box.lo[i] < sel->halo.lo[i] || unit->box.hi[i] > sel->halo.hi[i])
			return true;
	}
	return false;
}

/* The first unit that ends behind record rec; units' records are in order without a hole. */
static size_t unit_of(const dp_view *view, uint64_t rec)
{
	size_t lo = 0, hi = view->nunits;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (view->unit[mid].rec + view->unit[mid].nrec <= rec)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void dp__plan_span(const dp_view *view, const dp_sel *sel, size_t *first, size_t *last)
{
	*first = 0;
	*last = view->nunits;
	if (view->nrec != DP_UNKNOWN && sel->nrec != DP_UNKNOWN) {
		*first = unit_of(view, sel->rec);
		*last = *first;
		while (*last < view->nunits && view->unit[*last].rec < sel->rec + sel->nrec)
			++*last;
	}
	while (*first < *last && !dp__plan_touches(&view->unit[*first], sel, view->naxes))
		++*first;
	while (*last > *first && !dp__plan_touches(&view->unit[*last - 1], sel, view->naxes))
		--*last;
}

/* A narrowed extent must lie within one of the unit's own. */
static bool inside_unit(const dp_unit *unit, const dp_extent *extent)
{
	for (size_t i = 0; i < DP_MAX_EXTENTS; i++) {
		const dp_extent *own = &unit->extent[i];
		if (own->part == extent->part && extent->off >= own->off &&
		    extent->len <= own->len && extent->off - own->off <= own->len - extent->len)
			return extent->len > 0;
	}
	return false;
}

size_t dp__plan_extents(const dp_format *format, const dp_format_use *use, const dp_unit *unit,
			const uint8_t *state, const dp_sel *sel, dp_extent out[DP_MAX_EXTENTS])
{
	size_t n = DP_MAX_EXTENTS;
	if (format->ranges && state && format->ranges(use, unit, state, sel, out, &n) == DP_OK &&
	    n > 0 && n <= DP_MAX_EXTENTS) {
		size_t good = 0;
		while (good < n && inside_unit(unit, &out[good]))
			good++;
		if (good == n)
			return n;
	}
	for (n = 0; n < DP_MAX_EXTENTS && unit->extent[n].len; n++)
		out[n] = unit->extent[n];
	return n;
}

/* How many of the unit's records are selected by number, as a share of all. */
static double selected_share(const dp_unit *unit, const dp_sel *sel)
{
	if (unit->nrec == DP_UNKNOWN || unit->nrec == 0 || unit->rec == DP_UNKNOWN)
		return 1;
	uint64_t lo = dp__max_u64(unit->rec, sel->rec), hi = unit->rec + unit->nrec;
	if (sel->nrec != DP_UNKNOWN)
		hi = dp__min_u64(hi, sel->rec + sel->nrec);
	return hi > lo ? (double)(hi - lo) / (double)unit->nrec : 0;
}

uint64_t dp__plan_needed(const dp_unit *unit, const dp_sel *sel)
{
	uint64_t stored = 0;
	for (size_t i = 0; i < DP_MAX_EXTENTS; i++)
		stored += unit->extent[i].len;
	return (uint64_t)llround((double)stored * selected_share(unit, sel));
}

uint64_t dp__plan_decoded(const dp_unit *unit, const dp_sel *sel)
{
	return (uint64_t)llround((double)unit->raw * selected_share(unit, sel));
}

uint64_t dp__plan_parts(uint64_t n, uint64_t part)
{
	return n / part + (n % part != 0);
}
