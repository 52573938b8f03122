/* schema.h - the SQL of an index's database, a pure function of its number of extents and its axes.
 */
#ifndef DP_INDEX_SCHEMA_H
#define DP_INDEX_SCHEMA_H

#include "core/index/table.h"

/* Pages are this large; a text of meta that has a limit is not larger than the other. */
#define DP__SCHEMA_PAGE   1024
#define DP__SCHEMA_TEXT   65536
#define DP__SCHEMA_TABLES 5

/* The tables in the order in which they are created. */
extern const char *const dp__schema_names[DP__SCHEMA_TABLES];
/* Appends the CREATE statement of table i, without a semicolon. */
dp_code dp__schema_sql(dp__buf *out, size_t i, const dp__table *table, size_t extents,
		       dp_error *err);

/* What meta calls a fact ("size", "etag") of part i: "size0". */
typedef struct dp__schema_name {
	char text[8];
} dp__schema_name;
dp__schema_name dp__schema_part(const char *fact, size_t i);

#endif
