/* bytes.c - about n decoded bytes a slice, one record at least. */
#include "strategies/decoded.h"
#include "strategies/select.h"
#include "strategies/strategies.h"

typedef struct bytes_params {
	uint64_t n;
} bytes_params;

static dp_code cut(const dp_view *view, const void *params, dp_sels *out, dp_error *err)
{
	const bytes_params *p = params;
	dp__decoded start = { .view = view }, end = { .view = view };
	dp_code rc = DP_OK;
	if (p->n == 0)
		return dp_fail(err, DP_EINVAL, "n=0: a slice holds one record at least");
	for (uint64_t rec = 0, last; rc == DP_OK && rec < view->nrec; rec = last) {
		last = dp__decoded_record(&end, dp__decoded_before(&start, rec) + p->n);
		last = last > rec ? last : rec + 1;
		dp_sel sel = dp__select_records(rec, last);
		rc = dp_sels_add(out, &sel, err);
	}
	return rc;
}

static const dp_param params[] = {
	{ "n", DP_PARAM_BYTES, offsetof(bytes_params, n), "64M", NULL,
	  "decoded bytes that a slice aims at; one record at least" },
	{ 0 },
};

const dp_strategy dp__bytes = {
	.name = "bytes",
	.doc = "about n decoded bytes a slice",
	.needs = DP_NEEDS_RECORDS,
	.params = params,
	.params_size = sizeof(bytes_params),
	.cut = cut,
};
