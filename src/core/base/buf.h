/* buf.h - a growing byte buffer that knows its limit. Zeroed is an empty one that cannot grow. */
#ifndef DP_BASE_BUF_H
#define DP_BASE_BUF_H

#include "dataplug/base.h"

typedef struct dp__buf {
	uint8_t *data;
	size_t len, cap, max;
} dp__buf;

/* An empty buffer that never holds more than max bytes. Allocates nothing. */
static inline dp__buf dp__buf_of(size_t max)
{
	return (dp__buf){ .max = max };
}

void dp__buf_fini(dp__buf *buf);
/* Room for more bytes behind len; DP_ENOMEM, also when the limit would be passed. */
dp_code dp__buf_reserve(dp__buf *buf, size_t more, dp_error *err);
dp_code dp__buf_add(dp__buf *buf, const void *data, size_t len, dp_error *err);
/* Appends formatted text, without its zero byte. */
dp_code dp__buf_printf(dp__buf *buf, dp_error *err, const char *fmt, ...) DP_PRINTF(3, 4);
/* A dp_write_fn: user is the dp__buf. */
dp_code dp__buf_write(void *user, const void *data, size_t len, dp_error *err);
/* Puts a zero byte behind the data (not counted in len), so that data is a string. */
dp_code dp__buf_close(dp__buf *buf, dp_error *err);
/*
 * Hands out what the buffer holds as a string, which the caller owns and frees; the buffer is empty
 * then, with the limit that it had. On failure *out and the buffer's content stay as they were, so
 * dp__buf_fini() is right after both.
 */
dp_code dp__buf_take(char **out, dp__buf *buf, dp_error *err);

#endif
