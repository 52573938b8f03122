/* ranges.c - joins extents that lie near each other into reads and splits long ones. */
#include "core/io/ranges.h"

#include <inttypes.h>

#include "core/base/num.h"

/* Gives out whole parts; with all, what is left of the stretch too. */
static dp_code give_out(dp__ranges *ranges, bool all, dp_error *err)
{
	uint64_t part = ranges->part > 0 ? ranges->part : UINT64_MAX;
	dp_code code = DP_OK;

	while (code == DP_OK && ranges->start < ranges->end) {
		uint64_t off = ranges->start, len = dp__min_u64(ranges->end - off, part);

		if (len < part && !all)
			break;
		ranges->start = ranges->passed = off + len;
		code = ranges->emit(ranges->user, off, len, err);
	}
	return code;
}

/* Whether a stretch is open that an extent at off, not before what was given out, belongs to. */
static bool is_joined(const dp__ranges *ranges, uint64_t off)
{
	if (ranges->end == 0)
		return false;
	return off <= ranges->end || off - ranges->end < ranges->gap;
}

dp_code dp__ranges_add(dp__ranges *ranges, uint64_t off, uint64_t len, dp_error *err)
{
	dp_code code = DP_OK;
	uint64_t end;

	if (!dp__add_u64(off, len, &end))
		return dp_fail(err, DP_EINVAL, "%" PRIu64 " bytes at %" PRIu64 " pass 2^64", len,
			       off);
	off = dp__max_u64(off, ranges->passed);
	if (len == 0 || end <= off)
		return DP_OK;
	if (is_joined(ranges, off)) {
		ranges->start = dp__min_u64(ranges->start, off);
		ranges->end = dp__max_u64(ranges->end, end);
	} else {
		code = give_out(ranges, true, err);
		ranges->start = off;
		ranges->end = end;
	}
	return code == DP_OK ? give_out(ranges, false, err) : code;
}

dp_code dp__ranges_end(dp__ranges *ranges, dp_error *err)
{
	return give_out(ranges, true, err);
}
