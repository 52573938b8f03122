/* verify.c - dp_index_verify: reads an object once more as slices do. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/engine/partition.h"
#include "core/engine/reader.h"

static dp_code read_all(const dp_index *index, const dp_slice *slice, dp_progress_fn progress,
			void *user, dp_error *err)
{
	dp_reader *reader = NULL;
	dp_batch batch;
	uint64_t done = 0, total = index->view.nrec == DP_UNKNOWN ? 0 : index->view.nrec;
	dp_code rc = dp_reader_open(&reader, slice, err);
	while (rc == DP_OK) {
		rc = dp_reader_next(reader, &batch, err);
		if (rc != DP_OK || batch.nrec == 0)
			break;
		done += batch.nrec;
		rc = progress ? progress(user, done, total) : DP_OK;
		if (rc != DP_OK)
			dp_fail(err, rc, "stopped by the caller");
	}
	if (rc == DP_OK && total && done != total)
		rc = dp_fail(err, DP_EFORMAT, "%" PRIu64 " records of %" PRIu64, done, total);
	dp_reader_free(reader);
	return rc;
}

/* A set while it is read, and who is told how far. */
struct watch {
	dp__turns *turns;
	dp_progress_fn progress;
	void *user;
	uint64_t done, total;
};

static dp_code read_set(struct watch *watch, dp_error *err)
{
	dp_batch batch = { .nrec = 1 };
	dp_code rc = DP_OK;
	while (rc == DP_OK && batch.nrec > 0) {
		rc = dp__turns_next(watch->turns, &batch, err);
		if (rc != DP_OK)
			return rc;
		watch->done += batch.nrec;
		if (watch->progress)
			rc = watch->progress(watch->user, watch->done, watch->total);
		if (rc != DP_OK)
			dp_fail(err, rc, "stopped by the caller");
	}
	return rc;
}

dp_code dp_set_verify(const dp_index *const *indexes, size_t nindexes, dp_progress_fn progress,
		      void *user, dp_error *err)
{
	struct watch watch = { .progress = progress, .user = user };
	dp_slices *slices = NULL;
	if (nindexes == 1)
		return dp_index_verify(indexes[0], progress, user, err);
	dp_code rc = dp__partition_whole(&slices, indexes, nindexes, err);
	if (rc == DP_OK)
		rc = dp__turns_open(&watch.turns, dp_slices_at(slices, 0), true, err);
	if (rc == DP_OK) {
		watch.total = indexes[0]->view.nrec * nindexes;
		rc = read_set(&watch, err);
	}
	if (rc == DP_OK && watch.done != watch.total)
		rc = dp_fail(err, DP_EFORMAT, "%" PRIu64 " records of %" PRIu64, watch.done,
			     watch.total);
	dp__turns_free(watch.turns);
	dp_slices_free(slices);
	return rc;
}

/*
 * One slice of everything: its units are decoded one by one, each from its own point, and each is
 * read whole, so its CRC is compared.
 */
dp_code dp_index_verify(const dp_index *index, dp_progress_fn progress, void *user, dp_error *err)
{
	dp_slices *slices = NULL;
	dp_code rc = dp__partition_whole(&slices, &index, 1, err);
	if (rc == DP_OK)
		rc = read_all(index, dp_slices_at(slices, 0), progress, user, err);
	dp_slices_free(slices);
	return rc;
}
