/* reader.h - struct dp_reader: the records of a slice, batch by batch; of a set, those of its
 * members in turns. */
#ifndef DP_ENGINE_READER_H
#define DP_ENGINE_READER_H

#include "core/engine/fetch.h"

typedef struct dp__turns dp__turns;

struct dp_reader {
	const dp_slice *slice;
	dp_fetch *fetch;  /* of one slice */
	void *self;       /* the format's, of one slice */
	dp__turns *turns; /* of a set */
	uint64_t delivered;
	bool end;
	double opening; /* seconds until the fetch was open */
	double busy;    /* seconds in here */
};

/* Seconds of those that were waited for stored bytes. */
double dp__reader_waited(const dp_reader *reader);
/* What was read of its object; of a set nothing. */
dp_range dp__reader_read(const dp_reader *reader);

/*
 * Readers over all members of a set. Where their formats have mates, those of the slice's first and
 * last record are compared, or of all: DP_EFORMAT.
 */
dp_code dp__turns_open(dp__turns **out, const dp_slice *set, bool all, dp_error *err);
/* A record of the first member, one of the second, ... and so on, as one batch; DP_EFORMAT if one
 * member ends early. */
dp_code dp__turns_next(dp__turns *turns, dp_batch *batch, dp_error *err);
/* The next records, as many of each member, those of member i to users[i]. */
dp_code dp__turns_apart(dp__turns *turns, dp_write_fn out, void *const *users, bool *end,
			dp_error *err);
const dp_reader *dp__turns_member(const dp__turns *turns, size_t i);
dp_price dp__turns_paid(const dp__turns *turns);
double dp__turns_waited(const dp__turns *turns);
/* Fills in what was read of each member's object. */
void dp__turns_read(const dp__turns *turns, dp_range read[DP__MAX_MEMBERS]);
void dp__turns_free(dp__turns *turns);

#endif
