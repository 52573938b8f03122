/*
 * fuzz_inflate.c - fuzzes the decoder beside zlib. The last bytes of an input say in which pieces
 * the rest, a deflate stream, comes.
 */
#include <string.h>

#include "formats/inflate_core.h"
#include "fuzz/fuzz.h"
#include "fuzz/trial.h"

#define HOW 6
#define MAX ((size_t)1 << 18)

/* 1 to some 64 KiB: small sizes are as likely as large ones. */
static size_t size_of(uint8_t c)
{
	return c < 64 ? c + 1u : (size_t)1 << (c & 15) << 2 | (c >> 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t window[DP__WINDOW];
	if (size < HOW)
		return 0;
	const uint8_t *how = data + (size - HOW);
	for (size_t i = 0; i < sizeof window; i++)
		window[i] = (uint8_t)(i * 7 ^ i >> 5);
	trial t = { .in = data,
		    .in_len = size - HOW,
		    .piece = size_of(how[0]),
		    .room = size_of(how[1]),
		    .max = MAX,
		    .kernel = how[2] & 1,
		    .bit = how[2] >> 1 & 7,
		    .border = how[2] >> 4 & 1,
		    .stop = how[3] };
	if (how[4])
		t.window_len = (size_t)how[4] << 7 | (how[5] & 127);
	if (how[2] >> 5 & 1)
		t.max = size_of(how[5]);
	t.window = window;
	trial_run(&t);
	return 0;
}
