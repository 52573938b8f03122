/* exit.h - how commands end: exit codes, and the one line of an error. */
#ifndef TOOLS_EXIT_H
#define TOOLS_EXIT_H

#include "dataplug/base.h"

/* After sysexits.h, where it has a name for it. */
enum {
	EXIT_FINE = 0,
	EXIT_SOME = 1, /* some slices of a map failed */
	EXIT_USAGE = 64,
	EXIT_DATA = 65,
	EXIT_NONE = 66, /* no such object or index */
	EXIT_UNSUPPORTED = 69,
	EXIT_MEMORY = 71,
	EXIT_WRITE = 73,
	EXIT_IO = 74,
	EXIT_TRANSIENT = 75,
	EXIT_DENIED = 77,
	EXIT_STALE = 78,
	EXIT_CANCELED = 130
};

/*
 * Prints "dataplug: OBJECT: what and where" (object may be NULL) unless code is DP_OK, and gives
 * the exit code. A command that was stopped says so instead, once.
 */
int exit_report(const char *object, dp_code code, const dp_error *err);
/* Prints "dataplug: OBJECT: " and the text on one line of stderr. */
void exit_say(const char *object, const char *fmt, ...) DP_PRINTF(2, 3);
/* exit_report() of a wrong command line: 64. */
int exit_usage(const char *object, const char *fmt, ...) DP_PRINTF(2, 3);

#endif
