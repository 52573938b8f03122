/* trial.c - one deflate stream through the decoder in pieces, beside the oracle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/inflate_core.h"
#include "fuzz/check.h"
#include "fuzz/trial.h"

/* A copy that ends where its memory ends. */
static uint8_t *copy_of(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	CHECK(copy);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

static void choose_kernel(dp__inflate *inflate, unsigned k)
{
	const dp__kernel *kernels[3];
	size_t n = 0;
	dp__kernels(kernels);
	while (kernels[n])
		n++;
	inflate->kernel = kernels[k % n];
}

typedef struct result {
	uint8_t *text;
	size_t got, used;
	oracle_end end;
} result;

/* One run with pieces in memory of their own. */
static dp_code run_once(dp__inflate *inflate, const trial *t, result *r, dp__inflate_end *end)
{
	size_t left = t->in_len - r->used, room = t->max - r->got;
	size_t in_len = left < t->piece ? left : t->piece;
	size_t cap = room < t->room ? room : t->room;
	uint8_t *in = copy_of(t->in + r->used, in_len), *out = malloc(cap ? cap : 1);
	CHECK(out);
	dp__inflate_io io = { .in = in, .in_len = in_len, .out = out, .cap = cap };
	io.border = t->border;
	dp_code rc = dp__inflate_run(inflate, &io, NULL);
	CHECK(io.used <= in_len && io.got <= cap);
	CHECK(rc != DP_OK || io.end != DP__INFLATE_INPUT || io.used == in_len);
	CHECK(rc != DP_OK || io.end != DP__INFLATE_OUTPUT || io.got == cap);
	CHECK(rc == DP_OK || rc == DP_EFORMAT);
	memcpy(r->text + r->got, out, io.got);
	r->got += io.got;
	r->used += io.used;
	*end = io.end;
	free(in);
	free(out);
	return rc;
}

/* Begins anew at the point where the decoder stands: the marks and the text behind it are the same.
 */
static void begin_anew(const dp__inflate *inflate, const trial *t, const result *r)
{
	dp__point point;
	uint64_t stored, back;
	dp__inflate_point(inflate, &point, &stored, &back);
	CHECK(point.bit < 8 && stored <= r->used && back <= r->got);
	size_t at = r->got - (size_t)back, from = r->used - (size_t)stored;
	size_t all = t->window_len + at, window = all < DP__WINDOW ? all : DP__WINDOW;
	uint8_t *text = malloc(all ? all : 1);
	CHECK(text);
	if (t->window_len)
		memcpy(text, t->window, t->window_len);
	memcpy(text + t->window_len, r->text, at);
	const uint8_t *last = text + (all - window);
	/* The rest of the stream by the decoder, and by zlib from the stream's own begin. */
	oracle whole = { .in = t->in, .in_len = t->in_len, .bit = t->bit, .cap = t->max };
	whole.window = t->window;
	whole.window_len = t->window_len;
	whole.text = malloc(t->max + 1);
	CHECK(whole.text);
	oracle_run(&whole);
	dp__inflate *again = NULL;
	CHECK(dp__inflate_open(&again, NULL) == DP_OK);
	choose_kernel(again, t->kernel);
	CHECK(dp__inflate_resume(again, &point, last, window, NULL) == DP_OK);
	uint8_t *in = copy_of(t->in + from, t->in_len - from), *out = malloc(t->max + 1);
	dp__inflate_io io = { .in = in, .in_len = t->in_len - from, .out = out };
	io.cap = t->max - at;
	dp_code rc = dp__inflate_run(again, &io, NULL);
	CHECK(io.got == whole.got - at && memcmp(out, whole.text + at, io.got) == 0);
	CHECK((rc == DP_EFORMAT) == (whole.end == ORACLE_BAD));
	dp__marks *marks = calloc(1, sizeof *marks);
	CHECK(marks);
	marks->in = in;
	marks->in_len = t->in_len - from;
	marks->window = window;
	rc = dp__inflate_marks(again, &point, marks, NULL);
	size_t n = marks->got < io.got ? marks->got : io.got;
	CHECK(marks->got >= (io.got < DP__WINDOW ? io.got : DP__WINDOW));
	for (size_t i = 0; i < n; i++) {
		uint16_t cell = marks->cell[window + i];
		CHECK((cell < 256 ? cell : last[cell - 256]) == whole.text[at + i]);
	}
	free(marks);
	free(in);
	free(out);
	free(text);
	free(whole.text);
	dp__inflate_free(again);
}

static void decode(const trial *t, result *r)
{
	dp__inflate *inflate = NULL;
	dp__point start = { .bit = t->bit };
	dp__inflate_end end = DP__INFLATE_INPUT;
	CHECK(dp__inflate_open(&inflate, NULL) == DP_OK);
	choose_kernel(inflate, t->kernel);
	if (t->bit || t->window_len)
		CHECK(dp__inflate_resume(inflate, &start, t->window, t->window_len, NULL) == DP_OK);
	r->end = ORACLE_CUT;
	for (size_t n = 1;; n++) {
		dp_code rc = run_once(inflate, t, r, &end);
		if (rc != DP_OK)
			r->end = ORACLE_BAD;
		else if (end == DP__INFLATE_END)
			r->end = ORACLE_WHOLE;
		else if (end == DP__INFLATE_OUTPUT && r->got == t->max)
			r->end = ORACLE_FULL;
		else if (end != DP__INFLATE_INPUT || r->used < t->in_len) {
			if (n == t->stop)
				begin_anew(inflate, t, r);
			continue;
		}
		break;
	}
	dp__inflate_free(inflate);
}

void trial_run(const trial *t)
{
	oracle want = { .in = t->in, .in_len = t->in_len, .bit = t->bit, .cap = t->max };
	result r = { .text = malloc(t->max + 1) };
	want.window = t->window;
	want.window_len = t->window_len;
	want.text = malloc(t->max + 1);
	CHECK(r.text && want.text);
	oracle_run(&want);
	decode(t, &r);
	CHECK(r.got == want.got);
	CHECK(memcmp(r.text, want.text, r.got) == 0);
	/* Where both room and input end, either may be said. */
	if (r.got == t->max && r.end == ORACLE_CUT)
		r.end = ORACLE_FULL;
	CHECK(r.end == want.end);
	CHECK(r.end != ORACLE_WHOLE || r.used == want.used);
	free(r.text);
	free(want.text);
}
