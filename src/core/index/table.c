/* table.c - what an index knows of one object: its laws, its digest and its travelling attributes.
 */
#include "core/index/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "core/base/text.h"
#include "core/index/row.h"

#define LIMIT      ((uint64_t)1 << 63)
#define MAX_NAME   32 /* of an axis */
#define MAX_LABELS (1 << 20)

/* Axes and labels are const to those who look at them, but a table's are its own. */
static void free_lent(const void *p)
{
	free((void *)(uintptr_t)p);
}

void dp__table_fini(dp__table *table)
{
	for (size_t i = 0; i < table->naxes; i++) {
		dp_axis *axis = &table->axis[i];
		for (size_t k = 0; k < axis->nlabels; k++)
			free_lent(axis->labels[k]);
		free_lent(axis->labels);
		free_lent(axis->name);
		free_lent(axis->unit);
	}
	for (size_t i = 0; i < table->nattrs; i++) {
		free(table->attr[i].name);
		free(table->attr[i].value);
	}
	for (char **arg = table->args; arg && *arg; arg++)
		free(*arg);
	free(table->args);
	free(table->attr);
	free(table->unit);
	free(table->url);
	free(table->format);
	free(table->library);
	free(table->warnings);
	memset(table, 0, sizeof(*table));
}

/* Room for one more label, in steps of powers of two. */
static dp_code labels_grow(dp_axis *axis, dp_error *err)
{
	size_t n = axis->nlabels;
	if (n >= MAX_LABELS)
		return dp_fail(err, DP_EUNSUPPORTED, "axis %s: more than %d labels", axis->name,
			       MAX_LABELS);
	if ((n & (n - 1)) != 0)
		return DP_OK;
	const char **more =
		realloc((void *)(uintptr_t)axis->labels, (n ? 2 * n : 1) * sizeof(*more));
	if (!more)
		return dp_fail(err, DP_ENOMEM, "no memory for labels");
	axis->labels = more;
	return DP_OK;
}

dp_code dp__table_label(dp__table *table, size_t axis, const char *label, uint32_t *id,
			dp_error *err)
{
	dp_axis *own = &table->axis[axis];
	char *copy = dp__strdup(label);
	dp_code code =
		copy ? labels_grow(own, err) : dp_fail(err, DP_ENOMEM, "no memory for labels");
	if (code != DP_OK) {
		free(copy);
		return code;
	}
	*id = (uint32_t)own->nlabels;
	((const char **)(uintptr_t)own->labels)[own->nlabels++] = copy;
	return DP_OK;
}

dp_code dp__table_axis(dp__table *table, const dp_axis *axis, dp_error *err)
{
	size_t i = table->naxes;
	dp_code code = DP_OK;
	if (i >= DP_MAX_AXES)
		return dp_fail(err, DP_EFORMAT, "more than %d axes", DP_MAX_AXES);
	dp_axis *own = &table->axis[table->naxes++];
	*own = (dp_axis){ dp__strdup(axis->name), dp__strdup(axis->unit ? axis->unit : ""), NULL,
			  0 };
	if (!own->name || !own->unit)
		return dp_fail(err, DP_ENOMEM, "no memory for an axis");
	for (size_t k = 0; k < axis->nlabels && code == DP_OK; k++) {
		uint32_t id;
		code = dp__table_label(table, i, axis->labels[k], &id, err);
	}
	return code;
}

/* Axis names become part of SQL, so nothing but [a-z][a-z0-9_]* is one. */
static bool axis_name_ok(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz";
	static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t len = name ? strlen(name) : 0;
	return len > 0 && len <= MAX_NAME && strspn(name, first) > 0 && strspn(name, others) == len;
}

static dp_code axes_check(const dp__table *table, dp_error *err)
{
	if (table->naxes > DP_MAX_AXES)
		return dp_fail(err, DP_EFORMAT, "%zu axes, more than %d", table->naxes,
			       DP_MAX_AXES);
	for (size_t i = 0; i < table->naxes; i++) {
		const char *name = table->axis[i].name;
		if (!axis_name_ok(name) || strcmp(name, "record") == 0)
			return dp_fail(err, DP_EFORMAT, "axis %zu: no such name is possible", i);
		for (size_t k = 0; k < i; k++)
			if (strcmp(table->axis[k].name, name) == 0)
				return dp_fail(err, DP_EFORMAT, "two axes are named %s", name);
	}
	return DP_OK;
}

static dp_code facts_check(const dp__table *table, dp_error *err)
{
	if (!table->url || !table->format || !table->library || !table->warnings)
		return dp_fail(err, DP_EFORMAT, "url, format, library or warnings are missing");
	for (char **arg = table->args; arg && *arg; arg++)
		if (!**arg || strchr(*arg, '\n'))
			return dp_fail(err, DP_EFORMAT, "a parameter is empty or has two lines");
	if (table->nparts == 0 || table->nparts > DP__MAX_PARTS)
		return dp_fail(err, DP_EFORMAT, "%zu parts are not possible", table->nparts);
	for (size_t i = 0; i < table->nparts; i++)
		if (table->part[i].size >= LIMIT)
			return dp_fail(err, DP_EFORMAT, "part %zu: size is out of bounds", i);
	for (size_t i = 1; i < table->nattrs; i++)
		if (strcmp(table->attr[i - 1].name, table->attr[i].name) >= 0)
			return dp_fail(err, DP_EFORMAT, "attribute %s is doubled or out of order",
				       table->attr[i].name);
	return axes_check(table, err);
}

/* What units have counted so far. */
typedef struct tally {
	uint64_t rec, raw;
	bool unknown; /* from here on */
} tally;

static dp_code unit_check(const dp__table *table, size_t i, tally *sum, dp_error *err)
{
	const dp_unit *unit = &table->unit[i];
	dp_error why = { 0 };
	if (dp__row_check(unit, table->naxes, &why) != DP_OK)
		return dp_fail(err, DP_EFORMAT, "unit %zu: %s", i, why.msg);
	for (size_t k = 0; k < DP_MAX_EXTENTS && unit->extent[k].len > 0; k++) {
		const dp_extent *extent = &unit->extent[k];
		if (extent->part >= table->nparts ||
		    extent->off + extent->len > table->part[extent->part].size)
			return dp_fail(err, DP_EFORMAT, "unit %zu: extent %zu is out of its part",
				       i, k);
	}
	if (unit->rec != (sum->unknown ? DP_UNKNOWN : sum->rec) &&
	    (unit->rec != DP_UNKNOWN || unit->nrec != DP_UNKNOWN))
		return dp_fail(err, DP_EFORMAT, "unit %zu: records do not follow those before", i);
	sum->unknown = sum->unknown || unit->nrec == DP_UNKNOWN;
	if (!sum->unknown)
		sum->rec += unit->nrec; /* below 2^63, or the next unit's rec would not equal it */
	if (sum->rec >= LIMIT || !dp__add_u64(sum->raw, unit->raw, &sum->raw) || sum->raw >= LIMIT)
		return dp_fail(err, DP_EFORMAT, "unit %zu: sums are out of bounds", i);
	return DP_OK;
}

dp_code dp__table_check(const dp__table *table, dp_error *err)
{
	if (table->nunits > DP__MAX_UNITS)
		return dp_fail(err, DP_EFORMAT, "%zu units, more than %u", table->nunits,
			       DP__MAX_UNITS);
	dp_code code = facts_check(table, err);
	tally sum = { 0 };
	for (size_t i = 0; i < table->nunits && code == DP_OK; i++)
		code = unit_check(table, i, &sum, err);
	return code;
}

dp_code dp__table_params(const dp__table *table, dp__buf *out, dp_error *err)
{
	dp_code code = DP_OK;
	for (char **arg = table->args; arg && *arg && code == DP_OK; arg++)
		code = dp__buf_printf(out, err, "%s%s", arg == table->args ? "" : "\n", *arg);
	return code == DP_OK ? dp__buf_close(out, err) : code;
}

dp_code dp__table_set_params(dp__table *table, const char *lines, dp_error *err)
{
	size_t n = 1;
	for (const char *p = lines; *p; p++)
		n += *p == '\n';
	table->args = calloc(n + 1, sizeof(*table->args));
	for (size_t i = 0; table->args && *lines; i++) {
		size_t len = strcspn(lines, "\n");
		table->args[i] = dp__strndup(lines, len);
		if (!table->args[i])
			return dp_fail(err, DP_ENOMEM, "no memory for params");
		lines += len + (lines[len] == '\n');
	}
	return table->args ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for params");
}

static dp_code hash_number(dp__sha256 *sha, uint64_t v, dp_error *err)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(v >> 8 * i);
	return dp__sha256_add(sha, bytes, sizeof(bytes), err);
}

static dp_code hash_bytes(dp__sha256 *sha, const void *data, size_t len, dp_error *err)
{
	dp_code code = hash_number(sha, len, err);
	return code == DP_OK && len > 0 ? dp__sha256_add(sha, data, len, err) : code;
}

static dp_code hash_text(dp__sha256 *sha, const char *text, dp_error *err)
{
	return text ? hash_bytes(sha, text, strlen(text), err) : hash_number(sha, 0, err);
}

static dp_code hash_facts(dp__sha256 *sha, const dp__table *table, dp_error *err)
{
	dp_code code = hash_text(sha, table->url, err);
	if (code == DP_OK)
		code = hash_text(sha, table->format, err);
	if (code == DP_OK)
		code = hash_text(sha, table->warnings, err);
	for (char **arg = table->args; arg && *arg && code == DP_OK; arg++)
		code = hash_text(sha, *arg, err);
	if (code == DP_OK)
		code = hash_text(sha, NULL, err);
	if (code == DP_OK)
		code = hash_number(sha, table->nparts, err);
	for (size_t i = 0; i < table->nparts && code == DP_OK; i++) {
		code = hash_number(sha, table->part[i].size, err);
		if (code == DP_OK)
			code = hash_text(sha, table->part[i].etag, err);
	}
	return code;
}

static dp_code hash_axis(dp__sha256 *sha, const dp_axis *axis, dp_error *err)
{
	dp_code code = hash_text(sha, axis->name, err);
	if (code == DP_OK)
		code = hash_text(sha, axis->unit, err);
	if (code == DP_OK)
		code = hash_number(sha, axis->nlabels, err);
	for (size_t i = 0; i < axis->nlabels && code == DP_OK; i++)
		code = hash_text(sha, axis->labels[i], err);
	return code;
}

static dp_code hash_attr(dp__sha256 *sha, const dp__attr *attr, dp_error *err)
{
	dp_code code = hash_text(sha, attr->name, err);
	if (code == DP_OK)
		code = hash_number(sha, attr->travels, err);
	return code == DP_OK ? hash_bytes(sha, attr->value, attr->len, err) : code;
}

static dp_code hash_unit(dp__sha256 *sha, const dp_unit *unit, size_t naxes, dp_error *err)
{
	uint8_t bytes[DP__MAX_ROW];
	dp__buf row = { .data = bytes, .cap = sizeof(bytes), .max = sizeof(bytes) };
	dp_code code = dp__row_pack(&row, unit, naxes, err);
	return code == DP_OK ? dp__sha256_add(sha, row.data, row.len, err) : code;
}

dp_code dp__table_digest(const dp__table *table, char out[65], dp_error *err)
{
	dp__sha256 *sha = NULL;
	dp_code code = dp__sha256_open(&sha, err);
	if (code == DP_OK)
		code = hash_facts(sha, table, err);
	if (code == DP_OK)
		code = hash_number(sha, table->naxes, err);
	for (size_t i = 0; i < table->naxes && code == DP_OK; i++)
		code = hash_axis(sha, &table->axis[i], err);
	if (code == DP_OK)
		code = hash_number(sha, table->nattrs, err);
	for (size_t i = 0; i < table->nattrs && code == DP_OK; i++)
		code = hash_attr(sha, &table->attr[i], err);
	for (size_t i = 0; i < table->nunits && code == DP_OK; i++)
		code = hash_unit(sha, &table->unit[i], table->naxes, err);
	if (code == DP_OK)
		code = dp__sha256_hex(sha, out, err);
	dp__sha256_free(sha);
	return code;
}

static dp_code pack_bytes(dp__buf *out, const void *data, size_t len, dp_error *err)
{
	dp_code code = dp__put_varint(out, len, err);
	return code == DP_OK ? dp__buf_add(out, data, len, err) : code;
}

dp_code dp__table_travel(const dp__table *table, dp__buf *out, dp_error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < table->nattrs; i++)
		n += table->attr[i].travels;
	if (n == 0)
		return DP_OK;
	dp_code code = dp__put_varint(out, n, err);
	for (size_t i = 0; i < table->nattrs && code == DP_OK; i++) {
		const dp__attr *attr = &table->attr[i];
		if (!attr->travels)
			continue;
		code = pack_bytes(out, attr->name, strlen(attr->name), err);
		if (code == DP_OK)
			code = pack_bytes(out, attr->value, attr->len, err);
	}
	return code;
}

const uint8_t *dp__travel_find(const void *block, size_t len, const char *name, size_t *value_len)
{
	size_t name_len = strlen(name);
	if (len == 0)
		return NULL;
	dp__cur cur = dp__cur_of(block, len);
	for (uint64_t left = dp__cur_varint(&cur); left > 0 && !cur.bad; left--) {
		uint64_t n = dp__cur_varint(&cur);
		const uint8_t *key = dp__cur_bytes(&cur, n);
		uint64_t m = dp__cur_varint(&cur);
		const uint8_t *value = dp__cur_bytes(&cur, m);
		if (!cur.bad && n == name_len && memcmp(key, name, name_len) == 0) {
			*value_len = (size_t)m;
			return value;
		}
	}
	return NULL;
}
