/* test_params.c - "name=value" lists: types, defaults, canonical form, messages. */
#include <criterion/criterion.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/base/params.h"

typedef struct sample {
	uint64_t n, size;
	double halo;
	bool strict;
	int rest;
	const char *label;
	dp_axis_args axes;
} sample;

static const dp_param table[] = {
	{ "n", DP_PARAM_COUNT, offsetof(sample, n), "1M", NULL, "records" },
	{ "size", DP_PARAM_BYTES, offsetof(sample, size), "64M", NULL, "bytes" },
	{ "halo", DP_PARAM_NUMBER, offsetof(sample, halo), "0", NULL, "around" },
	{ "strict", DP_PARAM_BOOL, offsetof(sample, strict), "no", NULL, "refuse" },
	{ "rest", DP_PARAM_CHOICE, offsetof(sample, rest), "keep", "keep|merge", "the last" },
	{ "label", DP_PARAM_TEXT, offsetof(sample, label), "", NULL, "a name" },
	{ "*", DP_PARAM_AXES, offsetof(sample, axes), "", NULL, "axes" },
	{ 0 },
};
static const dp_axis axes[] = { { "x", NULL, NULL, 0 }, { "mz", NULL, NULL, 0 } };

static dp_code parse(dp__params *out, const char *const *args, dp_error *err)
{
	return dp__params_init(
		out, &(dp__params_owner){ table, sizeof(sample), axes, 2, "strategy try" }, args,
		err);
}

static void refuse(const char *arg, const char *message)
{
	const char *args[] = { arg, NULL };
	dp__params params;
	dp_error err;

	cr_assert_eq(parse(&params, args, &err), DP_EINVAL, "%s", arg);
	cr_assert_str_eq(err.msg, message);
}

Test(params, defaults_fill_the_struct)
{
	dp__params params;
	sample *v;

	cr_assert_eq(parse(&params, NULL, NULL), DP_OK);
	v = params.value;
	cr_assert_eq(v->n, 1000000);
	cr_assert_eq(v->size, 67108864);
	cr_assert_eq(v->halo, 0);
	cr_assert(!v->strict);
	cr_assert_eq(v->rest, 0);
	cr_assert_str_eq(v->label, "");
	cr_assert_eq(v->axes.n, 0);
	cr_assert_eq(params.nargs, 0);
	cr_assert_null(params.args[0]);
	dp__params_fini(&params);
}

Test(params, arguments_fill_the_struct)
{
	const char *args[] = { "label=a=b", "rest=merge", "strict=yes", "halo=-1.5",
			       "size=1G",   "n=2.5e6",    NULL };
	dp__params params;
	sample *v;

	cr_assert_eq(parse(&params, args, NULL), DP_OK);
	v = params.value;
	cr_assert_eq(v->n, 2500000);
	cr_assert_eq(v->size, 1073741824);
	cr_assert_eq(v->halo, -1.5);
	cr_assert(v->strict);
	cr_assert_eq(v->rest, 1);
	cr_assert_str_eq(v->label, "a=b");
	dp__params_fini(&params);
}

Test(params, canonical_form_is_plain_and_in_table_order)
{
	const char *args[] = { "record=:20", "mz=500:600.5", "x=4",        "label=b", "rest=merge",
			       "strict=1",   "halo=1e6",     "size=64KiB", "n=2.5e6", NULL };
	static const char *const want[] = { "n=2500000",  "size=65536",   "halo=1000000",
					    "strict=yes", "rest=merge",   "label=b",
					    "x=4",        "mz=500:600.5", "record=:20" };
	dp__params params;

	cr_assert_eq(parse(&params, args, NULL), DP_OK);
	cr_assert_eq(params.nargs, 9);
	for (size_t i = 0; i < 9; i++)
		cr_assert_str_eq(params.args[i], want[i]);
	dp__params_fini(&params);
}

Test(params, what_equals_the_default_is_left_out)
{
	const char *args[] = { "n=1000k",   "size=65536K", "halo=0.0", "strict=false",
			       "rest=keep", "label=",      NULL };
	dp__params params;

	cr_assert_eq(parse(&params, args, NULL), DP_OK);
	cr_assert_eq(params.nargs, 0);
	dp__params_fini(&params);
}

Test(params, canonical_form_gives_the_same_again)
{
	const char *args[] = { "halo=0.1", "x=-inf:3e-7", "record=5:", "mz=2", NULL };
	dp__params once, again;
	sample *a, *b;

	cr_assert_eq(parse(&once, args, NULL), DP_OK);
	cr_assert_eq(parse(&again, (const char *const *)once.args, NULL), DP_OK);
	a = once.value;
	b = again.value;
	cr_assert(dp__params_equal(&once, &again));
	cr_assert_eq(a->halo, b->halo);
	cr_assert_eq(a->axes.n, 3);
	cr_assert_eq(b->axes.n, 3);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_str_eq(a->axes.arg[i].axis, b->axes.arg[i].axis);
		cr_assert_eq(a->axes.arg[i].lo, b->axes.arg[i].lo);
		cr_assert_eq(a->axes.arg[i].hi, b->axes.arg[i].hi);
		cr_assert_eq(a->axes.arg[i].count, b->axes.arg[i].count);
	}
	dp__params_fini(&once);
	dp__params_fini(&again);
}

Test(params, other_values_are_not_equal)
{
	const char *three[] = { "n=3", NULL }, *four[] = { "n=4", NULL };
	dp__params a, b, c;

	parse(&a, three, NULL);
	parse(&b, four, NULL);
	parse(&c, NULL, NULL);
	cr_assert(!dp__params_equal(&a, &b));
	cr_assert(!dp__params_equal(&a, &c));
	dp__params_fini(&a);
	dp__params_fini(&b);
	dp__params_fini(&c);
}

Test(params, axes_take_counts_and_intervals)
{
	const char *args[] = { "record=10:20", "mz=500:", "x=4", NULL };
	dp__params params;
	const sample *v;

	cr_assert_eq(parse(&params, args, NULL), DP_OK);
	v = params.value;
	cr_assert_eq(v->axes.n, 3);
	cr_assert_str_eq(v->axes.arg[0].axis, "x");
	cr_assert(!v->axes.arg[0].interval);
	cr_assert_eq(v->axes.arg[0].count, 4);
	cr_assert(v->axes.arg[1].interval);
	cr_assert_eq(v->axes.arg[1].lo, 500);
	cr_assert_eq(v->axes.arg[1].hi, INFINITY);
	cr_assert_str_eq(v->axes.arg[2].axis, "record");
	cr_assert_eq(v->axes.arg[2].lo, 10);
	cr_assert_eq(v->axes.arg[2].hi, 20);
	dp__params_fini(&params);
}

Test(params, bad_intervals_are_refused)
{
	refuse("x=5:4", "strategy try: x=5:4 is not an interval: it ends before it begins");
	refuse("x=nan:4", "strategy try: x=nan:4 is not an interval FROM:TO");
	refuse("x=1:2:3", "strategy try: x=1:2:3 is not an interval FROM:TO");
	refuse("record=-1:4",
	       "strategy try: record=-1:4 is not an interval of record numbers FROM:TO");
	refuse("record=1.5:4",
	       "strategy try: record=1.5:4 is not an interval of record numbers FROM:TO");
	refuse("record=9007199254740992:", "strategy try: record=9007199254740992: is not an "
					   "interval of record numbers FROM:TO");
	refuse("x=0", "strategy try: x=0 is not a count or an interval FROM:TO");
}

Test(params, bad_values_are_refused)
{
	refuse("n=12x", "strategy try: n=12x is not a count such as 1000000, 1M or 1e6");
	refuse("size=1e6", "strategy try: size=1e6 is not a size such as 65536, 64K or 64M");
	refuse("halo=wide", "strategy try: halo=wide is not a number");
	refuse("strict=maybe", "strategy try: strict=maybe is not yes or no");
	refuse("rest=kee", "strategy try: rest=kee is not one of keep|merge");
}

Test(params, wrong_names_are_refused)
{
	refuse("nn=1", "strategy try: no parameter 'nn' (did you mean n?)");
	refuse("recrd=1:2", "strategy try: no parameter 'recrd' (did you mean record?)");
	refuse("wavelength=1", "strategy try: no parameter 'wavelength'");
	refuse("n", "strategy try: 'n' is not NAME=VALUE");
	refuse("=1", "strategy try: '=1' is not NAME=VALUE");
	refuse("*=1", "strategy try: no parameter '*' (did you mean n, x?)");
}

Test(params, doubled_names_are_refused)
{
	const char *args[] = { "n=1", "x=2", "n=1", NULL };
	dp__params params;
	dp_error err;

	cr_assert_eq(parse(&params, args, &err), DP_EINVAL);
	cr_assert_str_eq(err.msg, "strategy try: n is given twice");
}

Test(params, required_ones_must_be_given)
{
	static const dp_param required[] = { { "n", DP_PARAM_COUNT, 0, NULL, NULL, "" }, { 0 } };
	const char *args[] = { "n=5", NULL };
	dp__params params;
	dp_error err;

	cr_assert_eq(dp__params_init(
			     &params,
			     &(dp__params_owner){ .table = required, .size = 8, .name = "task t" },
			     NULL, &err),
		     DP_EINVAL);
	cr_assert_str_eq(err.msg, "task t: n is missing");
	cr_assert_eq(dp__params_init(
			     &params,
			     &(dp__params_owner){ .table = required, .size = 8, .name = "task t" },
			     args, &err),
		     DP_OK);
	cr_assert_str_eq(params.args[0], "n=5");
	dp__params_fini(&params);
}

Test(params, required_axes_must_be_given)
{
	static const dp_param any[] = { { "*", DP_PARAM_AXES, 0, NULL, NULL, "" }, { 0 } };
	dp__params params;
	dp_error err;

	cr_assert_eq(dp__params_init(&params,
				     &(dp__params_owner){ .table = any,
							  .size = sizeof(dp_axis_args),
							  .name = "strategy box" },
				     NULL, &err),
		     DP_EINVAL);
	cr_assert_str_eq(err.msg, "strategy box: no axis is given, such as record=FROM:TO");
}

Test(params, own_row_wins_over_an_axis_of_its_name)
{
	static const dp_param both[] = { { "x", DP_PARAM_TEXT, 0, "", NULL, "" },
					 { "*", DP_PARAM_AXES, 8, "", NULL, "" },
					 { 0 } };
	const char *args[] = { "x=a:b", NULL };
	dp__params params;

	cr_assert_eq(
		dp__params_init(&params,
				&(dp__params_owner){ both, 8 + sizeof(dp_axis_args), axes, 2, "t" },
				args, NULL),
		DP_OK);
	cr_assert_eq(params.nargs, 1);
	cr_assert_str_eq(params.args[0], "x=a:b");
	dp__params_fini(&params);
}

Test(params, no_table_takes_no_names)
{
	const char *args[] = { "n=1", NULL };
	dp__params params;

	cr_assert_eq(
		dp__params_init(&params,
				&(dp__params_owner){ .table = NULL, .size = 0, .name = "task t" },
				NULL, NULL),
		DP_OK);
	dp__params_fini(&params);
	cr_assert_eq(
		dp__params_init(&params,
				&(dp__params_owner){ .table = NULL, .size = 0, .name = "task t" },
				args, NULL),
		DP_EINVAL);
}

Test(params, counts_are_decimal)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = {
		{ "0", 0 },       { "1000000", 1000000 }, { "1k", 1000 },
		{ "1K", 1000 },   { "1M", 1000000 },      { "1G", 1000000000 },
		{ "1.5K", 1500 }, { "1e6", 1000000 },     { "2.50e+1", 25 },
		{ "3.000", 3 },   { "0e99", 0 },          { "9223372036854775807", INT64_MAX }
	};
	static const char *const bad[] = { "",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "1m",
					   "1MB",
					   "1.5",
					   "1e",
					   "1e-3",
					   "2.5e0",
					   ".5",
					   "1.",
					   "1e19",
					   "0x10",
					   "1KK",
					   "9223372036854775808",
					   "1e400000000000000000000",
					   "99999999999999999999",
					   "10000000000G" };
	uint64_t v;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_assert(dp__params_count(good[i].text, &v) && v == good[i].want, "%s",
			  good[i].text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!dp__params_count(bad[i], &v), "%s", bad[i]);
}

Test(params, sizes_are_binary)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = { { "0", 0 },
		     { "65536", 65536 },
		     { "64B", 64 },
		     { "64K", 65536 },
		     { "64k", 65536 },
		     { "64M", 67108864 },
		     { "64MB", 67108864 },
		     { "64MiB", 67108864 },
		     { "1G", 1073741824 },
		     { "1T", 1099511627776 },
		     { "9223372036854775807", INT64_MAX } };
	static const char *const bad[] = { "",
					   "-1",
					   "64iB",
					   "64X",
					   "1e6",
					   "1.5G",
					   "64Mb",
					   "64 M",
					   "M",
					   "8388608T",
					   "9223372036854775808" };
	uint64_t v;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_assert(dp__params_bytes(good[i].text, &v) && v == good[i].want, "%s",
			  good[i].text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!dp__params_bytes(bad[i], &v), "%s", bad[i]);
}
