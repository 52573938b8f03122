/* totals.h - what a strategy is told of all that it cuts: the sums over the units of its objects.
 */
#ifndef DP_ENGINE_TOTALS_H
#define DP_ENGINE_TOTALS_H

#include "core/index/index.h"
#include "dataplug/strategy.h"

/* Of objects that are cut together, record by record. */
dp_totals dp__totals_of_set(const dp_index *const *indexes, size_t nindexes);
/* Of objects that are cut one after the other. */
dp_totals dp__totals_of_dataset(const dp_index *const *indexes, size_t nindexes);

#endif
