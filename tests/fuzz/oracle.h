/* oracle.h - what zlib makes of a deflate stream. */
#ifndef DP_TESTS_ORACLE_H
#define DP_TESTS_ORACLE_H

#include <stddef.h>
#include <stdint.h>

typedef enum oracle_end {
	ORACLE_WHOLE, /* the stream's end was found, behind `used` bytes */
	ORACLE_CUT,   /* more input is needed */
	ORACLE_FULL,  /* the room was too small */
	ORACLE_BAD
} oracle_end;

typedef struct oracle {
	const uint8_t *in;
	size_t in_len, used;
	unsigned bit; /* so many low bits of the first byte are not the stream's */
	const uint8_t *window;
	size_t window_len;
	uint8_t *text; /* room for cap */
	size_t cap, got;
	oracle_end end;
} oracle;

void oracle_run(oracle *o);

#endif
