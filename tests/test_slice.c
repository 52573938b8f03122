/* test_slice.c - what a slice tells of its object and of its planned reads. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/engine/partition.h"
#include "core/engine/slice.h"
#include "core/io/mem.h"
#include "support/make.h"
#include "support/scene.h"

#define LINE   100
#define NLINES 10000

/* 10,000 lines of 100 bytes, in units of about 64 KiB, cut into 4 slices of 2500 lines. */
static scene s;

static void open_scene(void)
{
	s = scene_of_lines(NLINES, LINE, (const char *const[]){ "span=64K", NULL });
	cr_assert_gt(dp_index_view(s.index)->nunits, 8);
}

static void close_scene(void)
{
	scene_free(&s);
}

TestSuite(slice, .init = open_scene, .fini = close_scene);

static const dp_slice *cut(size_t nindexes, size_t i)
{
	const dp_index *const both[] = { s.index, s.index };
	cr_assert_eq(dp_partition(&s.slices, both, nindexes, "chunks",
				  (const char *const[]){ "n=4", NULL }, NULL),
		     DP_OK);
	return dp_slices_at(s.slices, i);
}

Test(slice, its_range_is_that_of_the_units_it_touches)
{
	const dp_view *view = dp_index_view(s.index);
	uint64_t begin = 0, end = 0, units = 0;
	dp_range range = dp_slice_range(cut(1, 1));
	for (size_t i = 0; i < view->nunits; i++) {
		const dp_unit *unit = &view->unit[i];
		if (unit->rec + unit->nrec <= 2500 || unit->rec >= 5000)
			continue;
		begin = units++ ? begin : unit->extent[0].off;
		end = unit->extent[0].off + unit->extent[0].len;
	}
	cr_expect_eq(range.begin, begin);
	cr_expect_eq(range.end, end);
	cr_expect_eq(dp_slice_units(dp_slices_at(s.slices, 1)), units);
}

Test(slice, ranges_cover_the_object)
{
	cr_expect_eq(dp_slice_range(cut(1, 0)).begin, 0);
	for (size_t i = 1; i < 4; i++)
		cr_expect_leq(dp_slice_range(dp_slices_at(s.slices, i)).begin,
			      dp_slice_range(dp_slices_at(s.slices, i - 1)).end);
	cr_expect_eq(dp_slice_range(dp_slices_at(s.slices, 3)).end, LINE * NLINES);
}

Test(slice, knows_its_objects_size)
{
	cr_expect_eq(dp_slice_size(cut(1, 0)), LINE * NLINES);
}

Test(slice, members_of_a_set_have_their_own)
{
	const dp_slice *set = cut(2, 1);
	const dp_slice *member = dp_slice_member(set, 1);
	dp_range range = dp_slice_range(set);
	cr_expect_eq(range.begin, range.end);
	cr_expect_eq(dp_slice_size(set), 0);
	cr_expect_lt(dp_slice_range(member).begin, 2500 * LINE + 1);
	cr_expect_eq(dp_slice_size(member), LINE * NLINES);
	cr_expect_eq(dp_slice_units(set), 2 * dp_slice_units(member));
}

Test(slice, tokens_carry_no_plan)
{
	dp__buf token = dp__buf_of(DP__MAX_TOKEN);
	dp_slice *loaded = NULL;
	cr_assert_eq(dp_slice_save(cut(1, 1), dp__buf_write, &token, NULL), DP_OK);
	cr_assert_eq(dp_slice_load(&loaded, s.session, (char *)token.data, token.len, NULL), DP_OK);
	cr_expect_eq(dp_slice_range(loaded).end, 0);
	cr_expect_eq(dp_slice_units(loaded), 0);
	cr_expect_eq(dp_slice_size(loaded), LINE * NLINES);
	dp_slice_free(loaded);
	dp__buf_fini(&token);
}

Test(slice, parts_lie_end_to_end)
{
	dp__origin origin = { .nparts = 2 };
	dp_range range = { 0 };
	origin.part[0].size = 100;
	dp__origin_widen(&origin, &(dp_extent){ .part = 1, .off = 10, .len = 0 }, &range);
	cr_expect_eq(range.end, 0, "nothing widens nothing");
	dp__origin_widen(&origin, &(dp_extent){ .part = 1, .off = 10, .len = 5 }, &range);
	cr_expect_eq(range.begin, 110);
	cr_expect_eq(range.end, 115);
	dp__origin_widen(&origin, &(dp_extent){ .part = 0, .off = 30, .len = 1 }, &range);
	cr_expect_eq(range.begin, 30);
	cr_expect_eq(range.end, 115);
}

/* For each of its units to be decoded from its own point. */
Test(slice, whole_one_has_its_rows_by_reference)
{
	const dp_index *const both[] = { s.index, s.index };
	for (size_t n = 1; n <= 2; n++) {
		dp_slices *whole = NULL;
		cr_assert_eq(dp__partition_whole(&whole, both, n, NULL), DP_OK);
		cr_assert_eq(dp_slices_count(whole), 1);
		const dp_slice *all = dp_slices_at(whole, 0);
		cr_expect_eq(dp_slice_sel(all)->nrec, NLINES);
		cr_assert_eq(dp_slice_count(all), n);
		for (size_t i = 0; i < n; i++)
			cr_expect_null(dp_slice_member(all, i)->rows);
		dp_slices_free(whole);
	}
	cr_expect_not_null(cut(1, 0)->rows);
}

static uint64_t reads_of(const scene *of)
{
	dp__mem_counts all = { 0 };
	cr_assert_eq(dp__mem_counts_of(of->session, dp_index_url(of->index), &all, NULL), DP_OK);
	return all.reads;
}

Test(slice, rows_of_a_small_index_are_read_once_for_all_slices)
{
	bytes text = make_reads(3000, 100, 1), gz = make_gzip(text.data, text.len, 6, 0);
	scene small = scene_of("mem:y.fastq.gz", gz.data, gz.len,
			       (const char *const[]){ "span=4K", NULL });
	uint64_t before = reads_of(&small);
	cr_assert_eq(scene_cut(&small, "chunks", (const char *const[]){ "n=4", NULL }), DP_OK);
	cr_expect_eq(reads_of(&small) - before, 1);
	before = reads_of(&small);
	cr_assert_eq(scene_cut(&small, "chunks", (const char *const[]){ "n=50", NULL }), DP_OK);
	cr_expect_eq(reads_of(&small) - before, 1);
	scene_free(&small);
	free(text.data);
	free(gz.data);
}
