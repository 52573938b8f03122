/* box.c - one slice: the records of an interval of numbers, and within a box on the axes. */
#include <math.h>
#include <string.h>

#include "strategies/select.h"
#include "strategies/strategies.h"

typedef struct box_params {
	dp_axis_args axes;
} box_params;

/* Numbers of records that the file has: what lies behind its end is cut off, as in a slice of
 * Python. */
static dp_code take_records(const dp_view *view, const dp_axis_arg *arg, dp_sel *sel, dp_error *err)
{
	if (view->nrec == DP_UNKNOWN)
		return dp_fail(err, DP_EUNSUPPORTED, "record: this index did not count records");
	uint64_t first = arg->lo > 0 ? (uint64_t)fmin(arg->lo, 9e18) : 0;
	uint64_t last = arg->hi < 9e18 ? (uint64_t)fmax(arg->hi, 0) : view->nrec;
	last = last < view->nrec ? last : view->nrec;
	first = first < last ? first : last;
	sel->rec = first;
	sel->nrec = last - first;
	return DP_OK;
}

static dp_code take_axis(const dp_view *view, const dp_axis_arg *arg, dp_sel *sel, dp_error *err)
{
	if (!arg->interval)
		return dp_fail(err, DP_EINVAL, "%s: takes an interval, as %s=10:20", arg->axis,
			       arg->axis);
	if (strcmp(arg->axis, "record") == 0)
		return take_records(view, arg, sel, err);
	for (size_t i = 0; i < view->naxes; i++) {
		if (strcmp(arg->axis, view->axis[i].name) != 0)
			continue;
		sel->box.lo[i] = sel->halo.lo[i] = arg->lo;
		sel->box.hi[i] = sel->halo.hi[i] = arg->hi;
	}
	return DP_OK;
}

static dp_code cut(const dp_view *view, const void *params, dp_sels *out, dp_error *err)
{
	const box_params *p = params;
	dp_sel sel = dp__select_records(0, view->nrec);
	for (size_t i = 0; i < p->axes.n; i++) {
		dp_code rc = take_axis(view, &p->axes.arg[i], &sel, err);
		if (rc != DP_OK)
			return rc;
	}
	return dp_sels_add(out, &sel, err);
}

static const dp_param params[] = {
	{ "*", DP_PARAM_AXES, offsetof(box_params, axes), "", NULL,
	  "record=1000:2000, or an interval on an axis of the index; ends may be left out" },
	{ 0 },
};

const dp_strategy dp__box = {
	.name = "box",
	.doc = "one slice: an interval of records or a box on the axes",
	.params = params,
	.params_size = sizeof(box_params),
	.cut = cut,
};
