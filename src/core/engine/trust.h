/* trust.h - which URLs a token may name. */
#ifndef DP_ENGINE_TRUST_H
#define DP_ENGINE_TRUST_H

#include "core/base/session.h"

/*
 * A token is untrusted input. Where the session's setting allow names URL prefixes, url must begin
 * with one of them: DP_EAUTH. A prefix that does not end with "/" is also followed by "/" or
 * nothing, so that s3://data does not admit s3://database. Empty = all. url must be as this library
 * writes URLs, so that no
 * "/../" leads out again: DP_EFORMAT.
 */
dp_code dp__trust_url(const dp_session *session, const char *url, dp_error *err);

#endif
