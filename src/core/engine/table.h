/* table.h - rows that become a table of Arrow: columns filled value by value, then given away. */
#ifndef DP_ENGINE_TABLE_H
#define DP_ENGINE_TABLE_H

#include "core/base/buf.h"
#include "dataplug/arrow.h"
#include "dataplug/format.h"

/* The first column of every table: the ordinal of the record that a row is of. */
#define DP__TABLE_RECORD "record"
#define DP__TABLE_MAX    64 /* columns beside it */

/* One column as it is filled. */
typedef struct dp__column {
	dp__buf offsets; /* int32, one more than rows */
	dp__buf data;
} dp__column;

struct dp_rows {
	const dp_column *columns; /* the format's */
	size_t ncolumns;
	dp__column column[DP__TABLE_MAX];
	dp__buf record; /* uint64 a row */
	uint64_t now;   /* the record that rows are added of */
	size_t n;       /* rows */
};

/* DP_EUNSUPPORTED: more columns than DP__TABLE_MAX. */
dp_code dp__rows_init(dp_rows *rows, const dp_column *columns, dp_error *err);
void dp__rows_fini(dp_rows *rows);
/* The schema of such a table; the caller releases it. */
dp_code dp__rows_schema(const dp_column *columns, struct ArrowSchema *out, dp_error *err);
/* Gives all rows away as a table; rows is empty then, to be filled anew. */
dp_code dp__rows_take(dp_rows *rows, struct ArrowArray *out, dp_error *err);

#endif
