/* test_fetch.c - what a format of someone else's gets of its units: all of it, or as it comes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "dataplug/plugin.h"
#include "support/make.h"

#define URL    "mem:x.blocks"
#define RECORD 100
#define UNIT   (10 * RECORD)
#define NUNITS 50

/* Records of 100 bytes, ten a unit. */
static dp_code scan(dp_scan *scan, dp_error *err)
{
	uint8_t *stored = malloc(UNIT);
	dp_code code = DP_OK;

	cr_assert_not_null(stored);
	for (uint64_t i = 0; code == DP_OK && i < NUNITS; i++) {
		dp_unit unit = { .extent[0] = { .off = i * UNIT, .len = UNIT },
				 .raw = UNIT,
				 .rec = i * 10,
				 .nrec = 10 };

		code = dp_scan_read(scan, &unit.extent[0], stored, err);
		if (code == DP_OK)
			code = dp_scan_unit(scan, &unit, NULL, err);
	}
	free(stored);
	return code;
}

/* The selected records of a whole unit. */
static void select_records(const dp_fetch *fetch, const dp_unit *unit, const uint8_t *stored,
			   dp_batch *batch)
{
	const dp_sel *sel = dp_fetch_sel(fetch);
	uint64_t first = sel->rec > unit->rec ? sel->rec : unit->rec;
	uint64_t end = unit->rec + unit->nrec;

	if (sel->nrec != DP_UNKNOWN && sel->rec + sel->nrec < end)
		end = sel->rec + sel->nrec;
	*batch = (dp_batch){ .data = stored + (first - unit->rec) * RECORD,
			     .len = (size_t)(end - first) * RECORD,
			     .rec = first,
			     .nrec = end - first };
}

static dp_code next_whole(void *self, dp_fetch *fetch, dp_batch *batch, dp_error *err)
{
	const dp_unit *unit;
	const uint8_t *stored;
	dp_extent what;
	dp_code code = dp_fetch_unit(fetch, &unit, err);

	(void)self;
	*batch = (dp_batch){ 0 };
	if (code != DP_OK || unit == NULL)
		return code;
	cr_expect_eq(dp_fetch_bytes(fetch, 1, &what, &stored, NULL), DP_EINVAL);
	code = dp_fetch_bytes(fetch, 0, &what, &stored, err);
	cr_assert_eq(what.off, unit->extent[0].off);
	cr_assert_eq(what.len, UNIT);
	if (code == DP_OK)
		select_records(fetch, unit, stored, batch);
	return code;
}

/* Gathers it piece by piece. */
static dp_code next_some(void *self, dp_fetch *fetch, dp_batch *batch, dp_error *err)
{
	static uint8_t unit_bytes[UNIT];
	const dp_unit *unit;
	const uint8_t *stored;
	uint64_t from = 0;
	size_t len = 1;
	dp_code code = dp_fetch_unit(fetch, &unit, err);

	(void)self;
	*batch = (dp_batch){ 0 };
	if (code != DP_OK || unit == NULL)
		return code;
	cr_expect_eq(dp_fetch_extent(fetch, 0).off, unit->extent[0].off);
	cr_expect_eq(dp_fetch_extent(fetch, 0).len, UNIT);
	cr_expect_eq(dp_fetch_extent(fetch, 1).len, 0);
	cr_expect_eq(dp_fetch_some(fetch, 1, 0, &stored, &len, NULL), DP_EINVAL);
	cr_expect_eq(dp_fetch_some(fetch, 0, UNIT + 1, &stored, &len, NULL), DP_EINVAL);
	do {
		code = dp_fetch_some(fetch, 0, from, &stored, &len, err);
		if (code != DP_OK)
			return code;
		cr_assert_leq(from + len, UNIT);
		memcpy(unit_bytes + from, stored, len);
		from += len;
	} while (len > 0);
	cr_assert_eq(from, UNIT);
	select_records(fetch, unit, unit_bytes, batch);
	return code;
}

static const dp_part parts[] = { { "data", NULL }, { NULL, NULL } };
static const dp_format whole = { .name = "whole",
				 .doc = "blocks, each at once",
				 .record = "record",
				 .parts = parts,
				 .scan = scan,
				 .next = next_whole };
static const dp_format some = { .name = "some",
				.doc = "blocks as they come",
				.record = "record",
				.parts = parts,
				.scan = scan,
				.next = next_some };
static const dp_format *const formats[] = { &whole, &some, NULL };
static const dp_plugin plugin = {
	.abi = DP_PLUGIN_ABI, .name = "blocks", .version = "1", .formats = formats
};

/* The records of three slices, none of which begins or ends with a unit, are the object. */
static void expect_object(const char *format)
{
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_session *session = NULL;
	dp_index *index = NULL;
	dp_slices *slices = NULL;
	dp__buf out = dp__buf_of((size_t)NUNITS * UNIT);
	uint8_t *object = malloc((size_t)NUNITS * UNIT);
	dp_error err = { 0 };

	cr_assert_not_null(object);
	make_noise(object, (size_t)NUNITS * UNIT);
	opts.format = format;
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	cr_assert_eq(dp_session_add(session, &plugin, NULL), DP_OK);
	cr_assert_eq(dp__mem_put(session, URL, object, (size_t)NUNITS * UNIT, NULL), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, URL, &opts, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "count",
				  (const char *const[]){ "n=183", NULL }, &err),
		     DP_OK, "%s", err.msg);
	cr_assert_eq(dp_slices_count(slices), 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(dp_slice_get(dp_slices_at(slices, i), 0, dp__buf_write, &out, &err),
			     DP_OK, "%s", err.msg);
	cr_assert_eq(out.len, (size_t)NUNITS * UNIT);
	cr_assert(memcmp(out.data, object, out.len) == 0);
	free(object);
	dp__buf_fini(&out);
	dp_slices_free(slices);
	dp_index_free(index);
	dp_session_free(session);
}

Test(fetch, units_come_at_once)
{
	expect_object("whole");
}

Test(fetch, units_come_in_pieces)
{
	expect_object("some");
}
