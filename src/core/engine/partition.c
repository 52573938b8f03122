/* partition.c - dp_partition and dp_slice_split: a strategy's cut, or a slice's halves, of one
 * index or of a set. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/grow.h"
#include "core/base/near.h"
#include "core/base/text.h"
#include "core/engine/cut.h"
#include "core/engine/partition.h"
#include "core/io/url.h"

#define MAX_SLICES (1u << 20)
/* Bytes that a strategy may say of a cut. */
#define MAX_EXPLANATION ((size_t)64 << 10)

struct dp_sels {
	dp_sel *at;
	size_t n, cap;
};

dp_code dp_sels_add(dp_sels *sels, const dp_sel *sel, dp_error *err)
{
	if (sels->n >= MAX_SLICES)
		return dp_fail(err, DP_EINVAL, "more than %u slices", MAX_SLICES);
	if (sels->n == sels->cap) {
		dp_sel *at = dp__grown(sels->at, &sels->cap, sizeof *at, "selections", err);
		if (!at)
			return DP_ENOMEM;
		sels->at = at;
	}
	sels->at[sels->n++] = *sel;
	return DP_OK;
}

/* The slices number i of all indexes become one. */
static dp_code join_members(dp_slices *out, dp_slice **at, size_t nsels, size_t nindexes, size_t i,
			    dp_error *err)
{
	dp_slice *slice = NULL;
	if (nindexes == 1) {
		slice = at[i];
		at[i] = NULL;
		return dp__slices_add(out, slice, err);
	}
	slice = dp__slice_new(NULL);
	if (slice)
		slice->member = calloc(nindexes, sizeof(dp_slice *));
	if (!slice || !slice->member) {
		dp_slice_free(slice);
		return dp_fail(err, DP_ENOMEM, "no memory for a set");
	}
	for (; slice->nmembers < nindexes; slice->nmembers++) {
		dp_slice **from = &at[slice->nmembers * nsels + i];
		slice->member[slice->nmembers] = *from;
		*from = NULL;
	}
	dp_code rc = dp__slice_sum(slice, err);
	if (rc != DP_OK) {
		dp_slice_free(slice);
		return rc;
	}
	return dp__slices_add(out, slice, err);
}

/* All selections, of all indexes. */
static dp_code cut_all(dp_slices **out, const dp_index *const *indexes, size_t nindexes,
		       const dp_sels *sels, uint64_t room, dp_error *err)
{
	dp_code rc = DP_OK;
	dp_slices *slices = calloc(1, sizeof *slices);
	dp_slice **at = calloc(sels->n * nindexes + 1, sizeof(dp_slice *));
	if (!slices || !at) {
		rc = dp_fail(err, DP_ENOMEM, "no memory for %zu slices", sels->n);
		goto out;
	}
	for (size_t k = 0; rc == DP_OK && k < nindexes; k++)
		rc = dp__cut(at + k * sels->n, indexes[k], sels->at, sels->n, room / nindexes, err);
	for (size_t i = 0; rc == DP_OK && i < sels->n; i++)
		rc = join_members(slices, at, sels->n, nindexes, i, err);
	if (rc == DP_OK) {
		*out = slices;
		slices = NULL;
	}
out:
	for (size_t i = 0; at && i < sels->n * nindexes; i++)
		dp_slice_free(at[i]);
	free(at);
	dp_slices_free(slices);
	return rc;
}

/* Objects are cut together by record number, so all must count the same. */
static dp_code check_set(const dp_index *const *indexes, size_t nindexes, dp_error *err)
{
	if (nindexes == 0 || nindexes > DP__MAX_MEMBERS)
		return dp_fail(err, DP_EINVAL, "from 1 to %d objects are cut together",
			       DP__MAX_MEMBERS);
	for (size_t i = 1; i < nindexes; i++) {
		const dp_view *first = &indexes[0]->view, *view = &indexes[i]->view;
		if (first->nrec == DP_UNKNOWN || view->nrec == DP_UNKNOWN)
			return dp_fail(err, DP_EUNSUPPORTED,
				       "objects without counted records cannot be cut together");
		if (first->nrec != view->nrec)
			return dp_fail(err, DP_EFORMAT,
				       "%" PRIu64 " records, but %s has %" PRIu64
				       ": they are no set",
				       view->nrec, indexes[0]->table.url, first->nrec);
	}
	return DP_OK;
}

static const char *strategy_name(const void *user, size_t i)
{
	const dp_strategy *strategy = dp_session_strategy(user, i);
	return strategy ? strategy->name : NULL;
}

dp_code dp__strategy_find(const dp_strategy **out, const dp_session *session, const char *name,
			  dp_error *err)
{
	char near[200];
	for (size_t i = 0; (*out = dp_session_strategy(session, i)); i++) {
		if (strcmp((*out)->name, name) == 0)
			return DP_OK;
	}
	dp__names_near(near, sizeof near, name, strategy_name, session);
	return dp_fail(err, DP_EINVAL, "no strategy is called %.64s%s", name, near);
}

static dp_code check_needs(const dp_strategy *strategy, const dp_view *view, dp_error *err)
{
	if ((strategy->needs & DP_NEEDS_RECORDS) && view->nrec == DP_UNKNOWN)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "strategy %s needs counted records, and this index has none",
			       strategy->name);
	if ((strategy->needs & DP_NEEDS_AXES) && view->naxes == 0)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "strategy %s needs an axis, and this index has none",
			       strategy->name);
	return DP_OK;
}

dp_code dp__partition_params(dp__params *out, const dp__partition *cut, const dp_view *view,
			     dp_error *err)
{
	const dp_strategy *strategy = cut->strategy;
	char who[96];
	snprintf(who, sizeof who, "strategy %.64s", strategy->name);
	const dp__params_owner owner = { strategy->params, strategy->params_size, view->axis,
					 view->naxes, who };
	return dp__params_init(out, &owner, cut->args, err);
}

uint64_t *dp__partition_n(const dp__params *params)
{
	for (const dp_param *row = params->table; row->name; row++) {
		if (strcmp(row->name, "n") == 0 && row->type == DP_PARAM_COUNT)
			return (uint64_t *)(void *)((char *)params->value + row->offset);
	}
	return NULL;
}

/* The number of slices that the strategy is to choose goes into its params. */
static dp_code choose_n(const dp_strategy *strategy, const dp__params *params,
			const dp_totals *totals, dp_error *err)
{
	uint64_t *n = dp__partition_n(params), chosen = 0;
	if (!strategy->choose || !n || *n != 0)
		return DP_OK;
	dp_code rc = strategy->choose(totals, params->value, &chosen, err);
	if (rc == DP_OK)
		*n = chosen;
	return rc;
}

static dp_code explain_as(char **out, const dp_strategy *strategy, const void *params,
			  const dp_totals *totals, unsigned flags, dp_error *err)
{
	dp__buf text = dp__buf_of(MAX_EXPLANATION);
	dp_code rc = strategy->explain(totals, params, flags, dp__buf_write, &text, err);
	if (rc == DP_OK)
		rc = dp__buf_take(out, &text, err);
	dp__buf_fini(&text);
	return rc;
}

dp_code dp__partition_explain(dp_slices *slices, const dp__partition *cut, const dp_view *view,
			      const dp_totals *totals, dp_error *err)
{
	const dp_strategy *strategy = cut->strategy;
	dp__params params = { 0 };
	dp_totals all = *totals;
	if (!strategy->explain)
		return DP_OK;
	dp_code rc = dp__partition_params(&params, cut, view, err);
	if (rc != DP_OK)
		return rc;
	all.slices = slices->n;
	rc = explain_as(&slices->text, strategy, params.value, &all, 0, err);
	if (rc == DP_OK)
		rc = explain_as(&slices->json, strategy, params.value, &all, DP_EXPLAIN_JSON, err);
	dp__params_fini(&params);
	return rc;
}

dp_code dp__partition_run(dp_slices **out, const dp_index *const *indexes, size_t nindexes,
			  const dp__partition *cut, dp_error *err)
{
	dp__params params = { 0 };
	dp_sels sels = { 0 };
	dp_code rc = check_set(indexes, nindexes, err);
	if (rc != DP_OK)
		return rc;
	const dp_view *view = &indexes[0]->view;
	rc = check_needs(cut->strategy, view, err);
	if (rc == DP_OK)
		rc = dp__partition_params(&params, cut, view, err);
	if (rc != DP_OK)
		return rc;
	const dp_totals totals = dp__totals_of_set(indexes, nindexes);
	rc = choose_n(cut->strategy, &params, &totals, err);
	if (rc == DP_OK)
		rc = cut->strategy->cut(view, params.value, &sels, err);
	if (rc == DP_OK)
		rc = cut_all(out, indexes, nindexes, &sels, cut->room, err);
	free(sels.at);
	dp__params_fini(&params);
	return rc;
}

dp_code dp__partition_whole(dp_slices **out, const dp_index *const *indexes, size_t nindexes,
			    dp_error *err)
{
	dp_sels sels = { 0 };
	dp_sel sel = dp__sel_all();
	dp_code rc = check_set(indexes, nindexes, err);
	if (rc == DP_OK) {
		sel.nrec = indexes[0]->view.nrec;
		rc = dp_sels_add(&sels, &sel, err);
	}
	if (rc == DP_OK)
		rc = cut_all(out, indexes, nindexes, &sels, 0, err);
	free(sels.at);
	return rc;
}

dp_code dp_partition(dp_slices **out, const dp_index *const *indexes, size_t nindexes,
		     const char *strategy, const char *const *args, dp_error *err)
{
	dp__partition cut = { NULL, args, DP__MAX_INLINE };
	if (nindexes == 0)
		return check_set(indexes, nindexes, err);
	dp_slices *slices = NULL;
	dp_code rc = dp__strategy_find(&cut.strategy, indexes[0]->session, strategy, err);
	if (rc == DP_OK)
		rc = dp__partition_run(&slices, indexes, nindexes, &cut, err);
	if (rc == DP_OK) {
		const dp_totals totals = dp__totals_of_set(indexes, nindexes);
		rc = dp__partition_explain(slices, &cut, &indexes[0]->view, &totals, err);
	}
	if (rc == DP_OK)
		*out = slices;
	else
		dp_slices_free(slices);
	return rc;
}

/* The indexes must be those that the slice was cut from. */
/* Whether a slice, whose URL may have its signature, is of the index's object. */
static dp_code is_same(const dp__origin *origin, const dp__table *table, bool *same, dp_error *err)
{
	char *shown = NULL;
	dp_code rc = dp__url_public(&shown, origin->url, err);
	*same = rc == DP_OK && strcmp(shown, table->url) == 0;
	free(shown);
	return rc;
}

static dp_code check_origin(const dp_slice *slice, const dp_index *const *indexes, size_t nindexes,
			    dp_error *err)
{
	if (nindexes != dp_slice_count(slice))
		return dp_fail(err, DP_EINVAL, "%zu indexes of a slice of %zu objects", nindexes,
			       dp_slice_count(slice));
	for (size_t i = 0; i < nindexes; i++) {
		const dp__origin *origin = dp_slice_member(slice, i)->origin;
		const dp__table *table = &indexes[i]->table;
		bool same = false;
		dp_code rc = is_same(origin, table, &same, err);
		if (rc != DP_OK)
			return rc;
		if (!same)
			return dp_fail(err, DP_EINVAL, "the slice is not of %s", table->url);
		if (origin->part[0].size != table->part[0].size ||
		    strcmp(origin->part[0].etag, table->part[0].etag) != 0)
			return dp_fail(err, DP_ESTALE, "%s: was indexed anew since", table->url);
	}
	return check_set(indexes, nindexes, err);
}

dp_code dp_slice_split(dp_slices **out, const dp_slice *slice, const dp_index *const *indexes,
		       size_t nindexes, size_t k, dp_error *err)
{
	dp_sels sels = { 0 };
	dp_code rc = dp__slice_check(slice, err);
	if (rc == DP_OK)
		rc = check_origin(slice, indexes, nindexes, err);
	if (rc != DP_OK)
		return rc;
	uint64_t nrec = slice->sel.nrec, rec = slice->sel.rec;
	if (nrec == DP_UNKNOWN)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "a slice without counted records has no halves");
	if (k == 0 || k > MAX_SLICES)
		return dp_fail(err, DP_EINVAL, "from 1 to %u pieces", MAX_SLICES);
	for (size_t i = 0; rc == DP_OK && i < k; i++) {
		dp_sel sel = slice->sel;
		sel.rec = rec + nrec / k * i + nrec % k * i / k;
		sel.nrec = rec + nrec / k * (i + 1) + nrec % k * (i + 1) / k - sel.rec;
		rc = dp_sels_add(&sels, &sel, err);
	}
	if (rc == DP_OK)
		rc = cut_all(out, indexes, nindexes, &sels, DP__MAX_INLINE, err);
	free(sels.at);
	return rc;
}
