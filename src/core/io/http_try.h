/* http_try.h - one attempt at a request: what is sent, where the answer goes, when it is given up.
 */
#ifndef DP_IO_HTTP_TRY_H
#define DP_IO_HTTP_TRY_H

#include "core/io/http_pool.h"
#include "core/io/http_reply.h"

#define DP__HTTP_HEAD_MAX ((uint64_t)64 << 10) /* bytes of an answer's headers */

/* What the attempt is made of; all lent until it is over. */
typedef struct dp__http_order {
	const dp__http_request *request;
	const dp_call *call;
	const char *url;
	const char *pin; /* the request's etag, or that of the answer that is being resumed */
	uint64_t done;   /* bytes of the range that are here already */
	unsigned number; /* tries before this one */
	bool away;  /* at another origin than the request's: nothing of the user's goes there */
	bool fresh; /* over a new connection */
} dp__http_order;

/* Zeroed is none. It must not move while it runs: curl knows its address. */
typedef struct dp__http_try {
	dp_session *session;
	dp__http_line *line;
	dp__http_order order;
	dp__http_reply *reply;
	void *easy;
	struct curl_slist *list;
	dp__http_want want;
	uint64_t got, sent; /* bytes of the range or body that came, of the body that went */
	uint64_t head;      /* bytes of headers that came */
	uint64_t bytes;     /* both, of any kind */
	bool begun;         /* its body */
	bool cut;           /* more of the body came than anyone wants */
	bool late, local;   /* why it was given up: too slow, or an address of the link */
	dp_error why;       /* code DP_OK, or why the answer is refused */
	double start, first, active, mark; /* times: began, answer began, last seen, low speed */
	uint64_t marked;
} dp__http_try;

/* Adds the attempt to the line's multi. On failure nothing of it is left. */
dp_code dp__http_try_start(dp__http_try *one, const dp__http_order *order, dp_error *err);
/* Whether it takes too long by now; then the caller ends it. */
bool dp__http_try_is_late(dp__http_try *one, double now);
/* Takes it out of the multi, running or not, and logs it. curl_code: how it ended; -1 = dropped. */
void dp__http_try_end(dp__http_try *one, int curl_code);

#endif
