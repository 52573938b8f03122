/* db.h - a table as an SQLite database in memory, and back. SQL itself is behind sql.h. */
#ifndef DP_INDEX_DB_H
#define DP_INDEX_DB_H

#include "core/index/table.h"

/* In the database's header: 0x64706c67, "dplg", and the version of the schema. */
#define DP__DB_APPLICATION 0x64706c67
#define DP__DB_SCHEMA      1

/* The whole database file. The same table gives the same bytes. out's limit is the caller's. */
dp_code dp__db_write(const dp__table *table, dp__buf *out, dp_error *err);
/*
 * How many of the first bytes of an index file are its database (page size times page count, from
 * the SQLite header, https://sqlite.org/fileformat.html 1.3); DP_EFORMAT if these are no dataplug
 * index, DP_EUNSUPPORTED if a newer version wrote it. head holds the first 100 bytes of the file.
 */
dp_code dp__db_size(const uint8_t head[100], uint64_t *size, dp_error *err);
/*
 * Reads a database out of data, which it may scribble on but does not keep. Trusts nothing: the
 * schema must be the one this version writes, dp__table_check() must hold and the digest must
 * match. DP_EFORMAT otherwise.
 */
dp_code dp__db_read(dp__table *out, uint8_t *data, size_t len, dp_error *err);

#endif
