/* http_reply.h - what came back: its headers, and whether it is the answer to what was asked. */
#ifndef DP_IO_HTTP_REPLY_H
#define DP_IO_HTTP_REPLY_H

#include "core/io/http.h"

/* Empties the reply for another attempt; keeps moved and the memory of the body. */
void dp__http_reply_reset(dp__http_reply *reply);
/*
 * Takes one line of the header, with or without its line end. A status line forgets what came
 * before it: interim answers and those of proxies.
 */
void dp__http_reply_line(dp__http_reply *reply, const char *line, size_t len);
/*
 * "bytes 0-9/100", "bytes 0-9/" with a star, or "bytes " with a star, "/100": false if it is
 * anything else. first, last: as a half-open interval, both 0 in the third form; total: UINT64_MAX
 * for a star.
 */
bool dp__http_reply_range(const char *text, uint64_t *first, uint64_t *last, uint64_t *total);
/* Fills code from <Code> of an XML error in the body; of a 2xx it stays "". */
void dp__http_reply_code(dp__http_reply *reply);

/* What a reply is checked against. */
typedef struct dp__http_want {
	uint64_t off, len; /* the bytes that were asked for just now */
	uint64_t size;     /* of the object, 0 = any */
	const char *pin;   /* as the request's etag; NULL = any */
	bool exact;        /* all of the bytes, and as 206 but where they are the whole object */
} dp__http_want;

/* Whether a 206 or 200 is the object's that was pinned, and the range that was wanted. */
dp_code dp__http_reply_check(const dp__http_reply *reply, const dp__http_want *want, dp_error *err);
/* What tells the state of the object from others, as a request's etag: the strongest that there is,
 * "" if there is none. */
void dp__http_reply_identity(const dp__http_reply *reply, char out[256]);
/* Whether n answers are of one state of one object; pinned: each has been checked for that already.
 */
dp_code dp__http_reply_agree(const dp__http_reply *replies, size_t n, bool pinned, dp_error *err);
/* Appends the status with what helps to find it in a server's log: "403 AccessDenied (ID)". */
void dp__http_reply_describe(const dp__http_reply *reply, char *out, size_t cap);

#endif
