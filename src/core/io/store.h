/* store.h - opens a place in the store of its scheme; every read and write goes through it. */
#ifndef DP_IO_STORE_H
#define DP_IO_STORE_H

#include "core/base/session.h"

/* One open place. Zeroed is a closed one. Its functions may be called from many threads. */
typedef struct dp__site {
	const dp_store *store;
	void *self;
} dp__site;

/*
 * Finds the store by the URL's scheme (DP_EUNSUPPORTED with the schemes there are) and opens the
 * place in it.
 */
dp_code dp__site_open(dp__site *out, dp_session *session, const dp_place *where, dp_error *err);
void dp__site_close(dp__site *site);
/*
 * As in dp_store; an operation that the store lacks is DP_EUNSUPPORTED. Messages do not repeat the
 * URL.
 */
dp_code dp__site_stat(const dp__site *site, const dp_call *call, dp_stat *stat, dp_error *err);
dp_code dp__site_read(const dp__site *site, const dp_call *call, const char *etag,
		      const dp_read *reads, size_t n, dp_error *err);
dp_code dp__site_put(const dp__site *site, const dp_call *call, int fd, uint64_t size,
		     dp_error *err);
dp_code dp__site_remove(const dp__site *site, const dp_call *call, dp_error *err);
/* DP_OK where the store lacks it and can be written to; DP_EUNSUPPORTED if nothing can be put
 * there. */
dp_code dp__site_prepare(const dp__site *site, const dp_call *call, bool create, dp_error *err);
/* As in dp_store; url is NULL. */
void dp__site_where(const dp__site *site, dp_place *where);
dp_code dp__site_list(const dp__site *site, const dp_call *call,
		      dp_code (*key)(void *user, const char *url, const dp_stat *stat), void *user,
		      dp_error *err);

/* The built-in stores, NULL-terminated. */
extern const dp_store *const dp__stores[];
extern const dp_store dp__file_store, dp__mem_store, dp__http_store, dp__s3_store;

#endif
