/* export.c - dp_index_export: an index as that of another program. */
#include "core/engine/fetch.h"
#include "core/engine/partition.h"

static dp_code write_index(const dp_slice *all, const char *as, dp_exported *done, dp_write_fn out,
			   void *user, dp_error *err)
{
	const dp_format *format = all->origin->format;
	dp_fetch *fetch = NULL;
	if (!format->write_index)
		return dp_fail(err, DP_EUNSUPPORTED, "the format %s is not exported", format->name);
	dp_code rc = dp__fetch_open(&fetch, all, err);
	if (rc == DP_OK) {
		dp__fetch_rows_only(fetch);
		rc = format->write_index(fetch, as, done, out, user, err);
	}
	dp__fetch_free(fetch);
	return rc;
}

dp_code dp_index_export(const dp_index *index, const char *as, dp_exported *done, dp_write_fn out,
			void *user, dp_error *err)
{
	dp_exported unasked;
	dp_slices *slices = NULL;
	dp_code rc = dp__partition_whole(&slices, &index, 1, err);
	if (rc == DP_OK)
		rc = write_index(dp_slices_at(slices, 0), as, done ? done : &unasked, out, user,
				 err);
	dp_slices_free(slices);
	return rc;
}
