/* test_gzip_points.c - decoding begins at any access point of a gzip file, and gives the same text.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "fuzz/lender.h"
#include "support/make.h"

/* ---- access points ---- */

/* The text from a mark up to another place, and the stored bytes that are enough for it. */
typedef struct stretch {
	dp__mark mark;
	dp__buf state;
	uint64_t from, to, stored_end;
} stretch;

/* From the state on, with the stored bytes up to stored_end alone, all text up to there comes. */
static void resumes(bytes object, bytes text, const stretch *part)
{
	size_t off = (size_t)part->mark.off;
	lender l = { object.data + off, (size_t)part->stored_end - off, 1000, NULL };
	dp__stored stored = lender_stored(&l, off);
	void *self = NULL;
	dp__piece got = { .got = 1 };
	size_t sum = 0, want = (size_t)(part->to - part->from);
	uint8_t *out = malloc(want + 1);
	dp_error err;
	cr_assert_eq(dp__gzip.open(&self, &stored, part->state.data, part->state.len, &err), DP_OK);
	while (sum < want && got.got) {
		got = (dp__piece){ .out = out + sum, .cap = want - sum };
		cr_assert_eq(dp__gzip.read(self, &got, &err), DP_OK, "from %llu at %zu: %s",
			     (unsigned long long)part->from, sum, err.msg);
		sum += got.got;
	}
	cr_assert_eq(sum, want);
	cr_assert_arr_eq(out, text.data + part->from, want);
	dp__gzip.close(self);
	free(l.copy);
	free(out);
}

/* Marks behind every so many pieces, keeps the state as late as one may, and resumes. Frees both.
 */
static void points(bytes object, bytes text, size_t piece, size_t room, size_t every, bool border)
{
	lender l = { object.data, object.len, piece, NULL };
	dp__stored stored = lender_stored(&l, 0);
	void *self = NULL;
	uint8_t *out = malloc(room);
	uint64_t at = 0, from = 0;
	dp__piece got = { .got = 1 };
	dp__mark mark;
	cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
	cr_assert_eq(dp__gzip.mark(self, &mark, NULL), DP_OK);
	cr_assert_eq(mark.off + mark.back, 0);
	for (size_t n = 1; got.got; n++) {
		uint64_t end = dp__gzip.stored_end(self);
		got = (dp__piece){ .out = out, .cap = room, .border = border };
		cr_assert_eq(dp__gzip.read(self, &got, NULL), DP_OK);
		at += got.got;
		if (n % every && got.got)
			continue;
		dp__buf state = dp__buf_of(100000);
		cr_assert_eq(dp__gzip.state(self, &state, NULL), DP_OK);
		if (got.got)
			end = dp__gzip.stored_end(self);
		resumes(object, text, &(stretch){ mark, state, from, at, end });
		dp__buf_fini(&state);
		cr_assert_eq(dp__gzip.mark(self, &mark, NULL), DP_OK);
		from = at - mark.back;
	}
	cr_assert_eq(at, text.len);
	dp__gzip.close(self);
	free(l.copy);
	free(out);
	free(object.data);
	free(text.data);
}

Test(gzip_points, points_in_dynamic_blocks)
{
	bytes text = make_reads(1500, 150, 21);
	points(make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY), text, 31, 997, 7, false);
}

Test(gzip_points, points_at_borders)
{
	bytes text = make_reads(3000, 150, 22);
	points(make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY), text, 4096, 100000, 1, true);
}

Test(gzip_points, points_far_apart)
{
	bytes text = make_reads(3000, 150, 23);
	points(make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY), text, 4096, 50000, 2, false);
}

Test(gzip_points, points_with_pieces_of_one_byte)
{
	bytes text = make_reads(300, 150, 24);
	points(make_gzip(text.data, text.len, 9, Z_DEFAULT_STRATEGY), text, 1, 333, 3, false);
}

Test(gzip_points, points_in_fixed_blocks)
{
	bytes text = make_reads(600, 150, 25);
	points(make_gzip(text.data, text.len, 6, Z_FIXED), text, 64, 1000, 5, false);
}

Test(gzip_points, points_in_stored_blocks)
{
	bytes text = make_reads(600, 150, 26);
	points(make_gzip(text.data, text.len, 0, Z_DEFAULT_STRATEGY), text, 500, 1000, 5, false);
}

Test(gzip_points, points_in_blocks_of_literals)
{
	bytes text = make_reads(600, 150, 27);
	points(make_gzip(text.data, text.len, 6, Z_HUFFMAN_ONLY), text, 64, 1000, 5, false);
}

Test(gzip_points, points_in_tiny_members)
{
	bytes text = make_reads(300, 150, 28);
	points(make_members(text.data, text.len, 700, 6), text, 64, 333, 1, false);
}

Test(gzip_points, points_between_bgzf_blocks)
{
	bytes text = make_reads(600, 150, 29);
	points(make_bgzf(text.data, text.len, 10000), text, 64, 4096, 1, true);
}

Test(gzip_points, points_in_long_runs)
{
	bytes text = { calloc(1, 400000), 400000 };
	points(make_gzip(text.data, text.len, 9, Z_DEFAULT_STRATEGY), text, 10, 7777, 6, false);
}

/* One fixed block of all the text, as "igzip -0" writes whole files: far from any border. */
Test(gzip_points, points_in_one_huge_block)
{
	bytes text = make_reads(4000, 150, 30);
	bytes object = make_gzip(text.data, text.len, 1, Z_FIXED);
	points(object, text, 100000, 20000, 3, true);
}

/* 32 KiB behind the mark nothing refers to: the window is left out. */
Test(gzip_points, window_without_what_is_not_referred_to)
{
	bytes text = make_reads(1500, 150, 31);
	bytes object = make_gzip(text.data, text.len, 6, Z_HUFFMAN_ONLY);
	lender l = { object.data, object.len, 4096, NULL };
	dp__stored stored = lender_stored(&l, 0);
	uint8_t *out = malloc(50000);
	dp__buf state = dp__buf_of(100000);
	dp__mark mark;
	dp__piece got = { .out = out, .cap = 50000 };
	void *self = NULL;
	cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
	cr_assert_eq(dp__gzip.read(self, &got, NULL), DP_OK);
	cr_assert_eq(dp__gzip.mark(self, &mark, NULL), DP_OK);
	cr_assert_eq(dp__gzip.read(self, &got, NULL), DP_OK);
	cr_assert_eq(dp__gzip.state(self, &state, NULL), DP_OK);
	cr_assert_lt(state.len, 200);
	dp__gzip.close(self);
	free(l.copy);
	dp__buf_fini(&state);
	free(out);
	free(object.data);
	free(text.data);
}

/* A stored block, whose text comes, and one of a type that there is not. */
Test(gzip_points, point_behind_an_error_is_where_the_member_begins)
{
	static const uint8_t head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0, 5, 0, 0xfa, 0xff };
	bytes object = make_join(make_copy(head, sizeof head), make_copy("hello\7", 6));
	lender l = { object.data, object.len, object.len, NULL };
	dp__stored stored = lender_stored(&l, 0);
	uint8_t out[100];
	dp__piece got = { .out = out, .cap = sizeof out };
	dp__mark mark = { .off = 1 };
	void *self = NULL;
	cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
	cr_assert_eq(dp__gzip.read(self, &got, NULL), DP_OK);
	cr_assert_eq(got.got, 5);
	cr_assert_eq(dp__gzip.mark(self, &mark, NULL), DP_OK);
	cr_assert_eq(mark.off, 0);
	cr_assert_eq(mark.back, 5);
	cr_assert_eq(dp__gzip.read(self, &got, NULL), DP_EFORMAT);
	dp__gzip.close(self);
	free(l.copy);
	free(object.data);
}

Test(gzip_points, damaged_state_fails)
{
	static const uint8_t no_point[] = { 9 }, long_header[] = { 0, 0xff, 0xff, 0x7f },
			     no_window[] = { 0, 0, 5, 3, 1, 2, 3 };
	const struct {
		const uint8_t *data;
		size_t len;
	} bad[] = { { no_point, 0 }, { no_point, 1 }, { long_header, 4 }, { no_window, 7 } };
	lender l = { NULL, 0, 1, NULL };
	dp__stored stored = lender_stored(&l, 0);
	for (size_t i = 0; i < 4; i++) {
		void *self = NULL;
		cr_assert_eq(dp__gzip.open(&self, &stored, bad[i].data, bad[i].len, NULL),
			     DP_EFORMAT);
	}
	free(l.copy);
}
