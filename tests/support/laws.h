/* laws.h - what holds for every format and strategy (docs/units.md): the slices' records are the
 * file's, each once. */
#ifndef DP_TESTS_LAWS_H
#define DP_TESTS_LAWS_H

#include "support/make.h"

/* One object in the mem: store, what its records are, and how it is to be indexed. */
typedef struct law_case {
	const char *name;   /* for messages; the object's key */
	const char *format; /* NULL = probe */
	const char *const *args;
	bytes object;
	bytes records; /* all records, one after the other */
	uint64_t nrec;
} law_case;

/* Checks every law on one case; fails the running test. */
void laws_hold(const law_case *c);

/* Building an index of the case gives this code, and leaves none behind. */
void laws_refuse(const law_case *c, int code);

#endif
