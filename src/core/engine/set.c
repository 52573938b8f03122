/* set.c - a slice of several objects: a record of each in turns, as interleaved files have them, or
 * each object's apart; their names compared. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/reader.h"

/* Records that one batch takes of each member. */
#define MAX_TURNS 16384
#define MAX_BATCH ((size_t)1 << 30)

typedef struct member {
	dp_reader *reader;
	const dp_format *format;
	dp_batch batch;
	uint64_t taken; /* records of the batch */
	size_t off;     /* bytes of it */
} member;

struct dp__turns {
	member *at;
	size_t n;
	uint64_t rec, last; /* next, per member; the slice's last one */
	bool all;           /* the mates of all records are compared, not only of the outermost */
	dp__buf data;
	uint32_t *ends;
};

dp_code dp__turns_open(dp__turns **out, const dp_slice *set, bool all, dp_error *err)
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
	turns->last = set->sel.rec + set->sel.nrec - 1;
	turns->all = all;
	for (; rc == DP_OK && turns->n < set->nmembers; turns->n++) {
		const dp_slice *slice = set->member[turns->n];
		turns->at[turns->n].format = slice->origin->format;
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

double dp__turns_waited(const dp__turns *turns)
{
	double sum = 0;
	for (size_t i = 0; i < turns->n; i++)
		sum += dp__reader_waited(turns->at[i].reader);
	return sum;
}

void dp__turns_read(const dp__turns *turns, dp_range read[DP__MAX_MEMBERS])
{
	for (size_t i = 0; i < turns->n && i < DP__MAX_MEMBERS; i++)
		read[i] = dp__reader_read(turns->at[i].reader);
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

/* What a record is known by in every member. */
typedef struct mate {
	const uint8_t *at;
	size_t len;
} mate;

/* The mate of a member's record number k at hand; *none: its format has none. */
static dp_code mate_of(const member *m, uint64_t k, mate *out, bool *none, dp_error *err)
{
	size_t i = (size_t)(m->taken + k), begin = i > 0 ? m->batch.ends[i - 1] : 0, off = 0;
	const uint8_t *record = m->batch.data + begin;
	*none = !m->format->mate;
	if (*none)
		return DP_OK;
	if (m->format->mate(record, m->batch.ends[i] - begin, &off, &out->len) != DP_OK ||
	    off > m->batch.ends[i] - begin || out->len > m->batch.ends[i] - begin - off)
		return dp_fail(err, DP_EFORMAT, "a record without a name");
	out->at = record + off;
	return DP_OK;
}

/* Records that lie side by side belong together: a read and its mate have one name. */
static dp_code compare_mates(const dp__turns *turns, uint64_t k, dp_error *err)
{
	mate first = { 0 }, other = { 0 };
	bool none = false;
	dp_code rc = mate_of(&turns->at[0], k, &first, &none, err);
	for (size_t i = 1; rc == DP_OK && !none && i < turns->n; i++) {
		rc = mate_of(&turns->at[i], k, &other, &none, err);
		if (rc != DP_OK || none ||
		    (first.len == other.len && memcmp(first.at, other.at, first.len) == 0))
			continue;
		rc = dp_fail(err, DP_EFORMAT,
			     "record %" PRIu64
			     " is '%.*s' in %s, but '%.*s' in %s: they are no set",
			     turns->rec + k, (int)(first.len < 128 ? first.len : 128),
			     (const char *)first.at, turns->at[0].reader->slice->origin->url,
			     (int)(other.len < 128 ? other.len : 128), (const char *)other.at,
			     turns->at[i].reader->slice->origin->url);
	}
	return rc;
}

/* Those of the n records at hand that are to be compared. */
static dp_code check_mates(const dp__turns *turns, uint64_t n, dp_error *err)
{
	dp_code rc = DP_OK;
	uint64_t k = 0;
	for (; turns->all && rc == DP_OK && k < n; k++)
		rc = compare_mates(turns, k, err);
	if (turns->all || n == 0)
		return rc;
	if (turns->rec == turns->at[0].reader->slice->sel.rec)
		rc = compare_mates(turns, 0, err);
	if (rc == DP_OK && turns->rec + n - 1 == turns->last)
		rc = compare_mates(turns, n - 1, err);
	return rc;
}

/* One record, and the ending that the last one of a file may lack. */
static dp_code add_record(dp__turns *turns, member *m, dp_error *err)
{
	size_t stop = m->batch.ends[m->taken++], len = stop - m->off;
	const uint8_t *record = m->batch.data + m->off;
	const char *end = m->format->end;
	size_t nend = end ? strlen(end) : 0;
	m->off = stop;
	dp_code rc = dp__buf_add(&turns->data, record, len, err);
	if (rc == DP_OK && nend && (len < nend || memcmp(record + len - nend, end, nend) != 0))
		rc = dp__buf_add(&turns->data, end, nend, err);
	return rc;
}

/* All members end together. */
static dp_code check_end(const dp__turns *turns, dp_error *err)
{
	for (size_t i = 0; i < turns->n; i++) {
		if (turns->at[i].batch.nrec)
			return dp_fail(err, DP_EFORMAT, "a member ends at record %" PRIu64,
				       turns->rec);
	}
	return DP_OK;
}

dp_code dp__turns_next(dp__turns *turns, dp_batch *batch, dp_error *err)
{
	uint64_t n;
	size_t nends = 0;
	dp_code rc = at_hand(turns, &n, err);
	if (rc == DP_OK)
		rc = n > 0 ? check_mates(turns, n, err) : check_end(turns, err);
	turns->data.len = 0;
	for (uint64_t k = 0; rc == DP_OK && k < n; k++) {
		for (size_t i = 0; rc == DP_OK && i < turns->n; i++) {
			rc = add_record(turns, &turns->at[i], err);
			turns->ends[nends++] = (uint32_t)turns->data.len;
		}
	}
	if (rc != DP_OK)
		return rc;
	*batch = (dp_batch){ turns->data.data, turns->data.len, turns->rec, nends, turns->ends };
	turns->rec += n;
	return DP_OK;
}

/* The records at hand of one member, which lie side by side. */
static dp_code write_member(member *m, uint64_t n, dp_write_fn out, void *user, dp_error *err)
{
	size_t stop = m->batch.ends[m->taken + n - 1], off = m->off;
	m->taken += n;
	m->off = stop;
	return out(user, m->batch.data + off, stop - off, err);
}

dp_code dp__turns_apart(dp__turns *turns, dp_write_fn out, void *const *users, bool *end,
			dp_error *err)
{
	uint64_t n;
	dp_code rc = at_hand(turns, &n, err);
	if (rc == DP_OK)
		rc = n > 0 ? check_mates(turns, n, err) : check_end(turns, err);
	for (size_t i = 0; rc == DP_OK && n > 0 && i < turns->n; i++)
		rc = write_member(&turns->at[i], n, out, users[i], err);
	turns->rec += n;
	*end = n == 0;
	return rc;
}

const dp_reader *dp__turns_member(const dp__turns *turns, size_t i)
{
	return turns->at[i].reader;
}
