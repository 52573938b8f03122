/* store.h - for writers of stores: where immutable bytes live (file, http, s3 are built in). */
#ifndef DATAPLUG_STORE_H
#define DATAPLUG_STORE_H

#include "session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where an object is. Everything but url may be NULL: then as the environment says. No secrets. */
typedef struct dp_place {
	const char *url;
	const char *endpoint, *region;
	bool requester_pays;
	uint64_t size; /* that it has, as far as the caller knows: read of another is DP_ESTALE,
			  where the store is told sizes; 0 = any */
} dp_place;

/* What an object is just now. Filling head (cap bytes at most) may save the caller a request; len 0
 * = not filled. */
typedef struct dp_stat {
	uint64_t size;
	char etag[256]; /* strongest validator: ETag, version id, or mtime in ns; "" if there is
			   none */
	uint8_t *head;
	size_t cap, len;
} dp_stat;

/* One range to read: len bytes at off, into buf, which the caller owns. */
typedef struct dp_read {
	uint64_t off;
	size_t len;
	void *buf;
} dp_read;

/* One open place, for many threads. Functions marked optional may be NULL: then DP_EUNSUPPORTED. */
typedef struct dp_store {
	const char *schemes; /* "http|https" */
	uint64_t gap, part; /* ranges nearer than gap are joined, longer than part are split: by the
			       core, once */
	dp_code (*open)(void **self, dp_session *session, const dp_place *place, dp_error *err);
	dp_code (*stat)(void *self, const dp_call *call, dp_stat *stat, dp_error *err);
	/*
	 * Reads all n ranges or fails; retries and resumes. DP_ESTALE if the object ends before a
	 * range does or, with etag, if it is another now.
	 */
	dp_code (*read)(void *self, const dp_call *call, const char *etag, const dp_read *reads,
			size_t n, dp_error *err);
	/* Optional. Replaces the whole object at once from a file: a reader sees the old one or the
	 * new one. */
	dp_code (*put)(void *self, const dp_call *call, int fd, uint64_t size, dp_error *err);
	dp_code (*remove)(void *self, const dp_call *call, dp_error *err); /* optional */
	/*
	 * Optional. Whether the bucket or folder that the place lies in is there, DP_ENOTFOUND if
	 * not; with create, it is made then.
	 */
	dp_code (*prepare)(void *self, const dp_call *call, bool create, dp_error *err);
	/*
	 * Optional. What a worker elsewhere must be told besides the URL to come to the same place:
	 * fills all of *where but url and size, with what is lent as long as self and NULL for what
	 * is the default.
	 */
	void (*where)(void *self, dp_place *where);
	/* Optional. Every object under the place, in order of keys; key returning anything but
	 * DP_OK stops. */
	dp_code (*list)(void *self, const dp_call *call,
			dp_code (*key)(void *user, const char *url, const dp_stat *stat),
			void *user, dp_error *err);
	void (*close)(void *self);
} dp_store;

#ifdef __cplusplus
}
#endif
#endif
