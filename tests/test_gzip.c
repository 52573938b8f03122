/* test_gzip.c - gzip files as they come: odd ones, broken ones, what trails them, and every access
 * point. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/framing.h"
#include "support/make.h"

/* ---- reading ---- */

/* An object lent in pieces. */
typedef struct lender {
	const uint8_t *data;
	size_t len, at, piece;
} lender;

static dp_code lend(void *user, const uint8_t **out, size_t *len, dp_error *err)
{
	lender *l = user;
	(void)err;
	*out = l->data + l->at;
	*len = l->len - l->at < l->piece ? l->len - l->at : l->piece;
	l->at += *len;
	return DP_OK;
}

typedef struct outcome {
	dp_code code;
	dp_error err;
	bytes text; /* all that came, before an error too */
	uint64_t zeros, others;
} outcome;

static outcome read_gzip(bytes object, size_t piece, size_t room)
{
	lender l = { object.data, object.len, 0, piece };
	dp__stored stored = { lend, &l, 0 };
	outcome out = { .text = make_copy("", 0) };
	void *self = NULL;
	size_t cap = 1, got = 1;
	out.code = dp__gzip.open(&self, &stored, NULL, 0, &out.err);
	while (out.code == DP_OK && got) {
		bool border;
		if (cap - out.text.len < room)
			out.text.data = realloc(out.text.data, cap = cap * 2 + room);
		out.code = dp__gzip.read(self, out.text.data + out.text.len, room, &got, false,
					 &border, &out.err);
		if (out.code == DP_OK)
			out.text.len += got;
	}
	if (self) {
		dp__gzip.trailing(self, &out.zeros, &out.others);
		dp__gzip.close(self);
	}
	return out;
}

/* The whole text comes, in pieces of any size. Frees both. */
static void reads(bytes object, bytes text)
{
	static const size_t piece[] = { 1, 2, 3, 7, 31, 64, (size_t)1 << 20 };
	for (size_t i = 0; i < sizeof piece / sizeof piece[0]; i++) {
		outcome out = read_gzip(object, piece[i], 4096 + piece[i] * 13);
		cr_assert_eq(out.code, DP_OK, "pieces of %zu: %s", piece[i], out.err.msg);
		cr_assert_eq(out.text.len, text.len);
		cr_assert_arr_eq(out.text.data, text.data, text.len);
		cr_assert_eq(out.others, 0);
		free(out.text.data);
	}
	free(object.data);
	free(text.data);
}

/* It fails with these words, however it comes. Frees the object. */
static void fails(bytes object, const char *words)
{
	static const size_t piece[] = { 1, 64, (size_t)1 << 20 };
	for (size_t i = 0; i < sizeof piece / sizeof piece[0]; i++) {
		outcome out = read_gzip(object, piece[i], 65536);
		cr_assert_eq(out.code, DP_EFORMAT, "pieces of %zu", piece[i]);
		cr_assert(strstr(out.err.msg, words), "%s", out.err.msg);
		free(out.text.data);
	}
	free(object.data);
}

/* ---- members ---- */

typedef struct spec {
	unsigned flags;
	const char *fields; /* extra, name, comment as stored, n bytes */
	size_t n;
	bool wrong_head, wrong_crc, wrong_size;
	int level, strategy;
} spec;

static void put16(bytes *out, unsigned v)
{
	out->data[out->len++] = (uint8_t)v;
	out->data[out->len++] = (uint8_t)(v >> 8);
}

static void put32(bytes *out, uint32_t v)
{
	put16(out, v & 0xffff);
	put16(out, v >> 16);
}

static bytes member(bytes text, spec s)
{
	bytes gz = make_gzip(text.data, text.len, s.level ? s.level : 6, s.strategy);
	bytes out = { malloc(gz.len + s.n + 64), 10 };
	const uint8_t head[10] = { 0x1f, 0x8b, 8, (uint8_t)s.flags, 0, 0, 0, 0, 0, 255 };
	memcpy(out.data, head, sizeof head);
	if (s.n)
		memcpy(out.data + out.len, s.fields, s.n);
	out.len += s.n;
	if (s.flags & 2)
		put16(&out, (unsigned)crc32(0, out.data, (uInt)out.len) + s.wrong_head);
	memcpy(out.data + out.len, gz.data + 10, gz.len - 18);
	out.len += gz.len - 18;
	put32(&out, (uint32_t)crc32(0, text.data, (uInt)text.len) + s.wrong_crc);
	put32(&out, (uint32_t)text.len + s.wrong_size);
	free(gz.data);
	return out;
}

static bytes fastq(void)
{
	return make_reads(400, 150, 11);
}

/* One member of those reads. */
static bytes one(void)
{
	bytes text = fastq(), out = member(text, (spec){ 0 });
	free(text.data);
	return out;
}

static bytes cut(bytes b, size_t less)
{
	b.len -= less;
	return b;
}

static bytes empty_member(void)
{
	return member((bytes){ (uint8_t *)"", 0 }, (spec){ 0 });
}

static bytes twice(void)
{
	return make_join(fastq(), fastq());
}

/* ---- what is read ---- */

Test(gzip, one_member)
{
	reads(one(), fastq());
}

Test(gzip, two_members)
{
	reads(make_join(one(), one()), twice());
}

Test(gzip, empty_member_between)
{
	reads(make_join(make_join(one(), empty_member()), one()), twice());
}

Test(gzip, empty_member_first)
{
	reads(make_join(empty_member(), one()), fastq());
}

Test(gzip, only_an_empty_member)
{
	reads(empty_member(), make_copy("", 0));
}

Test(gzip, all_header_fields)
{
	static const char fields[] = "\x08\0XX\4\0abcdreads.fastq\0hi";
	bytes text = fastq();
	reads(member(text, (spec){ .flags = 0x1e, .fields = fields, .n = sizeof fields }), text);
}

Test(gzip, extra_field_of_64k)
{
	bytes text = fastq();
	char *extra = calloc(1, 2 + 65004);
	memcpy(extra, "\xec\xfdZZ\xe8\xfd", 6);
	reads(member(text, (spec){ .flags = 4, .fields = extra, .n = 2 + 65004 }), text);
	free(extra);
}

Test(gzip, stored_blocks)
{
	bytes text = fastq();
	reads(make_gzip(text.data, text.len, 0, Z_DEFAULT_STRATEGY), text);
}

Test(gzip, fixed_blocks)
{
	bytes text = fastq();
	reads(make_gzip(text.data, text.len, 6, Z_FIXED), text);
}

Test(gzip, huffman_only)
{
	bytes text = fastq();
	reads(make_gzip(text.data, text.len, 6, Z_HUFFMAN_ONLY), text);
}

Test(gzip, many_tiny_members)
{
	bytes text = fastq();
	reads(make_members(text.data, text.len, 50, 6), text);
}

Test(gzip, bgzf)
{
	bytes text = fastq();
	reads(make_bgzf(text.data, text.len, 10000), text);
}

Test(gzip, bgzf_without_its_end)
{
	bytes text = fastq();
	reads(cut(make_bgzf(text.data, text.len, 10000), 28), text);
}

Test(gzip, bgzf_end_in_the_middle)
{
	bytes text = fastq();
	reads(make_join(make_bgzf(text.data, text.len, 9000), make_bgzf(text.data, text.len, 9000)),
	      twice());
	free(text.data);
}

Test(gzip, bgzf_then_gzip)
{
	bytes text = fastq();
	reads(make_join(make_bgzf(text.data, text.len, 9000), one()), twice());
	free(text.data);
}

Test(gzip, bgzf_of_a_wrong_block_size)
{
	bytes text = fastq(), object = make_bgzf(text.data, text.len, 9000);
	object.data[16] ^= 0xff;
	reads(object, text);
}

Test(gzip, thousand_to_one)
{
	bytes text = { calloc(1, 3000000), 3000000 };
	reads(make_gzip(text.data, text.len, 9, Z_DEFAULT_STRATEGY), text);
}

/* ---- what trails ---- */

static void trails(bytes tail, uint64_t zeros, uint64_t others)
{
	bytes text = fastq(), object = make_join(one(), tail);
	outcome out = read_gzip(object, 7, 1000);
	cr_assert_eq(out.code, DP_OK, "%s", out.err.msg);
	cr_assert_eq(out.text.len, text.len);
	cr_assert_eq(out.zeros, zeros);
	cr_assert_eq(out.others, others);
	free(out.text.data);
	free(object.data);
	free(text.data);
}

Test(gzip, zeros_trail)
{
	trails((bytes){ calloc(1, 1000), 1000 }, 1000, 0);
}

Test(gzip, garbage_trails)
{
	trails(make_copy("GARBAGEGARBAGE", 14), 0, 14);
}

Test(gzip, zeros_and_garbage_trail)
{
	trails(make_copy("\0\0\0x\0\0", 6), 3, 3);
}

Test(gzip, half_a_magic_trails)
{
	trails(make_copy("\x1f", 1), 0, 1);
}

Test(gzip, magic_inside_garbage_trails)
{
	trails(make_copy("xx\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff\xff\xff\xff\xff\xff", 20), 0,
	       20);
}

Test(gzip, much_garbage_trails)
{
	bytes tail = { malloc(1000000), 1000000 };
	for (size_t i = 0; i < tail.len; i++)
		tail.data[i] = (uint8_t)(i * 2654435761u >> 13);
	tail.data[0] = 1;
	trails(tail, 0, 1000000);
}

Test(gzip, broken_member_behind_fails)
{
	fails(make_join(one(), make_copy("\x1f\x8b\x08\0garbage!!garbage!!", 22)), "stored byte");
}

Test(gzip, magic_alone_behind_fails)
{
	fails(make_join(one(), make_copy("\x1f\x8b", 2)), "ends inside a gzip header");
}

Test(gzip, garbage_between_members_fails)
{
	fails(make_join(make_join(one(), make_copy("GARBAGE", 7)), one()),
	      "7 bytes that are not gzip lie between two gzip members");
}

Test(gzip, zeros_between_members_fail)
{
	bytes zeros = { calloc(1, 512), 512 };
	fails(make_join(make_join(one(), zeros), one()),
	      "512 bytes that are not gzip lie between two gzip members");
}

Test(gzip, much_garbage_between_members_fails)
{
	bytes garbage = { malloc(700000), 700000 };
	memset(garbage.data, 'x', garbage.len);
	fails(make_join(make_join(one(), garbage), one()), "700000 bytes that are not gzip lie");
}

/* ---- what is refused ---- */

Test(gzip, no_gzip_fails)
{
	fails(make_copy("@read", 5), "stored byte 0: not gzip");
}

Test(gzip, wrong_header_crc_fails)
{
	bytes text = fastq();
	fails(member(text, (spec){ .flags = 2, .wrong_head = true }),
	      "stored byte 10: wrong CRC of a gzip header");
	free(text.data);
}

Test(gzip, reserved_flags_fail)
{
	bytes object = one();
	object.data[3] = 0x20;
	fails(object, "stored byte 3: reserved flags");
}

Test(gzip, other_method_fails)
{
	bytes object = one();
	object.data[2] = 7;
	fails(object, "stored byte 2: gzip compression method 7");
}

Test(gzip, cut_in_the_middle_fails)
{
	bytes object = one();
	fails(cut(object, object.len / 2), "ends inside a gzip member");
}

Test(gzip, cut_in_the_crc_fails)
{
	fails(cut(one(), 6), "ends inside a gzip trailer");
}

Test(gzip, cut_in_the_size_fails)
{
	fails(cut(one(), 2), "ends inside a gzip trailer");
}

Test(gzip, cut_in_the_second_header_fails)
{
	bytes second = one();
	second.len = 5;
	fails(make_join(one(), second), "ends inside a gzip header");
}

Test(gzip, cut_anywhere_fails)
{
	bytes text = make_reads(5, 60, 3), object = member(text, (spec){ 0 });
	for (size_t len = 2; len < object.len; len++) {
		outcome out = read_gzip((bytes){ object.data, len }, 64, 4096);
		cr_assert_eq(out.code, DP_EFORMAT, "cut to %zu", len);
		free(out.text.data);
	}
	free(object.data);
	free(text.data);
}

/* The last deflate byte's padding is nobody's. */
Test(gzip, any_bit_flipped_fails_or_changes_nothing)
{
	bytes text = make_reads(5, 60, 3), object = member(text, (spec){ 0 });
	for (size_t bit = 80; bit < object.len * 8; bit++) {
		object.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		outcome out = read_gzip(object, 4096, 4096);
		bool same = out.code == DP_OK && out.text.len == text.len &&
			    memcmp(out.text.data, text.data, text.len) == 0;
		cr_assert(same || out.code == DP_EFORMAT, "bit %zu", bit);
		free(out.text.data);
		object.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(object.data);
	free(text.data);
}

Test(gzip, wrong_crc_fails)
{
	bytes text = fastq();
	fails(member(text, (spec){ .wrong_crc = true }),
	      "the CRC-32 of the gzip member that begins at 0");
	free(text.data);
}

Test(gzip, wrong_size_fails)
{
	bytes text = fastq();
	fails(member(text, (spec){ .wrong_size = true }),
	      "the size of the gzip member that begins at 0");
	free(text.data);
}

/* ---- access points ---- */

/* From the state on, with the stored bytes up to stored_end alone, all text up to there comes. */
static void resumes(bytes object, bytes text, dp__mark mark, const dp__buf *state, uint64_t from,
		    uint64_t to, uint64_t stored_end)
{
	lender l = { object.data, (size_t)stored_end, (size_t)mark.off, 1000 };
	dp__stored stored = { lend, &l, mark.off };
	void *self = NULL;
	size_t sum = 0, want = (size_t)(to - from), got = 1;
	uint8_t *out = malloc(want + 1);
	dp_error err;
	cr_assert_eq(dp__gzip.open(&self, &stored, state->data, state->len, &err), DP_OK);
	while (sum < want && got) {
		bool border;
		cr_assert_eq(dp__gzip.read(self, out + sum, want - sum, &got, false, &border, &err),
			     DP_OK, "from %llu at %zu: %s", (unsigned long long)from, sum, err.msg);
		sum += got;
	}
	cr_assert_eq(sum, want);
	cr_assert_arr_eq(out, text.data + from, want);
	dp__gzip.close(self);
	free(out);
}

/* Marks behind every so many pieces, keeps the state as late as one may, and resumes. Frees both.
 */
static void points(bytes object, bytes text, size_t piece, size_t room, size_t every, bool border)
{
	lender l = { object.data, object.len, 0, piece };
	dp__stored stored = { lend, &l, 0 };
	void *self = NULL;
	uint8_t *out = malloc(room);
	uint64_t at = 0, from = 0;
	size_t got = 1;
	dp__mark mark;
	cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
	cr_assert_eq(dp__gzip.mark(self, &mark, NULL), DP_OK);
	cr_assert_eq(mark.off + mark.back, 0);
	for (size_t n = 1; got; n++) {
		bool at_border = false;
		uint64_t end = dp__gzip.stored_end(self);
		cr_assert_eq(dp__gzip.read(self, out, room, &got, border, &at_border, NULL), DP_OK);
		at += got;
		if (n % every && got)
			continue;
		dp__buf state = dp__buf_of(100000);
		cr_assert_eq(dp__gzip.state(self, &state, NULL), DP_OK);
		if (got)
			end = dp__gzip.stored_end(self);
		resumes(object, text, mark, &state, from, at, end);
		dp__buf_fini(&state);
		cr_assert_eq(dp__gzip.mark(self, &mark, NULL), DP_OK);
		from = at - mark.back;
	}
	cr_assert_eq(at, text.len);
	dp__gzip.close(self);
	free(out);
	free(object.data);
	free(text.data);
}

Test(gzip, points_in_dynamic_blocks)
{
	bytes text = make_reads(1500, 150, 21);
	points(make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY), text, 31, 997, 7, false);
}

Test(gzip, points_at_borders)
{
	bytes text = make_reads(3000, 150, 22);
	points(make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY), text, 4096, 100000, 1, true);
}

Test(gzip, points_far_apart)
{
	bytes text = make_reads(3000, 150, 23);
	points(make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY), text, 4096, 50000, 2, false);
}

Test(gzip, points_with_pieces_of_one_byte)
{
	bytes text = make_reads(300, 150, 24);
	points(make_gzip(text.data, text.len, 9, Z_DEFAULT_STRATEGY), text, 1, 333, 3, false);
}

Test(gzip, points_in_fixed_blocks)
{
	bytes text = make_reads(600, 150, 25);
	points(make_gzip(text.data, text.len, 6, Z_FIXED), text, 64, 1000, 5, false);
}

Test(gzip, points_in_stored_blocks)
{
	bytes text = make_reads(600, 150, 26);
	points(make_gzip(text.data, text.len, 0, Z_DEFAULT_STRATEGY), text, 500, 1000, 5, false);
}

Test(gzip, points_in_blocks_of_literals)
{
	bytes text = make_reads(600, 150, 27);
	points(make_gzip(text.data, text.len, 6, Z_HUFFMAN_ONLY), text, 64, 1000, 5, false);
}

Test(gzip, points_in_tiny_members)
{
	bytes text = make_reads(300, 150, 28);
	points(make_members(text.data, text.len, 700, 6), text, 64, 333, 1, false);
}

Test(gzip, points_between_bgzf_blocks)
{
	bytes text = make_reads(600, 150, 29);
	points(make_bgzf(text.data, text.len, 10000), text, 64, 4096, 1, true);
}

Test(gzip, points_in_long_runs)
{
	bytes text = { calloc(1, 400000), 400000 };
	points(make_gzip(text.data, text.len, 9, Z_DEFAULT_STRATEGY), text, 10, 7777, 6, false);
}

/* One fixed block of all the text, as "igzip -0" writes whole files: far from any border. */
Test(gzip, points_in_one_huge_block)
{
	bytes text = make_reads(4000, 150, 30);
	bytes object = make_gzip(text.data, text.len, 1, Z_FIXED);
	points(object, text, 100000, 20000, 3, true);
}

/* 32 KiB behind the mark nothing refers to: the window is left out. */
Test(gzip, window_without_what_is_not_referred_to)
{
	bytes text = make_reads(1500, 150, 31);
	bytes object = make_gzip(text.data, text.len, 6, Z_HUFFMAN_ONLY);
	lender l = { object.data, object.len, 0, 4096 };
	dp__stored stored = { lend, &l, 0 };
	uint8_t *out = malloc(50000);
	dp__buf state = dp__buf_of(100000);
	dp__mark mark;
	size_t got;
	bool border;
	void *self = NULL;
	cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
	cr_assert_eq(dp__gzip.read(self, out, 50000, &got, false, &border, NULL), DP_OK);
	cr_assert_eq(dp__gzip.mark(self, &mark, NULL), DP_OK);
	cr_assert_eq(dp__gzip.read(self, out, 50000, &got, false, &border, NULL), DP_OK);
	cr_assert_eq(dp__gzip.state(self, &state, NULL), DP_OK);
	cr_assert_lt(state.len, 200);
	dp__gzip.close(self);
	dp__buf_fini(&state);
	free(out);
	free(object.data);
	free(text.data);
}

Test(gzip, damaged_state_fails)
{
	static const uint8_t no_point[] = { 9 }, long_header[] = { 0, 0xff, 0xff, 0x7f },
			     no_window[] = { 0, 0, 5, 3, 1, 2, 3 };
	const struct {
		const uint8_t *data;
		size_t len;
	} bad[] = { { no_point, 0 }, { no_point, 1 }, { long_header, 4 }, { no_window, 7 } };
	lender l = { NULL, 0, 0, 1 };
	dp__stored stored = { lend, &l, 0 };
	for (size_t i = 0; i < 4; i++) {
		void *self = NULL;
		cr_assert_eq(dp__gzip.open(&self, &stored, bad[i].data, bad[i].len, NULL),
			     DP_EFORMAT);
	}
}
