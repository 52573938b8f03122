/* strategies.h - the built-in strategies. */
#ifndef DP_STRATEGIES_STRATEGIES_H
#define DP_STRATEGIES_STRATEGIES_H

#include "dataplug/strategy.h"

extern const dp_strategy dp__auto, dp__box, dp__bytes, dp__chunks, dp__count;
/* NULL-terminated. */
extern const dp_strategy *const dp__strategies[];

#endif
