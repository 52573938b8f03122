/* mem.h - the mem: store, for tests: named bytes that count their reads and fail on demand. */
#ifndef DP_IO_MEM_H
#define DP_IO_MEM_H

#include "core/base/session.h"

/*
 * What was asked of one object since it was put; parts longer than the store's are the caller's
 * fault and counted as one.
 */
typedef struct dp__mem_counts {
	uint64_t stats, reads, bytes, puts; /* reads = ranges */
} dp__mem_counts;

typedef struct dp__mem_fault {
	uint64_t skip;  /* reads that go well first */
	uint64_t times; /* then so many fail; UINT64_MAX = all */
	dp_code code;   /* DP_OK: the bytes come, but with bit 0 of the middle one flipped */
} dp__mem_fault;

/* Puts a copy of data at "mem:NAME"; its etag changes with every put. */
dp_code dp__mem_put(dp_session *session, const char *url, const void *data, size_t len,
		    dp_error *err);
/* Lends what lies there now; NULL if nothing does. */
const uint8_t *dp__mem_get(dp_session *session, const char *url, size_t *len);
dp_code dp__mem_counts_of(dp_session *session, const char *url, dp__mem_counts *out, dp_error *err);
/* The next reads of the object fail as told; replaces an earlier fault. */
dp_code dp__mem_fail(dp_session *session, const char *url, dp__mem_fault fault, dp_error *err);
/*
 * Only bytes inside these ranges may be read from now on; reading others is DP_EIO and says which.
 * NULL, 0 = all. Copies them.
 */
dp_code dp__mem_allow(dp_session *session, const char *url, const dp_extent *ranges, size_t n,
		      dp_error *err);
/* Frees all that a session holds; called by dp_session_free(). */
void dp__mem_free(struct dp__mem *mem);

#endif
