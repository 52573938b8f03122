/* test_plan.c - which units a selection touches, and which bytes of them are read. */
#include <criterion/criterion.h>
#include <math.h>

#include "core/engine/plan.h"
#include "core/engine/slice.h"

/* Three units of 10, 1 and 5 records. */
static const dp_unit units[3] = {
	{ .rec = 0, .nrec = 10, .raw = 1000, .extent = { { 0, 500, 0 } } },
	{ .rec = 10, .nrec = 1, .raw = 100, .extent = { { 480, 100, 0 } } },
	{ .rec = 11, .nrec = 5, .raw = 500, .extent = { { 560, 240, 0 } } },
};
static const dp_view view = { .unit = units, .nunits = 3, .nparts = 1, .nrec = 16 };

static dp_sel records(uint64_t first, uint64_t n)
{
	dp_sel sel = dp__sel_all();
	sel.rec = first;
	sel.nrec = n;
	return sel;
}

static void expect_span(uint64_t rec, uint64_t nrec, size_t first, size_t last)
{
	dp_sel sel = records(rec, nrec);
	size_t a, b;
	dp__plan_span(&view, &sel, &a, &b);
	cr_expect(a == first && b == last, "[%d+%d): units %zu to %zu", (int)rec, (int)nrec, a, b);
}

Test(plan, spans_of_records)
{
	expect_span(0, 16, 0, 3);
	expect_span(0, 10, 0, 1);
	expect_span(0, 11, 0, 2);
	expect_span(9, 2, 0, 2);
	expect_span(10, 1, 1, 2);
	expect_span(11, 5, 2, 3);
	expect_span(15, 1, 2, 3);
}

Test(plan, nothing_touches_nothing)
{
	dp_sel sel = records(10, 0);
	size_t a, b;
	dp__plan_span(&view, &sel, &a, &b);
	cr_expect_eq(a, b);
	sel = records(16, 0);
	dp__plan_span(&view, &sel, &a, &b);
	cr_expect_eq(a, b);
}

Test(plan, whole_units_are_not_cut)
{
	dp_sel sel = records(0, 11);
	cr_expect_not(dp__plan_cuts(&units[0], &sel, 0));
	cr_expect_not(dp__plan_cuts(&units[1], &sel, 0));
	sel = records(1, 10);
	cr_expect(dp__plan_cuts(&units[0], &sel, 0));
	sel = dp__sel_all();
	cr_expect_not(dp__plan_cuts(&units[2], &sel, 0));
}

Test(plan, needed_bytes_are_prorated)
{
	dp_sel sel = records(5, 6);
	cr_expect_eq(dp__plan_needed(&units[0], &sel), 250);
	cr_expect_eq(dp__plan_needed(&units[1], &sel), 100);
	cr_expect_eq(dp__plan_needed(&units[2], &sel), 0);
	cr_expect_eq(dp__plan_decoded(&units[0], &sel), 500);
}

Test(plan, boxes_are_half_open)
{
	dp_unit unit = { .nrec = 1, .box = { .lo = { 10 }, .hi = { 20 } } };
	dp_sel sel = dp__sel_all();
	sel.halo.lo[0] = 20;
	cr_expect_not(dp__plan_touches(&unit, &sel, 1));
	sel.halo.lo[0] = 19.5;
	cr_expect(dp__plan_touches(&unit, &sel, 1));
	sel.halo.lo[0] = -INFINITY;
	sel.halo.hi[0] = 10;
	cr_expect_not(dp__plan_touches(&unit, &sel, 1));
}

/* ---- narrowing ---- */

static dp_extent answer;

static dp_code narrow(const dp_format_use *use, const dp_unit *unit, const uint8_t *state,
		      const dp_sel *sel, dp_extent *out, size_t *nout)
{
	(void)use;
	(void)unit;
	(void)state;
	(void)sel;
	out[0] = answer;
	*nout = 1;
	return DP_OK;
}

static dp_extent extents_with(dp_extent narrowed)
{
	const dp_format format = { .name = "x", .ranges = narrow };
	const dp_format_use use = { 0 };
	const uint8_t state[1] = { 0 };
	dp_sel sel = records(0, 1);
	dp_extent out[DP_MAX_EXTENTS] = { 0 };
	answer = narrowed;
	cr_expect_eq(dp__plan_extents(&format, &use, &units[1], state, &sel, out), 1);
	return out[0];
}

Test(plan, a_format_narrows_within_the_unit)
{
	dp_extent got = extents_with((dp_extent){ 490, 50, 0 });
	cr_expect(got.off == 490 && got.len == 50);
}

Test(plan, what_lies_outside_the_unit_is_not_read)
{
	const dp_extent outside[] = {
		{ 479, 50, 0 }, { 490, 91, 0 },       { 490, 0, 0 },
		{ 490, 50, 1 }, { UINT64_MAX, 2, 0 }, { 490, UINT64_MAX, 0 }
	};
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
		dp_extent got = extents_with(outside[i]);
		cr_expect(got.off == 480 && got.len == 100, "%zu", i);
	}
}

Test(plan, parts_are_counted_up)
{
	cr_expect_eq(dp__plan_parts(0, 8), 0);
	cr_expect_eq(dp__plan_parts(1, 8), 1);
	cr_expect_eq(dp__plan_parts(8, 8), 1);
	cr_expect_eq(dp__plan_parts(9, 8), 2);
}
