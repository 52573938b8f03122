/* params.c - "name=value" lists checked against a dp_param table into a struct, and back. */
#include "core/base/params.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/near.h"
#include "core/base/text.h"

#define EXACT_END ((double)((uint64_t)1 << 53)) /* whole numbers below are exact in a double */
#define RECORD    "record"
#define VALUE_MAX (1u << 20) /* bytes of one canonical argument */

struct dp__params_mem {
	char **text;
	size_t ntexts;
	dp_axis_arg *axis;
	size_t naxes;
};

/* What one dp__params_init() works with. */
typedef struct filling {
	dp__params *out;
	const char *const *args;
	size_t nargs;
	const dp_axis *axes;
	size_t naxes;
	const char *who;
	const char *name; /* of the value at hand */
	dp_error *err;
} filling;

/* One parsed value. */
typedef union value {
	uint64_t whole;
	double number;
	bool yes;
	int choice;
	const char *text;
	dp_axis_args axes;
} value;

static const dp_param *table_of(const dp_param *table)
{
	static const dp_param none = { 0 };

	return table != NULL ? table : &none;
}

static size_t rows_of(const dp_param *table)
{
	size_t n = 0;

	while (table[n].name != NULL)
		n++;
	return n;
}

static bool parse_bool(const char *text, bool *out)
{
	static const char *const name[] = { "no", "yes", "false", "true", "0", "1" };

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (strcmp(text, name[i]) == 0) {
			*out = i % 2 == 1;
			return true;
		}
	return false;
}

/* The i-th of "a|b"; *len 0 behind the last. */
static const char *choice_at(const char *choices, int i, size_t *len)
{
	for (; i > 0; i--) {
		choices += strcspn(choices, "|");
		if (*choices == '|')
			choices++;
	}
	*len = strcspn(choices, "|");
	return choices;
}

static bool parse_choice(const char *choices, const char *text, int *out)
{
	size_t len;

	for (int i = 0;; i++) {
		const char *one = choice_at(choices, i, &len);

		if (len == 0)
			return false;
		if (strlen(text) == len && memcmp(text, one, len) == 0) {
			*out = i;
			return true;
		}
	}
}

/* Keeps a copy of text until the params go. */
static const char *keep_text(const filling *job, const char *text)
{
	struct dp__params_mem *mem = job->out->mem;
	char *copy = dp__strdup(text);

	if (copy != NULL)
		mem->text[mem->ntexts++] = copy;
	else
		dp_fail(job->err, DP_ENOMEM, "no memory for parameters");
	return copy;
}

static dp_code bad_value(const filling *job, const char *text, const char *want)
{
	return dp_fail(job->err, DP_EINVAL, "%s: %s=%s is not %s", job->who, job->name, text, want);
}

static dp_code parse_value(const filling *job, const dp_param *row, const char *text, value *out)
{
	char want[256] = "one of ";

	switch (row->type) {
	case DP_PARAM_COUNT:
		if (!dp__params_count(text, &out->whole))
			return bad_value(job, text, "a count such as 1000000, 1M or 1e6");
		return DP_OK;
	case DP_PARAM_BYTES:
		if (!dp__params_bytes(text, &out->whole))
			return bad_value(job, text, "a size such as 65536, 64K or 64M");
		return DP_OK;
	case DP_PARAM_NUMBER:
		if (!dp__number(text, &out->number))
			return bad_value(job, text, "a number");
		return DP_OK;
	case DP_PARAM_BOOL:
		if (!parse_bool(text, &out->yes))
			return bad_value(job, text, "yes or no");
		return DP_OK;
	case DP_PARAM_CHOICE:
		if (parse_choice(row->choices, text, &out->choice))
			return DP_OK;
		strncat(want, row->choices, sizeof(want) - strlen(want) - 1);
		return bad_value(job, text, want);
	case DP_PARAM_TEXT:
		out->text = keep_text(job, text);
		return out->text != NULL ? DP_OK : DP_ENOMEM;
	case DP_PARAM_AXES:
		break;
	}
	return dp_fail(job->err, DP_EINVAL, "%s: %s has no such type", job->who, job->name);
}

/* One end of an interval; nothing is open. Records are counted, and must stay exact in a double. */
static bool parse_end(const char *text, size_t len, bool record, double *out)
{
	char copy[64];
	uint64_t n;

	if (len == 0)
		return true;
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!record)
		return dp__number(copy, out);
	if (!dp__params_count(copy, &n) || (double)n >= EXACT_END)
		return false;
	*out = (double)n;
	return true;
}

static dp_code parse_axis(const filling *job, const char *text, dp_axis_arg *out)
{
	const char *colon = strchr(text, ':');
	bool record = strcmp(job->name, RECORD) == 0;
	uint64_t n;

	out->interval = colon != NULL;
	out->lo = -INFINITY;
	out->hi = INFINITY;
	if (colon == NULL) {
		if (!dp__params_count(text, &n) || n == 0 || (double)n >= EXACT_END)
			return bad_value(job, text, "a count or an interval FROM:TO");
		out->count = (double)n;
		return DP_OK;
	}
	if (!parse_end(text, (size_t)(colon - text), record, &out->lo) ||
	    !parse_end(colon + 1, strlen(colon + 1), record, &out->hi))
		return bad_value(job, text,
				 record ? "an interval of record numbers FROM:TO"
					: "an interval FROM:TO");
	if (out->lo > out->hi)
		return bad_value(job, text, "an interval: it ends before it begins");
	return DP_OK;
}

static size_t field_size(dp_param_type type)
{
	switch (type) {
	case DP_PARAM_COUNT:
	case DP_PARAM_BYTES:
		return sizeof(uint64_t);
	case DP_PARAM_NUMBER:
		return sizeof(double);
	case DP_PARAM_BOOL:
		return sizeof(bool);
	case DP_PARAM_CHOICE:
		return sizeof(int);
	case DP_PARAM_TEXT:
		return sizeof(const char *);
	case DP_PARAM_AXES:
		return sizeof(dp_axis_args);
	}
	return 0;
}

/* The canonical text of a value that was parsed from text. */
static dp_code print_value(const dp_param *row, const value *v, dp__buf *out, dp_error *err)
{
	const char *one;
	size_t len;

	switch (row->type) {
	case DP_PARAM_COUNT:
	case DP_PARAM_BYTES:
		return dp__buf_printf(out, err, "%" PRIu64, v->whole);
	case DP_PARAM_NUMBER:
		return dp__number_add(out, v->number, err);
	case DP_PARAM_BOOL:
		return dp__buf_printf(out, err, v->yes ? "yes" : "no");
	case DP_PARAM_CHOICE:
		one = choice_at(row->choices, v->choice, &len);
		return dp__buf_add(out, one, len, err);
	case DP_PARAM_TEXT:
		return dp__buf_add(out, v->text, strlen(v->text), err);
	case DP_PARAM_AXES:
		break;
	}
	return DP_OK;
}

static dp_code print_axis(const dp_axis_arg *arg, dp__buf *out, dp_error *err)
{
	dp_code code = DP_OK;

	if (!arg->interval)
		return dp__number_add(out, arg->count, err);
	if (!isinf(arg->lo))
		code = dp__number_add(out, arg->lo, err);
	if (code == DP_OK)
		code = dp__buf_add(out, ":", 1, err);
	if (code == DP_OK && !isinf(arg->hi))
		code = dp__number_add(out, arg->hi, err);
	return code;
}

/* Adds "name=..." to the canonical arguments; takes the text out of line. */
static dp_code add_arg(const filling *job, dp__buf *line)
{
	dp_code code = dp__buf_take(&job->out->args[job->out->nargs], line, job->err);

	if (code == DP_OK)
		job->out->nargs++;
	return code;
}

/* What follows "name=" in the argument of that name; NULL if it was not given. */
static const char *given(const filling *job, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < job->nargs; i++)
		if (strncmp(job->args[i], name, len) == 0 && job->args[i][len] == '=')
			return job->args[i] + len + 1;
	return NULL;
}

/* Whether a is what stands in b from head on. */
static bool same_bytes(const dp__buf *a, const dp__buf *b, size_t head)
{
	return a->len == b->len - head &&
	       (a->len == 0 || memcmp(a->data, b->data + head, a->len) == 0);
}

/*
 * Fills the field of an ordinary row, and its canonical argument where it differs from the default.
 */
static dp_code fill_row(filling *job, const dp_param *row)
{
	const char *text = given(job, row->name);
	dp__buf line = dp__buf_of(VALUE_MAX), def = dp__buf_of(VALUE_MAX);
	value v = { 0 }, standard = { 0 };
	dp_code code;
	size_t head;

	job->name = row->name;
	if (text == NULL && row->def == NULL)
		return dp_fail(job->err, DP_EINVAL, "%s: %s is missing", job->who, row->name);
	code = parse_value(job, row, text != NULL ? text : row->def, &v);
	if (code != DP_OK)
		return code;
	memcpy((char *)job->out->value + row->offset, &v, field_size(row->type));
	if (text == NULL)
		return DP_OK;
	code = dp__buf_printf(&line, job->err, "%s=", row->name);
	head = line.len;
	if (code == DP_OK)
		code = print_value(row, &v, &line, job->err);
	if (code == DP_OK && row->def != NULL) {
		code = parse_value(job, row, row->def, &standard);
		if (code == DP_OK)
			code = print_value(row, &standard, &def, job->err);
	}
	if (code == DP_OK && (row->def == NULL || !same_bytes(&def, &line, head)))
		code = add_arg(job, &line);
	dp__buf_fini(&line);
	dp__buf_fini(&def);
	return code;
}

/* The i-th axis, then "record", then NULL. */
static const char *axis_name(const void *user, size_t i)
{
	const filling *job = user;

	if (i < job->naxes)
		return job->axes[i].name;
	return i == job->naxes ? RECORD : NULL;
}

static const dp_param *row_named(const dp_param *table, const char *name, size_t len)
{
	for (; table->name != NULL; table++)
		if (table->type != DP_PARAM_AXES && strlen(table->name) == len &&
		    memcmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

/*
 * Fills the field that takes axes with those that were given and have no row of their own, in the
 * order of the axes.
 */
static dp_code fill_axes(filling *job, const dp_param *row)
{
	struct dp__params_mem *mem = job->out->mem;
	dp_axis_args all = { .arg = mem->axis + mem->naxes };
	dp__buf line = dp__buf_of(VALUE_MAX);
	dp_code code = DP_OK;

	for (size_t i = 0; code == DP_OK && (job->name = axis_name(job, i)) != NULL; i++) {
		const char *text = given(job, job->name);
		dp_axis_arg *arg = mem->axis + mem->naxes;

		if (text == NULL || row_named(job->out->table, job->name, strlen(job->name)))
			continue;
		code = parse_axis(job, text, arg);
		if (code == DP_OK && (arg->axis = keep_text(job, job->name)) == NULL)
			code = DP_ENOMEM;
		if (code == DP_OK)
			code = dp__buf_printf(&line, job->err, "%s=", job->name);
		if (code == DP_OK)
			code = print_axis(arg, &line, job->err);
		if (code == DP_OK)
			code = add_arg(job, &line);
		mem->naxes++;
		all.n++;
	}
	dp__buf_fini(&line);
	if (code == DP_OK && all.n == 0 && row->def == NULL)
		return dp_fail(job->err, DP_EINVAL, "%s: no axis is given, such as %s=FROM:TO",
			       job->who, axis_name(job, 0));
	memcpy((char *)job->out->value + row->offset, &all, sizeof(all));
	return code;
}

static bool takes_axes(const dp_param *table)
{
	for (; table->name != NULL; table++)
		if (table->type == DP_PARAM_AXES)
			return true;
	return false;
}

static bool is_axis(const filling *job, const char *name, size_t len)
{
	const char *one;

	if (!takes_axes(job->out->table))
		return false;
	for (size_t i = 0; (one = axis_name(job, i)) != NULL; i++)
		if (strlen(one) == len && memcmp(one, name, len) == 0)
			return true;
	return false;
}

/* All names that the table and the axes offer. */
static const char *offered_name(const void *user, size_t i)
{
	const filling *job = user;
	const dp_param *row = job->out->table;

	for (; row->name != NULL; row++) {
		if (row->type == DP_PARAM_AXES)
			continue;
		if (i == 0)
			return row->name;
		i--;
	}
	return takes_axes(job->out->table) ? axis_name(job, i) : NULL;
}

static dp_code check_names(const filling *job)
{
	for (size_t i = 0; i < job->nargs; i++) {
		const char *arg = job->args[i], *equals = strchr(arg, '=');
		char name[64], near[256];
		size_t len;

		if (equals == NULL || equals == arg)
			return dp_fail(job->err, DP_EINVAL, "%s: '%s' is not NAME=VALUE", job->who,
				       arg);
		len = (size_t)(equals - arg);
		for (size_t k = 0; k < i; k++)
			if (strncmp(job->args[k], arg, len + 1) == 0)
				return dp_fail(job->err, DP_EINVAL, "%s: %.*s is given twice",
					       job->who, len < 64 ? (int)len : 64, arg);
		if (row_named(job->out->table, arg, len) != NULL || is_axis(job, arg, len))
			continue;
		len = len < sizeof(name) - 1 ? len : sizeof(name) - 1;
		memcpy(name, arg, len);
		name[len] = '\0';
		dp__names_near(near, sizeof(near), name, offered_name, job);
		return dp_fail(job->err, DP_EINVAL, "%s: no parameter '%s'%s", job->who, name,
			       near);
	}
	return DP_OK;
}

static dp_code alloc_params(const filling *job, size_t size)
{
	dp__params *out = job->out;
	size_t room = job->nargs + 2 * rows_of(out->table) + job->naxes + 2;

	out->value = calloc(1, size > 0 ? size : 1);
	out->args = calloc(room, sizeof(*out->args));
	out->mem = calloc(1, sizeof(*out->mem));
	if (out->mem != NULL) {
		/* A text row keeps its value and its default. */
		out->mem->text = calloc(room, sizeof(*out->mem->text));
		out->mem->axis = calloc(room, sizeof(*out->mem->axis));
	}
	if (out->value == NULL || out->args == NULL || out->mem == NULL || out->mem->text == NULL ||
	    out->mem->axis == NULL)
		return dp_fail(job->err, DP_ENOMEM, "no memory for parameters");
	return DP_OK;
}

dp_code dp__params_init(dp__params *out, const dp__params_owner *owner, const char *const *args,
			dp_error *err)
{
	filling job = { .out = out,
			.args = args,
			.axes = owner->axes,
			.naxes = owner->naxes,
			.who = owner->name,
			.err = err };
	dp_code code;

	*out = (dp__params){ .table = table_of(owner->table) };
	while (args != NULL && args[job.nargs] != NULL)
		job.nargs++;
	code = check_names(&job);
	if (code == DP_OK)
		code = alloc_params(&job, owner->size);
	for (const dp_param *row = out->table; code == DP_OK && row->name != NULL; row++) {
		assert(row->offset + field_size(row->type) <= owner->size);
		code = row->type == DP_PARAM_AXES ? fill_axes(&job, row) : fill_row(&job, row);
	}
	if (code != DP_OK)
		dp__params_fini(out);
	return code;
}

void dp__params_fini(dp__params *params)
{
	for (size_t i = 0; i < params->nargs; i++)
		free(params->args[i]);
	free(params->args);
	free(params->value);
	if (params->mem != NULL) {
		for (size_t i = 0; i < params->mem->ntexts; i++)
			free(params->mem->text[i]);
		free(params->mem->text);
		free(params->mem->axis);
		free(params->mem);
	}
	*params = (dp__params){ 0 };
}

bool dp__params_equal(const dp__params *a, const dp__params *b)
{
	if (a->nargs != b->nargs)
		return false;
	for (size_t i = 0; i < a->nargs; i++)
		if (strcmp(a->args[i], b->args[i]) != 0)
			return false;
	return true;
}
