/*
 * replay.c - decodes streams whose text is known, on a processor that has no zlib: replay FILE...
 *
 * A file has, as "streams write" made them, the lengths of text and stream (each 4 bytes, the
 * lowest first), text, stream.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/fastq.h"
#include "formats/inflate.h"
#include "fuzz/check.h"

typedef struct pair {
	uint8_t *text, *stream;
	size_t text_len, stream_len;
} pair;

static size_t read_length(FILE *file)
{
	uint8_t b[4];
	CHECK(fread(b, 1, 4, file) == 4);
	return b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
}

static uint8_t *read_bytes(FILE *file, size_t n)
{
	uint8_t *bytes = malloc(n ? n : 1);
	CHECK(bytes && fread(bytes, 1, n, file) == n);
	return bytes;
}

static pair read_pair(const char *path)
{
	pair p;
	FILE *file = fopen(path, "rb");
	CHECK(file);
	p.text_len = read_length(file);
	p.stream_len = read_length(file);
	p.text = read_bytes(file, p.text_len);
	p.stream = read_bytes(file, p.stream_len);
	fclose(file);
	return p;
}

/* From where it stands, by marks and by the window. */
static void begin_anew(const dp__inflate *at, const pair *p, size_t used, size_t got)
{
	static dp__marks marks;
	dp__point point;
	uint64_t stored, back;
	dp__inflate *again = NULL;
	dp__inflate_point(at, &point, &stored, &back);
	size_t from = got - (size_t)back, window = from < DP__WINDOW ? from : DP__WINDOW;
	const uint8_t *last = p->text + (from - window);
	CHECK(dp__inflate_open(&again, NULL) == DP_OK);
	marks.in = p->stream + (used - stored);
	marks.in_len = p->stream_len - (used - (size_t)stored);
	marks.window = window;
	CHECK(dp__inflate_marks(again, &point, &marks, NULL) == DP_OK);
	for (size_t i = 0; i < marks.got; i++) {
		uint16_t cell = marks.cell[window + i];
		CHECK((cell < 256 ? cell : last[cell - 256]) == p->text[from + i]);
	}
	dp__inflate_io io = { .in = marks.in, .in_len = marks.in_len };
	io.cap = p->text_len - from + 1;
	io.out = malloc(io.cap);
	CHECK(io.out && dp__inflate_resume(again, &point, last, window, NULL) == DP_OK);
	CHECK(dp__inflate_run(again, &io, NULL) == DP_OK && io.end == DP__INFLATE_END);
	CHECK(io.got == io.cap - 1 && memcmp(io.out, p->text + from, io.got) == 0);
	free(io.out);
	dp__inflate_free(again);
}

/* Decodes all in pieces, and begins anew at the stop of this number. */
static void decode(const pair *p, size_t piece, size_t room, size_t stop)
{
	dp__inflate *inflate = NULL;
	dp__inflate_io io = { .end = DP__INFLATE_INPUT };
	size_t used = 0, got = 0;
	CHECK(dp__inflate_open(&inflate, NULL) == DP_OK);
	uint8_t *out = malloc(p->text_len + 1);
	CHECK(out);
	for (size_t n = 1; io.end != DP__INFLATE_END; n++) {
		size_t left = p->stream_len - used, space = p->text_len + 1 - got;
		io = (dp__inflate_io){ .in = p->stream + used, .out = out + got };
		io.in_len = left < piece ? left : piece;
		io.cap = space < room ? space : room;
		CHECK(dp__inflate_run(inflate, &io, NULL) == DP_OK);
		used += io.used;
		got += io.got;
		if (n == stop && io.end != DP__INFLATE_END)
			begin_anew(inflate, p, used, got);
	}
	CHECK(used == p->stream_len && got == p->text_len);
	CHECK(got == 0 || memcmp(out, p->text, got) == 0);
	free(out);
	dp__inflate_free(inflate);
}

/* Reads that are passed at once are those that are passed one by one. */
static void check_reads(const pair *p)
{
	dp_text text = { p->text, p->text_len, false };
	dp_records all = { 0 }, one = { 0 };
	dp__fastq_quick_base(&text, UINT64_MAX, 1, &all);
	for (uint64_t before = 1; before != one.nrec;) {
		before = one.nrec;
		dp__fastq_quick_base(&text, before + 1, 1, &one);
	}
	CHECK(all.nrec == one.nrec && all.used == one.used);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 31, 64, 1000, (size_t)1 << 20 };
	for (int i = 1; i < argc; i++) {
		pair p = read_pair(argv[i]);
		for (size_t k = 0; k < 8; k++)
			decode(&p, sizes[k], sizes[(k * 3 + (size_t)i) % 8] * 5, k * 3);
		check_reads(&p);
		free(p.text);
		free(p.stream);
	}
	printf("%d passed, 0 failed\n", argc - 1);
	return argc > 1 ? 0 : 1;
}
