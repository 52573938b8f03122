/* clock.h - the time that only goes forward. Inline, so that the tools have it too: the library
 * hides its own functions from them. */
#ifndef DP_BASE_CLOCK_H
#define DP_BASE_CLOCK_H

#include <time.h>

/* Seconds on CLOCK_MONOTONIC. */
static inline double dp__now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#endif
