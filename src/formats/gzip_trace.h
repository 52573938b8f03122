/* gzip_trace.h - what a gzip decoder remembers so that a point can be made where it stands, and
 * packed later. */
#ifndef DP_FORMATS_GZIP_TRACE_H
#define DP_FORMATS_GZIP_TRACE_H

#include "core/base/bytes.h"
#include "formats/framing.h"
#include "formats/inflate.h"

typedef struct dp__trace dp__trace;

dp_code dp__trace_open(dp__trace **out, dp_error *err);
void dp__trace_free(dp__trace *trace);
/* A deflate stream begins: what came before is out of reach. */
void dp__trace_begin(dp__trace *trace);
/* One run of the decoder: what it used and gave. */
dp_code dp__trace_run(dp__trace *trace, const dp__inflate_io *io, dp_error *err);
/* The stream is over. */
void dp__trace_end(dp__trace *trace);
/* Marks a member's first byte, or the point that the decoder gives; off: where its used input ends.
 */
void dp__trace_mark_member(dp__trace *trace);
void dp__trace_mark_point(dp__trace *trace, const dp__inflate *inflate, uint64_t off,
			  dp__mark *mark);
/* Appends the state of the last mark. */
dp_code dp__trace_state(dp__trace *trace, dp__buf *out, dp_error *err);

/* A state, read back. */
typedef struct dp__gzip_state {
	bool member; /* at a member's first byte: the rest is unused */
	dp__point point;
	uint8_t window[DP__WINDOW];
	size_t window_len;
} dp__gzip_state;
dp_code dp__gzip_state_read(dp__gzip_state *out, const uint8_t *state, size_t len, dp_error *err);

#endif
