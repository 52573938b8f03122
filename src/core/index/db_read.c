/* db_read.c - a table out of a database that may come from anywhere: nothing in it is trusted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/num.h"
#include "core/base/text.h"
#include "core/index/db.h"
#include "core/index/schema.h"
#include "core/index/sql.h"

/* No unit's row is smaller: a header of 14 columns at least, the row's size and its id. */
#define MIN_UNIT 16
#define MAX_NAME 32 /* of an axis, dp__table_check() */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

dp_code dp__db_size(const uint8_t head[100], uint64_t *size, dp_error *err)
{
	static const uint8_t magic[] = "SQLite format 3";
	/* File format 1.3: numbers are big-endian; page size at 16, rollback journal at 18 and 19,
	 * no reserved bytes. */
	static const uint8_t layout[] = { DP__SCHEMA_PAGE >> 8, DP__SCHEMA_PAGE & 255, 1, 1, 0 };
	if (memcmp(head, magic, sizeof(magic)) != 0 || be32(head + 68) != DP__DB_APPLICATION)
		return dp_fail(err, DP_EFORMAT, "not an index of dataplug");
	if (be32(head + 60) > DP__DB_SCHEMA)
		return dp_fail(err, DP_EUNSUPPORTED, "schema %u is of a newer version of dataplug",
			       be32(head + 60));
	*size = (uint64_t)be32(head + 28) * DP__SCHEMA_PAGE;
	/* The page count at 28 holds when the counters at 24 and 92 agree. */
	if (memcmp(head + 16, layout, sizeof(layout)) != 0 || *size == 0 ||
	    memcmp(head + 24, head + 92, 4) != 0 || be32(head + 60) != DP__DB_SCHEMA)
		return dp_fail(err, DP_EFORMAT, "header of the database is damaged");
	return DP_OK;
}

/*
 * The schema is, to the letter, the one that this version writes for as many extents and the axes
 * read so far; with 0 extents, which are not known yet, that of unit is not looked at.
 */
static dp_code schema_check(dp__sql *db, const dp__table *table, size_t extents, dp_error *err)
{
	dp__sql_row row = { 0 };
	dp__buf sql = dp__buf_of(DP__SCHEMA_TEXT);
	size_t n = 0;
	dp_code code = dp__sql_row_open(&row, db,
					"SELECT type, name, tbl_name, sql FROM sqlite_master", err);
	while (dp__sql_next(&row, &code, err)) {
		row.bad = n == DP__SCHEMA_TABLES;
		if (row.bad)
			break;
		sql.len = 0;
		code = dp__schema_sql(&sql, n, table, extents, err);
		if (code == DP_OK)
			code = dp__buf_close(&sql, err);
		if (code != DP_OK)
			break;
		row.bad = strcmp(dp__sql_get_text(&row), "table") != 0 ||
			  strcmp(dp__sql_get_text(&row), dp__schema_names[n]) != 0 ||
			  strcmp(dp__sql_get_text(&row), dp__schema_names[n]) != 0;
		const char *text = dp__sql_get_text(&row);
		if (n < DP__SCHEMA_TABLES - 1 || extents > 0)
			row.bad = row.bad || strcmp(text, (const char *)sql.data) != 0;
		n++;
	}
	row.bad = row.bad || n != DP__SCHEMA_TABLES;
	dp__buf_fini(&sql);
	return dp__sql_row_close(&row, code, "the schema", err);
}

static dp_code meta_seek(dp__sql_row *row, const char *name, dp_error *err)
{
	dp_code code = DP_OK;
	dp__sql_again(row);
	dp__sql_put_text(row, name);
	if (!dp__sql_next(row, &code, err) && code == DP_OK)
		return dp_fail(err, DP_EFORMAT, "database: meta has no %s", name);
	return code;
}

static dp_code meta_string(dp__sql_row *row, const char *name, char **out, dp_error *err)
{
	dp_code code = meta_seek(row, name, err);
	if (code != DP_OK)
		return code;
	*out = dp__strdup(dp__sql_get_text(row));
	return *out ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for %s", name);
}

static dp_code meta_size(dp__sql_row *row, const char *name, size_t max, size_t *out, dp_error *err)
{
	dp_code code = meta_seek(row, name, err);
	*out = code == DP_OK ? (size_t)dp__sql_get_number(row, max) : 0;
	return code;
}

static dp_code parts_read(dp__sql_row *row, dp__table *out, dp_error *err)
{
	dp_code code = meta_size(row, "parts", DP__MAX_PARTS, &out->nparts, err);
	for (size_t i = 0; i < out->nparts && code == DP_OK; i++) {
		dp__part *part = &out->part[i];
		code = meta_seek(row, dp__schema_part("size", i).text, err);
		if (code == DP_OK)
			part->size = dp__sql_get_number(row, INT64_MAX);
		if (code == DP_OK)
			code = meta_seek(row, dp__schema_part("etag", i).text, err);
		if (code != DP_OK)
			return code;
		const char *etag = dp__sql_get_text(row);
		size_t len = strlen(etag);
		row->bad = row->bad || len >= sizeof(part->etag);
		memcpy(part->etag, etag, len < sizeof(part->etag) ? len : 0);
	}
	return code;
}

/* What meta says of the other tables. */
typedef struct db_facts {
	size_t bytes; /* of the database */
	size_t nunits, extents;
	char *digest;
} db_facts;

static dp_code meta_read(dp__sql *db, dp__table *out, db_facts *facts, dp_error *err)
{
	dp__sql_row row = { 0 };
	char *params = NULL;
	const struct {
		const char *name;
		char **out;
	} texts[] = {
		{ "url", &out->url },         { "format", &out->format },
		{ "library", &out->library }, { "warnings", &out->warnings },
		{ "digest", &facts->digest }, { "params", &params },
	};
	dp_code code = dp__sql_row_open(&row, db, "SELECT value FROM meta WHERE name = ?", err);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && code == DP_OK; i++)
		code = meta_string(&row, texts[i].name, texts[i].out, err);
	if (code == DP_OK)
		code = dp__table_set_params(out, params, err);
	size_t most = (size_t)dp__min_u64(facts->bytes / MIN_UNIT, DP__MAX_UNITS);
	if (code == DP_OK)
		code = meta_size(&row, "nunits", most, &facts->nunits, err);
	if (code == DP_OK)
		code = meta_size(&row, "extents", DP_MAX_EXTENTS, &facts->extents, err);
	if (code == DP_OK)
		code = parts_read(&row, out, err);
	free(params);
	row.bad = row.bad || facts->extents == 0;
	return dp__sql_row_close(&row, code, "meta", err);
}

static dp_code labels_read(dp__sql *db, dp__table *out, size_t axis, dp_error *err)
{
	dp__sql_row row = { 0 };
	dp_code code = dp__sql_row_open(
		&row, db, "SELECT id, label FROM label WHERE axis = ? ORDER BY id", err);
	dp__sql_put_count(&row, axis);
	while (dp__sql_next(&row, &code, err)) {
		uint32_t id;
		row.bad = dp__sql_get_number(&row, INT64_MAX) != out->axis[axis].nlabels;
		code = dp__table_label(out, axis, dp__sql_get_text(&row), &id, err);
	}
	return dp__sql_row_close(&row, code, "label", err);
}

static dp_code axes_read(dp__sql *db, dp__table *out, dp_error *err)
{
	dp__sql_row row = { 0 };
	dp_code code =
		dp__sql_row_open(&row, db, "SELECT id, name, unit FROM axis ORDER BY id", err);
	while (dp__sql_next(&row, &code, err)) {
		size_t i = out->naxes;
		row.bad = dp__sql_get_number(&row, DP_MAX_AXES - 1) != i;
		const dp_axis axis = { .name = dp__sql_get_text(&row),
				       .unit = dp__sql_get_text(&row) };
		row.bad = row.bad || strlen(axis.name) > MAX_NAME;
		if (row.bad)
			break;
		code = dp__table_axis(out, &axis, err);
		if (code == DP_OK)
			code = labels_read(db, out, i, err);
	}
	return dp__sql_row_close(&row, code, "axis", err);
}

static dp_code attr_read(dp__sql_row *row, dp__table *out, size_t *left, dp_error *err)
{
	dp__attr *attr = &out->attr[out->nattrs];
	const char *name = dp__sql_get_text(row);
	bool travels = dp__sql_get_number(row, 1);
	size_t len = 0;
	const void *value = dp__sql_get_blob(row, &len);
	size_t all = strlen(name) + len + 1;
	/* A damaged tree can give the same row for ever: together they are smaller than the
	 * database. */
	row->bad = row->bad || all > *left;
	if (row->bad)
		return DP_OK;
	*left -= all;
	*attr = (dp__attr){ dp__strdup(name), malloc(len + 1), len, travels };
	out->nattrs++;
	if (!attr->name || !attr->value)
		return dp_fail(err, DP_ENOMEM, "no memory for attributes");
	if (len > 0)
		memcpy(attr->value, value, len);
	attr->value[len] = 0;
	return DP_OK;
}

static dp_code attrs_read(dp__sql *db, dp__table *out, const db_facts *facts, dp_error *err)
{
	dp__sql_row row = { 0 };
	size_t left = facts->bytes;
	dp_code code = dp__sql_row_open(
		&row, db, "SELECT name, travels, value FROM attr ORDER BY rowid", err);
	while (dp__sql_next(&row, &code, err)) {
		size_t n = out->nattrs;
		if ((n & (n - 1)) == 0) { /* room for 1, 2, 4... */
			dp__attr *more = realloc(out->attr, (n ? 2 * n : 1) * sizeof(*more));
			if (!more) {
				code = dp_fail(err, DP_ENOMEM, "no memory for attributes");
				break;
			}
			out->attr = more;
		}
		code = attr_read(&row, out, &left, err);
	}
	return dp__sql_row_close(&row, code, "attr", err);
}

static void unit_get(dp__sql_row *row, dp_unit *unit, size_t extents, size_t naxes)
{
	unit->rec = dp__sql_get_count(row);
	unit->nrec = dp__sql_get_count(row);
	unit->skip = dp__sql_get_number(row, INT64_MAX);
	unit->raw = dp__sql_get_number(row, INT64_MAX);
	for (size_t i = 0; i < extents; i++) {
		unit->extent[i].part = (uint32_t)dp__sql_get_number(row, UINT32_MAX);
		unit->extent[i].off = dp__sql_get_number(row, INT64_MAX);
		unit->extent[i].len = dp__sql_get_number(row, INT64_MAX);
	}
	unit->state_len = (uint32_t)dp__sql_get_number(row, UINT32_MAX);
	unit->state_crc = (uint32_t)dp__sql_get_number(row, UINT32_MAX);
	unit->crc = (uint32_t)dp__sql_get_number(row, UINT32_MAX);
	unit->tag = (uint32_t)dp__sql_get_number(row, UINT32_MAX);
	unit->flags = (uint32_t)dp__sql_get_number(row, UINT32_MAX);
	for (size_t i = 0; i < naxes; i++) {
		unit->box.lo[i] = dp__sql_get_real(row);
		unit->box.hi[i] = dp__sql_get_real(row);
	}
}

static dp_code units_read(dp__sql *db, dp__table *out, const db_facts *facts, dp_error *err)
{
	dp__sql_row row = { 0 };
	out->unit = calloc(facts->nunits + 1, sizeof(*out->unit));
	if (!out->unit)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu units", facts->nunits);
	dp_code code = dp__sql_row_open(&row, db, "SELECT * FROM unit ORDER BY id", err);
	while (dp__sql_next(&row, &code, err)) {
		row.bad = out->nunits == facts->nunits ||
			  dp__sql_get_number(&row, INT64_MAX) != out->nunits;
		if (!row.bad)
			unit_get(&row, &out->unit[out->nunits++], facts->extents, out->naxes);
	}
	row.bad = row.bad || out->nunits != facts->nunits;
	return dp__sql_row_close(&row, code, "unit", err);
}

static dp_code table_read(dp__sql *db, dp__table *out, db_facts *facts, dp_error *err)
{
	char digest[65];
	dp_code code = schema_check(db, out, 0, err);
	if (code == DP_OK)
		code = meta_read(db, out, facts, err);
	if (code == DP_OK)
		code = axes_read(db, out, err);
	if (code == DP_OK)
		code = schema_check(db, out, facts->extents, err);
	if (code == DP_OK)
		code = attrs_read(db, out, facts, err);
	if (code == DP_OK)
		code = units_read(db, out, facts, err);
	if (code == DP_OK)
		code = dp__table_check(out, err);
	if (code == DP_OK)
		code = dp__table_digest(out, digest, err);
	if (code == DP_OK && strcmp(digest, facts->digest) != 0)
		code = dp_fail(err, DP_EFORMAT, "database: its digest does not match");
	return code;
}

dp_code dp__db_read(dp__table *out, uint8_t *data, size_t len, dp_error *err)
{
	dp__sql db = { 0 };
	db_facts facts = { .bytes = len };
	uint64_t size = 0;
	memset(out, 0, sizeof(*out));
	if (len < DP__SCHEMA_PAGE)
		return dp_fail(err, DP_EFORMAT, "a database of %zu bytes is not possible", len);
	dp_code code = dp__db_size(data, &size, err);
	if (code == DP_OK && size != len)
		code = dp_fail(err, DP_EFORMAT, "database has %zu bytes, its header says %" PRIu64,
			       len, size);
	if (code == DP_OK)
		code = dp__sql_attach(&db, data, len, err);
	if (code == DP_OK)
		code = table_read(&db, out, &facts, err);
	dp__sql_close(&db);
	free(facts.digest);
	if (code != DP_OK)
		dp__table_fini(out);
	return code;
}
