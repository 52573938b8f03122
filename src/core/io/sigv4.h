/* sigv4.h - signs requests as AWS Signature Version 4 asks, for services that encode paths once. */
#ifndef DP_IO_SIGV4_H
#define DP_IO_SIGV4_H

#include "core/base/buf.h"
#include "core/io/http.h"

/* Who signs, for what, and when. All lent. */
typedef struct dp__sigv4 {
	const char *access_key, *secret_key;
	const char *token; /* of temporary keys; NULL or "" = none */
	const char *region, *service;
	int64_t now; /* seconds since 1970 */
} dp__sigv4;

/* What is signed. Path and query are as on the wire: percent-encoded by dp__sigv4_encode() */
typedef struct dp__sigv4_request {
	const char *method;
	const char *path;  /* "" is "/" */
	const char *query; /* without '?'; in any order; a name without '=' is signed with one */
	const dp__http_header *header; /* all are signed, in any order: host, x-amz-date, ... */
	size_t nheaders;
	const char *payload; /* SHA-256 of the body in hexadecimal, or UNSIGNED-PAYLOAD */
} dp__sigv4_request;

/*
 * Makes the value of the Authorization header. canonical, if not NULL, gets the canonical request,
 * with the security token's value left out: fit for a log.
 */
dp_code dp__sigv4_sign(dp__buf *authorization, dp__buf *canonical, const dp__sigv4 *signer,
		       const dp__sigv4_request *request, dp_error *err);
/*
 * Signs one attempt of a request: adds x-amz-date, x-amz-security-token and Authorization. Signed
 * are host, range, content-type, content-md5, if-match, if-none-match and all of x-amz-*; the
 * payload is told by an x-amz-content-sha256 among the headers, else it is the body.
 */
dp_code dp__sigv4_attempt(const dp__sigv4 *signer, const dp__http_attempt *attempt, dp_error *err);

/*
 * Appends text percent-encoded: all but letters, digits, "-._~" and, where keep_slash, "/". The one
 * encoder for wire and signature, so that they cannot differ.
 */
dp_code dp__sigv4_encode(dp__buf *out, const char *text, size_t len, bool keep_slash,
			 dp_error *err);

#endif
