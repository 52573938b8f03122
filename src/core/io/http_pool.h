/* http_pool.h - a session's connections: who may open how many, and what retries it can afford. */
#ifndef DP_IO_HTTP_POOL_H
#define DP_IO_HTTP_POOL_H

#include "core/io/http.h"

#define DP__HTTP_EASY_MAX 16 /* idle handles that a line keeps */

typedef struct dp__http dp__http;

/* What one host is asked at once; lives as long as the pool. */
typedef struct dp__http_host dp__http_host;

/* One caller's multi handle, with the connections that it holds open. */
typedef struct dp__http_line {
	struct dp__http_line *next, *next_idle;
	dp__http *http;
	void *multi; /* CURLM */
	void *easy[DP__HTTP_EASY_MAX];
	size_t neasy;
	int *fd; /* its sockets */
	size_t nfds, cap;
	bool idle, waits;
} dp__http_line;

/* A line for the caller alone, an idle one before a new one. The first use initialises curl. */
dp_code dp__http_line_take(dp__http_line **out, dp_session *session, dp_error *err);
/* With no transfer in its multi any more. */
void dp__http_line_give(dp__http_line *line);
/* An easy handle with all options unset; NULL if there is no memory. */
void *dp__http_line_easy(dp__http_line *line);
void dp__http_line_drop(dp__http_line *line, void *easy);
/* Sockets that were opened and closed: a child must not use its parent's. */
bool dp__http_line_opened(dp__http_line *line, int fd);
void dp__http_line_closed(dp__http_line *line, int fd);

/* The host of an origin, added when it is new; NULL if there is no memory. */
dp__http_host *dp__http_host_of(dp__http *http, const char *origin);
/* Whether one more request may run there. If not, line is woken when one has ended. */
bool dp__http_host_enter(dp__http_line *line, dp__http_host *host);
/* throttled: fewer from now on, as the server asked; else slowly more again. */
void dp__http_host_leave(dp__http_line *line, dp__http_host *host, bool throttled);

/* Whether the session's retries can afford one more of this cost; a success earns one back. */
bool dp__http_pay(dp__http *http, unsigned cost);
void dp__http_earn(dp__http *http);
/* A number in [0, 1). */
double dp__http_random(dp__http *http);

#endif
