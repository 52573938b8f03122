/* sql.h - databases in memory, row by row: all that the library asks of SQLite. */
#ifndef DP_INDEX_SQL_H
#define DP_INDEX_SQL_H

#include "core/base/buf.h"

struct sqlite3;
struct sqlite3_stmt;
typedef struct dp__sql {
	struct sqlite3 *db;
} dp__sql;

/* Rows that a statement writes or reads, value by value. Zeroed is a closed one. */
typedef struct dp__sql_row {
	struct sqlite3_stmt *stmt;
	int i;    /* the next value */
	int rc;   /* of the values put */
	bool bad; /* a value got was of another type, or out of bounds */
} dp__sql_row;

/* An empty database. */
dp_code dp__sql_open(dp__sql *db, dp_error *err);
/* The database that data is, which stays the caller's; nothing in it is executed, nothing is
 * written. */
dp_code dp__sql_attach(dp__sql *db, uint8_t *data, size_t len, dp_error *err);
void dp__sql_close(dp__sql *db);
dp_code dp__sql_exec(dp__sql *db, const char *sql, dp_error *err);
/* Appends the bytes of the whole database and closes it. */
dp_code dp__sql_bytes(dp__sql *db, dp__buf *out, dp_error *err);

dp_code dp__sql_row_open(dp__sql_row *row, dp__sql *db, const char *sql, dp_error *err);
/* Ends it: code, or if that is DP_OK what was wrong with the values got from the table of that
 * name. */
dp_code dp__sql_row_close(dp__sql_row *row, dp_code code, const char *name, dp_error *err);

/* The next value of the statement. DP_UNKNOWN is NULL; text is lent until dp__sql_put_end(), NULL
 * is "". */
void dp__sql_put_count(dp__sql_row *row, uint64_t v);
void dp__sql_put_real(dp__sql_row *row, double v);
void dp__sql_put_text(dp__sql_row *row, const char *v);
void dp__sql_put_blob(dp__sql_row *row, const void *v, size_t len);
/* Executes a statement that gives nothing; the next row's values come next. */
dp_code dp__sql_put_end(dp__sql_row *row, dp_error *err);

/*
 * Goes on to the next row of what a statement gives. False at the end, after a bad value, or with
 * *code not DP_OK, as it may be before: "while (dp__sql_next(&row, &code, err))".
 */
bool dp__sql_next(dp__sql_row *row, dp_code *code, dp_error *err);
/* Takes back the values put and begins anew. */
void dp__sql_again(dp__sql_row *row);
/* The next value: a number from 0 to max; one below 2^63, or NULL for DP_UNKNOWN. */
uint64_t dp__sql_get_number(dp__sql_row *row, uint64_t max);
uint64_t dp__sql_get_count(dp__sql_row *row);
double dp__sql_get_real(dp__sql_row *row);
/* Lent until the next row; never NULL, no zero byte inside. */
const char *dp__sql_get_text(dp__sql_row *row);
/* Lent until the next row; NULL if it is empty. */
const void *dp__sql_get_blob(dp__sql_row *row, size_t *len);

#endif
