/* bucket.h - buckets on the real S3 server that tests/with-s3 runs beside a test. */
#ifndef DP_TESTS_BUCKET_H
#define DP_TESTS_BUCKET_H

#include "dataplug/session.h"

/*
 * A name for the test's own bucket, which begins with prefix; lent until the test ends. It is not
 * made yet. Sets the environment of suffer.h, whose folder the test removes; skips the test where
 * there is no server.
 */
const char *bucket_begin(const char *prefix);
/* A session with the server's keys. Settings of `more`, NULL at its end, go before those for it. */
dp_session *bucket_session(const char *const *more);
/* Makes a bucket of that name, which may be there. */
dp_code bucket_make(dp_session *session, const char *name, dp_error *err);
/* Writes an object of these bytes. */
dp_code bucket_put(dp_session *session, const char *url, const void *data, size_t len,
		   dp_error *err);

#endif
