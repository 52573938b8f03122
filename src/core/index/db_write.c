/* db_write.c - a table as a database: the same table gives the same bytes. */
#include "core/index/db.h"
#include "core/index/schema.h"
#include "core/index/sql.h"

static dp_code meta_text(dp__sql_row *row, const char *name, const char *value, dp_error *err)
{
	dp__sql_put_text(row, name);
	dp__sql_put_text(row, value);
	return dp__sql_put_end(row, err);
}

static dp_code meta_number(dp__sql_row *row, const char *name, uint64_t value, dp_error *err)
{
	dp__sql_put_text(row, name);
	dp__sql_put_count(row, value);
	return dp__sql_put_end(row, err);
}

static dp_code parts_write(dp__sql_row *row, const dp__table *table, dp_error *err)
{
	dp_code code = meta_number(row, "parts", table->nparts, err);
	for (size_t i = 0; i < table->nparts && code == DP_OK; i++) {
		code = meta_number(row, dp__schema_part("size", i).text, table->part[i].size, err);
		if (code == DP_OK)
			code = meta_text(row, dp__schema_part("etag", i).text, table->part[i].etag,
					 err);
	}
	return code;
}

static dp_code params_write(dp__sql_row *row, const dp__table *table, dp_error *err)
{
	dp__buf text = dp__buf_of(DP__SCHEMA_TEXT);
	dp_code code = dp__table_params(table, &text, err);
	if (code == DP_OK)
		code = meta_text(row, "params", (const char *)text.data, err);
	dp__buf_fini(&text);
	return code;
}

static dp_code sums_write(dp__sql_row *row, const dp__table *table, dp_error *err)
{
	uint64_t nrec = 0, raw = 0;
	for (size_t i = 0; i < table->nunits; i++) {
		uint64_t n = table->unit[i].nrec;
		nrec = nrec == DP_UNKNOWN || n == DP_UNKNOWN ? DP_UNKNOWN : nrec + n;
		raw += table->unit[i].raw;
	}
	dp_code code = meta_number(row, "nunits", table->nunits, err);
	if (code == DP_OK)
		code = meta_number(row, "raw", raw, err);
	if (code == DP_OK)
		code = nrec == DP_UNKNOWN ? meta_text(row, "records", "unknown", err)
					  : meta_number(row, "records", nrec, err);
	return code;
}

static dp_code meta_write(dp__sql *db, const dp__table *table, size_t extents, dp_error *err)
{
	char digest[65];
	dp__sql_row row = { 0 };
	dp_code code = dp__table_digest(table, digest, err);
	if (code == DP_OK)
		code = dp__sql_row_open(&row, db, "INSERT INTO meta VALUES(?, ?)", err);
	const char *const texts[][2] = {
		{ "url", table->url },         { "format", table->format },
		{ "library", table->library }, { "warnings", table->warnings },
		{ "digest", digest },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && code == DP_OK; i++)
		code = meta_text(&row, texts[i][0], texts[i][1], err);
	if (code == DP_OK)
		code = meta_number(&row, "schema", DP__DB_SCHEMA, err);
	if (code == DP_OK)
		code = meta_number(&row, "extents", extents, err);
	if (code == DP_OK)
		code = params_write(&row, table, err);
	if (code == DP_OK)
		code = parts_write(&row, table, err);
	if (code == DP_OK)
		code = sums_write(&row, table, err);
	return dp__sql_row_close(&row, code, "meta", err);
}

static dp_code attrs_write(dp__sql *db, const dp__table *table, dp_error *err)
{
	dp__sql_row row = { 0 };
	dp_code code = dp__sql_row_open(&row, db, "INSERT INTO attr VALUES(?, ?, ?)", err);
	for (size_t i = 0; i < table->nattrs && code == DP_OK; i++) {
		const dp__attr *attr = &table->attr[i];
		dp__sql_put_text(&row, attr->name);
		dp__sql_put_count(&row, attr->travels);
		dp__sql_put_blob(&row, attr->value, attr->len);
		code = dp__sql_put_end(&row, err);
	}
	return dp__sql_row_close(&row, code, "attr", err);
}

static dp_code axes_write(dp__sql *db, const dp__table *table, dp_error *err)
{
	dp__sql_row axis = { 0 }, label = { 0 };
	dp_code code = dp__sql_row_open(&axis, db, "INSERT INTO axis VALUES(?, ?, ?)", err);
	if (code == DP_OK)
		code = dp__sql_row_open(&label, db, "INSERT INTO label VALUES(?, ?, ?)", err);
	for (size_t i = 0; i < table->naxes && code == DP_OK; i++) {
		dp__sql_put_count(&axis, i);
		dp__sql_put_text(&axis, table->axis[i].name);
		dp__sql_put_text(&axis, table->axis[i].unit);
		code = dp__sql_put_end(&axis, err);
		for (size_t k = 0; k < table->axis[i].nlabels && code == DP_OK; k++) {
			dp__sql_put_count(&label, i);
			dp__sql_put_count(&label, k);
			dp__sql_put_text(&label, table->axis[i].labels[k]);
			code = dp__sql_put_end(&label, err);
		}
	}
	code = dp__sql_row_close(&axis, code, "axis", err);
	return dp__sql_row_close(&label, code, "label", err);
}

static void unit_put(dp__sql_row *row, const dp_unit *unit, size_t extents, size_t naxes)
{
	dp__sql_put_count(row, unit->rec);
	dp__sql_put_count(row, unit->nrec);
	dp__sql_put_count(row, unit->skip);
	dp__sql_put_count(row, unit->raw);
	for (size_t i = 0; i < extents; i++) {
		bool used = unit->extent[i].len > 0;
		dp__sql_put_count(row, used ? unit->extent[i].part : 0);
		dp__sql_put_count(row, used ? unit->extent[i].off : 0);
		dp__sql_put_count(row, unit->extent[i].len);
	}
	dp__sql_put_count(row, unit->state_len);
	dp__sql_put_count(row, unit->state_crc);
	dp__sql_put_count(row, unit->crc);
	dp__sql_put_count(row, unit->tag);
	dp__sql_put_count(row, unit->flags);
	for (size_t i = 0; i < naxes; i++) {
		dp__sql_put_real(row, unit->box.lo[i]);
		dp__sql_put_real(row, unit->box.hi[i]);
	}
}

static dp_code units_write(dp__sql *db, const dp__table *table, size_t extents, dp_error *err)
{
	dp__sql_row row = { 0 };
	dp__buf sql = dp__buf_of(DP__SCHEMA_TEXT);
	dp_code code = dp__buf_printf(&sql, err, "INSERT INTO unit VALUES(?");
	for (size_t i = 9 + 3 * extents + 2 * table->naxes; i > 0 && code == DP_OK; i--)
		code = dp__buf_add(&sql, ",?", 2, err);
	if (code == DP_OK)
		code = dp__buf_add(&sql, ")", 2, err);
	if (code == DP_OK)
		code = dp__sql_row_open(&row, db, (const char *)sql.data, err);
	for (size_t i = 0; i < table->nunits && code == DP_OK; i++) {
		dp__sql_put_count(&row, i);
		unit_put(&row, &table->unit[i], extents, table->naxes);
		code = dp__sql_put_end(&row, err);
	}
	dp__buf_fini(&sql);
	return dp__sql_row_close(&row, code, "unit", err);
}

static dp_code schema_write(dp__sql *db, const dp__table *table, size_t extents, dp_error *err)
{
	dp__buf sql = dp__buf_of(DP__SCHEMA_TEXT);
	dp_code code = dp__buf_printf(&sql, err,
				      "PRAGMA page_size = %d; PRAGMA auto_vacuum = 0;"
				      "PRAGMA journal_mode = off; PRAGMA application_id = %d;"
				      "PRAGMA user_version = %d; BEGIN;",
				      DP__SCHEMA_PAGE, DP__DB_APPLICATION, DP__DB_SCHEMA);
	for (size_t i = 0; i < DP__SCHEMA_TABLES && code == DP_OK; i++) {
		code = dp__schema_sql(&sql, i, table, extents, err);
		if (code == DP_OK)
			code = dp__buf_add(&sql, ";", 1, err);
	}
	if (code == DP_OK)
		code = dp__buf_close(&sql, err);
	if (code == DP_OK)
		code = dp__sql_exec(db, (const char *)sql.data, err);
	dp__buf_fini(&sql);
	return code;
}

static size_t most_extents(const dp__table *table)
{
	size_t most = 1;
	for (size_t i = 0; i < table->nunits; i++)
		while (most < DP_MAX_EXTENTS && table->unit[i].extent[most].len > 0)
			most++;
	return most;
}

dp_code dp__db_write(const dp__table *table, dp__buf *out, dp_error *err)
{
	dp__sql db = { 0 };
	size_t extents = most_extents(table);
	dp_code code = dp__sql_open(&db, err);
	if (code == DP_OK)
		code = schema_write(&db, table, extents, err);
	if (code == DP_OK)
		code = meta_write(&db, table, extents, err);
	if (code == DP_OK)
		code = attrs_write(&db, table, err);
	if (code == DP_OK)
		code = axes_write(&db, table, err);
	if (code == DP_OK)
		code = units_write(&db, table, extents, err);
	if (code == DP_OK)
		code = dp__sql_exec(&db, "COMMIT", err);
	if (code == DP_OK)
		code = dp__sql_bytes(&db, out, err);
	dp__sql_close(&db);
	return code;
}
