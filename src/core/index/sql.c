/* sql.c - databases in memory, row by row: the only file that knows SQLite. */
#include "core/index/sql.h"

#include <sqlite3.h>
#include <string.h>

/* The longest statement of a schema that is worth parsing. */
#define MAX_SQL 65536

static dp_code sql_fail(sqlite3 *db, dp_error *err)
{
	if (!db || sqlite3_errcode(db) == SQLITE_NOMEM)
		return dp_fail(err, DP_ENOMEM, "no memory for the index's database");
	return dp_fail(err, DP_EFORMAT, "database: %s", sqlite3_errmsg(db));
}

dp_code dp__sql_open(dp__sql *db, dp_error *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(":memory:", &db->db, flags, NULL);
	return rc == SQLITE_OK ? DP_OK : sql_fail(db->db, err);
}

/* As https://sqlite.org/security.html advises for files from elsewhere. */
static dp_code sql_harden(dp__sql *db, size_t len, dp_error *err)
{
	sqlite3_db_config(db->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(db->db, SQLITE_LIMIT_LENGTH, (int)len);
	sqlite3_limit(db->db, SQLITE_LIMIT_SQL_LENGTH, MAX_SQL);
	sqlite3_limit(db->db, SQLITE_LIMIT_ATTACHED, 0);
	return dp__sql_exec(db, "PRAGMA cell_size_check = on", err);
}

dp_code dp__sql_attach(dp__sql *db, uint8_t *data, size_t len, dp_error *err)
{
	if (len > INT32_MAX)
		return dp_fail(err, DP_EFORMAT, "a database of %zu bytes is too large", len);
	dp_code code = dp__sql_open(db, err);
	if (code != DP_OK)
		return code;
	int rc = sqlite3_deserialize(db->db, "main", data, (sqlite3_int64)len, (sqlite3_int64)len,
				     SQLITE_DESERIALIZE_READONLY);
	return rc == SQLITE_OK ? sql_harden(db, len, err) : sql_fail(db->db, err);
}

void dp__sql_close(dp__sql *db)
{
	sqlite3_close(db->db);
	db->db = NULL;
}

dp_code dp__sql_exec(dp__sql *db, const char *sql, dp_error *err)
{
	int rc = sqlite3_exec(db->db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? DP_OK : sql_fail(db->db, err);
}

dp_code dp__sql_bytes(dp__sql *db, dp__buf *out, dp_error *err)
{
	sqlite3_int64 size = 0;
	unsigned char *bytes = sqlite3_serialize(db->db, "main", &size, 0);
	dp__sql_close(db); /* before the bytes are copied: two copies at most at a time */
	dp_code code = bytes ? dp__buf_add(out, bytes, (size_t)size, err) : sql_fail(NULL, err);
	sqlite3_free(bytes);
	return code;
}

dp_code dp__sql_row_open(dp__sql_row *row, dp__sql *db, const char *sql, dp_error *err)
{
	int rc = sqlite3_prepare_v2(db->db, sql, -1, &row->stmt, NULL);
	return rc == SQLITE_OK ? DP_OK : sql_fail(db->db, err);
}

dp_code dp__sql_row_close(dp__sql_row *row, dp_code code, const char *name, dp_error *err)
{
	sqlite3 *db = sqlite3_db_handle(row->stmt);
	if (code == DP_OK && sqlite3_errcode(db) == SQLITE_NOMEM)
		code = sql_fail(db, err);
	if (code == DP_OK && row->bad)
		code = dp_fail(err, DP_EFORMAT, "database: a value in %s is not possible", name);
	sqlite3_finalize(row->stmt);
	row->stmt = NULL;
	return code;
}

/* The first failure is kept. */
static void note_put(dp__sql_row *row, int rc)
{
	row->rc = row->rc ? row->rc : rc;
}

void dp__sql_put_count(dp__sql_row *row, uint64_t v)
{
	if (v == UINT64_MAX)
		note_put(row, sqlite3_bind_null(row->stmt, ++row->i));
	else
		note_put(row, sqlite3_bind_int64(row->stmt, ++row->i, (sqlite3_int64)v));
}

void dp__sql_put_real(dp__sql_row *row, double v)
{
	note_put(row, sqlite3_bind_double(row->stmt, ++row->i, v));
}

void dp__sql_put_text(dp__sql_row *row, const char *v)
{
	const char *text = v ? v : "";
	note_put(row, sqlite3_bind_text64(row->stmt, ++row->i, text, strlen(text), SQLITE_STATIC,
					  SQLITE_UTF8));
}

void dp__sql_put_blob(dp__sql_row *row, const void *v, size_t len)
{
	/* A NULL pointer would be bound as NULL. */
	note_put(row,
		 sqlite3_bind_blob64(row->stmt, ++row->i, len > 0 ? v : "", len, SQLITE_STATIC));
}

void dp__sql_again(dp__sql_row *row)
{
	sqlite3_reset(row->stmt);
	row->i = row->rc = 0;
}

dp_code dp__sql_put_end(dp__sql_row *row, dp_error *err)
{
	int rc = row->rc ? row->rc : sqlite3_step(row->stmt);
	dp_code code = rc == SQLITE_DONE ? DP_OK : sql_fail(sqlite3_db_handle(row->stmt), err);
	dp__sql_again(row);
	return code;
}

bool dp__sql_next(dp__sql_row *row, dp_code *code, dp_error *err)
{
	if (*code != DP_OK || row->bad)
		return false;
	int rc = row->rc ? row->rc : sqlite3_step(row->stmt);
	row->i = 0;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		*code = sql_fail(sqlite3_db_handle(row->stmt), err);
	return rc == SQLITE_ROW;
}

uint64_t dp__sql_get_number(dp__sql_row *row, uint64_t max)
{
	int i = row->i++;
	sqlite3_int64 v = sqlite3_column_int64(row->stmt, i);
	if (sqlite3_column_type(row->stmt, i) != SQLITE_INTEGER || v < 0 || (uint64_t)v > max)
		row->bad = true;
	return row->bad ? 0 : (uint64_t)v;
}

uint64_t dp__sql_get_count(dp__sql_row *row)
{
	if (sqlite3_column_type(row->stmt, row->i) != SQLITE_NULL)
		return dp__sql_get_number(row, INT64_MAX);
	row->i++;
	return UINT64_MAX;
}

double dp__sql_get_real(dp__sql_row *row)
{
	int i = row->i++;
	if (sqlite3_column_type(row->stmt, i) != SQLITE_FLOAT)
		row->bad = true;
	return sqlite3_column_double(row->stmt, i);
}

const char *dp__sql_get_text(dp__sql_row *row)
{
	int i = row->i++;
	const void *text = NULL;
	if (sqlite3_column_type(row->stmt, i) == SQLITE_TEXT)
		text = sqlite3_column_text(row->stmt, i);
	if (!text || strlen(text) != (size_t)sqlite3_column_bytes(row->stmt, i))
		row->bad = true;
	return text ? text : "";
}

const void *dp__sql_get_blob(dp__sql_row *row, size_t *len)
{
	int i = row->i++;
	if (sqlite3_column_type(row->stmt, i) != SQLITE_BLOB)
		row->bad = true;
	const void *value = sqlite3_column_blob(row->stmt, i);
	*len = value ? (size_t)sqlite3_column_bytes(row->stmt, i) : 0;
	return value;
}
