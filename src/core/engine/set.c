/* set.c - a slice of several objects: a record of each in turns, as interleaved files have them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/reader.h"

/* Records that one batch takes of each member. */
#define MAX_TURNS 16384
#define MAX_BATCH ((size_t)1 << 30)

typedef struct member {
	dp_reader *reader;
	const char *end; /* of its format */
	dp_batch batch;
	uint64_t taken; /* records of the batch */
	size_t off;     /* bytes of it */
} member;

struct dp__turns {
	member *at;
	size_t n;
	uint64_t rec; /* next, per member */
	dp__buf data;
	uint32_t *ends;
};

dp_code dp__turns_open(dp__turns **out, const dp_slice *set, dp_error *err)
{
	dp_code rc = DP_OK;
	dp__turns *turns = calloc(1, sizeof *turns);
	if (turns)
		turns->at = calloc(set->nmembers, sizeof *turns->at);
	if (turns)
		turns->ends = calloc(MAX_TURNS * set->nmembers, sizeof *turns->ends);
	if (!turns || !turns->at || !turns->ends) {
		dp__turns_free(turns);
		return dp_fail(err, DP_ENOMEM, "no memory for a set");
	}
	turns->data = dp__buf_of(MAX_BATCH);
	turns->rec = set->sel.rec;
	for (; rc == DP_OK && turns->n < set->nmembers; turns->n++) {
		const dp_slice *slice = set->member[turns->n];
		turns->at[turns->n].end = slice->origin->format->end;
		rc = dp_reader_open(&turns->at[turns->n].reader, slice, err);
	}
	if (rc == DP_OK)
		*out = turns;
	else
		dp__turns_free(turns);
	return rc;
}

void dp__turns_free(dp__turns *turns)
{
	if (!turns)
		return;
	for (size_t i = 0; i < turns->n; i++)
		dp_reader_free(turns->at[i].reader);
	free(turns->at);
	free(turns->ends);
	dp__buf_fini(&turns->data);
	free(turns);
}

dp_price dp__turns_paid(const dp__turns *turns)
{
	dp_price sum = { 0 };
	for (size_t i = 0; i < turns->n; i++) {
		dp_price own = dp_reader_paid(turns->at[i].reader);
		sum.requests += own.requests;
		sum.bytes += own.bytes;
		sum.needed += own.needed;
	}
	return sum;
}

/* How many records every member has at hand; members whose batch is used up read on. */
static dp_code at_hand(dp__turns *turns, uint64_t *n, dp_error *err)
{
	*n = MAX_TURNS;
	for (size_t i = 0; i < turns->n; i++) {
		member *m = &turns->at[i];
		if (m->taken == m->batch.nrec) {
			dp_code rc = dp_reader_next(m->reader, &m->batch, err);
			if (rc != DP_OK)
				return rc;
			m->taken = 0;
			m->off = 0;
			if (m->batch.nrec && !m->batch.ends)
				return dp_fail(err, DP_EUNSUPPORTED,
					       "records of format %s cannot be interleaved",
					       dp_slice_format(m->reader->slice));
		}
		uint64_t left = m->batch.nrec - m->taken;
		*n = left < *n ? left : *n;
	}
	return DP_OK;
}

/* One record, and the ending that the last one of a file may lack. */
static dp_code add_record(dp__turns *turns, member *m, dp_error *err)
{
	size_t stop = m->batch.ends[m->taken++], len = stop - m->off;
	const uint8_t *record = m->batch.data + m->off;
	size_t nend = m->end ? strlen(m->end) : 0;
	m->off = stop;
	dp_code rc = dp__buf_add(&turns->data, record, len, err);
	if (rc == DP_OK && nend && (len < nend || memcmp(record + len - nend, m->end, nend) != 0))
		rc = dp__buf_add(&turns->data, m->end, nend, err);
	return rc;
}

dp_code dp__turns_next(dp__turns *turns, dp_batch *batch, dp_error *err)
{
	uint64_t n;
	size_t nends = 0;
	dp_code rc = at_hand(turns, &n, err);
	turns->data.len = 0;
	for (uint64_t k = 0; rc == DP_OK && k < n; k++) {
		for (size_t i = 0; rc == DP_OK && i < turns->n; i++) {
			rc = add_record(turns, &turns->at[i], err);
			turns->ends[nends++] = (uint32_t)turns->data.len;
		}
	}
	if (rc != DP_OK)
		return rc;
	for (size_t i = 0; n == 0 && i < turns->n; i++) {
		if (turns->at[i].batch.nrec)
			return dp_fail(err, DP_EFORMAT, "a member ends at record %" PRIu64,
				       turns->rec);
	}
	*batch = (dp_batch){ turns->data.data, turns->data.len, turns->rec, nends, turns->ends };
	turns->rec += n;
	return DP_OK;
}
