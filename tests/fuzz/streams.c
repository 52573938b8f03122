/*
 * streams.c - deflate streams beside zlib, in pieces of all sizes.
 *
 *   streams COUNT [SEED]   so many random ones, by zlib and libdeflate, a third of them damaged
 *   streams FILE.gz...     the first member of each file
 *   streams write FOLDER COUNT   writes sound ones, with their text, for kernel/replay.c
 *
 * Says what went well in TAP; a difference ends the program with a line that names it.
 */
#include <ctype.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "fuzz/trial.h"

#define MAX_TEXT ((size_t)200000)

static uint64_t dice;

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint32_t roll(uint32_t sides)
{
	uint64_t z = dice += 0x9E3779B97F4A7C15u;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	z ^= z >> 31;
	return (uint32_t)((z >> 32) * sides >> 32);
}

/* Small sizes are as likely as large ones. */
static size_t roll_size(size_t max)
{
	size_t n = (size_t)1 << roll(24);
	return roll((uint32_t)(n < max ? n : max) + 1);
}

static size_t make_text(uint8_t *text, size_t max)
{
	size_t len = 0, all = roll_size(max);
	while (len < all) {
		size_t n = 1 + roll_size(all - len);
		n = n < all - len ? n : all - len;
		uint32_t kind = roll(5), sides = 1 + roll(255);
		size_t back = len ? 1 + roll((uint32_t)(len < 40000 ? len : 40000)) : 0;
		for (size_t i = 0; i < n; i++) {
			uint8_t c = kind == 0   ? (uint8_t) "ACGT"[roll(4)]
				    : kind == 1 ? (uint8_t)roll(sides)
				    : kind == 2 ? (uint8_t)sides
				    : kind == 3 ? (uint8_t)("@FFFF:,#\n+"[roll(10)])
						: 0;
			if (kind == 4 && back <= len)
				c = text[len - back];
			text[len++] = c;
		}
	}
	return len;
}

/* By zlib, with flushes of all kinds in between. */
static size_t by_zlib(const uint8_t *text, size_t len, uint8_t *out, size_t cap, trial *t)
{
	static const int flush[] = { Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH,
				     Z_BLOCK };
	z_stream z = { 0 };
	if (deflateInit2(&z, (int)roll(10), Z_DEFLATED, -9 - (int)roll(7), 1 + (int)roll(9),
			 (int)roll(5)) != Z_OK)
		abort();
	if (t->window_len && deflateSetDictionary(&z, t->window, (uInt)t->window_len) != Z_OK)
		abort();
	z.next_out = out;
	z.avail_out = (uInt)cap;
	while (z.total_in < len) {
		size_t left = len - z.total_in, n = 1 + roll_size(left);
		z.next_in = (Bytef *)(uintptr_t)text + z.total_in;
		z.avail_in = (uInt)(n < left ? n : left);
		if (deflate(&z, flush[roll(5)]) != Z_OK || z.avail_in)
			abort();
	}
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	size_t got = z.total_out;
	deflateEnd(&z);
	return got;
}

static size_t by_libdeflate(const uint8_t *text, size_t len, uint8_t *out, size_t cap)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor((int)roll(13));
	size_t got = libdeflate_deflate_compress(c, text, len, out, cap);
	libdeflate_free_compressor(c);
	return got;
}

static void damage(uint8_t *data, size_t len)
{
	for (uint32_t n = 1 + roll(3); len && n; n--) {
		size_t early = roll(2) ? len : (len < 80 ? len : 80);
		data[roll((uint32_t)early)] ^= (uint8_t)(1u << roll(8));
	}
}

/* Moves the stream up by t->bit bits. */
static size_t shift(uint8_t *data, size_t len, unsigned bit)
{
	unsigned low = roll(256) & ((1u << bit) - 1), carry = low;
	for (size_t i = 0; i < len; i++) {
		unsigned v = (unsigned)data[i] << bit | carry;
		data[i] = (uint8_t)v;
		carry = v >> 8;
	}
	data[len] = (uint8_t)carry;
	return len + (bit > 0);
}

static void one_random(uint8_t *text, uint8_t *out, uint8_t *window)
{
	trial t = { .in = out, .window = window };
	t.piece = roll(3) ? 1 + roll_size(70000) : (size_t)1 << 20;
	t.room = roll(3) ? 1 + roll_size(70000) : (size_t)1 << 20;
	t.kernel = roll(2);
	t.border = roll(2);
	t.stop = roll(2) ? 1 + roll(6) : 0;
	size_t cap = 3 * MAX_TEXT + 70000;
	if (roll(4) == 0)
		t.window_len = make_text(window, 32768);
	size_t len = make_text(text, MAX_TEXT);
	/* Pieces of a byte or two are slow. */
	if ((t.piece < 4 || t.room < 4) && len > 20000)
		len = 20000;
	t.in_len = t.window_len || roll(2) ? by_zlib(text, len, out, cap, &t)
					   : by_libdeflate(text, len, out, cap);
	if (roll(3) == 0)
		damage(out, t.in_len);
	if (roll(8) == 0)
		t.in_len = roll((uint32_t)t.in_len + 1);
	t.bit = roll(2) ? roll(8) : 0;
	t.in_len = shift(out, t.in_len, t.bit);
	t.max = roll(8) ? 4 * MAX_TEXT : roll((uint32_t)len + 1);
	trial_run(&t);
}

static void random_streams(unsigned long count, unsigned long seed)
{
	uint8_t *text = malloc(MAX_TEXT), *out = malloc(4 * MAX_TEXT + 70000);
	uint8_t *window = malloc(32768);
	if (!text || !out || !window)
		abort();
	printf("TAP version 13\n1..1\n");
	for (unsigned long i = 0; i < count; i++) {
		dice = seed + i;
		fprintf(stderr, "\rstream %lu", seed + i);
		one_random(text, out, window);
	}
	fprintf(stderr, "\n");
	printf("ok - %lu random streams\n", count);
	free(text);
	free(out);
	free(window);
}

/* Behind the header of a gzip file with a name at most. */
static size_t header_of(const uint8_t *data, size_t len)
{
	size_t at = 10;
	if (len < 18 || data[0] != 0x1f || (data[3] & ~8) != 0)
		return len;
	while ((data[3] & 8) && at < len && data[at++]) {
	}
	return at;
}

static void check_file(const char *path)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 31, 64, (size_t)1 << 20 };
	static uint8_t data[(size_t)4 << 20];
	FILE *file = fopen(path, "rb");
	size_t len = file ? fread(data, 1, sizeof data, file) : 0;
	size_t head = header_of(data, len);
	if (!file || head == len) {
		fprintf(stderr, "%s: no gzip file\n", path);
		exit(1);
	}
	fclose(file);
	for (size_t i = 0; i < 7; i++) {
		trial t = { .in = data + head, .in_len = len - head, .max = (size_t)4 << 20 };
		t.piece = sizes[i];
		t.room = sizes[i * 3 % 7] * 100;
		t.kernel = i & 1;
		t.stop = i * 5;
		/* A byte or two at a time take long; the rest of the stream is cut off then. */
		if (t.piece < 7 && t.in_len > 3000)
			t.in_len = 3000;
		trial_run(&t);
	}
	printf("ok - %s\n", path);
}

static void put_length(FILE *file, size_t n)
{
	for (int i = 0; i < 4; i++)
		fputc((int)(n >> 8 * i & 255), file);
}

static void write_streams(const char *folder, unsigned long count)
{
	uint8_t *text = malloc(MAX_TEXT), *out = malloc(4 * MAX_TEXT + 70000);
	if (!text || !out)
		abort();
	for (unsigned long i = 0; i < count; i++) {
		char path[4096];
		trial t = { 0 };
		dice = i + 1;
		size_t len = make_text(text, MAX_TEXT / 4);
		size_t n = i % 2 ? by_zlib(text, len, out, 4 * MAX_TEXT, &t)
				 : by_libdeflate(text, len, out, 4 * MAX_TEXT);
		snprintf(path, sizeof path, "%s/%lu", folder, i);
		FILE *file = fopen(path, "wb");
		if (!file)
			abort();
		put_length(file, len);
		put_length(file, n);
		if (fwrite(text, 1, len, file) != len || fwrite(out, 1, n, file) != n ||
		    fclose(file) != 0)
			abort();
	}
	free(text);
	free(out);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 64;
	if (argc == 4 && strcmp(argv[1], "write") == 0) {
		write_streams(argv[2], strtoul(argv[3], NULL, 10));
		return 0;
	}
	if (isdigit((unsigned char)argv[1][0])) {
		random_streams(strtoul(argv[1], NULL, 10),
			       argc > 2 ? strtoul(argv[2], NULL, 10) : 1);
		return 0;
	}
	printf("TAP version 13\n1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++)
		check_file(argv[i]);
	return 0;
}
