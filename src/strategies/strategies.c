/* strategies.c - the list of the built-in strategies. */
#include "strategies/strategies.h"

const dp_strategy *const dp__strategies[] = { &dp__auto,   &dp__box,   &dp__bytes,
					      &dp__chunks, &dp__count, NULL };
