/*
 * gzip_trailing.c - what follows the last member of a gzip file.
 *
 * Padding and stray bytes are harmless at the end, but the same bytes in the middle would hide all
 * members behind them. So a member is looked for: something that begins as one and whose first 64
 * KiB decode.
 */
#include <inttypes.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/num.h"
#include "formats/gzip_trailing.h"

#define TRIAL ((size_t)64 << 10)
#define PIECE ((size_t)256 << 10)

dp__trailing dp__trailing_of(dp__inflate *inflate, uint64_t off)
{
	return (dp__trailing){ .inflate = inflate,
			       .off = off,
			       .held = dp__buf_of(2 * TRIAL + PIECE) };
}

void dp__trailing_fini(dp__trailing *trailing)
{
	dp__buf_fini(&trailing->held);
}

static void skip_string(dp__cur *cur)
{
	const uint8_t *zero = memchr(cur->p, 0, dp__cur_left(cur));
	if (zero)
		cur->p = zero + 1;
	else
		cur->bad = true;
}

bool dp__gzip_pass_header(dp__cur *cur)
{
	bool gzip = dp__cur_u8(cur) == 0x1f && dp__cur_u8(cur) == 0x8b && dp__cur_u8(cur) == 8;
	unsigned flags = dp__cur_u8(cur);
	if (!gzip || (flags & 0xe0) || !dp__cur_bytes(cur, 6))
		return false;
	if (flags & 4)
		dp__cur_bytes(cur, dp__cur_le16(cur));
	if ((flags & 8) && !cur->bad)
		skip_string(cur);
	if ((flags & 16) && !cur->bad)
		skip_string(cur);
	if (flags & 2)
		dp__cur_le16(cur);
	return !cur->bad;
}

static dp_code try_member(dp__trailing *trailing, const uint8_t *bytes, size_t len, bool *found,
			  dp_error *err)
{
	dp__cur cur = dp__cur_of(bytes, len);
	uint8_t text[4096];
	uint64_t sum = 0;
	*found = false;
	if (!dp__gzip_pass_header(&cur))
		return DP_OK;
	dp__inflate_io io = { .out = text, .cap = sizeof text, .end = DP__INFLATE_OUTPUT };
	dp_code rc = dp__inflate_start(trailing->inflate, err);
	while (rc == DP_OK && io.end == DP__INFLATE_OUTPUT) {
		io.in = cur.p;
		io.in_len = dp__cur_left(&cur);
		rc = dp__inflate_run(trailing->inflate, &io, err);
		cur.p += io.used;
		sum += io.got;
	}
	*found = rc == DP_OK && (sum > 0 || io.end == DP__INFLATE_END);
	return rc == DP_EFORMAT ? DP_OK : rc;
}

static void count_bytes(dp__trailing *trailing, const uint8_t *bytes, size_t len)
{
	size_t i = 0;
	while (trailing->others == 0 && i < len && bytes[i] == 0)
		i++;
	trailing->zeros += i;
	trailing->others += len - i;
}

/* Searches what is held; before the end, a trial's length stays, and few bytes are not worth a
 * search. */
static dp_code search(dp__trailing *trailing, bool end, dp_error *err)
{
	const uint8_t *data = trailing->held.data;
	size_t len = trailing->held.len, stop = end ? len : len < 2 * TRIAL ? 0 : len - TRIAL;
	const uint8_t *at = data;
	while (stop && (at = memchr(at, 0x1f, stop - (size_t)(at - data)))) {
		size_t i = (size_t)(at - data);
		bool found;
		dp_code rc = try_member(trailing, at, dp__min_u64(len - i, TRIAL), &found, err);
		if (rc != DP_OK)
			return rc;
		if (found)
			return dp_fail(err, DP_EFORMAT,
				       "stored byte %" PRIu64 ": %" PRIu64
				       " bytes that are not gzip lie between two gzip members",
				       trailing->off,
				       trailing->zeros + trailing->others - (uint64_t)(len - i));
		at++;
	}
	if (stop)
		memmove(trailing->held.data, data + stop, len - stop);
	trailing->held.len -= stop;
	return DP_OK;
}

dp_code dp__trailing_add(dp__trailing *trailing, const uint8_t *bytes, size_t len, dp_error *err)
{
	dp_code rc = DP_OK;
	if (len == 0)
		return search(trailing, true, err);
	while (rc == DP_OK && len) {
		size_t n = len < PIECE - 1 ? len : PIECE - 1;
		count_bytes(trailing, bytes, n);
		rc = dp__buf_add(&trailing->held, bytes, n, err);
		if (rc == DP_OK)
			rc = search(trailing, false, err);
		bytes += n;
		len -= n;
	}
	return rc;
}
