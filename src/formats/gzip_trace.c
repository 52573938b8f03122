/* gzip_trace.c - the last input of a gzip decoder, and the points that are made of it. */
#include <stdlib.h>
#include <string.h>

#include "formats/gzip_trace.h"
#include "formats/window.h"

/* A point lies at most a block header before the end of the input. */
#define STORED_KEPT 1024
/* More input than this for 32 KiB of text is all empty blocks. */
#define AHEAD_MAX ((size_t)128 << 10)
/* In place of a point's bit: the state of a member's first byte. */
#define AT_MEMBER 8

struct dp__trace {
	uint8_t stored[STORED_KEPT];
	size_t stored_len;
	/* The last mark. */
	bool member;
	dp__point point;
	uint8_t window[DP__WINDOW];
	size_t window_len;
	dp__buf ahead;       /* the input from the point on */
	uint64_t text_ahead; /* text that it decodes to */
	bool ahead_done;
	dp__packer *packer;
};

dp_code dp__trace_open(dp__trace **out, dp_error *err)
{
	dp__trace *trace = calloc(1, sizeof *trace);
	if (!trace)
		return dp_fail(err, DP_ENOMEM, "no memory for access points");
	trace->member = true;
	trace->ahead_done = true;
	trace->ahead = dp__buf_of(AHEAD_MAX);
	*out = trace;
	return DP_OK;
}

void dp__trace_free(dp__trace *trace)
{
	if (!trace)
		return;
	dp__buf_fini(&trace->ahead);
	dp__packer_free(trace->packer);
	free(trace);
}

void dp__trace_begin(dp__trace *trace)
{
	trace->stored_len = 0;
}

/* Appends to the stored bytes that are kept; the oldest go. */
static void keep_last(dp__trace *trace, const uint8_t *add, size_t n)
{
	if (n >= STORED_KEPT) {
		memcpy(trace->stored, add + (n - STORED_KEPT), STORED_KEPT);
		trace->stored_len = STORED_KEPT;
		return;
	}
	size_t room = STORED_KEPT - n, stay = trace->stored_len < room ? trace->stored_len : room;
	memmove(trace->stored, trace->stored + (trace->stored_len - stay), stay);
	if (n)
		memcpy(trace->stored + stay, add, n);
	trace->stored_len = stay + n;
}

dp_code dp__trace_run(dp__trace *trace, const dp__inflate_io *io, dp_error *err)
{
	keep_last(trace, io->in, io->used);
	if (trace->ahead_done)
		return DP_OK;
	size_t room = AHEAD_MAX - trace->ahead.len;
	dp_code rc = dp__buf_add(&trace->ahead, io->in, io->used < room ? io->used : room, err);
	trace->text_ahead += io->got;
	trace->ahead_done = trace->text_ahead >= DP__WINDOW || trace->ahead.len == AHEAD_MAX;
	return rc;
}

void dp__trace_end(dp__trace *trace)
{
	trace->ahead_done = true;
}

void dp__trace_mark_member(dp__trace *trace)
{
	trace->member = true;
	trace->ahead_done = true;
}

void dp__trace_mark_point(dp__trace *trace, const dp__inflate *inflate, uint64_t off,
			  dp__mark *mark)
{
	uint64_t stored;
	dp__inflate_point(inflate, &trace->point, &stored, &mark->back);
	mark->off = off - stored;
	trace->member = false;
	size_t len;
	const uint8_t *text = dp__inflate_text(inflate, &len);
	size_t before = len - (size_t)mark->back;
	trace->window_len = before < DP__WINDOW ? before : DP__WINDOW;
	memcpy(trace->window, text + (before - trace->window_len), trace->window_len);
	trace->ahead.len = 0;
	trace->text_ahead = mark->back;
	/* It fits: the buffer's limit is far larger. Without memory the window stays whole. */
	trace->ahead_done = dp__buf_add(&trace->ahead, trace->stored + (trace->stored_len - stored),
					(size_t)stored, NULL) != DP_OK;
}

dp_code dp__trace_state(dp__trace *trace, dp__buf *out, dp_error *err)
{
	if (trace->member)
		return dp__put_varint(out, AT_MEMBER, err);
	const dp__point *point = &trace->point;
	dp__window window = { point, trace->window, trace->window_len, trace->ahead.data,
			      trace->ahead.len };
	dp_code rc = DP_OK;
	if (!trace->packer)
		rc = dp__packer_open(&trace->packer, err);
	if (rc == DP_OK)
		rc = dp__put_varint(out, point->bit, err);
	if (rc == DP_OK)
		rc = dp__put_varint(out, point->header_bits, err);
	if (rc == DP_OK)
		rc = dp__buf_add(out, point->header, (point->header_bits + 7) / 8, err);
	return rc == DP_OK ? dp__window_pack(trace->packer, &window, out, err) : rc;
}

dp_code dp__gzip_state_read(dp__gzip_state *out, const uint8_t *state, size_t len, dp_error *err)
{
	dp__cur cur = dp__cur_of(state, len);
	uint64_t bit = dp__cur_varint(&cur);
	out->member = bit == AT_MEMBER;
	if (!cur.bad && out->member)
		return DP_OK;
	uint64_t bits = dp__cur_varint(&cur);
	if (cur.bad || bit > 7 || bits > sizeof out->point.header * 8)
		return dp_fail(err, DP_EFORMAT, "a damaged access point");
	const uint8_t *header = dp__cur_bytes(&cur, (bits + 7) / 8);
	if (!header)
		return dp_fail(err, DP_EFORMAT, "a damaged access point");
	out->point = (dp__point){ .bit = (unsigned)bit, .header_bits = (unsigned)bits };
	memcpy(out->point.header, header, (bits + 7) / 8);
	return dp__window_unpack(&cur, out->window, &out->window_len, err);
}
