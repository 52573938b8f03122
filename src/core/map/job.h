/* job.h - one dp_map() at work: what it maps, what one slice gave, and the parts that do it. */
#ifndef DP_MAP_JOB_H
#define DP_MAP_JOB_H

#include "core/base/session.h"
#include "core/engine/slice.h"

/* The longest result of one slice, and of the total, in bytes. */
#define DP__MAX_RESULT ((size_t)64 << 20)
/* No new slice is begun while more bytes of results wait for the merge. */
#define DP__MAX_WAITING ((size_t)32 << 20)

/* What is mapped; all lent, and unchanging while it runs. */
typedef struct dp__job {
	const dp_slices *slices;
	const dp_task *task;
	const void *params;  /* of the task */
	dp_session *session; /* NULL if no slice could be read: then no task runs */
	dp_call call;
	dp_map_opts opts;
	double begun; /* dp__now() when dp_map() was called */
} dp__job;

/* DP_OK, or why the whole job must end. */
dp_code dp__job_check(const dp__job *job, dp_error *err);

/* What one slice gave. Zeroed is an empty one. */
typedef struct dp__outcome {
	dp__buf data;   /* if it went well */
	dp_error error; /* its code is the slice's, DP_OK too */
	unsigned attempts;
	dp__spent spent;
	double start, seconds, user; /* as in dp_result */
} dp__outcome;

void dp__outcome_fini(dp__outcome *outcome);
/* Runs the task on slice number i, again after transient failures. */
void dp__attempt_run(const dp__job *job, size_t i, dp__outcome *out);

/* The merge of results in slice order, whatever the order they come in. */
typedef struct dp__total {
	const dp__job *job;
	struct dp__waiting *waiting; /* one a slice */
	size_t next;                 /* slices before it are merged */
	size_t held;                 /* bytes that wait for a slice before theirs */
	dp__buf data;
	bool any;       /* data is the result of at least one slice */
	dp_error error; /* of the merge; its code is DP_OK while it goes well */
} dp__total;

dp_code dp__total_init(dp__total *total, const dp__job *job, dp_error *err);
/* Slice number i is done. Takes data, which is nothing if it failed. */
void dp__total_add(dp__total *total, size_t i, bool good, dp__buf *data);
void dp__total_fini(dp__total *total);

/* What became of a job's slices so far. Its functions are called one at a time. */
typedef struct dp__ledger {
	const dp__job *job;
	dp__total total;
	size_t done;      /* slices */
	size_t failed;    /* the first failed one in order, SIZE_MAX = none */
	dp_error failure; /* its error */
	dp_error stop;    /* why no more slices are taken; its code is DP_OK while they are */
	dp_result sum;    /* what all slices spent */
} dp__ledger;

dp_code dp__ledger_init(dp__ledger *ledger, const dp__job *job, dp_error *err);
/* Takes note of what slice number i gave, run by that worker, and reports it. Takes the outcome's
 * data. */
void dp__ledger_settle(dp__ledger *ledger, size_t i, unsigned worker, dp__outcome *outcome);
/* Reports the total, and gives what dp_map() returns. */
dp_code dp__ledger_close(dp__ledger *ledger, dp_error *err);
void dp__ledger_fini(dp__ledger *ledger);

/* Both run all slices and report them, the total too, and give what dp_map() returns. */
dp_code dp__threads_run(const dp__job *job, unsigned threads, dp_error *err);
/* By a program that speaks docs/executor.md; args are the task's, NULL-terminated or NULL. */
dp_code dp__process_run(const dp__job *job, const char *const *args, dp_error *err);

/*
 * Reads one line of a program's answers: of which slice it is, and what became of it. DP_ETASK if
 * it is none; n is how many slices there are.
 */
dp_code dp__answer_read(dp__outcome *out, size_t *slice, const char *line, size_t len, size_t n,
			dp_error *err);

#endif
