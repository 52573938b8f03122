/* lender.c - an object whose stored bytes come in pieces. */
#include <string.h>

#include "fuzz/check.h"
#include "fuzz/lender.h"

static dp_code lend(void *user, const uint8_t **out, size_t *len, dp_error *err)
{
	lender *l = user;
	(void)err;
	*len = l->len < l->piece ? l->len : l->piece;
	free(l->copy);
	l->copy = malloc(*len ? *len : 1);
	CHECK(l->copy);
	if (*len) {
		memcpy(l->copy, l->data, *len);
		l->data += *len;
		l->len -= *len;
	}
	*out = l->copy;
	return DP_OK;
}

dp__stored lender_stored(lender *l, uint64_t off)
{
	return (dp__stored){ .more = lend, .user = l, .off = off };
}
