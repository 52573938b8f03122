/* evaluate.h - an event of the function comes in, its response goes out; evaluate.c. */
#ifndef EVALUATE_H
#define EVALUATE_H

#include <dataplug/dataplug.h>

/*
 * Runs the event's task on its tokens and gives the response, a text of JSON that the caller frees.
 * Slices that are not done by the time `until` (seconds on CLOCK_MONOTONIC, 0 = no end) come back
 * in it as they were. Fails only where nothing can be said of any slice.
 */
dp_code evaluate_event(dp_session *session, const char *event, size_t len, double until,
		       char **response, dp_error *err);

/* An error as Lambda wants it told, a text of JSON that the caller frees; NULL without memory. */
char *evaluate_error(const dp_error *err);

#endif
