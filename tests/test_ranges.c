/* test_ranges.c - joining and splitting of extents. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/io/ranges.h"

#define SPACE 400

typedef struct seen {
	uint64_t off[SPACE], len[SPACE];
	size_t n;
	dp_code code;
} seen;

static dp_code keep(void *user, uint64_t off, uint64_t len, dp_error *err)
{
	seen *all = user;

	(void)err;
	cr_assert_lt(all->n, SPACE);
	all->off[all->n] = off;
	all->len[all->n++] = len;
	return all->code;
}

static dp__ranges ranges_to(seen *all, uint64_t gap, uint64_t part)
{
	return (dp__ranges){ .gap = gap, .part = part, .emit = keep, .user = all };
}

static void expect_reads(const seen *all, const uint64_t (*want)[2], size_t n)
{
	cr_assert_eq(all->n, n, "%zu reads", all->n);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(all->off[i], want[i][0], "off[%zu] = %lu", i,
			     (unsigned long)all->off[i]);
		cr_assert_eq(all->len[i], want[i][1], "len[%zu] = %lu", i,
			     (unsigned long)all->len[i]);
	}
}

Test(ranges, joins_neighbours_within_gap)
{
	static const uint64_t want[][2] = { { 5, 25 } };
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 10, 100);

	dp__ranges_add(&ranges, 5, 10, NULL);
	dp__ranges_add(&ranges, 24, 6, NULL);
	cr_assert_eq(all.n, 0);
	dp__ranges_end(&ranges, NULL);
	expect_reads(&all, want, 1);
}

Test(ranges, keeps_apart_what_is_a_gap_apart)
{
	static const uint64_t want[][2] = { { 0, 10 }, { 20, 5 } };
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 10, 100);

	dp__ranges_add(&ranges, 0, 10, NULL);
	dp__ranges_add(&ranges, 20, 5, NULL);
	dp__ranges_end(&ranges, NULL);
	expect_reads(&all, want, 2);
}

Test(ranges, joins_what_touches_without_a_gap)
{
	static const uint64_t want[][2] = { { 0, 15 } };
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 0, 100);

	dp__ranges_add(&ranges, 0, 10, NULL);
	dp__ranges_add(&ranges, 10, 5, NULL);
	dp__ranges_end(&ranges, NULL);
	expect_reads(&all, want, 1);
}

Test(ranges, splits_a_stretch_at_multiples_of_part)
{
	static const uint64_t want[][2] = { { 3, 8 }, { 11, 8 }, { 19, 4 } };
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 4, 8);

	dp__ranges_add(&ranges, 3, 8, NULL);
	dp__ranges_add(&ranges, 13, 10, NULL);
	dp__ranges_end(&ranges, NULL);
	expect_reads(&all, want, 3);
}

Test(ranges, gives_a_full_part_at_once)
{
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 4, 8);

	dp__ranges_add(&ranges, 0, 8, NULL);
	cr_assert_eq(all.n, 1);
	dp__ranges_end(&ranges, NULL);
	cr_assert_eq(all.n, 1);
}

Test(ranges, overlap_is_read_once)
{
	static const uint64_t want[][2] = { { 0, 8 }, { 8, 4 } };
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 1, 8);

	dp__ranges_add(&ranges, 0, 8, NULL);
	dp__ranges_add(&ranges, 4, 8, NULL);
	dp__ranges_add(&ranges, 2, 3, NULL);
	dp__ranges_end(&ranges, NULL);
	expect_reads(&all, want, 2);
}

Test(ranges, earlier_extent_joins_while_it_can)
{
	static const uint64_t want[][2] = { { 50, 60 } };
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 10, 100);

	dp__ranges_add(&ranges, 100, 10, NULL);
	dp__ranges_add(&ranges, 50, 10, NULL);
	dp__ranges_end(&ranges, NULL);
	expect_reads(&all, want, 1);
}

Test(ranges, nothing_gives_nothing)
{
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 10, 100);

	dp__ranges_add(&ranges, 7, 0, NULL);
	dp__ranges_end(&ranges, NULL);
	cr_assert_eq(all.n, 0);
}

Test(ranges, part_zero_never_splits)
{
	static const uint64_t want[][2] = { { 0, 1000000 } };
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 1, 0);

	dp__ranges_add(&ranges, 0, 1000000, NULL);
	dp__ranges_end(&ranges, NULL);
	expect_reads(&all, want, 1);
}

Test(ranges, overflow_is_refused)
{
	seen all = { 0 };
	dp__ranges ranges = ranges_to(&all, 1, 8);

	cr_assert_eq(dp__ranges_add(&ranges, UINT64_MAX, 2, NULL), DP_EINVAL);
}

Test(ranges, failure_of_emit_is_passed_up)
{
	seen all = { .code = DP_ESTALE };
	dp__ranges ranges = ranges_to(&all, 1, 8);

	cr_assert_eq(dp__ranges_add(&ranges, 0, 100, NULL), DP_ESTALE);
	cr_assert_eq(all.n, 1);
}

/* The contract, painted byte by byte: stretches first, then their parts. */
static size_t paint(const uint64_t (*extent)[2], size_t n, uint64_t gap, uint64_t part,
		    uint64_t (*want)[2])
{
	uint64_t start = 0, end = 0;
	size_t reads = 0;

	for (size_t i = 0; i <= n; i++) {
		uint64_t off = i < n ? extent[i][0] : UINT64_MAX,
			 stop = i < n ? off + extent[i][1] : 0;

		if (i > 0 && off < UINT64_MAX && (off <= end || off - end < gap)) {
			end = stop > end ? stop : end;
			continue;
		}
		for (uint64_t at = start; at < end; at += part) {
			want[reads][0] = at;
			want[reads++][1] = end - at < part ? end - at : part;
		}
		start = off;
		end = stop;
	}
	return reads;
}

Test(ranges, random_extents_follow_the_contract)
{
	uint64_t extent[20][2], want[SPACE][2];
	unsigned seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		uint64_t at = 0, gap, part;
		seen all = { 0 };
		dp__ranges ranges;
		size_t n;

		for (size_t i = 0; i < 40; i++)
			seed = seed * 1103515245u + 12345u;
		gap = seed >> 16 & 7;
		part = 1 + (seed >> 20 & 15);
		n = 1 + (seed >> 24) % 20;
		ranges = ranges_to(&all, gap, part);
		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245u + 12345u;
			at += seed >> 16 & 7;
			extent[i][0] = at;
			extent[i][1] = 1 + (seed >> 20 & 15);
			cr_assert_eq(dp__ranges_add(&ranges, at, extent[i][1], NULL), DP_OK);
		}
		dp__ranges_end(&ranges, NULL);
		n = paint((const uint64_t(*)[2])extent, n, gap, part, want);
		expect_reads(&all, (const uint64_t(*)[2])want, n);
	}
}
