/* test_totals.c - what strategies are told of all that they cut, and what they say of the cut. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/engine/totals.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "dataplug/plugin.h"

/* ---- sums ---- */

static const dp_unit units[] = {
	{ .extent = { { 0, 100, 0 } }, .raw = 300, .rec = 0, .nrec = 4, .state_len = 7 },
	{ .extent = { { 90, 100, 0 }, { 0, 50, 1 } }, .raw = 200, .rec = 4, .nrec = 4 },
	{ .extent = { { 150, 20, 0 }, { 40, 50, 1 } }, .raw = 100, .rec = 8, .nrec = 2 },
	{ .extent = { { 180, 15, 0 } }, .raw = 10, .rec = 10, .nrec = 1, .state_len = 3 },
};

static dp_index index_of(size_t nunits, uint64_t nrec, size_t attrs)
{
	return (dp_index){ .view = { .unit = units, .nunits = nunits, .nrec = nrec },
			   .travel = { .len = attrs } };
}

Test(totals, bytes_that_neighbours_share_count_once)
{
	const dp_index a = index_of(4, 11, 0);
	dp_totals all = dp__totals_of_set(&(const dp_index *){ &a }, 1);
	/* Part 0 ends at 195. Of part 1, the second extent shares 10 with the first. */
	cr_expect_eq(all.stored, 195 + 50 + 40, "%" PRIu64, all.stored);
	cr_expect_eq(all.raw, 610);
	cr_expect_eq(all.nunits, 4);
	cr_expect_eq(all.state, 10);
	cr_expect_eq(all.nrec, 11);
	cr_expect_eq(all.members, 1);
	cr_expect_eq(all.least, 1);
	cr_expect_eq(all.slices, 0);
}

Test(totals, a_set_has_the_records_of_one_member)
{
	const dp_index a = index_of(1, 4, 10), b = index_of(2, 4, 20);
	dp_totals all = dp__totals_of_set((const dp_index *const[]){ &a, &b }, 2);
	cr_expect_eq(all.stored, 100 + 100 + 90 + 50);
	cr_expect_eq(all.nrec, 4);
	cr_expect_eq(all.members, 2);
	cr_expect_eq(all.least, 1);
	cr_expect_eq(all.attrs, 20);
}

Test(totals, a_dataset_has_the_records_of_all_objects)
{
	const dp_index a = index_of(1, 4, 0), b = index_of(2, 8, 0), none = index_of(0, 0, 0);
	dp_totals all = dp__totals_of_dataset((const dp_index *const[]){ &a, &none, &b }, 3);
	cr_expect_eq(all.nrec, 12);
	cr_expect_eq(all.members, 1);
	cr_expect_eq(all.least, 2);
}

Test(totals, one_uncounted_object_leaves_all_uncounted)
{
	const dp_index a = index_of(1, DP_UNKNOWN, 0), b = index_of(2, 8, 0);
	dp_totals all = dp__totals_of_dataset((const dp_index *const[]){ &a, &b }, 2);
	cr_expect_eq(all.nrec, DP_UNKNOWN);
}

/* ---- a strategy that chooses and explains ---- */

typedef struct some_params {
	uint64_t n;
	bool silent;
} some_params;

static const dp_param params[] = {
	{ "n", DP_PARAM_COUNT, offsetof(some_params, n), "0", NULL, "slices" },
	{ "silent", DP_PARAM_BOOL, offsetof(some_params, silent), "no", NULL, "explains nothing" },
	{ 0 },
};

static dp_code cut(const dp_view *view, const void *given, dp_sels *out, dp_error *err)
{
	const some_params *p = given;
	dp_code rc = DP_OK;
	for (uint64_t i = 0; rc == DP_OK && i < p->n; i++) {
		dp_sel sel = { .rec = view->nrec * i / p->n };
		sel.nrec = view->nrec * (i + 1) / p->n - sel.rec;
		rc = dp_sels_add(out, &sel, err);
	}
	return rc;
}

/* A slice for every five records. */
static dp_code choose(const dp_totals *totals, const void *given, uint64_t *n, dp_error *err)
{
	(void)given;
	(void)err;
	*n = totals->nrec / 5 > totals->least ? totals->nrec / 5 : totals->least;
	return DP_OK;
}

static dp_code explain(const dp_totals *totals, const void *given, unsigned flags, dp_write_fn out,
		       void *user, dp_error *err)
{
	const some_params *p = given;
	char text[100];
	if (p->silent)
		return dp_fail(err, DP_EUNSUPPORTED, "nothing to say");
	snprintf(text, sizeof text, "%s %d of %d records, %d given",
		 flags & DP_EXPLAIN_JSON ? "json" : "text", (int)totals->slices, (int)totals->nrec,
		 (int)p->n);
	return out(user, text, strlen(text), err);
}

static const dp_strategy fives = {
	.name = "fives",
	.doc = "five records a slice",
	.needs = DP_NEEDS_RECORDS | DP_SHARES_N,
	.params = params,
	.params_size = sizeof(some_params),
	.cut = cut,
	.choose = choose,
	.explain = explain,
};

static dp_session *session;

static void open_session(void)
{
	const dp_plugin plugin = { .abi = DP_PLUGIN_ABI,
				   .name = "fives",
				   .strategies = (const dp_strategy *const[]){ &fives, NULL } };
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	cr_assert_eq(dp_session_add(session, &plugin, NULL), DP_OK);
}

static void close_session(void)
{
	dp_session_free(session);
}

TestSuite(explain, .init = open_session, .fini = close_session);

static dp_index *put(const char *url, size_t lines)
{
	dp_index *index = NULL;
	dp__buf text = dp__buf_of((size_t)1 << 20);
	for (size_t i = 0; i < lines; i++)
		cr_assert_eq(dp__buf_printf(&text, NULL, "line %zu\n", i), DP_OK);
	cr_assert_eq(dp__mem_put(session, url, text.data, text.len, NULL), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, url, NULL, NULL), DP_OK);
	dp__buf_fini(&text);
	return index;
}

static void expect_explained(const dp_index *const *indexes, size_t n, const char *arg,
			     const char *text, const char *json)
{
	dp_slices *slices = NULL;
	const char *const args[] = { arg, NULL };
	cr_assert_eq(dp_partition(&slices, indexes, n, "fives", args, NULL), DP_OK);
	cr_expect_str_eq(dp_slices_explain(slices, 0), text);
	cr_expect_str_eq(dp_slices_explain(slices, DP_EXPLAIN_JSON), json);
	dp_slices_free(slices);
}

Test(explain, what_was_chosen)
{
	dp_index *index = put("mem:a", 15);
	expect_explained((const dp_index *const[]){ index }, 1, NULL,
			 "text 3 of 15 records, 0 given", "json 3 of 15 records, 0 given");
	dp_index_free(index);
}

Test(explain, what_was_given)
{
	dp_index *index = put("mem:a", 15);
	expect_explained((const dp_index *const[]){ index }, 1, "n=4",
			 "text 4 of 15 records, 4 given", "json 4 of 15 records, 4 given");
	dp_index_free(index);
}

Test(explain, a_set)
{
	dp_index *a = put("mem:a", 10), *b = put("mem:b", 10);
	expect_explained((const dp_index *const[]){ a, b }, 2, NULL,
			 "text 2 of 10 records, 0 given", "json 2 of 10 records, 0 given");
	dp_index_free(a);
	dp_index_free(b);
}

Test(explain, a_dataset_is_chosen_for_as_a_whole)
{
	dp_dataset *dataset = NULL;
	dp_slices *slices = NULL;
	dp_index_free(put("mem:d/a", 5));
	dp_index_free(put("mem:d/b", 20));
	cr_assert_eq(dp_dataset_open(&dataset, session, "mem:d/", NULL, NULL), DP_OK);
	cr_assert_eq(dp_dataset_partition(&slices, dataset, "fives", NULL, NULL), DP_OK);
	cr_expect_eq(dp_slices_count(slices), 5);
	cr_expect_eq(dp_slice_sel(dp_slices_at(slices, 1))->nrec, 5);
	cr_expect_str_eq(dp_slices_explain(slices, 0), "text 5 of 25 records, 0 given");
	dp_slices_free(slices);
	dp_dataset_free(dataset);
}

Test(explain, most_have_nothing_to_say)
{
	dp_index *index = put("mem:a", 15);
	dp_slices *slices = NULL, *loaded = NULL;
	dp__buf tokens = dp__buf_of((size_t)1 << 20);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const[]){ index }, 1, "chunks",
				  (const char *const[]){ "n=2", NULL }, NULL),
		     DP_OK);
	cr_expect_null(dp_slices_explain(slices, 0));
	cr_expect_null(dp_slices_explain(slices, DP_EXPLAIN_JSON));
	dp_slices_free(slices);
	slices = NULL;
	cr_assert_eq(
		dp_partition(&slices, (const dp_index *const[]){ index }, 1, "fives", NULL, NULL),
		DP_OK);
	cr_assert_eq(dp_slices_save(slices, dp__buf_write, &tokens, NULL), DP_OK);
	cr_assert_eq(dp_slices_load(&loaded, session, (char *)tokens.data, tokens.len, NULL),
		     DP_OK);
	cr_expect_null(dp_slices_explain(loaded, 0));
	dp_slices_free(loaded);
	dp_slices_free(slices);
	dp__buf_fini(&tokens);
	dp_index_free(index);
}

Test(explain, its_failure_is_the_partition_s)
{
	dp_index *index = put("mem:a", 15);
	dp_slices *slices = NULL;
	dp_error err = { 0 };
	cr_expect_eq(dp_partition(&slices, (const dp_index *const[]){ index }, 1, "fives",
				  (const char *const[]){ "silent=yes", NULL }, &err),
		     DP_EUNSUPPORTED);
	cr_expect_str_eq(err.msg, "nothing to say");
	cr_expect_null(slices);
	dp_index_free(index);
}
