/*
 * auto_model.h - what a job takes and costs, cut into n slices on some platform, and which n is the
 * best. Nothing else in dataplug computes it; docs/strategy.md has the formulas.
 */
#ifndef DP_STRATEGIES_AUTO_MODEL_H
#define DP_STRATEGIES_AUTO_MODEL_H

#include "dataplug/strategy.h"
#include "strategies/auto_profile.h"

typedef enum dp__auto_goal {
	DP__AUTO_BALANCED, /* most slices whose start is a small share; one a worker, if limits let
			    */
	DP__AUTO_TIME,     /* the shortest time */
	DP__AUTO_COST      /* the least cost, within target if there is one */
} dp__auto_goal;

/* What is asked. */
typedef struct dp__auto_case {
	const dp__auto_profile *profile;
	const dp_totals *totals;
	dp__auto_goal goal;
	bool whole; /* a worker holds its whole slice decoded; else it streams */
	uint64_t workers;
	double memory, rate, overhead; /* of a worker, in bytes, bytes a second, seconds */
	double target;                 /* seconds, 0: none */
} dp__auto_case;

/* Limits that a number of slices breaks. */
enum {
	DP__AUTO_MEMORY = 1u << 0,  /* too few: a slice does not fit */
	DP__AUTO_TIMEOUT = 1u << 1, /* too few: a task takes too long */
	DP__AUTO_TOKENS = 1u << 2   /* too many for one job to carry */
};

/* What most of the time goes into. */
typedef enum dp__auto_bound {
	DP__AUTO_STARTS,   /* until the workers have started */
	DP__AUTO_OVERHEAD, /* starting tasks */
	DP__AUTO_WORK,     /* decoding, and the user's function */
	DP__AUTO_NETWORK,  /* a worker's network */
	DP__AUTO_GETS,     /* so many GETs a second the store answers */
	DP__AUTO_STORE     /* so many bytes a second it gives */
} dp__auto_bound;

typedef struct dp__auto_prediction {
	uint64_t n;
	double slice;    /* stored bytes of a slice */
	double requests; /* of all slices */
	bool inside;     /* rows travel inside the tokens */
	double task;     /* seconds of the mean task */
	double share;    /* of it that is its start */
	double memory;   /* bytes of a worker with the largest slice */
	double workers;  /* that are used at once */
	double waves;    /* tasks of a worker, one after the other */
	double time, cost;
	dp__auto_bound bound;
	unsigned broken; /* DP__AUTO_MEMORY, ... */
} dp__auto_prediction;

/* n is 1 at least. */
dp__auto_prediction dp__auto_predict(const dp__auto_case *c, uint64_t n);
/*
 * The best n, by the goal: from totals->least to the number of records. Where no n is within the
 * target it is the fastest. A balanced one is the largest up to the number of workers (or to a
 * multiple, where limits ask for more slices) of whose tasks the start is at most overhead_share;
 * where there is none, the least that breaks no limit.
 * DP_EUNSUPPORTED: every n breaks a limit; the message says which.
 */
dp_code dp__auto_choose(const dp__auto_case *c, uint64_t *n, dp_error *err);

/* Why there are n slices, and no others. */
typedef enum dp__auto_reason {
	DP__AUTO_BY_OBJECTS, /* one for each */
	DP__AUTO_BY_RECORDS, /* one for each */
	DP__AUTO_BY_WORKERS, /* as many for each */
	DP__AUTO_BY_MEMORY,  /* fewer break the limit, or, of tokens, more */
	DP__AUTO_BY_TIMEOUT,
	DP__AUTO_BY_TOKENS,
	DP__AUTO_BY_OVERHEAD, /* with more, starts take too large a share */
	DP__AUTO_BY_TARGET,   /* cheaper ones miss it */
	DP__AUTO_BY_TIME,     /* the fastest */
	DP__AUTO_BY_COST      /* the cheapest */
} dp__auto_reason;
/* Of an n that dp__auto_choose() gave for the case. */
dp__auto_reason dp__auto_why(const dp__auto_case *c, uint64_t n);

#endif
