/* slices.c - lists of slices as token lines, and back. */
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/engine/slice.h"

/* A slice whose every use returns err. */
static dp_code add_bad(dp_slices *slices, const char *token, size_t len, const dp_error *why,
		       dp_error *err)
{
	dp_slice *slice = dp__slice_new(NULL);
	if (slice) {
		slice->text = dp__strndup(token, len);
		slice->bad = malloc(sizeof *slice->bad);
	}
	if (!slice || !slice->text || !slice->bad) {
		dp_slice_free(slice);
		return dp_fail(err, DP_ENOMEM, "no memory for a slice");
	}
	*slice->bad = *why;
	return dp__slices_add(slices, slice, err);
}

static dp_code add_token(dp_slices *slices, dp_session *session, const char *token, size_t len,
			 dp_error *err)
{
	dp_slice *slice = NULL;
	dp_error why = { 0 };
	dp_code rc = dp_slice_load(&slice, session, token, len, &why);
	if (rc == DP_OK)
		return dp__slices_add(slices, slice, err);
	if (rc == DP_ENOMEM)
		return dp_fail(err, rc, "%s", why.msg);
	return add_bad(slices, token, len, &why, err);
}

dp_code dp_slices_load(dp_slices **out, dp_session *session, const char *lines, size_t len,
		       dp_error *err)
{
	dp_code rc = DP_OK;
	dp_slices *slices = calloc(1, sizeof *slices);
	if (!slices)
		return dp_fail(err, DP_ENOMEM, "no memory for slices");
	for (const char *p = lines, *end = lines + len; p < end && rc == DP_OK;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((stop ? stop : end) - p);
		rc = add_token(slices, session, p, n, err);
		p += n + 1;
	}
	if (rc == DP_OK)
		*out = slices;
	else
		dp_slices_free(slices);
	return rc;
}

dp_code dp_slices_save(const dp_slices *slices, dp_write_fn write, void *user, dp_error *err)
{
	dp__buf token = dp__buf_of(DP__MAX_TOKEN + 1);
	dp_code rc = DP_OK;
	for (size_t i = 0; rc == DP_OK && i < slices->n; i++) {
		token.len = 0;
		rc = dp__token_write(&token, slices->at[i], err);
		if (rc == DP_OK)
			rc = dp__buf_printf(&token, err, "\n");
		if (rc == DP_OK)
			rc = write(user, token.data, token.len, err);
	}
	dp__buf_fini(&token);
	return rc;
}
