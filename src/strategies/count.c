/* count.c - n records a slice. */
#include "strategies/select.h"
#include "strategies/snap.h"
#include "strategies/strategies.h"

enum { REST_KEEP, REST_MERGE };

typedef struct count_params {
	uint64_t n;
	int rest;
	bool snap;
} count_params;

/* A border where a unit begins, behind the slice's first record: a slice has a unit at least. */
static uint64_t snapped(const dp_view *view, uint64_t rec, uint64_t last)
{
	uint64_t at = dp__snap(view, last);
	return at > rec ? at : dp__snap_next(view, rec);
}

static dp_code cut(const dp_view *view, const void *params, dp_sels *out, dp_error *err)
{
	const count_params *p = params;
	dp_code rc = DP_OK;
	if (p->n == 0)
		return dp_fail(err, DP_EINVAL, "n=0: a slice holds one record at least");
	for (uint64_t rec = 0, last; rc == DP_OK && rec < view->nrec; rec = last) {
		uint64_t left = view->nrec - rec;
		last = left < p->n ? view->nrec : rec + p->n;
		if (p->snap && last < view->nrec)
			last = snapped(view, rec, last);
		if (p->rest == REST_MERGE && view->nrec - last < p->n)
			last = view->nrec;
		dp_sel sel = dp__select_records(rec, last);
		rc = dp_sels_add(out, &sel, err);
	}
	return rc;
}

static const dp_param params[] = {
	{ "n", DP_PARAM_COUNT, offsetof(count_params, n), "1000000", NULL, "records a slice" },
	{ "rest", DP_PARAM_CHOICE, offsetof(count_params, rest), "keep", "keep|merge",
	  "what remains: a smaller last slice, or merged into the last full one" },
	{ "snap", DP_PARAM_BOOL, offsetof(count_params, snap), "no", NULL,
	  "move borders to where units begin: less is read, sizes differ by a unit" },
	{ 0 },
};

const dp_strategy dp__count = {
	.name = "count",
	.doc = "n records a slice",
	.needs = DP_NEEDS_RECORDS,
	.params = params,
	.params_size = sizeof(count_params),
	.cut = cut,
};
