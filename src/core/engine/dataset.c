/* dataset.c - all objects under a folder, bucket or prefix: listed, their indexes opened, cut as
 * one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/grow.h"
#include "core/base/num.h"
#include "core/base/text.h"
#include "core/engine/partition.h"
#include "core/engine/plan.h"
#include "core/io/object.h"

#define MAX_OBJECTS (1u << 20)
#define MAX_SLICES  (1u << 20)

/* ---- listing ---- */

typedef struct listing {
	dp_code (*object)(void *user, const char *url, uint64_t size, dp_error *err);
	void *user;
	dp_error *err;
} listing;

static bool is_index(const char *url)
{
	size_t n = strlen(url);
	return n >= 4 && strcmp(url + n - 4, ".dpx") == 0;
}

static dp_code list_object(void *user, const char *url, const dp_stat *stat)
{
	const listing *to = user;
	return is_index(url) ? DP_OK : to->object(to->user, url, stat->size, to->err);
}

dp_code dp_list(dp_session *session, const char *url,
		dp_code (*object)(void *user, const char *url, uint64_t size, dp_error *err),
		void *user, dp_error *err)
{
	listing to = { object, user, err };
	dp_call call = dp__call_begin(session);
	dp__site site = { 0 };
	char *canonical = NULL;
	dp_code rc = dp__object_url(&canonical, session, url, err);
	if (rc == DP_OK)
		rc = dp__site_open(&site, session, &(dp_place){ .url = canonical }, err);
	if (rc == DP_OK)
		rc = dp__site_list(&site, &call, list_object, &to, err);
	dp__site_close(&site);
	free(canonical);
	return rc;
}

/* ---- opening ---- */

struct dp_dataset {
	dp_session *session;
	dp_dataset_opts opts;
	dp_index **at;
	size_t n, cap;
};

static dp_code add_index(dp_dataset *dataset, dp_index *index, dp_error *err)
{
	if (dataset->n >= MAX_OBJECTS)
		return dp_fail(err, DP_EUNSUPPORTED, "more than %u objects", MAX_OBJECTS);
	if (dataset->n == dataset->cap) {
		dp_index **at =
			dp__grown(dataset->at, &dataset->cap, sizeof(dp_index *), "indexes", err);
		if (!at)
			return DP_ENOMEM;
		dataset->at = at;
	}
	dataset->at[dataset->n++] = index;
	return DP_OK;
}

/* All objects of a dataset have one format: the one asked for, or the first one's. */
static dp_code check_format(const dp_dataset *dataset, const dp_index *index, dp_error *err)
{
	const char *format = dataset->opts.format;
	if (!format && dataset->n)
		format = dataset->at[0]->format->name;
	if (!format || strcmp(format, index->format->name) == 0)
		return DP_OK;
	return dp_fail(err, DP_EUNSUPPORTED, "is indexed as %s, not %s", index->format->name,
		       format);
}

/* Whether an object that fails so may be left out; others end the opening. */
static bool may_skip(const dp_dataset *dataset, dp_code code)
{
	return !dataset->opts.strict &&
	       (code == DP_ENOTFOUND || code == DP_ESTALE || code == DP_EFORMAT ||
		code == DP_EUNSUPPORTED || code == DP_EAUTH);
}

static dp_code open_object(void *user, const char *url, uint64_t size, dp_error *err)
{
	dp_dataset *dataset = user;
	dp_index *index = NULL;
	dp_error why = { 0 };
	(void)size;
	dp_code rc = dp_index_open(&index, dataset->session, url, &why);
	if (rc == DP_OK)
		rc = check_format(dataset, index, &why);
	if (rc == DP_OK)
		rc = add_index(dataset, index, &why);
	if (rc == DP_OK)
		return DP_OK;
	dp_index_free(index);
	if (!may_skip(dataset, rc))
		return dp_fail(err, rc, "%s: %s", url, why.msg);
	if (dataset->opts.skipped)
		dataset->opts.skipped(dataset->opts.user, url, &why);
	return DP_OK;
}

dp_code dp_dataset_open(dp_dataset **out, dp_session *session, const char *url,
			const dp_dataset_opts *opts, dp_error *err)
{
	dp_dataset *dataset = calloc(1, sizeof *dataset);
	if (!dataset)
		return dp_fail(err, DP_ENOMEM, "no memory for a dataset");
	dataset->session = session;
	if (opts)
		memcpy(&dataset->opts, opts, dp__min_u64(opts->size, sizeof dataset->opts));
	dp_code rc = dp_list(session, url, open_object, dataset, err);
	if (rc == DP_OK && dataset->n == 0)
		rc = dp_fail(err, DP_ENOTFOUND, "no object with an index lies there");
	if (rc == DP_OK)
		*out = dataset;
	else
		dp_dataset_free(dataset);
	return rc;
}

void dp_dataset_free(dp_dataset *dataset)
{
	if (!dataset)
		return;
	for (size_t i = 0; i < dataset->n; i++)
		dp_index_free(dataset->at[i]);
	free(dataset->at);
	free(dataset);
}

size_t dp_dataset_count(const dp_dataset *dataset)
{
	return dataset->n;
}

const dp_index *dp_dataset_at(const dp_dataset *dataset, size_t i)
{
	return i < dataset->n ? dataset->at[i] : NULL;
}

/* ---- cutting ---- */

/* How the slices of a dataset are shared out; n is 0 where each object is cut alone. */
typedef struct shares {
	uint64_t n; /* slices: as asked for, but one for each object that has records at least */
	uint64_t
		most; /* records that a slice has at most: the least number that n slices do with */
	uint64_t left; /* slices that `most` leaves over */
} shares;

static dp_totals totals_of(const dp_dataset *dataset)
{
	return dp__totals_of_dataset((const dp_index *const *)dataset->at, dataset->n);
}

static dp_code check_counted(const dp_dataset *dataset, dp_error *err)
{
	for (size_t i = 0; i < dataset->n; i++) {
		if (dataset->at[i]->view.nrec == DP_UNKNOWN)
			return dp_fail(err, DP_EUNSUPPORTED, "%s: its records are not counted",
				       dataset->at[i]->table.url);
	}
	return DP_OK;
}

/* As many slices as the user asks for, or as the strategy chooses. */
static dp_code take_n(shares *out, const dp_dataset *dataset, const dp__partition *cut,
		      dp_error *err)
{
	const dp_strategy *strategy = cut->strategy;
	dp__params params = { 0 };
	dp_code rc = dp__partition_params(&params, cut, &dataset->at[0]->view, err);
	if (rc != DP_OK)
		return rc;
	const uint64_t *n = dp__partition_n(&params);
	const dp_totals totals = totals_of(dataset);
	out->n = n ? *n : 0;
	if (n && out->n == 0 && strategy->choose)
		rc = strategy->choose(&totals, params.value, &out->n, err);
	dp__params_fini(&params);
	if (rc == DP_OK && (out->n == 0 || out->n > MAX_SLICES))
		rc = dp_fail(err, DP_EINVAL, "n: from 1 to %u slices", MAX_SLICES);
	return rc;
}

/* How many slices do if each has at most so many records. */
static uint64_t slices_of(const dp_dataset *dataset, uint64_t most)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < dataset->n; i++)
		sum += dp__plan_parts(dataset->at[i]->view.nrec, most);
	return sum;
}

static void share_out(shares *out, const dp_dataset *dataset)
{
	uint64_t lo = 1, hi = 1, objects = 0;
	for (size_t i = 0; i < dataset->n; i++) {
		uint64_t nrec = dataset->at[i]->view.nrec;
		hi = dp__max_u64(hi, nrec);
		objects += nrec > 0;
	}
	out->n = dp__max_u64(out->n, objects);
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		if (slices_of(dataset, mid) <= out->n)
			hi = mid;
		else
			lo = mid + 1;
	}
	out->most = lo;
	out->left = out->n - slices_of(dataset, lo);
}

/*
 * The next object's slices. What is left over goes to objects that would need more if slices were
 * one record smaller; and where every slice has one record, the first object takes the empty ones.
 */
static uint64_t next_share(shares *s, uint64_t nrec)
{
	uint64_t mine = dp__plan_parts(nrec, s->most), extra = s->left;
	if (s->most > 1)
		extra = dp__min_u64(extra, dp__plan_parts(nrec, s->most - 1) - mine);
	s->left -= extra;
	return mine + extra;
}

/* The args with another n. text holds the new one; free() the list. */
static const char **with_n(const char *const *args, char text[32], uint64_t n)
{
	size_t count = 0, used = 0;
	while (args && args[count])
		count++;
	const char **out = calloc(count + 2, sizeof(char *));
	for (size_t i = 0; out && i < count; i++) {
		if (strncmp(args[i], "n=", 2) != 0)
			out[used++] = args[i];
	}
	snprintf(text, 32, "n=%llu", (unsigned long long)n);
	if (out)
		out[used] = text;
	return out;
}

/* Moves all slices of one object behind the others. */
static dp_code take_slices(dp_slices *all, dp_slices *part, dp_error *err)
{
	dp_code rc = DP_OK;
	for (size_t i = 0; i < part->n; i++) {
		dp_slice *slice = part->at[i];
		part->at[i] = NULL;
		if (rc != DP_OK)
			dp_slice_free(slice);
		else
			rc = dp__slices_add(all, slice, err);
	}
	if (rc == DP_OK && all->n > MAX_SLICES)
		rc = dp_fail(err, DP_EINVAL, "more than %u slices", MAX_SLICES);
	return rc;
}

static dp_code cut_object(dp_slices *all, const dp_index *index, dp__partition cut, shares *s,
			  dp_error *err)
{
	const char **args = NULL;
	char text[32];
	dp_slices *part = NULL;
	if (s->n) {
		if (index->view.nrec == 0)
			return DP_OK;
		args = with_n(cut.args, text, next_share(s, index->view.nrec));
		if (!args)
			return dp_fail(err, DP_ENOMEM, "no memory for parameters");
		cut.args = args;
	}
	dp_error why = { 0 };
	dp_code rc = dp__partition_run(&part, &index, 1, &cut, &why);
	if (rc != DP_OK)
		dp_fail(err, rc, "%s: %s", index->table.url, why.msg);
	else
		rc = take_slices(all, part, err);
	dp_slices_free(part);
	free(args);
	return rc;
}

static void number_slices(dp_slices *all)
{
	for (size_t i = 0; i < all->n; i++) {
		all->at[i]->ordinal = i;
		all->at[i]->of = all->n;
	}
}

dp_code dp_dataset_partition(dp_slices **out, const dp_dataset *dataset, const char *strategy,
			     const char *const *args, dp_error *err)
{
	dp__partition cut = { NULL, args, DP__MAX_INLINE / dataset->n };
	shares s = { 0 };
	dp_code rc = dp__strategy_find(&cut.strategy, dataset->session, strategy, err);
	if (rc == DP_OK && (cut.strategy->needs & DP_SHARES_N)) {
		rc = check_counted(dataset, err);
		if (rc == DP_OK)
			rc = take_n(&s, dataset, &cut, err);
		if (rc == DP_OK)
			share_out(&s, dataset);
	}
	if (rc != DP_OK)
		return rc;
	dp_slices *all = calloc(1, sizeof *all);
	if (!all)
		return dp_fail(err, DP_ENOMEM, "no memory for slices");
	for (size_t i = 0; rc == DP_OK && i < dataset->n; i++)
		rc = cut_object(all, dataset->at[i], cut, &s, err);
	number_slices(all);
	if (rc == DP_OK) {
		const dp_totals totals = totals_of(dataset);
		rc = dp__partition_explain(all, &cut, &dataset->at[0]->view, &totals, err);
	}
	if (rc == DP_OK)
		*out = all;
	else
		dp_slices_free(all);
	return rc;
}
