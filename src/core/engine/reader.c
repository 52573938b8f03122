/* reader.c - the records of a slice: pulled batch by batch, or written out. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/reader.h"

static dp_code open_one(dp_reader *reader, const dp_slice *slice, dp_error *err)
{
	double begun = dp__now();
	dp_code rc = dp__fetch_open(&reader->fetch, slice, err);
	reader->opening = dp__now() - begun;
	if (rc == DP_OK && slice->origin->format->open)
		rc = slice->origin->format->open(&reader->self, reader->fetch, err);
	return rc;
}

dp_code dp_reader_open(dp_reader **out, const dp_slice *slice, dp_error *err)
{
	dp_code rc = dp__slice_check(slice, err);
	if (rc != DP_OK)
		return rc;
	double begun = dp__now();
	dp_reader *reader = calloc(1, sizeof *reader);
	if (!reader)
		return dp_fail(err, DP_ENOMEM, "no memory for a reader");
	reader->slice = slice;
	rc = slice->nmembers ? dp__turns_open(&reader->turns, slice, false, err)
			     : open_one(reader, slice, err);
	reader->busy = dp__now() - begun;
	if (rc == DP_OK)
		*out = reader;
	else
		dp_reader_free(reader);
	return rc;
}

/* A counted selection comes whole, or not at all. */
static dp_code check_count(const dp_reader *reader, dp_error *err)
{
	const dp_slice *slice = reader->slice;
	if (slice->sel.nrec == DP_UNKNOWN ||
	    !dp__sel_all_boxes(&slice->sel, slice->origin->naxes) ||
	    reader->delivered == slice->sel.nrec)
		return DP_OK;
	return dp_fail(err, DP_EFORMAT,
		       "%" PRIu64 " records came of the %" PRIu64 " from record %" PRIu64 " on",
		       reader->delivered, slice->sel.nrec, slice->sel.rec);
}

/* What is wrong with the records may be explained by a read that has gone wrong since they came. */
static dp_code end_fetch(dp_reader *reader, dp_code rc, dp_error *err)
{
	dp_error why = { 0 };
	dp_code read = dp__fetch_await(reader->fetch, &why);
	if (read == DP_OK)
		return rc;
	if (err)
		*err = why;
	return read;
}

static dp_code next_batch(dp_reader *reader, dp_batch *batch, dp_error *err)
{
	if (reader->turns)
		return dp__turns_next(reader->turns, batch, err);
	dp_code rc = reader->slice->origin->format->next(reader->self, reader->fetch, batch, err);
	if (rc != DP_OK)
		return rc == DP_EFORMAT ? end_fetch(reader, rc, err) : rc;
	reader->delivered += batch->nrec;
	reader->end = batch->nrec == 0;
	if (reader->end)
		rc = end_fetch(reader, check_count(reader, err), err);
	return rc;
}

dp_code dp_reader_next(dp_reader *reader, dp_batch *batch, dp_error *err)
{
	double begun = dp__now();
	*batch = (dp_batch){ 0 };
	if (reader->end)
		return DP_OK;
	dp_code rc = next_batch(reader, batch, err);
	reader->busy += dp__now() - begun;
	return rc;
}

double dp__reader_waited(const dp_reader *reader)
{
	if (reader->turns)
		return dp__turns_waited(reader->turns);
	return reader->opening + (reader->fetch ? dp__fetch_waited(reader->fetch) : 0);
}

dp_range dp__reader_read(const dp_reader *reader)
{
	return reader->fetch ? dp__fetch_read(reader->fetch) : (dp_range){ 0 };
}

dp_price dp_reader_paid(const dp_reader *reader)
{
	if (reader->turns)
		return dp__turns_paid(reader->turns);
	return reader->fetch ? dp__fetch_paid(reader->fetch) : (dp_price){ 0 };
}

/* Adds what this reader spent to what others of the slice did. */
static void add_spent(const dp_reader *reader, dp__spent *spent)
{
	dp_range read[DP__MAX_MEMBERS] = { dp__reader_read(reader) };
	dp_price paid = dp_reader_paid(reader);
	double waited = dp__reader_waited(reader);
	spent->paid.requests += paid.requests;
	spent->paid.bytes += paid.bytes;
	spent->paid.needed += paid.needed;
	spent->fetch += waited;
	spent->decode += reader->busy > waited ? reader->busy - waited : 0;
	if (reader->turns)
		dp__turns_read(reader->turns, read);
	for (size_t i = 0; i < DP__MAX_MEMBERS; i++)
		dp__range_widen(&spent->read[i], &read[i]);
}

static void free_reader(dp_reader *reader)
{
	if (reader->self)
		reader->slice->origin->format->close(reader->self);
	dp__fetch_free(reader->fetch);
	dp__turns_free(reader->turns);
	free(reader);
}

void dp_reader_free(dp_reader *reader)
{
	if (!reader)
		return;
	double begun = dp__now();
	dp__spent *spent = reader->slice->spent;
	if (spent)
		add_spent(reader, spent);
	free_reader(reader);
	/* A read that nobody needs any more is still waited for. */
	if (spent)
		spent->fetch += dp__now() - begun;
}

/* What stands before the records in a file that stands alone; of a set, the first member's. */
static dp_code write_header(const dp_reader *reader, dp_write_fn out, void *user, dp_error *err)
{
	const dp_slice *slice = reader->slice;
	if (!slice->origin)
		return DP_OK;
	const dp_format *format = slice->origin->format;
	if (format->header)
		return format->header(reader->fetch, out, user, err);
	size_t len = 0;
	const void *header = dp_fetch_attr(reader->fetch, "header", &len);
	return header && len ? out(user, header, len, err) : DP_OK;
}

dp_code dp_slice_get_apart(const dp_slice *set, unsigned flags, dp_write_fn out, void *const *users,
			   dp_error *err)
{
	dp_reader *reader = NULL;
	bool end = false;
	if (!set->nmembers)
		return dp_slice_get(set, flags, out, users[0], err);
	dp_code rc = dp_reader_open(&reader, set, err);
	for (size_t i = 0; rc == DP_OK && !(flags & DP_GET_RAW) && i < set->nmembers; i++)
		rc = write_header(dp__turns_member(reader->turns, i), out, users[i], err);
	while (rc == DP_OK && !end)
		rc = dp__turns_apart(reader->turns, out, users, &end, err);
	dp_reader_free(reader);
	return rc;
}

dp_code dp_slice_get(const dp_slice *slice, unsigned flags, dp_write_fn out, void *user,
		     dp_error *err)
{
	dp_reader *reader = NULL;
	dp_batch batch;
	dp_code rc = dp_reader_open(&reader, slice, err);
	if (rc == DP_OK && !(flags & DP_GET_RAW))
		rc = write_header(reader, out, user, err);
	while (rc == DP_OK) {
		rc = dp_reader_next(reader, &batch, err);
		if (rc != DP_OK || batch.nrec == 0)
			break;
		rc = out(user, batch.data, batch.len, err);
	}
	dp_reader_free(reader);
	return rc;
}
