/* test_gzip.c - gzip files as they come: odd ones, broken ones, what trails them, and every access
 * point. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "fuzz/lender.h"
#include "support/make.h"

/* ---- reading ---- */

typedef struct outcome {
	dp_code code;
	dp_error err;
	bytes text; /* all that came, before an error too */
	uint64_t zeros, others;
} outcome;

static outcome read_gzip(bytes object, size_t piece, size_t room)
{
	lender l = { object.data, object.len, piece, NULL };
	dp__stored stored = lender_stored(&l, 0);
	outcome out = { .text = make_copy("", 0) };
	void *self = NULL;
	dp__piece got = { .got = 1 };
	size_t cap = 1;
	out.code = dp__gzip.open(&self, &stored, NULL, 0, &out.err);
	while (out.code == DP_OK && got.got) {
		if (cap - out.text.len < room)
			out.text.data = realloc(out.text.data, cap = cap * 2 + room);
		got = (dp__piece){ .out = out.text.data + out.text.len, .cap = room };
		out.code = dp__gzip.read(self, &got, &out.err);
		if (out.code == DP_OK)
			out.text.len += got.got;
	}
	if (self) {
		dp__notes notes;
		dp__gzip.notes(self, &notes);
		out.zeros = notes.zeros;
		out.others = notes.others;
		dp__gzip.close(self);
	}
	free(l.copy);
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

/* So units that end there are continued at the next member, whatever pieces the input comes in. */
static void ends_behind_its_trailer(bytes member, size_t text_len)
{
	bytes object =
		make_join(make_copy(member.data, member.len), make_gzip(member.data, 9, 6, 0));
	uint8_t *text = malloc(text_len);
	for (size_t piece = 1; piece < 70; piece++) {
		lender l = { object.data, object.len, piece, NULL };
		dp__stored stored = lender_stored(&l, 0);
		void *self = NULL;
		cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
		for (size_t done = 0; done < text_len;) {
			dp__piece got = { .out = text + done, .cap = text_len - done };
			cr_assert_eq(dp__gzip.read(self, &got, NULL), DP_OK);
			cr_assert_gt(got.got, 0);
			done += got.got;
		}
		cr_expect_eq(dp__gzip.stored_end(self), member.len, "pieces of %zu: %lu, not %zu",
			     piece, (unsigned long)dp__gzip.stored_end(self), member.len);
		dp__gzip.close(self);
		free(l.copy);
	}
	free(text);
	free(object.data);
	free(member.data);
}

Test(gzip, text_that_ends_with_a_member_ends_behind_its_trailer)
{
	bytes text = make_lines(50, 60, 3);
	for (int level = 0; level <= 6; level += 3)
		ends_behind_its_trailer(make_gzip(text.data, text.len, level, Z_DEFAULT_STRATEGY),
					text.len);
	ends_behind_its_trailer(make_gzip(text.data, text.len, 6, Z_FIXED), text.len);
	ends_behind_its_trailer(make_gzip(text.data, text.len, 6, Z_HUFFMAN_ONLY), text.len);
	free(text.data);
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

/* ---- more than 4 GiB ---- */

#define PART  ((size_t)100 << 16) /* bytes of text between two places that nothing refers across */
#define PARTS 660                 /* together 4,325,376,000 bytes */

/*
 * A member of PARTS times the same text. A full flush ends with a byte, and nothing behind it
 * refers to what is before it, so the stored bytes between two of them may stand there any number
 * of times.
 */
static bytes member_of_parts(bytes part)
{
	static const uint8_t head[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
	z_stream z = { .next_in = part.data, .avail_in = (uInt)part.len };
	bytes out = { malloc(PARTS * part.len / 100 + 64), sizeof head };
	uLong one = crc32(0, part.data, (uInt)part.len), all = crc32(0, NULL, 0);
	memcpy(out.data, head, sizeof head);
	cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = out.data + out.len;
	z.avail_out = (uInt)(part.len / 100);
	cr_assert_eq(deflate(&z, Z_FULL_FLUSH), Z_OK);
	cr_assert(z.avail_in == 0 && z.avail_out > 0);
	for (size_t i = 0; i < PARTS; i++) {
		if (i > 0)
			memcpy(out.data + out.len, out.data + sizeof head, z.total_out);
		out.len += z.total_out;
		all = crc32_combine(all, one, (z_off_t)part.len);
	}
	z.next_out = out.data + out.len;
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = (size_t)(z.next_out - out.data);
	deflateEnd(&z);
	put32(&out, (uint32_t)all);
	put32(&out, (uint32_t)(PARTS * (uint64_t)part.len)); /* RFC 1952 2.3.1: modulo 2^32 */
	return out;
}

Test(gzip, member_of_more_than_4_gib)
{
	bytes part = { malloc(PART), PART };
	make_noise(part.data, 100);
	for (size_t i = 100; i < part.len; i++)
		part.data[i] = part.data[i - 100];
	bytes object = member_of_parts(part);
	lender l = { object.data, object.len, object.len, NULL };
	dp__stored stored = lender_stored(&l, 0);
	uint8_t *room = malloc(PART);
	uint64_t total = 0;
	void *self = NULL;
	dp__piece got = { .got = 1 };
	cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
	while (got.got) {
		dp_error err;
		size_t at = total % PART;
		got = (dp__piece){ .out = room, .cap = PART - at };
		cr_assert_eq(dp__gzip.read(self, &got, &err), DP_OK, "%s", err.msg);
		cr_assert_arr_eq(room, part.data + at, got.got);
		total += got.got;
	}
	cr_assert_eq(total, PARTS * (uint64_t)PART);
	dp__gzip.close(self);
	free(l.copy);
	free(room);
	free(object.data);
	free(part.data);
}
