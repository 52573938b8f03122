/* chunks.c - exactly n slices of near-equal size. */
#include "strategies/decoded.h"
#include "strategies/select.h"
#include "strategies/snap.h"
#include "strategies/strategies.h"

enum { BY_RECORDS, BY_BYTES };

typedef struct chunks_params {
	uint64_t n;
	int by;
	bool snap;
} chunks_params;

static dp_code cut(const dp_view *view, const void *params, dp_sels *out, dp_error *err)
{
	const chunks_params *p = params;
	uint64_t raw = dp__decoded_size(view), rec = 0;
	dp__decoded at = { .view = view };
	dp_code rc = DP_OK;
	if (p->n == 0 || p->n > DP__MAX_SLICES)
		return dp_fail(err, DP_EINVAL, "n: from 1 to %llu slices",
			       (unsigned long long)DP__MAX_SLICES);
	for (uint64_t i = 0; rc == DP_OK && i < p->n; i++) {
		uint64_t last = dp__share(view->nrec, i + 1, p->n);
		if (p->by == BY_BYTES)
			last = i + 1 == p->n ? view->nrec
					     : dp__decoded_record(&at, dp__share(raw, i + 1, p->n));
		if (p->snap)
			last = dp__snap(view, last);
		dp_sel sel = dp__select_records(rec, last);
		rc = dp_sels_add(out, &sel, err);
		rec = last;
	}
	return rc;
}

static const dp_param params[] = {
	{ "n", DP_PARAM_COUNT, offsetof(chunks_params, n), "200", NULL,
	  "slices, empty ones included" },
	{ "by", DP_PARAM_CHOICE, offsetof(chunks_params, by), "records", "records|bytes",
	  "what is near equal: records (to one) or decoded bytes (to about a record)" },
	{ "snap", DP_PARAM_BOOL, offsetof(chunks_params, snap), "no", NULL,
	  "move borders to where units begin: less is read, sizes differ by a unit" },
	{ 0 },
};

const dp_strategy dp__chunks = {
	.name = "chunks",
	.doc = "exactly n slices of near-equal size",
	.needs = DP_NEEDS_RECORDS | DP_SHARES_N,
	.params = params,
	.params_size = sizeof(chunks_params),
	.cut = cut,
};
