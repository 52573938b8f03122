/* make.c - makes the inputs of tests. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "support/make.h"

uint64_t make_random(uint64_t *state)
{
	/* xorshift64*, Vigna 2016 */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717) >> 16;
}

void make_noise(uint8_t *data, size_t len)
{
	uint64_t state = 88172645463325252u;
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)make_random(&state);
}

bytes make_copy(const void *data, size_t len)
{
	bytes out = { malloc(len + 1), len };
	cr_assert(out.data);
	if (len)
		memcpy(out.data, data, len);
	return out;
}

bytes make_join(bytes a, bytes b)
{
	bytes out = { malloc(a.len + b.len + 1), a.len + b.len };
	cr_assert(out.data);
	memcpy(out.data, a.data, a.len);
	memcpy(out.data + a.len, b.data, b.len);
	free(a.data);
	free(b.data);
	return out;
}

bytes make_reads(size_t n, size_t longest, uint64_t seed)
{
	bytes out = { malloc(n * (2 * longest + 64) + 1), 0 };
	uint64_t state = seed * 2654435761u + 88172645463325252u;
	cr_assert(out.data);
	for (size_t i = 0; i < n; i++) {
		size_t len = make_random(&state) % (longest + 1);
		out.len += (size_t)sprintf((char *)out.data + out.len, "@read.%zu lane:%u\n", i,
					   (unsigned)(make_random(&state) % 9));
		for (size_t k = 0; k < len; k++)
			out.data[out.len++] = (uint8_t) "ACGTACGTACGTN"[make_random(&state) % 13];
		memcpy(out.data + out.len, "\n+\n", 3);
		out.len += 3;
		/* Qualities begin with "@" and "+" as often as with others. */
		for (size_t k = 0; k < len; k++)
			out.data[out.len++] = (uint8_t) "@+FFFF:,#I"[make_random(&state) % 10];
		out.data[out.len++] = '\n';
	}
	return out;
}

bytes make_lines(size_t n, size_t longest, uint64_t seed)
{
	bytes out = { malloc(n * (longest + 1) + 1), 0 };
	uint64_t state = seed * 2654435761u + 88172645463325252u;
	cr_assert(out.data);
	for (size_t i = 0; i < n; i++) {
		size_t len = make_random(&state) % (longest + 1);
		for (size_t k = 0; k < len; k++)
			out.data[out.len++] = (uint8_t)(' ' + make_random(&state) % 90);
		out.data[out.len++] = '\n';
	}
	return out;
}

bytes make_gzip(const uint8_t *data, size_t len, int level, int strategy)
{
	z_stream z = { 0 };
	cr_assert_eq(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 9, strategy), Z_OK);
	bytes out = { malloc(deflateBound(&z, len) + 64), 0 };
	cr_assert(out.data);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	z.next_out = out.data;
	z.avail_out = (uInt)deflateBound(&z, len) + 64;
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = z.total_out;
	deflateEnd(&z);
	return out;
}

bytes make_blocks(bytes text, size_t every, int flush, uint64_t *ends)
{
	size_t room = text.len * 2 + 1000;
	z_stream z = { 0 };
	cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	bytes out = { malloc(room), 0 };
	cr_assert(out.data);
	z.next_in = text.data;
	z.next_out = out.data;
	z.avail_out = (uInt)room;
	for (size_t i = 0; z.total_in + every < text.len; i++) {
		z.avail_in = (uInt)every;
		cr_assert_eq(deflate(&z, flush), Z_OK);
		if (ends)
			ends[i] = z.total_out;
	}
	z.avail_in = (uInt)(text.len - z.total_in);
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = z.total_out;
	deflateEnd(&z);
	return out;
}

bytes make_members(const uint8_t *data, size_t len, size_t member, int level)
{
	bytes out = make_copy("", 0);
	for (size_t off = 0; off < len; off += member) {
		size_t n = len - off < member ? len - off : member;
		out = make_join(out, make_gzip(data + off, n, level, Z_DEFAULT_STRATEGY));
	}
	return out;
}

/* One BGZF block: the BC subfield holds the size of the block less one. */
static bytes make_block(const uint8_t *data, size_t len)
{
	static const uint8_t head[18] = { 31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C', 2, 0 };
	bytes gz = make_gzip(data, len, 6, Z_DEFAULT_STRATEGY);
	size_t total = gz.len - 10 + sizeof head;
	bytes out = { malloc(total), total };
	cr_assert(out.data && total <= 65536);
	memcpy(out.data, head, sizeof head);
	memcpy(out.data + sizeof head, gz.data + 10, gz.len - 10);
	out.data[16] = (uint8_t)((total - 1) & 255);
	out.data[17] = (uint8_t)((total - 1) >> 8);
	free(gz.data);
	return out;
}

bytes make_bgzf(const uint8_t *data, size_t len, size_t block)
{
	static const uint8_t eof[28] = { 31, 139, 8,  4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C',
					 2,  0,   27, 0, 3, 0, 0, 0, 0, 0,   0, 0, 0,   0 };
	bytes out = make_copy("", 0);
	for (size_t off = 0; off < len; off += block) {
		size_t n = len - off < block ? len - off : block;
		out = make_join(out, make_block(data + off, n));
	}
	return make_join(out, make_copy(eof, sizeof eof));
}
