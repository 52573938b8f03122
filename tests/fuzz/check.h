/* check.h - what must hold where no test framework is: else abort(), with a line to stderr. */
#ifndef DP_TESTS_CHECK_H
#define DP_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
