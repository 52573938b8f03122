/* buf.c - a growing byte buffer that knows its limit. */
#include "core/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

/* Makes cap at least need, doubling so that many small appends stay cheap. */
static dp_code grow_to(dp__buf *buf, size_t need, dp_error *err)
{
	size_t cap = buf->cap > FIRST_CAP / 2 ? buf->cap : FIRST_CAP / 2;
	uint8_t *data;

	if (need <= buf->cap)
		return DP_OK;
	cap = cap > buf->max / 2 ? buf->max : cap * 2;
	if (cap < need)
		cap = need;
	data = realloc(buf->data, cap);
	if (data == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu bytes", cap);
	buf->data = data;
	buf->cap = cap;
	return DP_OK;
}

static dp_code check_limit(const dp__buf *buf, size_t more, dp_error *err)
{
	if (more > buf->max - buf->len)
		return dp_fail(err, DP_ENOMEM, "%zu bytes and %zu more pass the limit of %zu",
			       buf->len, more, buf->max);
	return DP_OK;
}

void dp__buf_fini(dp__buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->len = buf->cap = 0;
}

dp_code dp__buf_reserve(dp__buf *buf, size_t more, dp_error *err)
{
	dp_code code = check_limit(buf, more, err);

	return code == DP_OK ? grow_to(buf, buf->len + more, err) : code;
}

dp_code dp__buf_add(dp__buf *buf, const void *data, size_t len, dp_error *err)
{
	dp_code code = dp__buf_reserve(buf, len, err);

	if (code != DP_OK || len == 0)
		return code;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	return DP_OK;
}

dp_code dp__buf_printf(dp__buf *buf, dp_error *err, const char *fmt, ...)
{
	va_list args, again;
	dp_code code;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	if (len < 0)
		code = dp_fail(err, DP_EINVAL, "text that cannot be formatted");
	else
		code = check_limit(buf, (size_t)len, err);
	if (code == DP_OK)
		code = grow_to(buf, buf->len + (size_t)len + 1, err);
	if (code == DP_OK) {
		vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
	return code;
}

dp_code dp__buf_write(void *user, const void *data, size_t len, dp_error *err)
{
	return dp__buf_add(user, data, len, err);
}

dp_code dp__buf_close(dp__buf *buf, dp_error *err)
{
	/* The zero byte is not content, so it may stand behind a full buffer. */
	dp_code code = grow_to(buf, buf->len + 1, err);

	if (code == DP_OK)
		buf->data[buf->len] = 0;
	return code;
}

dp_code dp__buf_take(char **out, dp__buf *buf, dp_error *err)
{
	dp_code code = dp__buf_close(buf, err);

	if (code != DP_OK)
		return code;
	*out = (char *)buf->data;
	*buf = dp__buf_of(buf->max);
	return DP_OK;
}
