/* row.h - one unit as workers read it: its row packed, then its state. Rows of all units in order
 * are the units' run. */
#ifndef DP_INDEX_ROW_H
#define DP_INDEX_ROW_H

#include "core/base/bytes.h"
#include "dataplug/unit.h"

/* The state is decoder state of this many bytes at most. */
#define DP__MAX_STATE (1u << 20)
/* A packed row, CRC and all, is never longer. */
#define DP__MAX_ROW 320

/* Appends the unit's packed row, CRC and all, without the state. The same unit gives the same
 * bytes. */
dp_code dp__row_pack(dp__buf *out, const dp_unit *unit, size_t naxes, dp_error *err);
/*
 * Takes a row and its state from the cursor. *state is lent from the cursor's bytes, NULL if
 * state_len is 0. If the bytes end before the state does: DP_OK and *more = true, the cursor stays
 * where it was. DP_EFORMAT: a damaged row or state (the CRCs of both are checked), or one that
 * dp__row_check() refuses.
 */
dp_code dp__row_take(dp__cur *cur, dp_unit *unit, const uint8_t **state, size_t naxes, bool *more,
		     dp_error *err);
/*
 * What holds for a unit whatever object it is of: unused extents are empty and last, no sum reaches
 * 2^63, records are counted from a known one only, flags are known, the state is not too long, no
 * box is inside out or NaN. DP_EFORMAT.
 */
dp_code dp__row_check(const dp_unit *unit, size_t naxes, dp_error *err);

#endif
