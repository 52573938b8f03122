/* test_inflate.c - the decoder: pieces of any size, every point inside a stream, broken streams. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/inflate.h"
#include "support/make.h"

/* Raw deflate by zlib; flush: Z_SYNC_FLUSH after every so many bytes, 0 = never. */
static bytes deflate_raw(bytes text, int level, int strategy, size_t flush)
{
	z_stream strm = { 0 };
	cr_assert_eq(deflateInit2(&strm, level, Z_DEFLATED, -15, 8, strategy), Z_OK);
	bytes out = { malloc(text.len * 2 + 65536), 0 };
	strm.next_out = out.data;
	strm.avail_out = (uInt)(text.len * 2 + 65536);
	for (size_t at = 0; flush && at + flush < text.len; at += flush) {
		strm.next_in = text.data + at;
		strm.avail_in = (uInt)flush;
		cr_assert_eq(deflate(&strm, Z_SYNC_FLUSH), Z_OK);
	}
	strm.next_in = text.data + strm.total_in;
	strm.avail_in = (uInt)(text.len - strm.total_in);
	cr_assert_eq(deflate(&strm, Z_FINISH), Z_STREAM_END);
	out.len = strm.total_out;
	deflateEnd(&strm);
	return out;
}

/* Decodes from where it stands; gives how much came. */
static size_t run_all(dp__inflate *inflate, const uint8_t *in, size_t len, size_t piece,
		      uint8_t *out, size_t cap)
{
	size_t used = 0, got = 0;
	dp__inflate_io io = { .end = DP__INFLATE_INPUT };
	while (io.end != DP__INFLATE_END) {
		io.in = in + used;
		io.in_len = len - used < piece ? len - used : piece;
		io.out = out + got;
		io.cap = cap - got;
		cr_assert_eq(dp__inflate_run(inflate, &io, NULL), DP_OK);
		used += io.used;
		got += io.got;
		cr_assert(io.end == DP__INFLATE_END || used < len || io.end == DP__INFLATE_OUTPUT);
	}
	cr_assert_eq(used, len);
	return got;
}

static void check_piece(size_t piece)
{
	bytes text = make_reads(60, 120, 7);
	bytes stored = deflate_raw(text, 6, Z_DEFAULT_STRATEGY, 1000);
	uint8_t *out = malloc(text.len + 1);
	dp__inflate *inflate = NULL;
	cr_assert_eq(dp__inflate_open(&inflate, NULL), DP_OK);
	cr_assert_eq(dp__inflate_start(inflate, NULL), DP_OK);
	cr_assert_eq(run_all(inflate, stored.data, stored.len, piece, out, text.len + 1), text.len);
	cr_assert_arr_eq(out, text.data, text.len);
	dp__inflate_free(inflate);
	free(out);
	free(stored.data);
	free(text.data);
}

Test(inflate, pieces_of_1)
{
	check_piece(1);
}

Test(inflate, pieces_of_7)
{
	check_piece(7);
}

Test(inflate, pieces_of_all)
{
	check_piece((size_t)1 << 20);
}

/* Resumes at the point where the decoder stands, `done` bytes of text behind it, and decodes the
 * rest. */
static void check_point(const dp__inflate *at, bytes text, bytes stored, size_t used, size_t done)
{
	dp__point point;
	uint64_t before, back;
	dp__inflate *again = NULL;
	uint8_t *out = malloc(text.len + 1);
	dp__inflate_point(at, &point, &before, &back);
	cr_assert(point.bit < 8 && before <= used && back <= done);
	size_t from = done - back, window = from < DP__WINDOW ? from : DP__WINDOW;
	size_t first = used - before;
	cr_assert_eq(dp__inflate_open(&again, NULL), DP_OK);
	cr_assert_eq(dp__inflate_resume(again, &point, text.data + from - window, window, NULL),
		     DP_OK);
	size_t got = run_all(again, stored.data + first, stored.len - first, 11, out, text.len + 1);
	cr_assert_eq(got, text.len - from, "at %zu of the text: %zu, not %zu", done, got,
		     text.len - from);
	cr_assert_arr_eq(out, text.data + from, got);
	dp__inflate_free(again);
	free(out);
}

/* Stops again and again, with so much room for text and so much input at a time, and resumes at
 * each stop. */
static void check_points(bytes text, bytes stored, size_t piece, size_t room)
{
	uint8_t *out = malloc(room);
	size_t used = 0, done = 0;
	dp__inflate *inflate = NULL;
	dp__inflate_io io = { .end = DP__INFLATE_INPUT };
	cr_assert_eq(dp__inflate_open(&inflate, NULL), DP_OK);
	while (io.end != DP__INFLATE_END) {
		size_t left = stored.len - used;
		io = (dp__inflate_io){ .in = stored.data + used,
				       .in_len = left < piece ? left : piece,
				       .out = out,
				       .cap = room,
				       .border = true };
		cr_assert_eq(dp__inflate_run(inflate, &io, NULL), DP_OK);
		cr_assert_arr_eq(out, text.data + done, io.got);
		used += io.used;
		done += io.got;
		if (io.end != DP__INFLATE_END)
			check_point(inflate, text, stored, used, done);
	}
	cr_assert_eq(done, text.len);
	dp__inflate_free(inflate);
	free(out);
	free(stored.data);
	free(text.data);
}

static bytes runs_of_one_byte(size_t len)
{
	bytes out = { malloc(len), len };
	memset(out.data, 'x', len);
	return out;
}

static bytes noise(size_t len)
{
	bytes out = { malloc(len), len };
	make_noise(out.data, len);
	return out;
}

Test(inflate, resumes_at_every_stop_by_output)
{
	bytes text = make_reads(40, 100, 1);
	check_points(text, deflate_raw(text, 6, Z_DEFAULT_STRATEGY, 0), SIZE_MAX, 13);
}

Test(inflate, resumes_at_every_byte_of_input)
{
	bytes text = make_reads(15, 100, 2);
	check_points(text, deflate_raw(text, 6, Z_DEFAULT_STRATEGY, 300), 1, 4096);
}

Test(inflate, resumes_at_every_byte_of_both)
{
	bytes text = make_reads(6, 60, 3);
	check_points(text, deflate_raw(text, 9, Z_DEFAULT_STRATEGY, 100), 1, 1);
}

Test(inflate, resumes_in_fixed_blocks)
{
	bytes text = make_reads(20, 80, 4);
	check_points(text, deflate_raw(text, 6, Z_FIXED, 500), 3, 7);
}

Test(inflate, resumes_in_stored_blocks)
{
	bytes text = noise(3000);
	check_points(text, deflate_raw(text, 0, Z_DEFAULT_STRATEGY, 700), 5, 9);
}

Test(inflate, resumes_in_a_large_stored_block)
{
	bytes text = noise(100000);
	check_points(text, deflate_raw(text, 0, Z_DEFAULT_STRATEGY, 0), 9001, 8191);
}

Test(inflate, resumes_in_blocks_of_literals)
{
	bytes text = make_reads(40, 80, 5);
	check_points(text, deflate_raw(text, 6, Z_HUFFMAN_ONLY, 0), 17, 31);
}

Test(inflate, resumes_inside_longest_matches)
{
	bytes text = runs_of_one_byte(5000);
	check_points(text, deflate_raw(text, 9, Z_DEFAULT_STRATEGY, 0), 1, 17);
}

Test(inflate, resumes_with_the_longest_distance)
{
	bytes text = noise(70000);
	memcpy(text.data + 40000, text.data + 40000 - 32500, 25000);
	check_points(text, deflate_raw(text, 9, Z_DEFAULT_STRATEGY, 0), SIZE_MAX, 997);
}

/* A match of 3 bytes, 1 back, in a fixed block (RFC 1951 3.2.6): BFINAL 1, type 01, length code
 * 257, distance code 0. */
static const uint8_t match_before_start[] = { 0x03, 0x02 };

static dp_code run_bytes(const uint8_t *in, size_t len, const uint8_t *window, size_t window_len,
			 dp_error *err)
{
	uint8_t out[64];
	dp__inflate *inflate = NULL;
	dp__point start = { 0 };
	dp__inflate_io io = { .in = in, .in_len = len, .out = out, .cap = sizeof out };
	dp_code rc = dp__inflate_open(&inflate, err);
	if (rc == DP_OK && window)
		rc = dp__inflate_resume(inflate, &start, window, window_len, err);
	if (rc == DP_OK)
		rc = dp__inflate_run(inflate, &io, err);
	dp__inflate_free(inflate);
	return rc;
}

Test(inflate, distance_before_the_start_fails)
{
	dp_error err;
	cr_assert_eq(run_bytes(match_before_start, 2, NULL, 0, &err), DP_EFORMAT);
	cr_assert_str_eq(err.msg, "a distance that reaches before the first byte");
}

Test(inflate, distance_into_the_window_goes)
{
	cr_assert_eq(run_bytes(match_before_start, 2, (const uint8_t *)"x", 1, NULL), DP_OK);
}

/* Members are apart: a new stream must not reach the text of the one before. */
Test(inflate, distance_into_the_stream_before_fails)
{
	uint8_t out[64];
	bytes text = make_copy("text of a first stream", 22);
	bytes first = deflate_raw(text, 6, Z_DEFAULT_STRATEGY, 0);
	dp__inflate *inflate = NULL;
	cr_assert_eq(dp__inflate_open(&inflate, NULL), DP_OK);
	run_all(inflate, first.data, first.len, 100, out, sizeof out);
	cr_assert_eq(dp__inflate_start(inflate, NULL), DP_OK);
	dp__inflate_io io = { .in = match_before_start, .in_len = 2, .out = out, .cap = 64 };
	cr_assert_eq(dp__inflate_run(inflate, &io, NULL), DP_EFORMAT);
	dp__inflate_free(inflate);
	free(first.data);
	free(text.data);
}

Test(inflate, block_of_type_3_fails)
{
	dp_error err;
	cr_assert_eq(run_bytes((const uint8_t *)"\x07", 1, NULL, 0, &err), DP_EFORMAT);
	cr_assert_str_eq(err.msg, "a block of type 3");
}

Test(inflate, stored_length_that_does_not_match_fails)
{
	cr_assert_eq(run_bytes((const uint8_t *)"\x01\x05\x00\x05\x00", 5, NULL, 0, NULL),
		     DP_EFORMAT);
}

Test(inflate, more_than_286_lengths_fails)
{
	/* Type 10, HLIT 31. */
	cr_assert_eq(run_bytes((const uint8_t *)"\xfd\xff\xff\xff", 4, NULL, 0, NULL), DP_EFORMAT);
}

Test(inflate, damaged_point_fails)
{
	dp__inflate *inflate = NULL;
	dp__point point = { .bit = 3, .header_bits = 5000 };
	cr_assert_eq(dp__inflate_open(&inflate, NULL), DP_OK);
	memset(point.header, 0xff, sizeof point.header);
	cr_assert_eq(dp__inflate_resume(inflate, &point, NULL, 0, NULL), DP_EFORMAT);
	dp__inflate_free(inflate);
}

Test(inflate, header_longer_than_its_bits_fails)
{
	dp__inflate *inflate = NULL;
	dp__point point = { .header_bits = 40, .header = { 0x05 } };
	cr_assert_eq(dp__inflate_open(&inflate, NULL), DP_OK);
	cr_assert_eq(dp__inflate_resume(inflate, &point, NULL, 0, NULL), DP_EFORMAT);
	dp__inflate_free(inflate);
}

Test(inflate, stops_at_borders_when_asked)
{
	bytes text = make_reads(30, 100, 6);
	bytes stored = deflate_raw(text, 6, Z_DEFAULT_STRATEGY, 1000);
	uint8_t *out = malloc(text.len + 1);
	size_t used = 0, got = 0, borders = 0;
	dp__inflate *inflate = NULL;
	dp__inflate_io io = { .end = DP__INFLATE_BORDER };
	cr_assert_eq(dp__inflate_open(&inflate, NULL), DP_OK);
	while (io.end == DP__INFLATE_BORDER) {
		io = (dp__inflate_io){ .in = stored.data + used,
				       .in_len = stored.len - used,
				       .out = out + got,
				       .cap = text.len + 1 - got,
				       .border = true };
		cr_assert_eq(dp__inflate_run(inflate, &io, NULL), DP_OK);
		used += io.used;
		got += io.got;
		borders += io.end == DP__INFLATE_BORDER;
	}
	cr_assert_eq(io.end, DP__INFLATE_END);
	/* Each flush ends a block and adds an empty stored one (zlib.h, Z_SYNC_FLUSH). */
	cr_assert_eq(borders, (text.len - 1) / 1000 * 2);
	dp__inflate_free(inflate);
	free(out);
	free(stored.data);
	free(text.data);
}
