/*
 * fuzz_gzip.c - fuzzes gzip's framing and the scan of text: an input is a recipe of members, whose
 * checksums are made right, so that what is behind them is reached.
 *
 * The text is the members' text, in pieces of any size; an index gives all of it back, cut anyhow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "fuzz/check.h"
#include "fuzz/fuzz.h"
#include "fuzz/lender.h"
#include "fuzz/oracle.h"

#define MAX_TEXT ((size_t)1 << 18)

typedef struct cook {
	const uint8_t *data;
	size_t len;
	dp__buf object, text;
	bool sound; /* all members are whole and nothing else is there */
} cook;

static size_t take(cook *c, size_t max)
{
	size_t n = 0;
	for (size_t m = max; m && c->len; m >>= 8) {
		n = n << 8 | *c->data++;
		c->len--;
	}
	return n % (max + 1);
}

static const uint8_t *take_bytes(cook *c, size_t *n)
{
	const uint8_t *at = c->data;
	if (*n > c->len)
		*n = c->len;
	c->data += *n;
	c->len -= *n;
	return at;
}

static void put(dp__buf *buf, const void *data, size_t len)
{
	CHECK(dp__buf_add(buf, data, len, NULL) == DP_OK);
}

static void put_header(cook *c, unsigned flags)
{
	size_t from = c->object.len;
	uint8_t head[10] = { 0x1f, 0x8b, 8, (uint8_t)flags };
	put(&c->object, head, sizeof head);
	if (flags & 4)
		put(&c->object, "\4\0AB\0\0", 6);
	if (flags & 8)
		put(&c->object, "name", 5);
	if (flags & 16)
		put(&c->object, "", 1);
	uint32_t crc = (uint32_t)crc32(0, c->object.data + from, (uInt)(c->object.len - from));
	if (flags & 2)
		put(&c->object, (uint8_t[]){ (uint8_t)crc, (uint8_t)(crc >> 8) }, 2);
	c->sound = c->sound && !(flags & 0xe0);
}

static void put_trailer(cook *c, const uint8_t *text, size_t len, unsigned wrong)
{
	uint32_t crc = (uint32_t)crc32(0, text, (uInt)len) ^ (wrong == 1);
	uint32_t sizes[2] = { crc, (uint32_t)len + (wrong == 2) };
	for (size_t i = 0; i < 8; i++)
		put(&c->object, &(uint8_t){ (uint8_t)(sizes[i / 4] >> 8 * (i % 4)) }, 1);
	put(&c->text, text, len);
	c->sound = c->sound && (wrong == 0 || wrong > 2);
}

/* A member of the deflate stream that comes next. */
static void cook_stream(cook *c, unsigned wrong)
{
	size_t n = take(c, 0xffff);
	oracle o = { .in = take_bytes(c, &n), .cap = MAX_TEXT };
	o.in_len = n;
	o.text = malloc(o.cap);
	CHECK(o.text);
	oracle_run(&o);
	if (o.end == ORACLE_WHOLE && c->text.len + o.got <= MAX_TEXT) {
		put(&c->object, o.in, o.used);
		put_trailer(c, o.text, o.got, wrong);
	} else {
		put(&c->object, o.in, o.in_len);
		c->sound = false;
	}
	free(o.text);
}

/* A member of the text that comes next, some times over. */
static void cook_text(cook *c, unsigned wrong)
{
	size_t n = take(c, 0xffff), times = take(c, 255);
	int level = (int)take(c, 9), strategy = (int)take(c, 4);
	const uint8_t *text = take_bytes(c, &n);
	dp__buf all = dp__buf_of(MAX_TEXT), out = dp__buf_of(2 * MAX_TEXT);
	for (size_t i = 0; i <= times && c->text.len + all.len + n <= MAX_TEXT / 2; i++)
		put(&all, text, n);
	z_stream z = { 0 };
	CHECK(deflateInit2(&z, level, Z_DEFLATED, -15, 9, strategy) == Z_OK);
	CHECK(dp__buf_reserve(&out, deflateBound(&z, (uLong)all.len) + 64, NULL) == DP_OK);
	z.next_in = all.data;
	z.avail_in = (uInt)all.len;
	z.next_out = out.data;
	z.avail_out = (uInt)out.cap;
	CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
	put(&c->object, out.data, z.total_out);
	deflateEnd(&z);
	put_trailer(c, all.data, all.len, wrong);
	dp__buf_fini(&all);
	dp__buf_fini(&out);
}

static void cook_all(cook *c)
{
	while (c->len && c->object.len < MAX_TEXT / 2) {
		unsigned kind = (unsigned)take(c, 255), wrong = kind >> 5;
		size_t n = kind;
		if ((kind & 3) == 0) {
			const uint8_t *raw = take_bytes(c, &n);
			put(&c->object, raw, n);
			c->sound = c->sound && n == 0;
			continue;
		}
		put_header(c, (unsigned)take(c, 255) & ((kind & 4) ? 0xff : 0x1e));
		if ((kind & 3) == 1)
			cook_stream(c, wrong);
		else
			cook_text(c, wrong);
	}
}

/* ---- the framing alone ---- */

static dp_code read_all(const dp__buf *object, size_t piece, size_t room, dp__buf *text)
{
	lender l = { object->data, object->len, piece, NULL };
	dp__stored stored = lender_stored(&l, 0);
	void *self = NULL;
	dp__piece got = { .got = 1 };
	dp_code rc = dp__gzip.open(&self, &stored, NULL, 0, NULL);
	while (rc == DP_OK && got.got) {
		got = (dp__piece){ .out = malloc(room), .cap = room, .border = room & 1 };
		CHECK(got.out);
		rc = dp__gzip.read(self, &got, NULL);
		if (rc == DP_OK)
			put(text, got.out, got.got);
		free(got.out);
	}
	if (self)
		dp__gzip.close(self);
	free(l.copy);
	return rc;
}

/* ---- the index ---- */

static dp_code keep(void *user, const void *data, size_t len, dp_error *err)
{
	return dp__buf_add(user, data, len, err);
}

static void read_back(const dp_index *index, const dp__buf *text)
{
	dp_slices *slices = NULL;
	dp_error err = { 0 };
	dp__buf back = dp__buf_of(2 * MAX_TEXT);
	dp_code rc = dp_partition(&slices, &index, 1, "chunks",
				  (const char *const[]){ "n=3", NULL }, &err);
	for (size_t i = 0; rc == DP_OK && i < dp_slices_count(slices); i++)
		rc = dp_slice_get(dp_slices_at(slices, i), 0, keep, &back, &err);
	if (rc != DP_OK)
		fprintf(stderr, "%s\n", err.msg);
	CHECK(rc == DP_OK);
	CHECK(back.len == text->len &&
	      (back.len == 0 || memcmp(back.data, text->data, back.len) == 0));
	dp_slices_free(slices);
	dp__buf_fini(&back);
}

/* text: what it is, NULL: broken. */
static void index_it(const dp__buf *object, const dp__buf *text, unsigned how, bool sound)
{
	static const char *const formats[] = { "lines", "fastq" };
	static const char *const spans[] = { "span=1K", "span=3K", "span=20K", "span=1G" };
	const char *args[] = { spans[how >> 1 & 3], NULL };
	dp_session *session = NULL;
	dp_index *index = NULL;
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	opts.format = formats[how & 1];
	opts.args = args;
	CHECK(dp_session_open(&session, NULL, NULL) == DP_OK);
	CHECK(dp__mem_put(session, "mem:x.gz", object->data, object->len, NULL) == DP_OK);
	dp_code rc = dp_index_build(&index, session, "mem:x.gz", &opts, NULL);
	CHECK(rc == DP_OK || rc == DP_EFORMAT || rc == DP_EUNSUPPORTED);
	CHECK(rc == DP_OK || !sound || (how & 1));
	/* What is no gzip is plain text. */
	if (rc == DP_OK && dp__gzip.probe(object->data, object->len)) {
		CHECK(text);
		read_back(index, text);
	}
	dp_index_free(index);
	dp_session_free(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 7, 31, 64, 1000, MAX_TEXT };
	cook c = { data, size, dp__buf_of(4 * MAX_TEXT), dp__buf_of(2 * MAX_TEXT), true };
	dp__buf text = dp__buf_of(2 * MAX_TEXT + 1000), again = text;
	unsigned how = (unsigned)take(&c, 255);
	cook_all(&c);
	if (c.object.len) {
		dp_code rc = read_all(&c.object, MAX_TEXT, MAX_TEXT, &text);
		CHECK(rc == DP_OK || rc == DP_EFORMAT);
		CHECK(rc == DP_OK || !c.sound);
		CHECK(!c.sound ||
		      (text.len == c.text.len &&
		       (text.len == 0 || memcmp(text.data, c.text.data, text.len) == 0)));
		dp_code rc2 = read_all(&c.object, pieces[how % 6],
				       pieces[(how >> 3) % 6] + (how & 1), &again);
		CHECK(rc2 == rc && again.len == text.len &&
		      (text.len == 0 || memcmp(text.data, again.data, text.len) == 0));
		if (rc == DP_OK || how % 4 == 0)
			index_it(&c.object, rc == DP_OK ? &text : NULL, how >> 5, c.sound);
	}
	dp__buf_fini(&c.object);
	dp__buf_fini(&c.text);
	dp__buf_fini(&text);
	dp__buf_fini(&again);
	return 0;
}
