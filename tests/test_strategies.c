/* test_strategies.c - cuts of a made-up table, against numbers written down. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dataplug/plugin.h"
#include "support/scene.h"

/* What a strategy makes of 15 lines of 100 bytes each: "first+count ..." of every slice, or the
 * name of an error. */
static void cut(char text[4096], const char *strategy, const char *const *args)
{
	scene s = scene_of_lines(15, 100, NULL);
	dp_code rc = scene_cut(&s, strategy, args);
	snprintf(text, 4096, "%s", rc == DP_OK ? "" : dp_code_name(rc));
	for (size_t i = 0; rc == DP_OK && i < dp_slices_count(s.slices); i++) {
		const dp_sel *sel = dp_slice_sel(dp_slices_at(s.slices, i));
		size_t len = strlen(text);
		snprintf(text + len, 4096 - len, "%s%d+%d", i ? " " : "", (int)sel->rec,
			 (int)sel->nrec);
	}
	scene_free(&s);
}

#define EXPECT_CUT(expected, strategy, ...)                                                        \
	do {                                                                                       \
		char text_[4096];                                                                  \
		cut(text_, strategy, (const char *const[]){ __VA_ARGS__, NULL });                  \
		cr_expect_str_eq(text_, expected, "%s %s", strategy, text_);                       \
	} while (0)

Test(strategies, count_keeps_the_rest)
{
	EXPECT_CUT("0+4 4+4 8+4 12+3", "count", "n=4");
}

Test(strategies, count_merges_the_rest)
{
	EXPECT_CUT("0+4 4+4 8+7", "count", "n=4", "rest=merge");
	EXPECT_CUT("0+15", "count", "n=20", "rest=merge");
}

Test(strategies, nothing_a_slice_is_refused)
{
	EXPECT_CUT("DP_EINVAL", "count", "n=0");
	EXPECT_CUT("DP_EINVAL", "chunks", "n=0");
	EXPECT_CUT("DP_EINVAL", "bytes", "n=0");
}

Test(strategies, too_many_slices_are_refused)
{
	EXPECT_CUT("DP_EINVAL", "chunks", "n=2000000");
}

Test(strategies, chunks_differ_by_one)
{
	EXPECT_CUT("0+3 3+4 7+4 11+4", "chunks", "n=4");
}

Test(strategies, chunks_may_be_empty)
{
	EXPECT_CUT("0+0 0+1 1+1 2+1 3+1 4+1 5+1 6+1 7+0 7+1 8+1 9+1 10+1 11+1 12+1 13+1 14+1",
		   "chunks", "n=17");
}

Test(strategies, chunks_by_bytes)
{
	EXPECT_CUT("0+5 5+5 10+5", "chunks", "n=3", "by=bytes");
}

Test(strategies, bytes_aims_at_its_size)
{
	EXPECT_CUT("0+5 5+5 10+5", "bytes", "n=500");
}

Test(strategies, bytes_takes_a_record_at_least)
{
	EXPECT_CUT("0+1 1+1 2+1 3+1 4+1 5+1 6+1 7+1 8+1 9+1 10+1 11+1 12+1 13+1 14+1", "bytes",
		   "n=1");
}

Test(strategies, box_takes_records)
{
	EXPECT_CUT("3+4", "box", "record=3:7");
	EXPECT_CUT("12+3", "box", "record=12:");
	EXPECT_CUT("0+2", "box", "record=:2");
}

Test(strategies, box_ends_with_the_file)
{
	EXPECT_CUT("10+5", "box", "record=10:1000");
	EXPECT_CUT("15+0", "box", "record=100:1000");
}

Test(strategies, box_wants_an_interval)
{
	EXPECT_CUT("DP_EINVAL", "box", "record=3");
	EXPECT_CUT("DP_EINVAL", "box", "record=7:3");
	EXPECT_CUT("DP_EINVAL", "box", "mz=1:2");
}

/* So little takes one worker less than its start. */
Test(strategies, auto_chooses_one_slice_for_little)
{
	EXPECT_CUT("0+15", "auto", "goal=balanced");
	EXPECT_CUT("0+15", "auto", "goal=time", "workers=8");
}

Test(strategies, auto_cuts_as_chunks_do)
{
	EXPECT_CUT("0+3 3+4 7+4 11+4", "auto", "n=4");
}

/* At a byte a second the start of three tasks is nothing. */
Test(strategies, auto_gives_each_worker_a_slice)
{
	EXPECT_CUT("0+5 5+5 10+5", "auto", "workers=3", "rate=1", "profile=local");
}

Test(strategies, auto_refuses_what_is_no_number_of_its)
{
	EXPECT_CUT("DP_EINVAL", "auto", "goal=cheap");
	EXPECT_CUT("DP_EINVAL", "auto", "profile=none");
	EXPECT_CUT("DP_EINVAL", "auto", "workers=2M");
	EXPECT_CUT("DP_EINVAL", "auto", "overhead=-1");
	EXPECT_CUT("DP_EINVAL", "auto", "target=inf");
	EXPECT_CUT("DP_EINVAL", "auto", "target=-1", "n=3");
	EXPECT_CUT("DP_EINVAL", "auto", "n=2M");
	EXPECT_CUT("DP_EUNSUPPORTED", "auto", "memory=64M");
}

Test(strategies, unknown_name)
{
	EXPECT_CUT("DP_EINVAL", "chunk", "n=2");
}
