/* ahead.h - reads queued ranges of one object in the background, within a memory budget. */
#ifndef DP_IO_AHEAD_H
#define DP_IO_AHEAD_H

#include "core/base/buf.h"
#include "core/io/store.h"

typedef struct dp__ahead dp__ahead;

/*
 * site, call and etag are lent and must outlive it. budget: bytes that may be held or under way at
 * once; a read that the consumer waits for is made even beyond it. The thread starts with the
 * second queued read, or when only the beginning of one is asked for: else a read alone is made by
 * who asks for it.
 */
dp_code dp__ahead_open(dp__ahead **out, const dp__site *site, const dp_call *call, const char *etag,
		       uint64_t budget, dp_error *err);
/* Queues a read behind the ones before it; offsets only grow and do not overlap. */
dp_code dp__ahead_push(dp__ahead *ahead, uint64_t off, uint64_t len, dp_error *err);
/*
 * Lends bytes [off, off + len), which queued reads cover without a hole (DP_EINVAL otherwise), once
 * they are here. They are in one piece: in the read's own buffer, or copied together in scratch.
 * They live until they are released, or scratch is used again. The beginning of a read is lent
 * while the rest still comes, its last byte only when all of it was read well. After a failed read
 * what came before it is still lent, all else fails as it did.
 */
dp_code dp__ahead_bytes(dp__ahead *ahead, uint64_t off, uint64_t len, dp__buf *scratch,
			const uint8_t **out, dp_error *err);
/* Lends as many of these bytes as are here in one piece; waits for the first one. */
dp_code dp__ahead_some(dp__ahead *ahead, uint64_t off, uint64_t max, const uint8_t **out,
		       size_t *len, dp_error *err);
/* Waits until all of them were here, without lending any. */
dp_code dp__ahead_await(dp__ahead *ahead, uint64_t off, uint64_t len, dp_error *err);
/* Nothing before off is needed any more. */
void dp__ahead_release(dp__ahead *ahead, uint64_t off);
/* Ranges and bytes read so far. */
void dp__ahead_paid(dp__ahead *ahead, uint64_t *requests, uint64_t *bytes);
/* From the first byte read so far to behind the last; empty if none was. */
dp_extent dp__ahead_read(dp__ahead *ahead);
void dp__ahead_free(dp__ahead *ahead);

#endif
