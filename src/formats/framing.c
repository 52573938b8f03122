/* framing.c - the list of framings. */
#include "formats/framing.h"

const dp__framing *const dp__framings[] = { &dp__gzip, &dp__plain, NULL };

const dp__framing *dp__framing_of(uint32_t tag)
{
	for (size_t i = 0; dp__framings[i]; i++) {
		if (dp__framings[i]->tag == tag)
			return dp__framings[i];
	}
	return NULL;
}

const dp__framing *dp__framing_probe(const uint8_t *head, size_t len)
{
	for (size_t i = 0; dp__framings[i]; i++) {
		if (dp__framings[i]->probe(head, len))
			return dp__framings[i];
	}
	return &dp__plain;
}

dp_code dp__lend_once(void *user, const uint8_t **bytes, size_t *len, dp_error *err)
{
	dp__once *once = user;
	(void)err;
	*bytes = once->bytes;
	*len = once->len;
	once->len = 0;
	return DP_OK;
}
