/* http.h - requests over HTTP/1.1: connections, retries, resume, checks; http: and s3: are made of
 * it. */
#ifndef DP_IO_HTTP_H
#define DP_IO_HTTP_H

#include "core/base/buf.h"
#include "core/base/session.h"

#define DP__HTTP_ERROR_MAX ((size_t)64 << 10) /* of an error's body that is kept */

typedef struct dp__http_header {
	const char *name, *value;
} dp__http_header;

/* One try of a request, on one hop, as it is about to go out. */
typedef struct dp__http_attempt {
	const char *method, *url;      /* where it goes: after redirects not the request's own */
	const dp__http_header *header; /* all there are: the request's own, Range, If-Match ... */
	size_t nheaders;
	const char *body; /* as in the request; NULL: none, or in a file */
	uint64_t body_len;
	int64_t now;     /* seconds since 1970 by the session's clock */
	unsigned number; /* 0, 1, ...: tries before this one */
	/* Adds a header (copied); one of the same name is replaced. */
	dp_code (*add)(void *self, const char *name, const char *value, dp_error *err);
	void *self; /* for add */
} dp__http_attempt;

/* What came back last. All text is one line of printable ASCII, "" where there was none. */
typedef struct dp__http_reply {
	long status;  /* 0: none came */
	dp__buf body; /* the answer's, or an error's first DP__HTTP_ERROR_MAX bytes; a string too */
	uint64_t total; /* the object's size: of Content-Range, else a 200's Content-Length;
			   UINT64_MAX: unknown */
	char etag[256]; /* as it came, with quotes and W/ */
	char last_modified[64];
	char date[64];
	char content_type[128], content_encoding[64];
	char region[64];      /* x-amz-bucket-region */
	char request_id[128]; /* x-amz-request-id */
	char code[64];        /* <Code> of an XML error, of any but a 2xx */
	char location[2048];
	bool ranges;          /* 206 with a Content-Range */
	double retry_s;       /* Retry-After or x-amz-retry-after, seconds; 0 if there is none */
	uint64_t first, last; /* bytes [first, last) that Content-Range gives */
	uint64_t length;      /* Content-Length, UINT64_MAX: none */
	bool torn;            /* two lengths that differ: where it ends, no one knows */
	char *moved;          /* where redirects led; NULL: nowhere else */
} dp__http_reply;

typedef enum dp__http_verdict {
	DP__HTTP_TABLE,    /* what the table of errors says: a success too */
	DP__HTTP_FAIL,     /* the judge has put the reason in err, which must not be NULL's */
	DP__HTTP_RETRY,    /* again, after a while */
	DP__HTTP_THROTTLE, /* again, after a longer while */
	DP__HTTP_AGAIN,    /* at once: the judge has changed credentials or the request's url; at
			      most 4 times a request */
} dp__http_verdict;

typedef struct dp__http_request {
	const char *method; /* GET, PUT, DELETE, POST, HEAD */
	const char *url;    /* percent-encoded already */
	const char *via;    /* where an earlier redirect led, which is tried first; after 400, 401,
			       403, 404 or 410 there, url is; NULL: none */
	const dp__http_header *header; /* own ones; only sent to the origin of url */
	size_t nheaders;
	uint64_t off, len; /* range of a GET; len 0 = no Range header */
	const char *etag;  /* what the object is pinned by, as dp_stat gives it (an ETag, W/ one, or
			      "lm:" with Last-Modified): sent as If-Match where it can be, and the
			      answer's must be the same; NULL = any */
	uint64_t size;     /* that Content-Range must name; 0 = any */
	int body_fd;       /* PUT, POST: body_len bytes of a file from its start; -1 = none */
	const char *body;  /* or a text; NULL = none */
	uint64_t body_len;
	void *buf;       /* where a range's bytes go, all len of them; NULL: into reply->body, which
			    then may be shorter than asked, and a 200 will do */
	size_t max_body; /* of reply->body; a longer answer is DP_EIO */
	bool no_redirect; /* 3xx is for the judge, else a failure */
	bool netrc;       /* user and password of ~/.netrc for the first origin, if it has them */
	bool credentials; /* of a credential service: link-local addresses are allowed, proxies are
			     not asked there, no connection has to be waited for */
	unsigned tries;   /* at most so many; 0 = as the session says */
	double timeout;   /* seconds that a try may take; 0 = no limit but the session's */
	/*
	 * Called, on the caller's thread, before an attempt that goes to url, not where a redirect
	 * led: may change request->url, as what others of the batch were told asks for. NULL: none.
	 */
	void (*aim)(void *user, struct dp__http_request *request);
	/* Called for every attempt and hop, on the caller's thread. Adds headers. NULL: none. */
	dp_code (*sign)(void *user, const dp__http_attempt *attempt, dp_error *err);
	/*
	 * Called, on the caller's thread, with each whole answer that is not the range asked for.
	 * May change request->url (lent until the end) and tell DP__HTTP_AGAIN. NULL: the table.
	 */
	dp__http_verdict (*judge)(void *user, struct dp__http_request *request,
				  const dp__http_reply *reply, dp_error *err);
	void *user;
} dp__http_request;

/*
 * Performs n requests at once: all retries, redirects, resumption and checks inside. Fails with the
 * first failure, then no request runs any more. replies: n of them, zeroed or used before; fini
 * each in any case. The table: 2xx is good, 404 and 410 DP_ENOTFOUND, 401 and 403 DP_EAUTH, 412 and
 * what does not agree with etag or size DP_ESTALE, 416 likewise unless buf is NULL (then good, with
 * total from its Content-Range), 408, 429, 5xx and broken transfers are retried, then
 * DP_ETRANSIENT.
 */
dp_code dp__http_perform(dp_session *session, const dp_call *call, dp__http_request *requests,
			 dp__http_reply *replies, size_t n, dp_error *err);
void dp__http_reply_fini(dp__http_reply *reply);

/*
 * A session's connections and what limits them, session->http: made at the first request, made anew
 * in a child after fork(), freed with the session.
 */
void dp__http_free(struct dp__http *http);

/* Text fit for a log: a URL without signatures, tokens and passwords. Always ends within cap. */
void dp__http_redact(char *out, size_t cap, const char *url);

/* Whether text is an IP address of the link (169.254.0.0/16, fe80::/10, fd00:ec2::/32), or mapped
 * ones. */
bool dp__http_is_link_local(const void *sockaddr);

#endif
