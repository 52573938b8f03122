/* test_gzip_crew.c - a gzip file whose members are decoded ahead by threads is read, mark by mark,
 * as by one thread alone. zlib says what its text is. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "formats/gzip_crew.h"
#include "support/make.h"

#define BLOCK  65280 /* as bgzip has it */
#define BUDGET ((size_t)1 << 28)

TestSuite(gzip_crew, .timeout = 300);

/* ---- objects ---- */

static void add(dp__buf *object, bytes part)
{
	cr_assert_eq(dp__buf_add(object, part.data, part.len, NULL), DP_OK);
	free(part.data);
}

static void add_text(dp__buf *object, bytes text, int level)
{
	add(object, make_gzip(text.data, text.len, level, Z_DEFAULT_STRATEGY));
	free(text.data);
}

static void add_bgzf(dp__buf *object, size_t reads, size_t block)
{
	bytes text = make_reads(reads, 150, reads);
	add(object, make_bgzf(text.data, text.len, block));
	free(text.data);
}

static dp__buf bgzf(size_t reads)
{
	dp__buf object = dp__buf_of(BUDGET);
	add_bgzf(&object, reads, BLOCK);
	return object;
}

/* All optional fields, by zlib. */
static bytes member_of_fields(bytes text)
{
	Bytef extra[] = { 'X', 'X', 4, 0, 'a', 0x1f, 0x8b, 8 };
	Bytef name[] = "reads.fastq", comment[] = "a comment";
	gz_header head = { .extra = extra,
			   .extra_len = sizeof extra,
			   .name = name,
			   .comment = comment,
			   .hcrc = 1 };
	z_stream z = { .next_in = text.data, .avail_in = (uInt)text.len };
	cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	cr_assert_eq(deflateSetHeader(&z, &head), Z_OK);
	bytes out = { malloc(deflateBound(&z, text.len)), 0 };
	z.next_out = out.data;
	z.avail_out = (uInt)deflateBound(&z, text.len);
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = z.total_out;
	deflateEnd(&z);
	free(text.data);
	return out;
}

static bytes empty_member(void)
{
	return make_gzip((const uint8_t *)"", 0, 6, Z_DEFAULT_STRATEGY);
}

/* What zlib reads of it. */
static bytes text_of(const dp__buf *object)
{
	z_stream z = { .next_in = object->data, .avail_in = (uInt)object->len };
	bytes text = { malloc(BUDGET), 0 };
	int code = Z_OK;
	cr_assert_eq(inflateInit2(&z, 31), Z_OK);
	z.next_out = text.data;
	z.avail_out = (uInt)BUDGET;
	while (code == Z_OK && z.avail_in) {
		code = inflate(&z, Z_NO_FLUSH);
		if (code == Z_STREAM_END)
			code = inflateReset(&z);
	}
	cr_assert_eq(code, Z_OK);
	text.len = BUDGET - z.avail_out;
	inflateEnd(&z);
	return text;
}

/* ---- reading ---- */

/* An object lent in pieces, which may fail. */
typedef struct lender {
	const dp__buf *object;
	size_t at, piece, bad; /* bad: the byte that cannot be read; 0 = none */
	unsigned threads;
} lender;

static dp_code lend(void *user, const uint8_t **out, size_t *len, dp_error *err)
{
	lender *l = user;
	size_t left = l->object->len - l->at;
	if (l->bad && l->at >= l->bad)
		return dp_fail(err, DP_EIO, "byte %zu cannot be read", l->bad);
	*out = l->object->data + l->at;
	*len = left < l->piece ? left : l->piece;
	l->at += *len;
	return DP_OK;
}

static unsigned allowed(void *user)
{
	return ((const lender *)user)->threads;
}

/* How it is read: border: in each so manyth piece it is asked for, and a mark made; 0 = never. */
typedef struct way {
	size_t piece, cap, room, border, bad;
} way;

/* All that a reader can see. */
typedef struct seen {
	dp_code code;
	dp_error err;
	dp__buf text, facts;
	size_t ahead; /* stored bytes that were read before their text was */
} seen;

static void note(seen *s, const void *fact, size_t len)
{
	cr_assert_eq(dp__buf_add(&s->facts, fact, len, NULL), DP_OK);
}

static void note_mark(seen *s, void *self)
{
	dp__mark mark = { 0 };
	cr_assert_eq(dp__gzip.state(self, &s->facts, NULL), DP_OK);
	cr_assert_eq(dp__gzip.mark(self, &mark, NULL), DP_OK);
	note(s, &mark, sizeof mark);
}

static seen look(const dp__buf *object, const way *how, unsigned threads)
{
	lender l = { object, 0, how->piece, how->bad, threads };
	dp__stored stored = { .more = lend, .user = &l, .threads = allowed };
	seen s = { .text = dp__buf_of(BUDGET), .facts = dp__buf_of(BUDGET) };
	size_t most = how->cap > how->room ? how->cap : how->room;
	dp__piece piece = { .got = 1 };
	void *self = NULL;
	uint32_t crc = 0;
	cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
	for (size_t n = 1; s.code == DP_OK && piece.got; n++) {
		bool border = how->border && n % how->border == 0;
		cr_assert_eq(dp__buf_reserve(&s.text, most, NULL), DP_OK);
		piece = (dp__piece){ .out = s.text.data + s.text.len,
				     .cap = how->cap,
				     .room = how->room,
				     .border = border,
				     .crc = &crc };
		s.code = dp__gzip.read(self, &piece, &s.err);
		uint64_t fact[] = { piece.got, piece.at_border, crc, dp__gzip.stored_end(self) };
		note(&s, fact, sizeof fact);
		s.text.len += piece.got;
		s.ahead = l.at - fact[3] > s.ahead ? l.at - (size_t)fact[3] : s.ahead;
		if (border && s.code == DP_OK && piece.got)
			note_mark(&s, self);
	}
	dp__notes notes;
	memset(&notes, 0, sizeof notes);
	dp__gzip.notes(self, &notes);
	if (s.code != DP_OK) /* how far they were counted depends on the pieces */
		notes.zeros = notes.others = 0;
	uint64_t fact[] = { notes.zeros,  notes.others, notes.cut, notes.cut_at,
			    notes.no_eof, notes.lies,   notes.lie };
	note(&s, fact, sizeof fact);
	dp__gzip.close(self);
	return s;
}

static void drop(seen *s)
{
	dp__buf_fini(&s->text);
	dp__buf_fini(&s->facts);
}

static const way ways[] = {
	{ 262144, 100000, 1100000, 5, 0 }, /* as objects are indexed */
	{ 262144, 100000, 0, 3, 0 },       /* pieces end in the middle of members */
	{ 1000, 32768, 98304, 2, 0 },      { 77777, 300000, 400000, 0, 0 },
	{ 262144, 4096, 20000, 9, 0 },
};
#define NWAYS (sizeof ways / sizeof ways[0])

/* Threads see what one alone sees; gives that. */
static seen agree_on(const dp__buf *object, const way *how)
{
	static const unsigned threads[] = { 2, 4 };
	seen alone = look(object, how, 1);
	for (size_t i = 0; i < 2; i++) {
		seen many = look(object, how, threads[i]);
		cr_assert_eq(many.code, alone.code, "%s, alone: %s", many.err.msg, alone.err.msg);
		cr_assert(alone.code == DP_OK || strcmp(many.err.msg, alone.err.msg) == 0,
			  "%s, alone: %s", many.err.msg, alone.err.msg);
		cr_assert_eq(many.text.len, alone.text.len);
		cr_assert_arr_eq(many.text.data, alone.text.data, alone.text.len);
		cr_assert_eq(many.facts.len, alone.facts.len);
		cr_assert_arr_eq(many.facts.data, alone.facts.data, alone.facts.len);
		alone.ahead = many.ahead;
		drop(&many);
	}
	return alone;
}

/* The text of zlib comes in all ways. Frees the object. */
static void reads(dp__buf object)
{
	bytes text = text_of(&object);
	for (size_t i = 0; i < NWAYS; i++) {
		seen s = agree_on(&object, &ways[i]);
		cr_assert_eq(s.code, DP_OK, "%s", s.err.msg);
		cr_assert_eq(s.text.len, text.len);
		cr_assert_arr_eq(s.text.data, text.data, text.len);
		drop(&s);
	}
	dp__buf_fini(&object);
	free(text.data);
}

/* All fail alike. Frees the object. */
static void fails(dp__buf object, const char *words)
{
	for (size_t i = 0; i < NWAYS; i++) {
		seen s = agree_on(&object, &ways[i]);
		cr_assert_eq(s.code, DP_EFORMAT);
		cr_assert(strstr(s.err.msg, words), "%s", s.err.msg);
		drop(&s);
	}
	dp__buf_fini(&object);
}

/* ---- what is read ---- */

Test(gzip_crew, bgzf)
{
	reads(bgzf(20000));
}

Test(gzip_crew, bgzf_is_decoded_ahead)
{
	dp__buf object = bgzf(20000);
	seen s = agree_on(&object, &ways[0]);
	cr_assert_gt(s.ahead, 3 * ways[0].piece);
	drop(&s);
	dp__buf_fini(&object);
}

Test(gzip_crew, one_member_is_not)
{
	dp__buf object = dp__buf_of(BUDGET);
	add_text(&object, make_reads(20000, 150, 1), 6);
	seen s = agree_on(&object, &ways[0]);
	cr_assert_leq(s.ahead, ways[0].piece);
	drop(&s);
	dp__buf_fini(&object);
}

Test(gzip_crew, bgzf_without_its_end)
{
	dp__buf object = bgzf(20000);
	object.len -= 28;
	reads(object);
}

Test(gzip_crew, bgzf_end_in_the_middle)
{
	dp__buf object = bgzf(9000);
	add_bgzf(&object, 9000, BLOCK);
	add_bgzf(&object, 9000, 10000);
	reads(object);
}

Test(gzip_crew, bgzf_of_wrong_sizes)
{
	dp__buf object = bgzf(9000);
	object.data[16] ^= 1;
	add_bgzf(&object, 9000, BLOCK);
	reads(object);
}

Test(gzip_crew, empty_members_between)
{
	dp__buf object = dp__buf_of(BUDGET);
	for (size_t i = 0; i < 300; i++) {
		add_text(&object, make_reads(60, 150, i), 6);
		for (size_t k = 0; k < i % 4; k++)
			add(&object, empty_member());
	}
	reads(object);
}

Test(gzip_crew, only_empty_members)
{
	dp__buf object = dp__buf_of(BUDGET);
	bytes one = empty_member();
	for (size_t i = 0; i < 60000; i++)
		add(&object, make_copy(one.data, one.len));
	free(one.data);
	reads(object);
}

Test(gzip_crew, tiny_members)
{
	dp__buf object = dp__buf_of(BUDGET);
	bytes some = make_reads(100, 20, 5);
	bytes made = make_members(some.data, some.len, 40, 6);
	free(some.data);
	for (size_t i = 0; i < 200; i++)
		add(&object, make_copy(made.data, made.len));
	free(made.data);
	reads(object);
}

Test(gzip_crew, members_of_all_fields)
{
	dp__buf object = dp__buf_of(BUDGET);
	for (size_t i = 0; i < 100; i++)
		add(&object, member_of_fields(make_reads(120, 150, i)));
	reads(object);
}

/* Larger than a small one, than a chunk, than a chunk's text, in turns with others. */
Test(gzip_crew, members_of_all_sizes)
{
	static const size_t n[] = { 20000, 900, 1500, 3000, 4000, 7000, 10 };
	dp__buf object = bgzf(3000);
	for (size_t i = 0; i < 7; i++) {
		add_text(&object, make_reads(n[i], 150, i), 6);
		add_bgzf(&object, 2500, BLOCK);
	}
	reads(object);
}

Test(gzip_crew, text_that_is_a_thousand_times_as_long)
{
	dp__buf object = bgzf(3000);
	bytes zeros = { calloc(1, 60000), 60000 };
	bytes made = make_bgzf(zeros.data, zeros.len, 60000);
	for (size_t i = 0; i < 400; i++)
		add(&object, make_copy(made.data, made.len - 28));
	free(zeros.data);
	free(made.data);
	add_bgzf(&object, 3000, BLOCK);
	reads(object);
}

/* Members that lie in a stored block are text. */
Test(gzip_crew, members_inside_stored_blocks)
{
	dp__buf object = bgzf(3000), inner = bgzf(3000);
	for (size_t i = 0; i < 20; i++)
		add(&object, make_bgzf(inner.data, inner.len, 40000));
	for (size_t i = 0; i + 60000 < inner.len; i += 60000)
		add(&object, make_gzip(inner.data + i, 60000, 0, Z_DEFAULT_STRATEGY));
	add(&object, make_gzip(inner.data, inner.len, 0, Z_DEFAULT_STRATEGY));
	dp__buf_fini(&inner);
	reads(object);
}

Test(gzip_crew, magic_everywhere)
{
	static const uint8_t magic[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0 };
	dp__buf object = bgzf(3000);
	uint8_t text[60000];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = magic[i % sizeof magic];
	for (size_t i = 0; i < 40; i++)
		add(&object, make_gzip(text, sizeof text, 0, Z_DEFAULT_STRATEGY));
	reads(object);
}

/* What begins as a member and decodes for long, again and again, must not be tried for ever. */
Test(gzip_crew, much_that_decodes_in_vain)
{
	dp__buf object = bgzf(3000);
	bytes zeros = { calloc(1, 900000), 900000 };
	bytes bad = make_gzip(zeros.data, zeros.len, 9, Z_DEFAULT_STRATEGY);
	bad.data[bad.len - 8] ^= 1;
	for (size_t i = 0; i < 3000; i++) {
		uint8_t *at = zeros.data + (i * bad.len) % (zeros.len - bad.len);
		memcpy(at, bad.data, bad.len);
	}
	for (size_t i = 0; i < 6; i++)
		add(&object, make_gzip(zeros.data, 200000, 0, Z_DEFAULT_STRATEGY));
	free(zeros.data);
	free(bad.data);
	reads(object);
}

/* ---- what trails and what is wrong ---- */

Test(gzip_crew, trailing_bytes)
{
	dp__buf object = bgzf(9000);
	bytes tail = { calloc(1, 600000), 600000 };
	tail.data[500000] = 'x';
	add(&object, tail);
	for (size_t i = 0; i < NWAYS; i++) {
		seen s = agree_on(&object, &ways[i]);
		cr_assert_eq(s.code, DP_OK, "%s", s.err.msg);
		drop(&s);
	}
	dp__buf_fini(&object);
}

Test(gzip_crew, garbage_between_members)
{
	dp__buf object = bgzf(9000);
	add(&object, make_copy("GARBAGE", 7));
	add_bgzf(&object, 9000, BLOCK);
	fails(object, "7 bytes that are not gzip lie between two gzip members");
}

/* Where the block that begins at or behind a place ends. */
static size_t block_end(const dp__buf *object, size_t from)
{
	size_t at = 0;
	do
		at += (size_t)(object->data[at + 16] | object->data[at + 17] << 8) + 1;
	while (at <= from);
	return at;
}

Test(gzip_crew, wrong_crc)
{
	dp__buf object = bgzf(20000);
	object.data[block_end(&object, object.len / 2) - 8] ^= 4;
	fails(object, "the CRC-32 of the gzip member that begins at");
}

Test(gzip_crew, wrong_size)
{
	dp__buf object = bgzf(20000);
	object.data[block_end(&object, object.len / 2) - 3] ^= 4;
	fails(object, "the size of the gzip member that begins at");
}

Test(gzip_crew, reserved_flags)
{
	dp__buf object = bgzf(20000);
	object.data[block_end(&object, object.len / 2) + 3] |= 0x80;
	fails(object, "reserved flags");
}

Test(gzip_crew, any_bit_flipped)
{
	dp__buf object = bgzf(8000);
	for (size_t i = 1; i < 60; i++) {
		uint8_t *at = object.data + object.len / 60 * i;
		*at ^= (uint8_t)(1u << i % 8);
		seen s = agree_on(&object, &ways[i % NWAYS]);
		cr_expect_eq(s.code, DP_EFORMAT, "at %zu", (size_t)(at - object.data));
		drop(&s);
		*at ^= (uint8_t)(1u << i % 8);
	}
	dp__buf_fini(&object);
}

Test(gzip_crew, cut_off_anywhere)
{
	dp__buf object = bgzf(8000);
	size_t whole = object.len;
	for (size_t i = 1; i < 60; i++) {
		object.len = whole / 60 * i;
		seen s = agree_on(&object, &ways[i % NWAYS]);
		cr_expect_eq(s.code, DP_EFORMAT, "cut to %zu", object.len);
		drop(&s);
	}
	for (size_t less = 1; less < 60; less++) {
		object.len = block_end(&object, whole / 2) - less;
		seen s = agree_on(&object, &ways[less % NWAYS]);
		cr_expect_eq(s.code, DP_EFORMAT, "cut to %zu", object.len);
		drop(&s);
	}
	object.len = whole;
	dp__buf_fini(&object);
}

Test(gzip_crew, bytes_that_cannot_be_read)
{
	dp__buf object = bgzf(20000);
	for (size_t i = 0; i < NWAYS; i++) {
		way how = ways[i];
		how.bad = object.len / 7 * (i + 1);
		seen s = agree_on(&object, &how);
		cr_assert_eq(s.code, DP_EIO, "%s", s.err.msg);
		drop(&s);
	}
	dp__buf_fini(&object);
}

Test(gzip_crew, closed_in_the_middle)
{
	dp__buf object = bgzf(20000);
	uint8_t *out = malloc(200000);
	for (size_t n = 0; n < 40; n++) {
		lender l = { &object, 0, 262144, 0, 8 };
		dp__stored stored = { .more = lend, .user = &l, .threads = allowed };
		dp__piece piece = { .out = out, .cap = 100000, .room = 200000 };
		void *self = NULL;
		cr_assert_eq(dp__gzip.open(&self, &stored, NULL, 0, NULL), DP_OK);
		for (size_t i = 0; i < n; i++)
			cr_assert_eq(dp__gzip.read(self, &piece, NULL), DP_OK);
		dp__gzip.close(self);
	}
	free(out);
	dp__buf_fini(&object);
}

/* ---- the crew alone ---- */

/* Passes n bytes of what it lends. */
static void pass(dp__source *src, size_t n)
{
	while (n) {
		cr_assert_eq(dp__source_lend(src, NULL), DP_OK);
		size_t some = src->len < n ? src->len : n;
		cr_assert_gt(some, 0);
		dp__source_pass(src, some);
		n -= some;
	}
}

/* Every block is there, at its place and nowhere else; the last one is empty. */
Test(gzip_crew, finds_every_block)
{
	dp__buf object = bgzf(20000);
	bytes text = text_of(&object);
	lender l = { &object, 0, 100000, 0, 2 };
	dp__source src = { .stored = { .more = lend, .user = &l } };
	dp__crew *crew = dp__crew_open(2);
	size_t at = 0;
	cr_assert_not_null(crew);
	dp__crew_join(crew, &src);
	while (src.off < object.len) {
		size_t end = block_end(&object, (size_t)src.off);
		cr_assert_eq(dp__source_lend(&src, NULL), DP_OK);
		cr_assert_null(dp__crew_find(crew, src.off, 0));
		const dp__decoded *got = dp__crew_find(crew, src.off, BLOCK + 1);
		cr_assert_not_null(got, "at %zu", (size_t)src.off);
		cr_assert_eq(got->member.off, src.off);
		cr_assert_eq(got->stored, end - src.off);
		cr_assert_eq(got->member.bsize, end - src.off);
		cr_assert_eq(got->crc, crc32(0, text.data + at, (uInt)got->member.text));
		cr_assert_arr_eq(got->text, text.data + at, got->member.text);
		at += (size_t)got->member.text;
		pass(&src, 1);
		cr_assert_null(dp__crew_find(crew, src.off, BLOCK + 1));
		pass(&src, end - (size_t)src.off);
	}
	cr_assert_eq(at, text.len);
	dp__crew_free(crew);
	dp__buf_fini(&object);
	free(text.data);
}

/* Without a member that is taken, it goes on to lend, and is idle. */
Test(gzip_crew, passes_on_what_holds_no_member)
{
	bytes text = make_reads(30000, 150, 3);
	dp__buf object = dp__buf_of(BUDGET);
	add(&object, text);
	lender l = { &object, 0, 100000, 0, 2 };
	dp__source src = { .stored = { .more = lend, .user = &l } };
	dp__crew *crew = dp__crew_open(2);
	size_t ahead = 0;
	cr_assert_not_null(crew);
	for (bool more = true; more; more = src.off < object.len) {
		if (src.off < 100000)
			dp__crew_join(crew, &src);
		cr_assert_eq(dp__source_lend(&src, NULL), DP_OK);
		ahead = l.at - (size_t)src.off;
		cr_assert_arr_eq(src.in, object.data + src.off, src.len);
		cr_assert_null(dp__crew_find(crew, src.off, BLOCK));
		pass(&src, src.len < 30000 ? src.len : 30000);
	}
	cr_assert_leq(ahead, 100000);
	cr_assert_eq(dp__source_lend(&src, NULL), DP_OK);
	cr_assert_eq(src.len, 0);
	dp__crew_free(crew);
	dp__buf_fini(&object);
}
