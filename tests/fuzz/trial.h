/* trial.h - one deflate stream through the decoder in pieces, beside the oracle. */
#ifndef DP_TESTS_TRIAL_H
#define DP_TESTS_TRIAL_H

#include <stdbool.h>

#include "fuzz/oracle.h"

typedef struct trial {
	const uint8_t *in;
	size_t in_len;
	size_t piece, room; /* bytes of input and of text that are given at a time */
	size_t max;         /* no more text than this is decoded */
	unsigned kernel;    /* which of those that there are; more count from the first again */
	unsigned bit;
	const uint8_t *window;
	size_t window_len;
	size_t stop; /* at the stop of this number, decoding also begins anew; 0 = never */
	bool border;
} trial;

/*
 * Decodes it in pieces that lie alone in memory, so that a sanitizer sees each byte too far, and
 * compares all with zlib: the text, how it ends and where. Calls abort() with a line to stderr if
 * something differs.
 */
void trial_run(const trial *t);

#endif
