/* table.h - what an index knows of one object, in memory: its units and the facts about the whole.
 */
#ifndef DP_INDEX_TABLE_H
#define DP_INDEX_TABLE_H

#include "core/base/buf.h"
#include "dataplug/unit.h"

#define DP__MAX_PARTS 4
#define DP__MAX_UNITS (1u << 20)

/* What pins one part of an object. */
typedef struct dp__part {
	uint64_t size;
	char etag[256];
} dp__part;

typedef struct dp__attr {
	char *name;
	uint8_t *value; /* with a zero byte behind it */
	size_t len;
	bool travels; /* workers need it */
} dp__attr;

/* Zeroed is an empty one. Owns all it points to. */
typedef struct dp__table {
	char *url; /* the object's */
	char *format;
	char **args;    /* the format's params in canonical form, NULL-terminated */
	char *library;  /* the version that built it */
	char *warnings; /* one a line, "" if none */
	dp__part part[DP__MAX_PARTS];
	size_t nparts;
	dp_axis axis[DP_MAX_AXES]; /* names, units and labels are owned */
	size_t naxes;
	dp__attr *attr; /* in order of names */
	size_t nattrs;
	dp_unit *unit;
	size_t nunits;
} dp__table;

void dp__table_fini(dp__table *table);
/* Appends a copy of an axis (its name, unit and labels). */
dp_code dp__table_axis(dp__table *table, const dp_axis *axis, dp_error *err);
/* Appends a label to an axis; *id is its number. At most 2^20 labels. */
dp_code dp__table_label(dp__table *table, size_t axis, const char *label, uint32_t *id,
			dp_error *err);
/*
 * The laws of a table, so that nobody else need check: counts within bounds; every extent within
 * its part, unused ones empty and last; rec and nrec without a hole from 0 while they are known,
 * all unknown from the first unknown one on; sums below 2^63; no box inside out or NaN; axis names
 * are [a-z][a-z0-9_]*, 32 bytes at most, and not "record"; attributes in order of names, none
 * twice; no parameter of two lines. DP_EFORMAT names the unit.
 */
dp_code dp__table_check(const dp__table *table, dp_error *err);
/* The format's params as text, one a line, closed; and back: table->args is empty before. */
dp_code dp__table_params(const dp__table *table, dp__buf *out, dp_error *err);
dp_code dp__table_set_params(dp__table *table, const char *lines, dp_error *err);
/* SHA-256 over all units and attributes, and over url, format, params, parts, axes, warnings: 64
 * hexadecimal digits. */
dp_code dp__table_digest(const dp__table *table, char out[65], dp_error *err);
/* The attributes that travel, packed: count, then name, value each with its length (varints). Empty
 * if there are none. */
dp_code dp__table_travel(const dp__table *table, dp__buf *out, dp_error *err);
/* Finds an attribute in such a packed block; NULL if it is not there or the block is damaged. */
const uint8_t *dp__travel_find(const void *block, size_t len, const char *name, size_t *value_len);

#endif
