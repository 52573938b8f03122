/* lender.h - an object whose stored bytes come in pieces. */
#ifndef DP_TESTS_LENDER_H
#define DP_TESTS_LENDER_H

#include "formats/framing.h"

typedef struct lender {
	const uint8_t *data; /* what is still to come */
	size_t len, piece;
	uint8_t *copy; /* NULL at the begin; free() it at the end */
} lender;

/*
 * Lends each piece in memory of its own until the next, so that a sanitizer sees each byte too far.
 * off: where data lies in the object.
 */
dp__stored lender_stored(lender *l, uint64_t off);

#endif
