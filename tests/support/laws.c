/* laws.c - what holds for every format and strategy. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/digest.h"
#include "core/engine/cut.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "support/laws.h"

#define MAX ((size_t)1 << 30)

typedef struct scene {
	const law_case *c;
	dp_session *session;
	dp_index *index;
	char url[200];
} scene;

#define MUST(call)                                                                                 \
	do {                                                                                       \
		dp_error err_ = { 0 };                                                             \
		dp_code rc_ = (call);                                                              \
		cr_assert_eq(rc_, DP_OK, "%s: %s: %s (%s)", s->c->name, #call, dp_code_name(rc_),  \
			     err_.msg);                                                            \
	} while (0)

static scene open_scene(const law_case *c, const char *const *settings)
{
	scene made = { .c = c }, *s = &made;
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	opts.format = c->format;
	opts.args = c->args;
	snprintf(made.url, sizeof made.url, "mem:%s", c->name);
	MUST(dp_session_open(&made.session, settings, &err_));
	MUST(dp__mem_put(made.session, made.url, c->object.data, c->object.len, &err_));
	MUST(dp_index_build(&made.index, made.session, made.url, &opts, &err_));
	return made;
}

static void close_scene(scene *s)
{
	dp_index_free(s->index);
	dp_session_free(s->session);
}

static dp_slices *cut(scene *s, const char *strategy, const char *const *args)
{
	dp_slices *slices = NULL;
	MUST(dp_partition(&slices, (const dp_index *const *)&s->index, 1, strategy, args, &err_));
	return slices;
}

/* Only what the slice's units hold may be read, and what lies in small gaps between them. */
static void poison(scene *s, const dp_slice *slice)
{
	const dp_view *view = dp_index_view(s->index);
	const dp_sel *sel = dp_slice_sel(slice);
	uint64_t lo = UINT64_MAX, hi = 0;
	for (size_t i = 0; i < view->nunits; i++) {
		const dp_unit *u = &view->unit[i];
		if (u->rec + u->nrec <= sel->rec || u->rec >= sel->rec + sel->nrec)
			continue;
		lo = u->extent[0].off < lo ? u->extent[0].off : lo;
		hi = u->extent[0].off + u->extent[0].len > hi ? u->extent[0].off + u->extent[0].len
							      : hi;
	}
	dp_extent allowed = { lo, hi > lo ? hi - lo : 0, 0 };
	dp_extent nothing = { 0, 0, 0 };
	MUST(dp__mem_allow(s->session, s->url, hi > lo ? &allowed : &nothing, 1, &err_));
}

/* Every slice, saved and loaded, read from its planned bytes alone, pays its price and gives its
 * records. */
static void check_slices(scene *s, const dp_slices *slices)
{
	dp__buf all = dp__buf_of(MAX), token = dp__buf_of(MAX), again = dp__buf_of(MAX);
	uint64_t next = 0;
	for (size_t i = 0; i < dp_slices_count(slices); i++) {
		dp_slice *slice = NULL;
		dp_reader *reader = NULL;
		dp_batch batch;
		token.len = again.len = 0;
		MUST(dp_slice_save(dp_slices_at(slices, i), dp__buf_write, &token, &err_));
		MUST(dp_slice_load(&slice, s->session, (char *)token.data, token.len, &err_));
		MUST(dp_slice_save(slice, dp__buf_write, &again, &err_));
		cr_assert(token.len == again.len && !memcmp(token.data, again.data, token.len));
		const dp_sel *sel = dp_slice_sel(slice);
		cr_assert_eq(sel->rec, next, "%s: slice %zu begins at %" PRIu64, s->c->name, i,
			     sel->rec);
		poison(s, slice);
		MUST(dp_reader_open(&reader, slice, &err_));
		for (;;) {
			MUST(dp_reader_next(reader, &batch, &err_));
			if (!batch.nrec)
				break;
			cr_assert_eq(batch.rec, next);
			if (batch.ends)
				cr_assert_eq(batch.ends[batch.nrec - 1], batch.len);
			next += batch.nrec;
			MUST(dp__buf_add(&all, batch.data, batch.len, &err_));
		}
		dp_price paid = dp_reader_paid(reader), price = dp_slice_price(slice);
		cr_assert_eq(paid.requests, price.requests,
			     "%s: slice %zu: %" PRIu64 " requests, price %" PRIu64, s->c->name, i,
			     paid.requests, price.requests);
		cr_assert_eq(paid.bytes, price.bytes);
		dp_reader_free(reader);
		dp_slice_free(slice);
	}
	MUST(dp__mem_allow(s->session, s->url, NULL, 0, &err_));
	cr_assert_eq(next, s->c->nrec, "%s: %" PRIu64 " records of %" PRIu64, s->c->name, next,
		     s->c->nrec);
	cr_assert_eq(all.len, s->c->records.len, "%s: %zu bytes of %zu", s->c->name, all.len,
		     s->c->records.len);
	cr_assert(!all.len || !memcmp(all.data, s->c->records.data, all.len),
		  "%s: other bytes than the file's", s->c->name);
	dp__buf_fini(&all);
	dp__buf_fini(&token);
	dp__buf_fini(&again);
}

static void check_strategy(scene *s, const char *strategy, const char *arg)
{
	const char *args[] = { arg, NULL };
	dp_slices *slices = cut(s, strategy, args);
	check_slices(s, slices);
	dp_slices_free(slices);
}

/* Exactly n slices whose sizes differ by one at most. */
static void check_chunks(scene *s, uint64_t n)
{
	char arg[40];
	uint64_t least = UINT64_MAX, most = 0;
	snprintf(arg, sizeof arg, "n=%" PRIu64, n);
	const char *args[] = { arg, NULL };
	dp_slices *slices = cut(s, "chunks", args);
	cr_assert_eq(dp_slices_count(slices), n);
	for (size_t i = 0; i < n; i++) {
		uint64_t nrec = dp_slice_sel(dp_slices_at(slices, i))->nrec;
		least = nrec < least ? nrec : least;
		most = nrec > most ? nrec : most;
	}
	cr_assert_leq(most - least, 1);
	check_slices(s, slices);
	dp_slices_free(slices);
}

static void check_counts(scene *s)
{
	const uint64_t counts[] = { 1, 2, 3, 7, 8, 50, s->c->nrec + 1 };
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		if (counts[i] > 4000)
			continue;
		check_chunks(s, counts[i]);
		char arg[40];
		snprintf(arg, sizeof arg, "n=%" PRIu64, s->c->nrec / counts[i] + 1);
		check_strategy(s, "count", arg);
	}
	check_strategy(s, "chunks", "by=bytes");
	check_strategy(s, "chunks", "snap=yes");
	check_strategy(s, "count", "snap=yes");
	check_strategy(s, "bytes", "n=10K");
	check_strategy(s, "bytes", "n=1M");
	check_strategy(s, "box", NULL);
	check_strategy(s, "auto", NULL);
	check_strategy(s, "auto", "goal=time");
	check_strategy(s, "auto", "n=7");
}

/* Rows that do not travel inside a slice have whole states: each unit has its own point then. */
static void check_by_reference(scene *s)
{
	dp_slices *slices = cut(s, "chunks", (const char *const[]){ "n=7", NULL });
	dp_slices *apart = calloc(1, sizeof *apart);
	cr_assert_not_null(apart);
	for (size_t i = 0; i < dp_slices_count(slices); i++) {
		dp_slice *one = NULL;
		MUST(dp__cut(&one, s->index, dp_slice_sel(dp_slices_at(slices, i)), 1, 0, &err_));
		MUST(dp__slices_add(apart, one, &err_));
	}
	check_slices(s, apart);
	dp_slices_free(apart);
	dp_slices_free(slices);
}

/* Halves of a slice are the slice. */
static void check_split(scene *s)
{
	dp_slices *whole = cut(s, "box", NULL), *pieces = NULL;
	MUST(dp_slice_split(&pieces, dp_slices_at(whole, 0), (const dp_index *const *)&s->index, 1,
			    3, &err_));
	cr_assert_eq(dp_slices_count(pieces), 3);
	check_slices(s, pieces);
	dp_slices_free(pieces);
	dp_slices_free(whole);
}

/* The index file, as it lies in the store. */
static bytes index_bytes(scene *s)
{
	size_t len = 0;
	const uint8_t *data = dp__mem_get(s->session, dp_index_url(s->index), &len);
	cr_assert(data);
	return make_copy(data, len);
}

static void check_same_bytes(scene *s)
{
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_index *again = NULL;
	bytes first = index_bytes(s);
	opts.format = s->c->format;
	opts.args = s->c->args;
	opts.force = true;
	MUST(dp_index_build(&again, s->session, s->url, &opts, &err_));
	bytes second = index_bytes(s);
	cr_assert(first.len == second.len && !memcmp(first.data, second.data, first.len),
		  "%s: two builds differ", s->c->name);
	MUST(dp_index_verify(again, NULL, NULL, &err_));
	dp_index_free(again);
	free(first.data);
	free(second.data);
}

static dp_code keep_total(void *user, const dp_result *result)
{
	if (result->slice == SIZE_MAX)
		snprintf(user, 200, "%.*s", (int)result->len, (const char *)result->data);
	return DP_OK;
}

/* The checksum of all does not depend on how many threads there are. */
static void check_threads(scene *s)
{
	dp_slices *slices = cut(s, "chunks", (const char *const[]){ "n=7", NULL });
	char expected[200], total[200] = "";
	snprintf(expected, sizeof expected, "{\"bytes\":%zu,\"crc32\":\"%08" PRIx32 "\"}",
		 s->c->records.len, dp__crc32(0, s->c->records.data, s->c->records.len));
	for (unsigned jobs = 1; jobs <= 4; jobs += 3) {
		dp_map_opts opts = DP_MAP_OPTS_INIT;
		opts.jobs = jobs;
		opts.result = keep_total;
		opts.user = total;
		MUST(dp_map(slices, dp_task_find(s->session, "checksum"), NULL, &opts, &err_));
		cr_assert_str_eq(total, expected, "%s", s->c->name);
	}
	dp_slices_free(slices);
}

/* A changed object is never used; neither is an index that is another now. */
static void check_stale(scene *s)
{
	dp_slices *slices = cut(s, "box", NULL);
	dp__buf out = dp__buf_of(MAX);
	dp_index *index = NULL;
	bytes other =
		make_join(make_copy(s->c->object.data, s->c->object.len), make_copy("x\n", 2));
	MUST(dp__mem_put(s->session, s->url, other.data, other.len, &err_));
	if (s->c->nrec)
		cr_assert_eq(dp_slice_get(dp_slices_at(slices, 0), 0, dp__buf_write, &out, NULL),
			     DP_ESTALE);
	cr_assert_eq(dp_index_open(&index, s->session, s->url, NULL), DP_ESTALE);
	dp_slices_free(slices);
	dp__buf_fini(&out);
	free(other.data);
}

void laws_hold(const law_case *c)
{
	scene made = open_scene(c, NULL), *s = &made;
	cr_assert_eq(dp_index_view(made.index)->nrec, c->nrec,
		     "%s: %" PRIu64 " records, not %" PRIu64, c->name,
		     dp_index_view(made.index)->nrec, c->nrec);
	check_counts(s);
	check_split(s);
	check_by_reference(s);
	check_threads(s);
	check_same_bytes(s);
	check_stale(s);
	close_scene(s);
	scene small = open_scene(c, (const char *const[]){ "memory=1K", NULL });
	check_strategy(&small, "chunks", "n=3");
	close_scene(&small);
}

void laws_refuse(const law_case *c, int code)
{
	scene made = { .c = c }, *s = &made;
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_error err = { 0 };
	opts.format = c->format;
	opts.args = c->args;
	snprintf(made.url, sizeof made.url, "mem:%s", c->name);
	MUST(dp_session_open(&made.session, NULL, &err_));
	MUST(dp__mem_put(made.session, made.url, c->object.data, c->object.len, &err_));
	dp_code rc = dp_index_build(&made.index, made.session, made.url, &opts, &err);
	cr_assert_eq(rc, code, "%s: %s, not %s: %s", c->name, dp_code_name(rc), dp_code_name(code),
		     err.msg);
	cr_assert_neq(err.msg[0], 0);
	cr_assert_eq(dp_index_open(&made.index, made.session, made.url, NULL), DP_ENOTFOUND);
	close_scene(&made);
}
