/* url.h - what users call an object (a path or URL) and where that is. */
#ifndef DP_IO_URL_H
#define DP_IO_URL_H

#include "core/base/buf.h"

/*
 * The canonical URL of what a user typed: what begins with "SCHEME://" or "mem:" as it is, a file:
 * URL or a path made absolute ("file:///abs/x", bytes that a URL cannot hold percent-encoded; "."
 * and ".." folded as text, symbolic links kept). free() it. DP_EINVAL: empty, a scheme with nothing
 * behind it, or a file: URL that dp__url_path() refuses.
 */
dp_code dp__url_of(char **out, const char *typed, dp_error *err);
/*
 * The path of a file: URL, percent-decoded; DP_EINVAL if it is none, has a host but localhost, or
 * holds a zero byte. free() it.
 */
dp_code dp__url_path(char **out, const char *url, dp_error *err);
/* "file" of "file:///x"; the length of the scheme, 0 if there is none. */
size_t dp__url_scheme(const char *url);
/*
 * The last segment: "x.gz" of "file:///a/x.gz" (lent; no query or fragment is cut off). "" if it
 * ends in a slash.
 */
const char *dp__url_key(const char *url);
/*
 * "SCHEME/HOST-OR-BUCKET/KEY" of a URL as a relative path that cannot leave its folder: segments
 * that are "..", "." or empty ("%2F") and the query are percent-encoded. file: has no host:
 * "file/abs/x". It is a path: to put it behind a file: URL, its "%" must be encoded once more.
 * free() it.
 */
dp_code dp__url_layout(char **out, const char *url, dp_error *err);
/*
 * The URL as it may be stored and shown: of web URLs without user, password and fragment, and
 * without the parameters of the query that sign it (of AWS, CloudFront, Google and Azure), so that
 * all signed forms of an object's URL are one. Others as they are. free() it.
 */
dp_code dp__url_public(char **out, const char *url, dp_error *err);

#endif
