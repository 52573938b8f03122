/*
 * gzi_import.h - the points of another program's index, as those that a scan's units begin at.
 *
 * The scan decodes the object from its start, and marks its own points where the imported ones say
 * that they are. So a unit never rests on what was imported, which is compared: the place in the
 * stored bytes, the offset in the text, and the window.
 */
#ifndef DP_FORMATS_GZI_IMPORT_H
#define DP_FORMATS_GZI_IMPORT_H

#include "dataplug/format.h"
#include "formats/framing.h"

typedef struct dp__import dp__import;

/*
 * Reads what was given with the scan; *out stays NULL if nothing was, and all functions take that.
 * DP_EUNSUPPORTED: the framing has no such points.
 */
dp_code dp__import_open(dp__import **out, dp_scan *scan, const dp__framing *framing, dp_error *err);
void dp__import_free(dp__import *import);
/* Where in the text the next point is; UINT64_MAX: there is none. */
uint64_t dp__import_next(const dp__import *import);
/* Passes over the points before text, unused. */
void dp__import_pass(dp__import *import, uint64_t text);
/*
 * Compares the points that are there in the text with the scan's own at stored byte off, whose
 * state is the framing's, made at once: with its window whole. Passes over them.
 */
dp_code dp__import_take(dp__import *import, uint64_t off, const dp__buf *state, dp_error *err);
/* The next point is where nothing can begin. */
dp_code dp__import_fail(const dp__import *import, dp_error *err);
/*
 * The scan is over, and so much text it was. Where an imported point is not the scan's own to the
 * bit, but behind empty blocks or a member's header, this reads what lies between the two.
 */
dp_code dp__import_end(dp__import *import, uint64_t text, dp_error *err);

#endif
