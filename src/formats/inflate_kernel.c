/*
 * inflate_kernel.c - the tables and the fast loop, compiled for one kind of processor.
 *
 * The build compiles this file once for each: KERNEL is the name, and flags say what the processor
 * can do.
 */
#include "formats/cpu.h"
#include "formats/inflate_copy.h"
#include "formats/inflate_tables.h"

#define CELL uint8_t
#define SINK dp__sink8
#define LOOP text_loop
#define PUT  put_text
#define COPY copy_text
#include "formats/inflate_loop.h"
#undef CELL
#undef SINK
#undef LOOP
#undef PUT
#undef COPY

#define CELL uint16_t
#define SINK dp__sink16
#define LOOP marks_loop
#define PUT  put_marks
#define COPY copy_marks
#include "formats/inflate_loop.h"

static dp__stop text_of(const dp__inflate *self, dp__bits *bits, dp__sink8 *sink)
{
	bool wide = self->lit_bits == DP__LIT_WIDE;
	const uint32_t *lit = self->lit;
	if (sink->out - sink->base < DP__WINDOW)
		return wide ? text_loop(lit, bits, sink, DP__LIT_WIDE, true)
			    : text_loop(lit, bits, sink, DP__LIT_NARROW, true);
	return wide ? text_loop(lit, bits, sink, DP__LIT_WIDE, false)
		    : text_loop(lit, bits, sink, DP__LIT_NARROW, false);
}

static dp__stop marks_of(const dp__inflate *self, dp__bits *bits, dp__sink16 *sink)
{
	return marks_loop(self->lit, bits, sink, self->lit_bits, true);
}

const dp__kernel DP__OF_KIND(dp__kernel) = {
	.tables = make_tables,
	.text = text_of,
	.marks = marks_of,
};
