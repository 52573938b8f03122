/* test_snap.c - borders of slices where units begin. */
#include <criterion/criterion.h>

#include "strategies/snap.h"

/* Units of 10, 1, 89 and 5 records. */
static const dp_unit units[] = {
	{ .rec = 0, .nrec = 10 },
	{ .rec = 10, .nrec = 1 },
	{ .rec = 11, .nrec = 89 },
	{ .rec = 100, .nrec = 5 },
};
static const dp_view view = { .unit = units, .nunits = 4, .nrec = 105 };

Test(snap, goes_to_the_nearest_unit)
{
	cr_expect_eq(dp__snap(&view, 0), 0);
	cr_expect_eq(dp__snap(&view, 4), 0);
	cr_expect_eq(dp__snap(&view, 6), 10);
	cr_expect_eq(dp__snap(&view, 10), 10);
	cr_expect_eq(dp__snap(&view, 11), 11);
	cr_expect_eq(dp__snap(&view, 54), 11);
	cr_expect_eq(dp__snap(&view, 57), 100);
	cr_expect_eq(dp__snap(&view, 102), 100);
	cr_expect_eq(dp__snap(&view, 103), 105);
}

Test(snap, goes_back_in_the_middle)
{
	cr_expect_eq(dp__snap(&view, 5), 0);
}

Test(snap, ends_with_the_records)
{
	cr_expect_eq(dp__snap(&view, 105), 105);
	cr_expect_eq(dp__snap_next(&view, 100), 105);
	cr_expect_eq(dp__snap_next(&view, 104), 105);
}

Test(snap, next_is_always_behind)
{
	cr_expect_eq(dp__snap_next(&view, 0), 10);
	cr_expect_eq(dp__snap_next(&view, 9), 10);
	cr_expect_eq(dp__snap_next(&view, 10), 11);
}

Test(snap, of_nothing_is_nothing)
{
	const dp_view none = { .nrec = 0 };
	cr_expect_eq(dp__snap(&none, 0), 0);
	cr_expect_eq(dp__snap_next(&none, 0), 0);
}
