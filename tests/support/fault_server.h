/* fault_server.h - a web server on loopback that fails as it is told to, and tells what it saw. */
#ifndef TESTS_FAULT_SERVER_H
#define TESTS_FAULT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fault_server fault_server;

/* What goes wrong with an answer. */
typedef enum fault {
	FAULT_NONE,
	FAULT_RESET_FIRST, /* RST before an answer */
	FAULT_RESET_BODY,  /* RST in the middle of the body */
	FAULT_CUT_BODY,    /* FIN in the middle of it */
	FAULT_CUT_UNSIZED, /* the same, without Content-Length */
	FAULT_CUT_CHUNKS,  /* the same, chunked */
	FAULT_EMPTY,       /* FIN before an answer */
	FAULT_DRIP,        /* a byte every 50 ms */
	FAULT_STALL,       /* half of the body, then nothing */
	FAULT_SILENT,      /* no answer */
	FAULT_500,
	FAULT_503,
	FAULT_429,         /* with Retry-After: 0 */
	FAULT_SLOW_DOWN,   /* 503 with SlowDown in XML */
	FAULT_TIMEOUT_400, /* 400 with RequestTimeout in XML */
	FAULT_EXPIRED_400, /* 400 with ExpiredToken in XML */
	FAULT_SKEW_403,    /* 403 with RequestTimeTooSkewed in XML */
	FAULT_403,
	FAULT_404,
	FAULT_412,
	FAULT_416,
	FAULT_WHOLE,        /* 200 and all bytes */
	FAULT_LONGER,       /* 206 with right headers, but a longer body */
	FAULT_SHIFTED,      /* 206 of a range that lies one byte later */
	FAULT_SHORTER,      /* 206 of one byte less */
	FAULT_OTHER_TOTAL,  /* 206 of a longer object */
	FAULT_NO_RANGE,     /* 206 without Content-Range */
	FAULT_MULTIPART,    /* 206 of parts */
	FAULT_WRONG_BYTES,  /* right headers, a bit flipped */
	FAULT_ENCODED,      /* Content-Encoding: gzip */
	FAULT_LENGTH_HUGE,  /* Content-Length: 2^63-1 */
	FAULT_LENGTH_MINUS, /* Content-Length: -1 */
	FAULT_LENGTH_TWICE, /* two that differ, the first too small */
	FAULT_OTHER_ETAG,
	FAULT_NO_ETAG,
	FAULT_REDIRECT,    /* 302 to what fault_server_lead() said */
	FAULT_NO_LOCATION, /* 301 without one */
	FAULT_GARBAGE,     /* no HTTP */
	FAULT_HEADERS,     /* 4 MB of them */
	FAULT_CLOSE,       /* good, but the connection ends behind it, unannounced */
	FAULT_END
} fault;

/* Serves a copy of data at every path. NULL if no socket can be had. */
fault_server *fault_server_start(const void *data, size_t len);
void fault_server_stop(fault_server *server);
/* "http://127.0.0.1:PORT"; lent. */
const char *fault_server_base(const fault_server *server);
/* The object's ETag with its quotes, "" = none; and Last-Modified, "" = none. Both are copied. */
void fault_server_identify(fault_server *server, const char *etag, const char *modified);
/*
 * The next times requests behind the next skip ones fail so; UINT64_MAX = all. Those that a rule
 * answers do not count.
 */
void fault_server_fail(fault_server *server, fault what, uint64_t skip, uint64_t times);
/* Where FAULT_REDIRECT leads. */
void fault_server_lead(fault_server *server, const char *location);
/* Which requests get an answer of the test's own; texts are lent until they are copied. */
typedef struct fault_rule {
	const char *head;          /* what they begin with; NULL: anything */
	const char *holds, *lacks; /* what they hold somewhere, and do not; whatever its case */
	size_t times;              /* so many of them; 0 = all */
	bool close;                /* fault_server_reply() says that the connection ends */
	const char *answer;        /* NULL: as if there were no rule */
} fault_rule;
/* They get it byte for byte, from status line to body. Later rules go before earlier ones. */
void fault_server_rule(fault_server *server, const fault_rule *rule);
/*
 * The same, with an answer made of "403 Forbidden", behind which "\r\n" and more headers may stand,
 * and of a body.
 */
void fault_server_reply(fault_server *server, const fault_rule *rule, const char *status,
			const char *body);
/* Every request waits so long for its answer. */
void fault_server_delay(fault_server *server, unsigned ms);
/* Requests since the start or fault_server_forget(). */
size_t fault_server_count(fault_server *server);
/* The i-th one: its head and up to 4 KiB of its body, as they came; free() it. NULL: no such. */
char *fault_server_seen(fault_server *server, size_t i);
/* How many of them hold text, whatever its case. */
size_t fault_server_holds(fault_server *server, const char *text);
void fault_server_forget(fault_server *server);
/* Returns when each connection that was made before, and may be closed by now, was accepted. */
void fault_server_settle(fault_server *server);
/* Connections that were made, and how many requests waited for an answer at once at most. */
size_t fault_server_connections(fault_server *server);
size_t fault_server_parallel(fault_server *server);

#endif
