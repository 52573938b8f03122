/* test_row.c - packed rows: their bytes, their way back, and what is refused. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/index/row.h"

static const uint8_t state[] = "state";
#define STATE_LEN 5
#define STATE_CRC 0xa393d2fbu /* crc32(b"state"), Python's zlib */

static dp_unit plain_unit(void)
{
	return (dp_unit){ .extent = { { .off = 100, .len = 50 } },
			  .skip = 1,
			  .raw = 200,
			  .rec = 10,
			  .nrec = 2,
			  .crc = 0x01020304,
			  .tag = 7,
			  .flags = DP_UNIT_CRC };
}

static dp_unit state_unit(void)
{
	dp_unit unit = plain_unit();
	unit.state_len = STATE_LEN;
	unit.state_crc = STATE_CRC;
	return unit;
}

static dp__buf packed(const dp_unit *unit, size_t naxes)
{
	dp__buf out = dp__buf_of(1 << 20);
	cr_assert_eq(dp__row_pack(&out, unit, naxes, NULL), DP_OK);
	return out;
}

static dp__buf packed_with_state(void)
{
	dp_unit unit = state_unit();
	dp__buf out = packed(&unit, 0);
	cr_assert_eq(dp__buf_add(&out, state, STATE_LEN, NULL), DP_OK);
	return out;
}

static dp_code take(const uint8_t *data, size_t len, dp_unit *unit, bool *more)
{
	dp__cur cur = dp__cur_of(data, len);
	const uint8_t *at;
	return dp__row_take(&cur, unit, &at, 0, more, NULL);
}

static void expect_same(const dp_unit *unit, size_t naxes)
{
	dp__buf row = packed(unit, naxes);
	dp__cur cur = dp__cur_of(row.data, row.len);
	dp_unit back;
	const uint8_t *at;
	bool more;
	cr_assert_eq(dp__row_take(&cur, &back, &at, naxes, &more, NULL), DP_OK);
	cr_assert_not(more);
	cr_expect_arr_eq(&back, unit, sizeof(back));
	dp__buf_fini(&row);
}

Test(row, has_these_bytes)
{
	static const uint8_t expected[] = { 20, 1, 7, 1, 0, 100, 50, 1, 0xc8, 1,    11,   3,   0,
					    0,  0, 0, 0, 4, 3,   2,  1, 0xb4, 0xc1, 0xc2, 0x07 };
	dp_unit unit = plain_unit();
	dp__buf row = packed(&unit, 0);
	cr_assert_eq(row.len, sizeof(expected));
	cr_expect_arr_eq(row.data, expected, sizeof(expected));
	dp__buf_fini(&row);
}

Test(row, comes_back_with_all_extents_and_axes)
{
	dp_unit unit = plain_unit();
	for (uint32_t i = 0; i < DP_MAX_EXTENTS; i++)
		unit.extent[i] = (dp_extent){ (uint64_t)1 << (40 + i), UINT32_MAX, i };
	for (size_t i = 0; i < DP_MAX_AXES; i++) {
		unit.box.lo[i] = i == 0 ? -INFINITY : 0.1;
		unit.box.hi[i] = 1e300;
	}
	unit.tag = UINT32_MAX;
	expect_same(&unit, DP_MAX_AXES);
}

Test(row, comes_back_with_records_unknown)
{
	dp_unit unit = plain_unit();
	unit.rec = unit.nrec = DP_UNKNOWN;
	expect_same(&unit, 0);
}

Test(row, longest_one_fits_its_bound)
{
	dp_unit unit = { .skip = INT64_MAX, .raw = INT64_MAX, .rec = INT64_MAX, .nrec = INT64_MAX };
	for (uint32_t i = 0; i < DP_MAX_EXTENTS; i++)
		unit.extent[i] = (dp_extent){ INT64_MAX, INT64_MAX, UINT32_MAX };
	unit.tag = unit.flags = unit.state_len = UINT32_MAX;
	dp__buf row = packed(&unit, DP_MAX_AXES);
	cr_expect_leq(row.len, DP__MAX_ROW);
	dp__buf_fini(&row);
}

Test(row, usual_one_of_a_compressed_file_has_48_bytes_at_most)
{
	dp_unit unit = { .extent = { { .off = 99000000000, .len = 4200000 } },
			 .skip = 300,
			 .raw = 16000000,
			 .rec = 600000000,
			 .nrec = 60000,
			 .state_len = 12000,
			 .flags = DP_UNIT_CRC };
	dp__buf row = packed(&unit, 0);
	cr_expect_leq(row.len, 48);
	dp__buf_fini(&row);
}

Test(row, lends_the_state_behind_it)
{
	dp__buf row = packed_with_state();
	dp__cur cur = dp__cur_of(row.data, row.len);
	dp_unit unit;
	const uint8_t *at;
	bool more;
	cr_assert_eq(dp__row_take(&cur, &unit, &at, 0, &more, NULL), DP_OK);
	cr_assert_not_null(at);
	cr_expect_arr_eq(at, state, STATE_LEN);
	cr_expect_eq(dp__cur_left(&cur), 0);
	dp__buf_fini(&row);
}

Test(row, cut_anywhere_asks_for_more_and_stays)
{
	dp__buf row = packed_with_state();
	for (size_t len = 0; len < row.len; len++) {
		dp__cur cur = dp__cur_of(row.data, len);
		dp_unit unit;
		const uint8_t *at;
		bool more = false;
		cr_assert_eq(dp__row_take(&cur, &unit, &at, 0, &more, NULL), DP_OK, "%zu", len);
		cr_expect(more, "%zu", len);
		cr_expect_eq(cur.p, row.data);
	}
	dp__buf_fini(&row);
}

Test(row, any_changed_byte_is_found)
{
	dp__buf row = packed_with_state();
	dp_unit unit;
	bool more;
	for (size_t i = 0; i < row.len; i++)
		for (unsigned x = 1; x < 256; x++) {
			row.data[i] ^= (uint8_t)x;
			dp_code code = take(row.data, row.len, &unit, &more);
			cr_expect(code == DP_EFORMAT || more, "byte %zu, xor %u", i, x);
			row.data[i] ^= (uint8_t)x;
		}
	dp__buf_fini(&row);
}

/* Expects that the unit, packed with a right CRC, is refused all the same. */
static void expect_refused(const dp_unit *unit, size_t naxes)
{
	dp__buf row = packed(unit, naxes);
	dp__cur cur = dp__cur_of(row.data, row.len);
	dp_unit back;
	const uint8_t *at;
	bool more;
	cr_expect_eq(dp__row_take(&cur, &back, &at, naxes, &more, NULL), DP_EFORMAT);
	dp__buf_fini(&row);
}

Test(row, extent_past_2_to_63_is_refused)
{
	dp_unit unit = plain_unit();
	unit.extent[0].off = (uint64_t)1 << 63;
	expect_refused(&unit, 0);
}

Test(row, fifth_part_is_refused)
{
	dp_unit unit = plain_unit();
	unit.extent[0].part = 4;
	expect_refused(&unit, 0);
}

Test(row, records_past_2_to_63_are_refused)
{
	dp_unit unit = plain_unit();
	unit.nrec = INT64_MAX;
	expect_refused(&unit, 0);
}

Test(row, records_counted_from_nowhere_are_refused)
{
	dp_unit unit = plain_unit();
	unit.rec = DP_UNKNOWN;
	expect_refused(&unit, 0);
}

Test(row, state_over_1_mib_is_refused)
{
	dp_unit unit = plain_unit();
	unit.state_len = DP__MAX_STATE + 1;
	expect_refused(&unit, 0);
}

Test(row, unknown_flag_is_refused)
{
	dp_unit unit = plain_unit();
	unit.flags = 2;
	expect_refused(&unit, 0);
}

Test(row, interval_that_is_nan_is_refused)
{
	dp_unit unit = plain_unit();
	unit.box.hi[0] = NAN;
	expect_refused(&unit, 1);
}
