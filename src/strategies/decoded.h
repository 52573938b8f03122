/* decoded.h - records by their place in the decoded bytes, by the mean record size within a unit.
 */
#ifndef DP_STRATEGIES_DECODED_H
#define DP_STRATEGIES_DECODED_H

#include "dataplug/strategy.h"

/* Walks forward through the units of a view whose records are counted. */
typedef struct dp__decoded {
	const dp_view *view;
	size_t unit;
	uint64_t before; /* decoded bytes of the units before it */
} dp__decoded;

/* The decoded bytes of all records. */
uint64_t dp__decoded_size(const dp_view *view);
/* How many decoded bytes lie before a record, about; asked for ever larger ones. */
uint64_t dp__decoded_before(dp__decoded *at, uint64_t rec);
/* The record that about `off` decoded bytes lie before; asked for ever larger offsets. */
uint64_t dp__decoded_record(dp__decoded *at, uint64_t off);

#endif
