/* bytes.h - integers out of and into bytes: a cursor that knows its end, appenders to a buffer. */
#ifndef DP_BASE_BYTES_H
#define DP_BASE_BYTES_H

#include "core/base/buf.h"

/*
 * A reader over [p, end). Any read past the end gives zero and sets bad, for good; so a parser
 * reads all its fields first and asks once.
 */
typedef struct dp__cur {
	const uint8_t *p, *end;
	bool bad;
} dp__cur;

static inline dp__cur dp__cur_of(const void *data, size_t len)
{
	const uint8_t *p = data;
	return (dp__cur){ p, len > 0 ? p + len : p, false };
}

static inline size_t dp__cur_left(const dp__cur *cur)
{
	return (size_t)(cur->end - cur->p);
}

/* Lends the next n bytes, NULL if there are fewer. */
const uint8_t *dp__cur_bytes(dp__cur *cur, uint64_t n);
uint8_t dp__cur_u8(dp__cur *cur);
uint16_t dp__cur_le16(dp__cur *cur);
uint32_t dp__cur_le32(dp__cur *cur);
uint64_t dp__cur_le64(dp__cur *cur);
/* Big-endian. */
uint32_t dp__cur_be32(dp__cur *cur);
uint64_t dp__cur_be64(dp__cur *cur);
double dp__cur_f64(dp__cur *cur);
/* LEB128, at most 10 bytes, shortest form only. */
uint64_t dp__cur_varint(dp__cur *cur);

dp_code dp__put_u8(dp__buf *buf, uint8_t v, dp_error *err);
dp_code dp__put_le32(dp__buf *buf, uint32_t v, dp_error *err);
dp_code dp__put_le64(dp__buf *buf, uint64_t v, dp_error *err);
dp_code dp__put_be32(dp__buf *buf, uint32_t v, dp_error *err);
dp_code dp__put_be64(dp__buf *buf, uint64_t v, dp_error *err);
dp_code dp__put_f64(dp__buf *buf, double v, dp_error *err);
dp_code dp__put_varint(dp__buf *buf, uint64_t v, dp_error *err);

#endif
