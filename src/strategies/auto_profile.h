/* auto_profile.h - what a platform takes and costs, as constants of a certain month. */
#ifndef DP_STRATEGIES_AUTO_PROFILE_H
#define DP_STRATEGIES_AUTO_PROFILE_H

/*
 * Times are seconds, sizes bytes, rates a second, prices USD. Numbers and sources stand in
 * profiles/NAME-DATE.json, of which scripts/make-profiles.py makes the table.
 */
typedef struct dp__auto_profile {
	const char *name, *date, *doc;
	/* One worker and the store. */
	double first_byte;      /* until a GET's first byte */
	double connection_rate; /* bytes over one connection */
	double connections;     /* that one worker has at once */
	double range;           /* the longest read */
	double worker_rate;     /* bytes over a worker's network */
	/* All workers and the store; 0: no limit. */
	double get_rate;   /* GETs of one object */
	double store_rate; /* bytes of all workers together */
	/* How workers start: so many at start_rate, which is 0 if they start at once, then slower.
	 */
	double start_burst, start_rate, start_rate_later;
	double straggler;  /* the slowest task of a wave, over the mean one */
	double overhead;   /* of every task, before its first byte */
	double rate;       /* stored bytes that a function works through on a whole core */
	double full_speed; /* memory that a whole core comes with; 0: any */
	/* What a user has who says nothing else. */
	double workers, memory;
	double memory_fixed;           /* of a worker, without records */
	double memory_share;           /* of the memory that may be used */
	double timeout, timeout_share; /* of a task, 0: none; how much of it may be used */
	double overhead_share;         /* of a task that its start may take, if balanced */
	double token, job;             /* of a token by reference; of all tokens, 0: no limit */
	double price_call, price_gb_second; /* GB: 2^30 bytes of memory */
	double price_get, price_put, puts;  /* puts: of each task */
} dp__auto_profile;

extern const dp__auto_profile dp__auto_profiles[];
/* Their names, "a|b", in that order, and the first one's. */
extern const char dp__auto_profile_names[], dp__auto_profile_default[];

#endif
