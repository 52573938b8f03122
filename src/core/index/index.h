/* index.h - struct dp_index: a table and where its run lies; opening, storing, removing. */
#ifndef DP_INDEX_INDEX_H
#define DP_INDEX_INDEX_H

#include "core/base/session.h"
#include "core/index/run.h"
#include "core/index/table.h"
#include "core/io/store.h"
#include "dataplug/dataplug.h"

struct dp_index {
	dp_session *session;
	dp__table table;
	dp_view view;
	const dp_format *format;
	dp__params params; /* of the format */
	char *url;         /* the index file's */
	uint64_t size;     /* the index file's */
	uint64_t run_off;  /* where the run begins in it */
	uint64_t *row_off; /* nunits + 1 offsets of rows from run_off */
	dp__buf travel;    /* the attributes that travel, packed; they lie behind the run */
	dp__site site;     /* the index file, open for reading its run */
	char etag[256];    /* of the index file, as it was opened */
	char size_text[24], *params_text; /* what dp_index_attr() lends */
	bool built;
};

/*
 * Fills all that follows from index->table: format, params, view, offsets of rows, the packed
 * attributes. DP_EUNSUPPORTED: the session knows no such format, or not these params of it.
 */
dp_code dp__index_finish(dp_index *index, dp_error *err);

/* What an object is just now: its parts' sizes and etags. Opens and stats each part of the format
 * (NULL: the object alone). */
dp_code dp__index_parts(const dp_call *call, const char *url, const dp_format *format,
			dp__part part[DP__MAX_PARTS], size_t *nparts, dp_error *err);
/* The URL of part number i: the object's own, or its stem with the part's suffix. free() it. */
dp_code dp__index_part_url(char **out, const char *url, const dp_format *format, size_t i,
			   dp_error *err);
/*
 * Takes a finished table and its run: stores them whole at the URL to, which dp__home_choose()
 * gave, and gives the index. *table is emptied on success.
 */
dp_code dp__index_store(dp_index **out, const dp_call *call, const char *to, dp__table *table,
			const dp__run *run, dp_error *err);
/* dp_index_open() with a call. */
dp_code dp__index_open(dp_index **out, dp_session *session, const dp_call *call, const char *url,
		       dp_error *err);
/* Appends rows and states of units [first, last) as they lie in the run: one read. */
dp_code dp__index_rows(const dp_index *index, const dp_call *call, size_t first, size_t last,
		       dp__buf *out, dp_error *err);
/* CRC-32 of those bytes, without reading them. */
uint32_t dp__index_rows_crc(const dp_index *index, size_t first, size_t last);
/* A stretch of an index file's run, as a token knows it. */
typedef struct dp__stretch {
	uint64_t off, len; /* in the index file */
	uint32_t crc;
} dp__stretch;
/*
 * Says why the bytes of a stretch are not those that were expected: DP_EFORMAT if the index file at
 * place is damaged, DP_ESTALE if it is another one now, DP_ENOTFOUND if it is gone. Reads its
 * database anew.
 */
dp_code dp__index_explain(dp_session *session, const dp_call *call, const dp_place *place,
			  const dp__stretch *stretch, dp_error *err);
/* The owner of a format's params. */
static inline dp__params_owner dp__format_owner(const dp_format *format)
{
	return (dp__params_owner){ .table = format->params,
				   .size = format->params_size,
				   .name = format->name };
}
/* The format of that name that the session knows; NULL. */
const dp_format *dp__session_format(const dp_session *session, const char *name);

#endif
