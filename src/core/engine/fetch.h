/* fetch.h - struct dp_fetch: one slice being evaluated, its units read ahead. */
#ifndef DP_ENGINE_FETCH_H
#define DP_ENGINE_FETCH_H

#include "core/engine/slice.h"

/* slice is lent, and no set. */
dp_code dp__fetch_open(dp_fetch **out, const dp_slice *slice, dp_error *err);
/* From now on units come without bytes, and nothing is read ahead. Before the first unit. */
void dp__fetch_rows_only(dp_fetch *fetch);
/* Waits for what was planned of the unit in hand, and fails as its reads did, whether anyone asked
 * for all of it or not. */
dp_code dp__fetch_await(dp_fetch *fetch, dp_error *err);
/* What was fetched so far. */
dp_price dp__fetch_paid(const dp_fetch *fetch);
/* Seconds that were waited for it, after the opening. */
double dp__fetch_waited(const dp_fetch *fetch);
/* Where in the object it lay. */
dp_range dp__fetch_read(const dp_fetch *fetch);
void dp__fetch_free(dp_fetch *fetch);

#endif
