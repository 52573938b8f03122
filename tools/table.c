/* table.c - puts results into tab-separated lines. */
#include "table.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* One line to be printed. */
struct line {
	const struct table *table;
	const dp_result *result;
	const json_t *object; /* the result as an object, NULL if it is none */
};

/* Tabs, newlines and backslashes would break the line. */
static void print_cell(FILE *text, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\t')
			fputs("\\t", text);
		else if (s[i] == '\n')
			fputs("\\n", text);
		else if (s[i] == '\r')
			fputs("\\r", text);
		else if (s[i] == '\\')
			fputs("\\\\", text);
		else
			putc(s[i], text);
	}
}

static void print_value(FILE *text, const json_t *value)
{
	char *dumped = NULL;
	switch (json_typeof(value)) {
	case JSON_NULL:
		break;
	case JSON_STRING:
		print_cell(text, json_string_value(value), json_string_length(value));
		break;
	case JSON_REAL:
		json_put_number(text, json_real_value(value));
		break;
	default:
		dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		if (dumped)
			print_cell(text, dumped, strlen(dumped));
		free(dumped);
	}
}

/* Whether a key of a result has the name of a column that every table has. */
static bool is_taken(const char *key)
{
	static const char *const taken[] = { "slice", "code",    "attempts", "requests",
					     "bytes", "seconds", "message" };
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
		if (strcmp(key, taken[i]) == 0)
			return true;
	}
	return false;
}

static void fill_head(FILE *text, const void *user)
{
	const struct table *table = user;
	fputs("slice\tcode\tattempts\trequests\tbytes\tseconds", text);
	for (size_t i = 0; i < table->ncolumns; i++) {
		fputs(is_taken(table->column[i]) ? "\tresult." : "\t", text);
		print_cell(text, table->column[i], strlen(table->column[i]));
	}
	fputs(table->ncolumns ? "\tmessage\n" : "\tresult\tmessage\n", text);
}

static void fill_line(FILE *text, const void *user)
{
	const struct line *line = user;
	const dp_result *result = line->result;
	if (result->slice == SIZE_MAX)
		fputs("total", text);
	else
		fprintf(text, "%zu", result->slice);
	fprintf(text, "\t%s\t%u\t%" PRIu64 "\t%" PRIu64 "\t%.3f", dp_code_name(result->code),
		result->attempts, result->paid.requests, result->paid.bytes, result->seconds);
	for (size_t i = 0; i < line->table->ncolumns; i++) {
		const json_t *value = json_object_get(line->object, line->table->column[i]);
		putc('\t', text);
		if (value)
			print_value(text, value);
	}
	if (!line->table->ncolumns) {
		putc('\t', text);
		if (result->code == DP_OK)
			print_cell(text, result->data, result->len);
	}
	putc('\t', text);
	if (result->code != DP_OK)
		print_cell(text, result->data, result->len);
	putc('\n', text);
}

/* The keys of a flat object are the columns. */
static dp_code take_columns(struct table *table, json_t *object, dp_error *err)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		if (json_is_object(value) || json_is_array(value))
			return DP_OK;
	}
	table->column = calloc(json_object_size(object) + 1, sizeof(char *));
	if (!table->column)
		return dp_fail(err, DP_ENOMEM, "no memory for columns");
	json_object_foreach(object, key, value)
	{
		table->column[table->ncolumns] = strdup(key);
		if (!table->column[table->ncolumns])
			return dp_fail(err, DP_ENOMEM, "no memory for columns");
		table->ncolumns++;
	}
	return DP_OK;
}

/* Keeps a failed slice for later. */
static dp_code hold(struct table *table, const dp_result *result, dp_error *err)
{
	if (table->nheld == table->room) {
		size_t room = table->room ? table->room * 2 : 64;
		dp_result *held = realloc(table->held, room * sizeof *held);
		if (!held)
			return dp_fail(err, DP_ENOMEM, "no memory for results");
		table->held = held;
		table->room = room;
	}
	dp_result copy = *result;
	copy.data = strndup(result->data, result->len);
	if (!copy.data)
		return dp_fail(err, DP_ENOMEM, "no memory for results");
	table->held[table->nheld++] = copy;
	return DP_OK;
}

dp_code table_end(struct table *table, struct out *to, dp_error *err)
{
	if (table->begun)
		return DP_OK;
	table->begun = true;
	dp_code rc = out_text(to, fill_head, table, err);
	for (size_t i = 0; rc == DP_OK && i < table->nheld; i++) {
		struct line line = { table, &table->held[i], NULL };
		rc = out_text(to, fill_line, &line, err);
	}
	return rc == DP_OK ? out_flush(to, err) : rc;
}

dp_code table_add(struct table *table, struct out *to, const dp_result *result, dp_error *err)
{
	struct line line = { table, result, NULL };
	json_t *root = NULL;
	dp_code rc = DP_OK;
	if (result->code == DP_OK)
		root = json_loadb(result->data, result->len, JSON_REJECT_DUPLICATES, NULL);
	else if (!table->begun)
		return hold(table, result, err);
	if (!table->begun && json_is_object(root))
		rc = take_columns(table, root, err);
	line.object = root;
	if (rc == DP_OK)
		rc = table_end(table, to, err);
	if (rc == DP_OK)
		rc = out_text(to, fill_line, &line, err);
	json_decref(root);
	return rc == DP_OK ? out_flush(to, err) : rc;
}

void table_fini(struct table *table)
{
	for (size_t i = 0; i < table->ncolumns; i++)
		free(table->column[i]);
	for (size_t i = 0; i < table->nheld; i++)
		free((void *)(uintptr_t)table->held[i].data);
	free(table->column);
	free(table->held);
	*table = (struct table){ 0 };
}
