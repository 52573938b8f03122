/* schema.c - the SQL of an index's database. */
#include "core/index/schema.h"

/*
 * The schema, version 1. It is a pure function of the number of extents and of the axes' names, so
 * that a reader can demand exactly this text and nothing else. Numbers are integers, intervals are
 * reals, NULL is unknown.
 *
 * meta: url, format, params (one "name=value" a line), library (the version that wrote it),
 * warnings (one a line), schema, parts (their number; size0, etag0, size1...), nunits, extents (the
 * largest number that a unit has, at least 1), records ("unknown", or their number), raw (bytes of
 * all records, decoded), digest (dp__table_digest()).
 *
 * attr: in order of names; travels is 1 where workers need it.
 *
 * axis, label: axes by number from 0, and the names of their values where they have names.
 *
 * unit: by number from 0. part, off, len: its extents, unused ones are 0. state: its length.
 * lo_AXIS, hi_AXIS: its interval on each axis. The states themselves lie behind the database's last
 * page, in the units' run.
 */
const char *const dp__schema_names[DP__SCHEMA_TABLES] = { "meta", "attr", "axis", "label", "unit" };
static const char *const schema_sql[] = {
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID",
	"CREATE TABLE attr(name, travels, value BLOB)",
	"CREATE TABLE axis(id INTEGER PRIMARY KEY, name, unit)",
	"CREATE TABLE label(axis, id, label, PRIMARY KEY(axis, id)) WITHOUT ROWID",
};
#define FIXED (sizeof(schema_sql) / sizeof(*schema_sql))

static dp_code unit_sql(dp__buf *out, const dp__table *table, size_t extents, dp_error *err)
{
	dp_code code = dp__buf_printf(
		out, err, "CREATE TABLE unit(id INTEGER PRIMARY KEY, rec, nrec, skip, raw");
	for (size_t i = 0; i < extents && code == DP_OK; i++)
		code = dp__buf_printf(out, err, ", part%zu, off%zu, len%zu", i, i, i);
	if (code == DP_OK)
		code = dp__buf_printf(out, err, ", state, state_crc, crc, tag, flags");
	for (size_t i = 0; i < table->naxes && code == DP_OK; i++)
		code = dp__buf_printf(out, err, ", lo_%s, hi_%s", table->axis[i].name,
				      table->axis[i].name);
	if (code == DP_OK)
		code = dp__buf_printf(out, err, ")");
	return code;
}

dp_code dp__schema_sql(dp__buf *out, size_t i, const dp__table *table, size_t extents,
		       dp_error *err)
{
	if (i >= FIXED)
		return unit_sql(out, table, extents, err);
	return dp__buf_printf(out, err, "%s", schema_sql[i]);
}

dp__schema_name dp__schema_part(const char *fact, size_t i)
{
	return (dp__schema_name){ { fact[0], fact[1], fact[2], fact[3], (char)('0' + i), 0 } };
}
