/* inflate_marks.c - text whose window is not known, in cells of 16 bits: those that came from the
 * window say from where. */
#include "formats/inflate_core.h"

#define CELL       uint16_t
#define SINK       dp__sink16
#define FAST       marks
#define GO_ON      go_on
#define ONE_BY_ONE one_by_one
#define OWN_BITS   own_bits
#define SYMBOLS    walk_symbols
#define STORED     walk_stored
#define WALK       walk
#include "formats/inflate_walk.h"

dp_code dp__inflate_marks(dp__inflate *self, const dp__point *point, dp__marks *marks,
			  dp_error *err)
{
	dp__inflate_io io = { .in = marks->in, .in_len = marks->in_len };
	dp_code rc = dp__inflate_seek(self, point, err);
	marks->got = 0;
	if (rc != DP_OK)
		return rc;
	for (size_t j = 0; j < marks->window; j++)
		marks->cell[j] = (uint16_t)(256 + j);
	uint16_t *text = marks->cell + marks->window;
	dp__sink16 sink = { marks->cell, text, text + DP__WINDOW + DP__OUT_SLACK, true };
	dp__bits bits = dp__inflate_input(self, io.in, io.in_len);
	dp__stop stop = walk(self, &bits, &sink, false);
	rc = dp__inflate_stopped(self, &bits, stop, &io, err);
	marks->got = (size_t)(sink.out - text);
	marks->end = io.end;
	return rc;
}
