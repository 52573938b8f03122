/* auto.h - the parameters of the strategy auto, and what it says of its cut. */
#ifndef DP_STRATEGIES_AUTO_H
#define DP_STRATEGIES_AUTO_H

#include "strategies/auto_model.h"

typedef struct dp__auto_params {
	uint64_t n, workers, memory, rate; /* 0: as the model or the profile says */
	double overhead, target;           /* likewise */
	int goal, get, profile;            /* of the choices */
} dp__auto_params;

/* The hook of dp_strategy. */
dp_code dp__auto_explain(const dp_totals *totals, const void *params, unsigned flags,
			 dp_write_fn out, void *user, dp_error *err);
/* What the params ask of the model. */
dp__auto_case dp__auto_case_of(const dp_totals *totals, const dp__auto_params *params);

#endif
