/* plan.h - from a selection to units and from units to bytes: the planner and the worker both ask
 * here, so prices equal reads. */
#ifndef DP_ENGINE_PLAN_H
#define DP_ENGINE_PLAN_H

#include "core/io/ranges.h"
#include "dataplug/format.h"

/* Whether any of the unit's records may be selected. */
bool dp__plan_touches(const dp_unit *unit, const dp_sel *sel, size_t naxes);
/* Whether only some of them may be: then a format can narrow what is read. */
bool dp__plan_cuts(const dp_unit *unit, const dp_sel *sel, size_t naxes);
/* The units [*first, *last) from the first touched one to the last. */
void dp__plan_span(const dp_view *view, const dp_sel *sel, size_t *first, size_t *last);
/*
 * The extents to be read of a touched unit: its own, or fewer bytes of them as its format's
 * `ranges` says. state may be NULL if the unit is not cut. Gives how many.
 */
size_t dp__plan_extents(const dp_format *format, const dp_format_use *use, const dp_unit *unit,
			const uint8_t *state, const dp_sel *sel, dp_extent out[DP_MAX_EXTENTS]);
/* The stored bytes of the selected records, prorated within the unit. */
uint64_t dp__plan_needed(const dp_unit *unit, const dp_sel *sel);
/* The decoded bytes of them, likewise. */
uint64_t dp__plan_decoded(const dp_unit *unit, const dp_sel *sel);
/* How many reads n bytes in one stretch take, at part bytes each. */
uint64_t dp__plan_parts(uint64_t n, uint64_t part);

#endif
