/* index_rows.c - the rows of an index's units, as they lie in its run. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "core/index/index.h"

dp_code dp__index_rows(const dp_index *index, const dp_call *call, size_t first, size_t last,
		       dp__buf *out, dp_error *err)
{
	uint64_t off = index->row_off[first], len = index->row_off[last] - off;
	uint64_t part = index->site.store->part;
	dp_read *reads = NULL;
	size_t n = 0;
	dp_code code = DP_OK;
	if (len > 0)
		code = len <= SIZE_MAX ? dp__buf_reserve(out, (size_t)len, err)
				       : dp_fail(err, DP_ENOMEM, "%" PRIu64 " bytes of rows", len);
	if (len == 0 || code != DP_OK)
		return code;
	reads = calloc((size_t)((len - 1) / part + 1), sizeof(*reads));
	if (!reads)
		return dp_fail(err, DP_ENOMEM, "no memory to read rows");
	for (uint64_t at = 0; at < len; at += part)
		reads[n++] =
			(dp_read){ index->run_off + off + at, (size_t)dp__min_u64(part, len - at),
				   out->data + out->len + at };
	dp_error why = { 0 };
	code = dp__site_read(&index->site, call, NULL, reads, n, &why);
	free(reads);
	if (code != DP_OK && code != DP_ESTALE)
		return dp_fail(err, code, "index %s: %s", index->url, why.msg);
	/* The file may have been written anew since: that does no harm if the rows are the same. */
	const dp__stretch stretch = { index->run_off + off, len,
				      dp__index_rows_crc(index, first, last) };
	if (code == DP_ESTALE || dp__crc32(0, out->data + out->len, (size_t)len) != stretch.crc)
		return dp__index_explain(index->session, call, &(dp_place){ .url = index->url },
					 &stretch, err);
	out->len += (size_t)len;
	return DP_OK;
}
