/* table.c - rows that become a table of Arrow: columns filled value by value, then given away. */
#include "core/engine/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/utf8.h"

#define MAX_DATA ((size_t)1 << 30) /* offsets are int32 */

/* ---- rows ---- */

static dp_code begin(dp_rows *rows, dp_error *err)
{
	const int32_t zero = 0;
	dp_code rc = DP_OK;
	rows->record = dp__buf_of(MAX_DATA);
	rows->n = 0;
	for (size_t i = 0; rc == DP_OK && i < rows->ncolumns; i++) {
		rows->column[i] = (dp__column){ dp__buf_of(MAX_DATA), dp__buf_of(MAX_DATA) };
		rc = dp__buf_add(&rows->column[i].offsets, &zero, sizeof zero, err);
	}
	return rc;
}

dp_code dp__rows_init(dp_rows *rows, const dp_column *columns, dp_error *err)
{
	*rows = (dp_rows){ .columns = columns };
	while (columns[rows->ncolumns].name) {
		if (rows->ncolumns == DP__TABLE_MAX)
			return dp_fail(err, DP_EUNSUPPORTED, "more than %d columns", DP__TABLE_MAX);
		rows->ncolumns++;
	}
	return begin(rows, err);
}

void dp__rows_fini(dp_rows *rows)
{
	dp__buf_fini(&rows->record);
	for (size_t i = 0; i < rows->ncolumns; i++) {
		dp__buf_fini(&rows->column[i].offsets);
		dp__buf_fini(&rows->column[i].data);
	}
}

dp_code dp_rows_add(dp_rows *rows, size_t column, const void *data, size_t len, dp_error *err)
{
	if (column >= rows->ncolumns)
		return dp_fail(err, DP_EINVAL, "a table of %zu columns has no column %zu",
			       rows->ncolumns, column);
	return dp__buf_add(&rows->column[column].data, data, len, err);
}

static int32_t last_offset(const dp__column *column)
{
	int32_t last;
	memcpy(&last, column->offsets.data + column->offsets.len - sizeof last, sizeof last);
	return last;
}

static dp_code end_value(dp_rows *rows, size_t i, dp_error *err)
{
	dp__column *column = &rows->column[i];
	size_t begin = (size_t)last_offset(column), end = column->data.len;
	const int32_t offset = (int32_t)end;
	if (rows->columns[i].type == DP_COLUMN_TEXT && end > begin &&
	    !dp__utf8_is_valid(column->data.data + begin, end - begin))
		return dp_fail(err, DP_EFORMAT, "record %" PRIu64 ": its %s is not UTF-8",
			       rows->now, rows->columns[i].name);
	return dp__buf_add(&column->offsets, &offset, sizeof offset, err);
}

dp_code dp_rows_end(dp_rows *rows, dp_error *err)
{
	dp_code rc = dp__buf_add(&rows->record, &rows->now, sizeof rows->now, err);
	for (size_t i = 0; rc == DP_OK && i < rows->ncolumns; i++)
		rc = end_value(rows, i, err);
	rows->n += rc == DP_OK;
	return rc;
}

/* ---- Arrow: what is given away owns itself ---- */

static void release_schema(struct ArrowSchema *schema)
{
	for (int64_t i = 0; i < schema->n_children; i++) {
		if (schema->children[i]->release)
			schema->children[i]->release(schema->children[i]);
		free(schema->children[i]);
	}
	free(schema->children);
	free(schema->private_data); /* its name */
	schema->release = NULL;
}

static dp_code fill_schema(struct ArrowSchema *out, const char *format, const char *name,
			   size_t nchildren, dp_error *err)
{
	char *own = dp__strdup(name);
	*out = (struct ArrowSchema){ .format = format, .name = own, .private_data = own };
	out->release = release_schema;
	out->children = calloc(nchildren ? nchildren : 1, sizeof(struct ArrowSchema *));
	if (!own || !out->children) {
		release_schema(out);
		return dp_fail(err, DP_ENOMEM, "no memory for a schema");
	}
	return DP_OK;
}

static dp_code add_child(struct ArrowSchema *to, const char *format, const char *name,
			 dp_error *err)
{
	struct ArrowSchema *child = calloc(1, sizeof *child);
	if (!child)
		return dp_fail(err, DP_ENOMEM, "no memory for a schema");
	dp_code rc = fill_schema(child, format, name, 0, err);
	if (rc == DP_OK)
		to->children[to->n_children++] = child;
	else
		free(child);
	return rc;
}

dp_code dp__rows_schema(const dp_column *columns, struct ArrowSchema *out, dp_error *err)
{
	size_t n = 0;
	while (columns[n].name)
		n++;
	dp_code rc = fill_schema(out, "+s", "", n + 1, err);
	if (rc != DP_OK)
		return rc;
	rc = add_child(out, "L", DP__TABLE_RECORD, err);
	for (size_t i = 0; rc == DP_OK && i < n; i++)
		rc = add_child(out, columns[i].type == DP_COLUMN_TEXT ? "u" : "z", columns[i].name,
			       err);
	if (rc != DP_OK)
		release_schema(out);
	return rc;
}

static void release_array(struct ArrowArray *array)
{
	for (int64_t i = 0; i < array->n_children; i++) {
		if (array->children[i]->release)
			array->children[i]->release(array->children[i]);
		free(array->children[i]);
	}
	for (int64_t i = 0; i < array->n_buffers; i++)
		free((void *)(uintptr_t)array->buffers[i]);
	free(array->children);
	free(array->buffers);
	array->release = NULL;
}

static dp_code fill_array(struct ArrowArray *out, size_t rows, size_t nbuffers, size_t nchildren,
			  dp_error *err)
{
	*out = (struct ArrowArray){ .length = (int64_t)rows, .release = release_array };
	out->buffers = calloc(nbuffers, sizeof(void *));
	out->children = calloc(nchildren ? nchildren : 1, sizeof(struct ArrowArray *));
	if (!out->buffers || !out->children) {
		release_array(out);
		return dp_fail(err, DP_ENOMEM, "no memory for a table");
	}
	out->n_buffers = (int64_t)nbuffers;
	return DP_OK;
}

/* Moves a buffer into an array. Some readers want one even of no bytes. */
static dp_code move(const void **to, dp__buf *from, dp_error *err)
{
	dp_code rc = from->data ? DP_OK : dp__buf_reserve(from, 1, err);
	*to = from->data;
	*from = (dp__buf){ 0 };
	return rc;
}

/* An array of the buffers behind its validity, which is none: no value is missing. */
static dp_code add_array(struct ArrowArray *to, size_t rows, dp__buf *const *from, size_t n,
			 dp_error *err)
{
	struct ArrowArray *child = calloc(1, sizeof *child);
	if (!child)
		return dp_fail(err, DP_ENOMEM, "no memory for a table");
	dp_code rc = fill_array(child, rows, n + 1, 0, err);
	if (rc != DP_OK) {
		free(child);
		return rc;
	}
	to->children[to->n_children++] = child;
	for (size_t i = 0; rc == DP_OK && i < n; i++)
		rc = move(&child->buffers[i + 1], from[i], err);
	return rc;
}

dp_code dp__rows_take(dp_rows *rows, struct ArrowArray *out, dp_error *err)
{
	dp_code rc = fill_array(out, rows->n, 1, rows->ncolumns + 1, err);
	if (rc != DP_OK)
		return rc;
	rc = add_array(out, rows->n, (dp__buf *const[]){ &rows->record }, 1, err);
	for (size_t i = 0; rc == DP_OK && i < rows->ncolumns; i++) {
		dp__column *column = &rows->column[i];
		rc = add_array(out, rows->n, (dp__buf *const[]){ &column->offsets, &column->data },
			       2, err);
	}
	if (rc == DP_OK)
		rc = begin(rows, err);
	if (rc != DP_OK)
		release_array(out);
	return rc;
}
