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
 * With the setting meta: that folder or URL alone, as SCHEME/HOST-OR-BUCKET/KEY.dpx under it. Else,
 * of a file: or mem: object, URL.dpx beside it, then (file: only) $XDG_CACHE_HOME/dataplug/
 * (~/.cache/dataplug/) in that layout. Others: the cache. n is 0 if there is no cache folder
 * either.
 */
dp_code dp__home_of(dp__home *out, const dp_session *session, const char *url, dp_error *err);
/*
 * DP_EWRITE if url[i] is a file that cannot be written because of its folder's rights. A folder
 * that is not there yet counts as the one that it would be made in; the cache's is made, for the
 * user alone.
 */
dp_code dp__home_prepare(const dp__home *home, size_t i, dp_error *err);
void dp__home_fini(dp__home *home);

#endif
