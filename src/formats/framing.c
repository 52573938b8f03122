/* framing.c - the list of framings. */
#include <inttypes.h>

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

void dp__notes_warn(const dp__notes *notes, dp_scan *scan)
{
	if (notes->others)
		dp_scan_warn(scan, "%" PRIu64 " bytes that are not gzip follow the last member",
			     notes->others);
	if (notes->lies)
		dp_scan_warn(scan,
			     "%" PRIu64 " BGZF blocks are not as long as they say, the first at "
			     "stored byte %" PRIu64 "; they were read as gzip",
			     notes->lies, notes->lie);
	if (notes->no_eof && !notes->cut)
		dp_scan_warn(scan, "the block that ends a BGZF file is missing");
}
