/* slice.c - slices and lists of slices: memory, getters, and what they share. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/grow.h"
#include "core/base/num.h"
#include "core/base/text.h"
#include "core/engine/slice.h"

dp__origin *dp__origin_ref(dp__origin *origin)
{
	atomic_fetch_add(&origin->refs, 1);
	return origin;
}

void dp__origin_unref(dp__origin *origin)
{
	if (!origin || atomic_fetch_sub(&origin->refs, 1) != 1)
		return;
	dp__params_fini(&origin->params);
	free(origin->url);
	free(origin->endpoint);
	free(origin->region);
	free(origin->index_url);
	free(origin->travel);
	free(origin);
}

dp_place dp__origin_place(const dp__origin *origin, const char *url, size_t part)
{
	return (dp_place){ .url = url,
			   .size = origin->part[part].size,
			   .endpoint = origin->endpoint,
			   .region = origin->region,
			   .requester_pays = origin->requester_pays };
}

dp_place dp__origin_index(const dp__origin *origin)
{
	/* A bucket of its own has a region of its own. */
	return (dp_place){ .url = origin->index_url, .endpoint = origin->endpoint };
}

void dp__range_widen(dp_range *range, const dp_range *by)
{
	bool none = range->begin == range->end;
	if (by->begin == by->end)
		return;
	range->begin = none ? by->begin : dp__min_u64(range->begin, by->begin);
	range->end = dp__max_u64(range->end, by->end);
}

void dp__origin_widen(const dp__origin *origin, const dp_extent *extent, dp_range *range)
{
	uint64_t begin = extent->off;
	for (uint32_t i = 0; i < extent->part; i++)
		begin += origin->part[i].size;
	dp__range_widen(range, &(dp_range){ begin, begin + extent->len });
}

dp_sel dp__sel_all(void)
{
	dp_sel sel = { .nrec = DP_UNKNOWN };
	for (size_t i = 0; i < DP_MAX_AXES; i++) {
		sel.box.lo[i] = sel.halo.lo[i] = -INFINITY;
		sel.box.hi[i] = sel.halo.hi[i] = INFINITY;
	}
	return sel;
}

bool dp__sel_all_boxes(const dp_sel *sel, size_t naxes)
{
	for (size_t i = 0; i < naxes; i++) {
		if (sel->box.lo[i] > -INFINITY || sel->box.hi[i] < INFINITY)
			return false;
	}
	return true;
}

dp_slice *dp__slice_new(dp__origin *origin)
{
	dp_slice *slice = calloc(1, sizeof *slice);
	if (!slice)
		return NULL;
	slice->origin = origin ? dp__origin_ref(origin) : NULL;
	slice->of = 1;
	slice->sel = dp__sel_all();
	return slice;
}

void dp_slice_free(dp_slice *slice)
{
	if (!slice)
		return;
	for (size_t i = 0; i < slice->nmembers; i++)
		dp_slice_free(slice->member[i]);
	free(slice->member);
	dp__origin_unref(slice->origin);
	free(slice->rows);
	free(slice->text);
	free(slice->bad);
	free(slice);
}

dp_code dp__slice_check(const dp_slice *slice, dp_error *err)
{
	return slice->bad ? dp_fail(err, slice->bad->code, "%s", slice->bad->msg) : DP_OK;
}

dp_code dp__slice_sum(dp_slice *set, dp_error *err)
{
	const dp_slice *first = set->member[0];
	set->ordinal = first->ordinal;
	set->of = first->of;
	set->sel = first->sel;
	set->price = (dp_price){ 0 };
	for (size_t i = 0; i < set->nmembers; i++) {
		const dp_slice *member = set->member[i];
		if (member->ordinal != first->ordinal || member->of != first->of ||
		    member->sel.rec != first->sel.rec || member->sel.nrec != first->sel.nrec ||
		    member->sel.nrec == DP_UNKNOWN ||
		    !dp__sel_all_boxes(&member->sel, member->origin->naxes))
			return dp_fail(err, DP_EFORMAT, "set: member %zu is another slice", i);
		set->price.requests += member->price.requests;
		set->price.bytes += member->price.bytes;
		set->price.needed += member->price.needed;
		set->memory += member->memory;
		set->units += member->units;
	}
	return DP_OK;
}

dp_code dp__error_in(dp_error *err, dp_code code, const char *what)
{
	if (!err)
		return code;
	dp_error inner = *err;
	dp_fail(err, code, "%s: %s", what, inner.msg);
	err->http = inner.http;
	return code;
}

const char *dp_slice_url(const dp_slice *slice)
{
	const dp_slice *first = dp_slice_member(slice, 0);
	return first && first->origin ? first->origin->url : "";
}

const char *dp_slice_format(const dp_slice *slice)
{
	const dp_slice *first = dp_slice_member(slice, 0);
	return first && first->origin ? first->origin->format->name : "";
}

const dp_sel *dp_slice_sel(const dp_slice *slice)
{
	return &slice->sel;
}

dp_price dp_slice_price(const dp_slice *slice)
{
	return slice->price;
}

uint64_t dp_slice_size(const dp_slice *slice)
{
	uint64_t size = 0;
	for (size_t i = 0; slice->origin && i < slice->origin->nparts; i++)
		size += slice->origin->part[i].size;
	return size;
}

dp_range dp_slice_range(const dp_slice *slice)
{
	return slice->range;
}

uint64_t dp_slice_units(const dp_slice *slice)
{
	return slice->units;
}

size_t dp_slice_count(const dp_slice *slice)
{
	return slice->nmembers ? slice->nmembers : 1;
}

const dp_slice *dp_slice_member(const dp_slice *slice, size_t i)
{
	if (!slice->nmembers)
		return i == 0 ? slice : NULL;
	return i < slice->nmembers ? slice->member[i] : NULL;
}

dp_code dp__slices_add(dp_slices *slices, dp_slice *slice, dp_error *err)
{
	if (slices->n == slices->cap) {
		dp_slice **at =
			dp__grown(slices->at, &slices->cap, sizeof(dp_slice *), "slices", err);
		if (!at) {
			dp_slice_free(slice);
			return DP_ENOMEM;
		}
		slices->at = at;
	}
	slices->at[slices->n++] = slice;
	return DP_OK;
}

size_t dp_slices_count(const dp_slices *slices)
{
	return slices->n;
}

const dp_slice *dp_slices_at(const dp_slices *slices, size_t i)
{
	return i < slices->n ? slices->at[i] : NULL;
}

dp_price dp_slices_price(const dp_slices *slices)
{
	dp_price sum = { 0 };
	for (size_t i = 0; i < slices->n; i++) {
		sum.requests += slices->at[i]->price.requests;
		sum.bytes += slices->at[i]->price.bytes;
		sum.needed += slices->at[i]->price.needed;
	}
	return sum;
}

const char *dp_slices_explain(const dp_slices *slices, unsigned flags)
{
	return flags & DP_EXPLAIN_JSON ? slices->json : slices->text;
}

void dp_slices_free(dp_slices *slices)
{
	if (!slices)
		return;
	for (size_t i = 0; i < slices->n; i++)
		dp_slice_free(slices->at[i]);
	free(slices->at);
	free(slices->text);
	free(slices->json);
	free(slices);
}
