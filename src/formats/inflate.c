/*
 * inflate.c - the decoder behind inflate.h: pieces of input and of text, and the points between.
 *
 * Matches reach 32 KiB back. The first of a piece, somewhat more than that, is decoded behind the
 * held text and copied out; what follows in the same piece is decoded in place.
 */
#include <stdlib.h>

#include "formats/inflate_core.h"

#define CELL       uint8_t
#define SINK       dp__sink8
#define FAST       text
#define GO_ON      go_on
#define ONE_BY_ONE one_by_one
#define OWN_BITS   own_bits
#define SYMBOLS    walk_symbols
#define STORED     walk_stored
#define WALK       walk
#include "formats/inflate_walk.h"

/* A stored block's header (RFC 1951 3.2.4): three bits, padding, LEN, NLEN. */
#define STORED_BITS 40

/* ---- input ---- */

dp__bits dp__inflate_input(dp__inflate *self, const uint8_t *in, size_t len)
{
	static const uint8_t none[1] = { 0 };
	dp__bits bits = { .hold = self->hold, .n = self->n };
	bits.begin = bits.in = len ? in : none;
	bits.end = bits.begin + len;
	if (self->skip && len) {
		bits.hold = (uint64_t)*bits.in++ >> self->skip;
		bits.n = 8 - self->skip;
		self->skip = 0;
	}
	return bits;
}

static const char *why_of(dp__stop stop)
{
	switch (stop) {
	case DP__STOP_BAD_SYMBOL:
		return "bits that are no symbol";
	case DP__STOP_BAD_DISTANCE:
		return "bits that are no distance";
	default:
		return "a distance that reaches before the first byte";
	}
}

dp_code dp__inflate_stopped(dp__inflate *self, dp__bits *bits, dp__stop stop, dp__inflate_io *io,
			    dp_error *err)
{
	size_t taken = (size_t)(bits->in - bits->begin);
	if (stop == DP__STOP_INPUT) {
		io->end = DP__INFLATE_INPUT;
	} else {
		/* Whole bytes that were not needed go back; those of former pieces cannot be whole
		 * ones. */
		size_t back = bits->n / 8 < taken ? bits->n / 8 : taken;
		taken -= back;
		bits->n -= 8 * (unsigned)back;
		bits->hold &= ((uint64_t)1 << bits->n) - 1;
		io->end = DP__INFLATE_OUTPUT;
	}
	io->used = taken;
	self->hold = bits->hold;
	self->n = bits->n;
	if (stop == DP__STOP_BLOCK)
		io->end = self->place == DP__AT_END ? DP__INFLATE_END : DP__INFLATE_BORDER;
	if (stop <= DP__STOP_BLOCK)
		return DP_OK;
	self->place = DP__BROKEN;
	if (!self->why)
		self->why = why_of(stop);
	return dp_fail(err, DP_EFORMAT, "%s", self->why);
}

/* ---- text ---- */

/* Makes room for n bytes behind the held text. */
static void make_room(dp__inflate *self, size_t n)
{
	if (n <= DP__HELD - self->at)
		return;
	memmove(self->text, self->text + (self->at - self->reach), self->reach);
	self->at = self->reach;
}

/* The begin of a piece, or all of a small one. */
static dp__stop run_held(dp__inflate *self, dp__bits *bits, dp__inflate_io *io)
{
	bool more = io->cap > DP__KEPT + DP__OUT_SLACK;
	size_t cap = more ? DP__KEPT + DP__OUT_SLACK : io->cap;
	make_room(self, cap);
	uint8_t *out = self->text + self->at;
	dp__sink8 sink = { out - self->reach, out, out + cap, more };
	dp__stop stop = walk(self, bits, &sink, io->border);
	io->got = (size_t)(sink.out - out);
	if (io->got)
		memcpy(io->out, out, io->got);
	self->at += io->got;
	self->reach = self->reach + io->got < DP__KEPT ? self->reach + io->got : DP__KEPT;
	return stop;
}

/* Where matches reach no farther than the piece itself: behind that, or at a stream's start. */
static dp__stop run_in_place(dp__inflate *self, dp__bits *bits, dp__inflate_io *io)
{
	dp__sink8 sink = { io->out, io->out + io->got, io->out + io->cap, false };
	dp__stop stop = walk(self, bits, &sink, io->border);
	io->got = (size_t)(sink.out - io->out);
	self->at = self->reach = 0;
	if (self->place != DP__AT_END) {
		self->at = self->reach = io->got < DP__KEPT ? io->got : DP__KEPT;
		memcpy(self->text, sink.out - self->reach, self->reach);
	}
	return stop;
}

dp_code dp__inflate_run(dp__inflate *self, dp__inflate_io *io, dp_error *err)
{
	io->used = 0;
	io->got = 0;
	io->end = DP__INFLATE_END;
	if (self->place == DP__AT_END)
		return DP_OK;
	if (self->place == DP__BROKEN)
		return dp_fail(err, DP_EFORMAT, "%s", self->why);
	dp__bits bits = dp__inflate_input(self, io->in, io->in_len);
	dp__stop stop = DP__STOP_ROOM;
	if (self->reach > 0 || io->cap <= DP__KEPT + DP__OUT_SLACK)
		stop = run_held(self, &bits, io);
	if (stop == DP__STOP_ROOM && io->got < io->cap)
		stop = run_in_place(self, &bits, io);
	return dp__inflate_stopped(self, &bits, stop, io, err);
}

/* ---- where it begins ---- */

dp_code dp__inflate_start(dp__inflate *self, dp_error *err)
{
	(void)err;
	dp__header_start(self);
	self->why = NULL;
	self->hold = 0;
	self->n = 0;
	self->skip = 0;
	self->match_left = 0;
	self->at = 0;
	self->reach = 0;
	return DP_OK;
}

dp_code dp__inflate_seek(dp__inflate *self, const dp__point *point, dp_error *err)
{
	dp__stop stop = DP__STOP_EDGE;
	dp_code rc = dp__inflate_start(self, err);
	if (rc != DP_OK)
		return rc;
	if (point->bit > 7 || point->header_bits > sizeof point->header * 8)
		return dp_fail(err, DP_EFORMAT, "a damaged point");
	if (point->header_bits) {
		dp__bits bits = { .begin = point->header, .in = point->header };
		bits.end = point->header + (point->header_bits + 7) / 8;
		stop = dp__header_read(self, &bits);
	}
	if (stop != DP__STOP_EDGE || self->header_bits != point->header_bits) {
		self->place = DP__BROKEN;
		self->why = "a damaged block header";
		return dp_fail(err, DP_EFORMAT, "%s", self->why);
	}
	self->skip = point->bit;
	return DP_OK;
}

dp_code dp__inflate_resume(dp__inflate *self, const dp__point *point, const uint8_t *window,
			   size_t len, dp_error *err)
{
	dp_code rc = dp__inflate_seek(self, point, err);
	if (rc != DP_OK)
		return rc;
	if (len > DP__WINDOW)
		return dp_fail(err, DP_EFORMAT, "a window of %zu bytes", len);
	if (len)
		memcpy(self->text, window, len);
	self->at = len;
	self->reach = len;
	return DP_OK;
}

void dp__inflate_point(const dp__inflate *self, dp__point *point, uint64_t *stored, uint64_t *back)
{
	/* Bits before the end of the used input; before its first byte there may be some to skip.
	 */
	unsigned before = self->n;
	*back = 0;
	point->header_bits = 0;
	if (self->place == DP__IN_STORED) {
		uint32_t left = self->stored_left;
		uint8_t block[STORED_BITS / 8] = { self->last, (uint8_t)left, (uint8_t)(left >> 8),
						   (uint8_t)~left, (uint8_t)(~left >> 8) };
		memcpy(point->header, block, sizeof block);
		point->header_bits = STORED_BITS;
	} else if (self->place == DP__IN_SYMBOLS) {
		before += self->match_left ? self->match_bits : 0;
		*back = self->match_left ? self->match_done : 0;
		memcpy(point->header, self->header, sizeof point->header);
		point->header_bits = self->header_bits;
	} else {
		before += self->header_bits;
	}
	*stored = (before + 7) / 8;
	point->bit = self->skip ? self->skip : (unsigned)(*stored * 8 - before);
}

const uint8_t *dp__inflate_text(const dp__inflate *self, size_t *len)
{
	*len = self->reach;
	return self->text + (self->at - self->reach);
}

dp_code dp__inflate_open(dp__inflate **out, dp_error *err)
{
	const dp__kernel *kernels[3];
	dp__inflate *self = calloc(1, sizeof *self);
	if (!self)
		return dp_fail(err, DP_ENOMEM, "no memory to inflate");
	dp__kernels(kernels);
	self->kernel = kernels[0];
	self->block_before = DP__LONG_BLOCK + 1;
	*out = self;
	return dp__inflate_start(self, err);
}

void dp__inflate_free(dp__inflate *self)
{
	free(self);
}
