/* home.h - where the index of an object lives. */
#ifndef DP_INDEX_HOME_H
#define DP_INDEX_HOME_H

#include "core/base/session.h"

/* Where to look and where to write, best first; url[i] and cache are owned. */
typedef struct dp__home {
	char *url[2];
	size_t n;
	bool beside; /* url[0] lies beside the object */
	char *cache; /* the cache's folder, where the last url lies; NULL if none does */
} dp__home;

/*
 * With the setting meta: that folder or URL alone, as SCHEME/HOST-OR-BUCKET/KEY.dpx under it, with
 * the host of a custom endpoint (127.0.0.1:9000/) in front. Else, of a file: or mem: object,
 * URL.dpx beside it, then (file: only) $XDG_CACHE_HOME/dataplug/
 * (~/.cache/dataplug/) in that layout. Others: the cache. n is 0 if there is no cache folder
 * either.
 */
dp_code dp__home_of(dp__home *out, dp_session *session, const char *url, dp_error *err);
/*
 * The first home that an index can be written to; *out is lent. A folder that is not there yet
 * counts as the one that it would be made in; the cache's is made, for the user alone. A bucket
 * must be there, unless the setting create-meta says that it is to be made. DP_EWRITE with the
 * reason if there is none. One that may be written to, but is full, is chosen: the next would only
 * hide it.
 */
dp_code dp__home_choose(const char **out, const dp__home *home, const dp_call *call, dp_error *err);
void dp__home_fini(dp__home *home);

#endif
