/* table.h - results of a map as tab-separated lines, with the columns that the first good result
 * has. */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include "dataplug/dataplug.h"
#include "out.h"

/* Zeroed is an empty one. */
struct table {
	char **column; /* of results; none = the result is one */
	size_t ncolumns;
	bool begun;      /* the head line is written */
	dp_result *held; /* failed slices that came before the columns were known; their messages
			    are owned */
	size_t nheld, room;
};

/* Adds a line; the first good result fixes the columns. */
dp_code table_add(struct table *table, struct out *to, const dp_result *result, dp_error *err);
/* Writes the head line and what was held, where no slice went well. */
dp_code table_end(struct table *table, struct out *to, dp_error *err);
void table_fini(struct table *table);

#endif
