/* row.c - one unit as workers read it: its row packed and checked. */
#include "core/index/row.h"

#include <string.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "core/index/table.h"

#define LIMIT ((uint64_t)1 << 63)

static size_t extents_used(const dp_unit *unit)
{
	size_t n = 0;
	while (n < DP_MAX_EXTENTS && unit->extent[n].len > 0)
		n++;
	return n;
}

static dp_code extents_check(const dp_unit *unit, dp_error *err)
{
	size_t used = extents_used(unit);
	for (size_t i = 0; i < DP_MAX_EXTENTS; i++) {
		const dp_extent *extent = &unit->extent[i];
		if (i >= used && extent->len > 0)
			return dp_fail(err, DP_EFORMAT, "extent %zu comes after an empty one", i);
		if (extent->part >= DP__MAX_PARTS)
			return dp_fail(err, DP_EFORMAT, "extent %zu lies in part %u", i,
				       extent->part);
		uint64_t end;
		if (!dp__add_u64(extent->off, extent->len, &end) || end >= LIMIT)
			return dp_fail(err, DP_EFORMAT, "extent %zu is out of bounds", i);
	}
	return DP_OK;
}

static dp_code records_check(const dp_unit *unit, dp_error *err)
{
	uint64_t end;
	if (unit->nrec != DP_UNKNOWN && unit->rec == DP_UNKNOWN)
		return dp_fail(err, DP_EFORMAT, "records are counted from an unknown one");
	if (unit->rec != DP_UNKNOWN && unit->rec >= LIMIT)
		return dp_fail(err, DP_EFORMAT, "first record is out of bounds");
	if (unit->nrec != DP_UNKNOWN && (!dp__add_u64(unit->rec, unit->nrec, &end) || end >= LIMIT))
		return dp_fail(err, DP_EFORMAT, "number of records is out of bounds");
	return DP_OK;
}

dp_code dp__row_check(const dp_unit *unit, size_t naxes, dp_error *err)
{
	dp_code code = extents_check(unit, err);
	if (code == DP_OK)
		code = records_check(unit, err);
	if (code != DP_OK)
		return code;
	uint64_t bytes;
	if (!dp__add_u64(unit->skip, unit->raw, &bytes) || bytes >= LIMIT)
		return dp_fail(err, DP_EFORMAT, "decoded size is out of bounds");
	if (unit->state_len > DP__MAX_STATE)
		return dp_fail(err, DP_EFORMAT, "state has %u bytes, more than %u", unit->state_len,
			       DP__MAX_STATE);
	if (unit->flags & ~(uint32_t)DP_UNIT_CRC)
		return dp_fail(err, DP_EFORMAT, "flags %#x are not known", unit->flags);
	for (size_t i = 0; i < naxes; i++)
		if (!(unit->box.lo[i] <= unit->box.hi[i])) /* so that NaN fails too */
			return dp_fail(err, DP_EFORMAT, "axis %zu: interval is inside out", i);
	return DP_OK;
}

static dp_code counts_pack(dp__buf *body, const dp_unit *unit, dp_error *err)
{
	/* DP_UNKNOWN + 1 is 0, by intent. */
	const uint64_t values[] = { unit->skip, unit->raw, unit->rec + 1, unit->nrec + 1,
				    unit->state_len };
	dp_code code = DP_OK;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values) && code == DP_OK; i++)
		code = dp__put_varint(body, values[i], err);
	if (code == DP_OK)
		code = dp__put_le32(body, unit->state_crc, err);
	if (code == DP_OK)
		code = dp__put_le32(body, unit->crc, err);
	return code;
}

static dp_code body_pack(dp__buf *body, const dp_unit *unit, size_t naxes, dp_error *err)
{
	size_t used = extents_used(unit);
	const uint64_t head[] = { unit->flags, unit->tag, used };
	dp_code code = DP_OK;
	for (size_t i = 0; i < sizeof(head) / sizeof(*head) && code == DP_OK; i++)
		code = dp__put_varint(body, head[i], err);
	for (size_t i = 0; i < used && code == DP_OK; i++) {
		code = dp__put_varint(body, unit->extent[i].part, err);
		if (code == DP_OK)
			code = dp__put_varint(body, unit->extent[i].off, err);
		if (code == DP_OK)
			code = dp__put_varint(body, unit->extent[i].len, err);
	}
	if (code == DP_OK)
		code = counts_pack(body, unit, err);
	for (size_t i = 0; i < naxes && code == DP_OK; i++) {
		code = dp__put_f64(body, unit->box.lo[i], err);
		if (code == DP_OK)
			code = dp__put_f64(body, unit->box.hi[i], err);
	}
	return code;
}

dp_code dp__row_pack(dp__buf *out, const dp_unit *unit, size_t naxes, dp_error *err)
{
	/* A buffer on the stack that is full before it would grow: no allocation for each row. */
	uint8_t bytes[DP__MAX_ROW];
	dp__buf body = { .data = bytes, .cap = sizeof(bytes), .max = sizeof(bytes) };
	dp_code code = body_pack(&body, unit, naxes, err);
	if (code == DP_OK)
		code = dp__put_varint(out, body.len, err);
	if (code == DP_OK)
		code = dp__buf_add(out, body.data, body.len, err);
	if (code == DP_OK)
		code = dp__put_le32(out, dp__crc32(0, body.data, body.len), err);
	return code;
}

static uint32_t take_u32(dp__cur *cur)
{
	uint64_t v = dp__cur_varint(cur);
	cur->bad = cur->bad || v > UINT32_MAX;
	return (uint32_t)v;
}

/* Parses a body whose CRC was right; false if it is no row all the same. */
static bool body_take(dp__cur *cur, dp_unit *unit, size_t naxes)
{
	memset(unit, 0, sizeof(*unit));
	unit->flags = take_u32(cur);
	unit->tag = take_u32(cur);
	uint64_t used = dp__cur_varint(cur);
	if (used > DP_MAX_EXTENTS)
		return false;
	for (size_t i = 0; i < used; i++) {
		unit->extent[i].part = take_u32(cur);
		unit->extent[i].off = dp__cur_varint(cur);
		unit->extent[i].len = dp__cur_varint(cur);
	}
	unit->skip = dp__cur_varint(cur);
	unit->raw = dp__cur_varint(cur);
	unit->rec = dp__cur_varint(cur) - 1; /* 0 - 1 is DP_UNKNOWN */
	unit->nrec = dp__cur_varint(cur) - 1;
	unit->state_len = take_u32(cur);
	unit->state_crc = dp__cur_le32(cur);
	unit->crc = dp__cur_le32(cur);
	for (size_t i = 0; i < naxes; i++) {
		unit->box.lo[i] = dp__cur_f64(cur);
		unit->box.hi[i] = dp__cur_f64(cur);
	}
	return !cur->bad && dp__cur_left(cur) == 0;
}

dp_code dp__row_take(dp__cur *cur, dp_unit *unit, const uint8_t **state, size_t naxes, bool *more,
		     dp_error *err)
{
	dp__cur at = *cur;
	*state = NULL;
	*more = false;
	size_t left = dp__cur_left(&at);
	uint64_t len = dp__cur_varint(&at);
	/* DP__MAX_ROW takes two bytes as a varint, so a longer one is no row. */
	if ((at.bad && left >= 2) || len > DP__MAX_ROW)
		return dp_fail(err, DP_EFORMAT, "a unit's row is damaged");
	*more = at.bad || dp__cur_left(&at) < len + 4;
	if (*more)
		return DP_OK;
	dp__cur body = dp__cur_of(dp__cur_bytes(&at, len), (size_t)len);
	if (dp__cur_le32(&at) != dp__crc32(0, body.p, (size_t)len) ||
	    !body_take(&body, unit, naxes))
		return dp_fail(err, DP_EFORMAT, "a unit's row is damaged");
	dp_code code = dp__row_check(unit, naxes, err);
	if (code != DP_OK)
		return code;
	*more = dp__cur_left(&at) < unit->state_len;
	if (*more)
		return DP_OK;
	if (unit->state_len > 0)
		*state = dp__cur_bytes(&at, unit->state_len);
	if (*state && dp__crc32(0, *state, unit->state_len) != unit->state_crc)
		return dp_fail(err, DP_EFORMAT, "a unit's state is damaged");
	*cur = at;
	return DP_OK;
}
