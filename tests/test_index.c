/* test_index.c - indexes stored and opened again: fresh, stale, damaged, moved, at what price. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/index/home.h"
#include "core/index/index.h"
#include "core/index/row.h"
#include "core/io/mem.h"
#include "support/folder.h"

#define MAX ((size_t)64 << 20)

static const dp_param params[] = {
	{ "span", DP_PARAM_BYTES, 0, "1M", NULL, "stored bytes of a unit" },
	{ NULL, DP_PARAM_BYTES, 0, NULL, NULL, NULL },
};
static const dp_part one_part[] = { { "data", NULL }, { NULL, NULL } };
static const dp_part two_parts[] = { { "head", NULL }, { "body", ".ibd" }, { NULL, NULL } };
static const dp_format blocks = {
	.name = "blocks", .parts = one_part, .params = params, .params_size = sizeof(uint64_t)
};
static const dp_format pair = { .name = "pair", .parts = two_parts };
static const dp_format *const formats[] = { &blocks, &pair };

static dp_session session;
static const char *folder;

/* A session of two stores and two formats, and a folder of its own for files and the cache. */
static void begin(void)
{
	folder = folder_make();
	setenv("XDG_CACHE_HOME", folder, 1);
	session.set.meta = "";
	pthread_mutex_init(&session.lock, NULL);
	pthread_mutex_init(&session.log_lock, NULL);
	for (size_t i = 0; dp__stores[i]; i++)
		cr_assert_eq(dp__list_add(&session.stores, dp__stores[i], NULL), DP_OK);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(dp__list_add(&session.formats, formats[i], NULL), DP_OK);
}

static void end(void)
{
	dp_index_free(NULL); /* is fine */
	dp__mem_free(session.mem);
	free(session.stores.at);
	free(session.formats.at);
	folder_remove();
}

TestSuite(index, .init = begin, .fini = end);

static void put_object(const char *url, const char *text)
{
	cr_assert_eq(dp__mem_put(&session, url, text, strlen(text), NULL), DP_OK);
}

static const char *path_of(const char *name)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *url_of(const char *name)
{
	static char url[256];
	snprintf(url, sizeof(url), "file://%s/%s", folder, name);
	return url;
}

/* A file whose mtime is told. */
static void put_file(const char *name, const char *text, time_t mtime)
{
	const struct timespec times[2] = { { .tv_sec = mtime }, { .tv_sec = mtime } };
	cr_assert_eq(utimensat(AT_FDCWD, folder_write(name, text), times, 0), 0);
}

/* A unit of each 10 bytes with the state "stateN" and 2 records; the last byte belongs to none. */
static void fill_units(dp__table *table, dp__run *run, size_t nunits)
{
	dp__buf row = dp__buf_of(1000);
	char state[] = "state0";
	table->unit = calloc(nunits, sizeof(*table->unit));
	table->nunits = nunits;
	for (size_t i = 0; i < nunits; i++) {
		dp_unit *unit = &table->unit[i];
		state[5] = (char)('0' + i % 10);
		*unit = (dp_unit){ .extent = { { .off = i, .len = 1 } },
				   .raw = 20,
				   .rec = i * 2,
				   .nrec = 2,
				   .state_len = 6,
				   .state_crc = dp__crc32(0, state, 6) };
		row.len = 0;
		cr_assert_eq(dp__row_pack(&row, unit, 0, NULL), DP_OK);
		cr_assert_eq(dp__run_add(run, row.data, row.len, NULL), DP_OK);
		cr_assert_eq(dp__run_add(run, state, 6, NULL), DP_OK);
	}
	dp__buf_fini(&row);
}

static dp__table table_of(const dp_call *call, const char *url, const dp_format *format)
{
	dp__table table = { .url = dp__strdup(url),
			    .format = dp__strdup(format->name),
			    .library = dp__strdup("0.1.0"),
			    .warnings = dp__strdup("odd") };
	dp_error err = { 0 };
	cr_assert_eq(dp__table_set_params(&table, format == &blocks ? "span=2M" : "", NULL), DP_OK);
	cr_assert_eq(dp__index_parts(call, url, format, table.part, &table.nparts, &err), DP_OK,
		     "%s", err.msg);
	table.attr = calloc(1, sizeof(*table.attr));
	table.attr[0] = (dp__attr){ dp__strdup("header"), (uint8_t *)dp__strdup("#A"), 2, true };
	table.nattrs = 1;
	return table;
}

static dp_code store(dp_index **out, const char *url, const dp_format *format, size_t nunits,
		     dp_error *err)
{
	dp_call call = dp__call_begin(&session);
	dp__table table = table_of(&call, url, format);
	dp__run *run = NULL;
	const char *to;
	dp__home home;
	cr_assert_eq(dp__run_open(&run, MAX, NULL), DP_OK);
	fill_units(&table, run, nunits);
	cr_assert_eq(dp__home_of(&home, &session, url, NULL), DP_OK);
	dp_code code = dp__home_choose(&to, &home, &call, err);
	code = code == DP_OK ? dp__index_store(out, &call, to, &table, run, err) : code;
	dp__home_fini(&home);
	dp__run_free(run);
	dp__table_fini(&table);
	return code;
}

static dp_index *stored(const char *url, size_t nunits)
{
	dp_index *index = NULL;
	dp_error err = { 0 };
	cr_assert_eq(store(&index, url, &blocks, nunits, &err), DP_OK, "%s", err.msg);
	return index;
}

static dp_index *opened(const char *url)
{
	dp_index *index = NULL;
	dp_error err = { 0 };
	cr_assert_eq(dp_index_open(&index, &session, url, &err), DP_OK, "%s", err.msg);
	return index;
}

static void store_and_free(const char *url, size_t nunits)
{
	dp_index_free(stored(url, nunits));
}

static void expect_open(const char *url, dp_code code, const char *message)
{
	dp_index *index = NULL;
	dp_error err = { 0 };
	cr_expect_eq(dp_index_open(&index, &session, url, &err), code, "%s", err.msg);
	cr_expect_null(index);
	cr_expect(strstr(err.msg, message), "%s", err.msg);
}

Test(index, stored_one_is_found)
{
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	dp_index *index = opened("mem:a");
	cr_expect_str_eq(dp_index_url(index), "mem:a.dpx");
	cr_expect_not(dp_index_built(index));
	cr_expect_eq(dp_index_view(index)->nunits, 3);
	cr_expect_eq(dp_index_view(index)->nrec, 6);
	cr_expect_eq(*(const uint64_t *)index->params.value, 2 << 20);
	dp_index_free(index);
}

Test(index, just_stored_one_is_as_if_opened)
{
	put_object("mem:a", "0123456789");
	dp_index *a = stored("mem:a", 3), *b = opened("mem:a");
	cr_expect(dp_index_built(a));
	cr_expect_str_eq(a->url, b->url);
	cr_expect_str_eq(a->etag, b->etag);
	cr_expect_eq(a->size, b->size);
	cr_expect_eq(a->run_off, b->run_off);
	cr_expect_arr_eq(a->row_off, b->row_off, 4 * sizeof(*a->row_off));
	cr_expect_arr_eq(a->table.unit, b->table.unit, 3 * sizeof(dp_unit));
	cr_expect_eq(a->travel.len, b->travel.len);
	dp_index_free(a);
	dp_index_free(b);
}

static void expect_attr(const dp_index *index, const char *name, const char *value)
{
	size_t len = 0;
	const char *got = dp_index_attr(index, name, &len);
	cr_assert_not_null(got, "%s", name);
	cr_expect_str_eq(got, value);
	cr_expect_eq(len, strlen(value));
}

Test(index, tells_its_attributes)
{
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	dp_index *index = opened("mem:a");
	size_t len;
	expect_attr(index, "format", "blocks");
	expect_attr(index, "url", "mem:a");
	expect_attr(index, "size", "10");
	expect_attr(index, "params", "span=2M");
	expect_attr(index, "library", "0.1.0");
	expect_attr(index, "warnings", "odd");
	expect_attr(index, "header", "#A");
	cr_expect_null(dp_index_attr(index, "none", &len));
	dp_index_free(index);
}

Test(index, opening_costs_one_look_at_it_and_one_at_the_object)
{
	dp__mem_counts before[2], after[2];
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	cr_assert_eq(dp__mem_counts_of(&session, "mem:a.dpx", &before[0], NULL), DP_OK);
	cr_assert_eq(dp__mem_counts_of(&session, "mem:a", &before[1], NULL), DP_OK);
	dp_index_free(opened("mem:a"));
	cr_assert_eq(dp__mem_counts_of(&session, "mem:a.dpx", &after[0], NULL), DP_OK);
	cr_assert_eq(dp__mem_counts_of(&session, "mem:a", &after[1], NULL), DP_OK);
	/* The look at the index gives its head, so that it need not be read. */
	cr_expect_eq(after[0].stats - before[0].stats, 1);
	cr_expect_eq(after[0].reads, 0);
	cr_expect_eq(after[1].stats - before[1].stats, 1);
	cr_expect_eq(after[1].reads, 0);
}

Test(index, larger_than_the_first_read_takes_one_more)
{
	dp__mem_counts counts;
	char *text = malloc(50001);
	memset(text, 'x', 50000);
	text[50000] = '\0';
	put_object("mem:a", text);
	store_and_free("mem:a", 50000);
	dp_index *index = opened("mem:a");
	cr_assert_eq(dp__mem_counts_of(&session, "mem:a.dpx", &counts, NULL), DP_OK);
	cr_expect_gt(index->run_off, 1 << 20);
	cr_expect_eq(counts.reads, 1);
	cr_expect_eq(counts.bytes, index->run_off - (1 << 20));
	dp_index_free(index);
	free(text);
}

Test(index, none_is_not_found)
{
	put_object("mem:a", "0123456789");
	expect_open("mem:a", DP_ENOTFOUND, "no index");
}

Test(index, of_a_gone_object_says_so)
{
	put_file("a", "0123456789", 1000);
	store_and_free(url_of("a"), 3);
	unlink(path_of("a"));
	dp_index *index = NULL;
	dp_error err = { 0 };
	cr_expect_eq(dp_index_open(&index, &session, url_of("a"), &err), DP_ENOTFOUND);
	cr_expect_null(strstr(err.msg, "no index"), "%s", err.msg);
}

Test(index, of_an_object_of_another_size_is_stale)
{
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	put_object("mem:a", "01234567890");
	expect_open("mem:a", DP_ESTALE, "size was 10, is 11");
}

Test(index, of_an_object_written_anew_is_stale)
{
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	put_object("mem:a", "9876543210");
	expect_open("mem:a", DP_ESTALE, "changed since it was indexed");
}

Test(index, of_an_unknown_format_is_unsupported)
{
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	session.formats.at[0] = &pair;
	expect_open("mem:a", DP_EUNSUPPORTED, "blocks");
}

/* The index file's bytes, copied, with more behind them or less. */
static void resize_index(const char *url, long more)
{
	size_t len = 0;
	const uint8_t *bytes = dp__mem_get(&session, url, &len);
	uint8_t *copy = calloc(1, len + 100);
	memcpy(copy, bytes, len);
	dp__mem_put(&session, url, copy, (size_t)((long)len + more), NULL);
	free(copy);
}

Test(index, cut_off_is_refused)
{
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	resize_index("mem:a.dpx", -1);
	expect_open("mem:a", DP_EFORMAT, "mem:a.dpx: cut off");
}

Test(index, with_bytes_behind_it_is_refused)
{
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	resize_index("mem:a.dpx", 1);
	expect_open("mem:a", DP_EFORMAT, "too long");
}

Test(index, empty_file_is_refused)
{
	put_object("mem:a", "0123456789");
	put_object("mem:a.dpx", "");
	expect_open("mem:a", DP_EFORMAT, "cut off");
}

Test(index, a_damaged_row_is_no_stale_one)
{
	put_object("mem:a", "0123456789");
	dp_call call = dp__call_begin(&session);
	dp_index *index = stored("mem:a", 5);
	dp__buf rows = dp__buf_of(MAX);
	dp__mem_fail(&session, "mem:a.dpx", (dp__mem_fault){ 0, 1, DP_OK }, NULL);
	cr_expect_eq(dp__index_rows(index, &call, 1, 3, &rows, NULL), DP_EFORMAT);
	dp__buf_fini(&rows);
	dp_index_free(index);
}

Test(index, other_file_in_its_place_is_refused)
{
	char text[201];
	memset(text, 'x', 200);
	text[200] = '\0';
	put_object("mem:a", "0123456789");
	put_object("mem:a.dpx", text);
	expect_open("mem:a", DP_EFORMAT, "not an index");
}

Test(index, of_another_object_is_refused)
{
	put_object("mem:a", "0123456789");
	put_object("mem:b", "0123456789");
	store_and_free("mem:a", 3);
	size_t len = 0;
	const uint8_t *bytes = dp__mem_get(&session, "mem:a.dpx", &len);
	uint8_t *copy = malloc(len);
	memcpy(copy, bytes, len);
	dp__mem_put(&session, "mem:b.dpx", copy, len, NULL);
	free(copy);
	expect_open("mem:b", DP_EFORMAT, "it is the index of mem:a");
}

Test(index, moved_with_its_file_is_found)
{
	cr_assert_eq(mkdir(path_of("old"), 0700), 0);
	put_file("old/a", "0123456789", 1000);
	store_and_free(url_of("old/a"), 3);
	char old[256];
	snprintf(old, sizeof(old), "%s", path_of("old"));
	cr_assert_eq(rename(old, path_of("new")), 0);
	dp_index *index = opened(url_of("new/a"));
	expect_attr(index, "url", url_of("new/a"));
	dp_index_free(index);
}

Test(index, of_a_typed_path_is_found)
{
	put_file("a", "0123456789", 1000);
	store_and_free(url_of("a"), 3);
	dp_index *index = opened(path_of("a"));
	dp_index_free(index);
}

Test(index, of_a_file_with_another_mtime_is_stale)
{
	put_file("a", "0123456789", 1000);
	store_and_free(url_of("a"), 3);
	put_file("a", "0123456789", 1001);
	expect_open(url_of("a"), DP_ESTALE, "changed since");
}

/* Keeps the index in the cache, as if the file's folder had been read-only. */
static void move_to_cache(const char *name)
{
	char command[1024];
	snprintf(command, sizeof(command),
		 "mkdir -p %s/dataplug/file%s && cp %s/%s.dpx %s/dataplug/file%s", folder, folder,
		 folder, name, folder, folder);
	cr_assert_eq(system(command), 0);
}

Test(index, fresh_one_in_the_cache_stands_in_for_a_bad_one_beside)
{
	put_file("a", "0123456789", 1000);
	store_and_free(url_of("a"), 3);
	move_to_cache("a");
	put_file("a.dpx", "damaged", 1000);
	dp_index *index = opened(url_of("a"));
	cr_expect(strstr(dp_index_url(index), "/dataplug/file/"), "%s", dp_index_url(index));
	dp_index_free(index);
}

Test(index, first_home_tells_its_error_when_no_home_has_a_fresh_one)
{
	put_file("a", "0123456789", 1000);
	store_and_free(url_of("a"), 3);
	move_to_cache("a");
	put_file("a.dpx", "damaged", 1000);
	put_file("a", "0123456789", 1001);
	expect_open(url_of("a"), DP_EFORMAT, "cut off");
}

Test(index, in_a_read_only_folder_goes_to_the_cache)
{
	/* Root may write anywhere, so it becomes somebody else first. */
	if (geteuid() == 0)
		cr_assert(chown(folder, 65534, 65534) == 0 && setuid(65534) == 0);
	cr_assert_eq(mkdir(path_of("data"), 0700), 0);
	put_file("data/a", "0123456789", 1000);
	cr_assert_eq(chmod(path_of("data"), 0555), 0);
	dp_index *index = stored(url_of("data/a"), 3);
	cr_expect(strstr(dp_index_url(index), "/dataplug/file/"), "%s", dp_index_url(index));
	dp_index_free(index);
	chmod(path_of("data"), 0700);
}

Test(index, that_cannot_be_kept_anywhere_is_an_error)
{
	dp_index *index = NULL;
	dp_error err = { 0 };
	put_object("mem:a", "0123456789");
	session.set.meta = "/proc/nothing";
	cr_expect_eq(store(&index, "mem:a", &blocks, 3, &err), DP_EWRITE, "%s", err.msg);
	cr_expect_null(index);
}

Test(index, lies_under_the_meta_setting)
{
	put_object("mem:a", "0123456789");
	session.set.meta = "mem:meta";
	store_and_free("mem:a", 3);
	dp_index *index = opened("mem:a");
	cr_expect_str_eq(dp_index_url(index), "mem:meta/mem/a.dpx");
	dp_index_free(index);
}

Test(index, removed_one_is_gone)
{
	put_object("mem:a", "0123456789");
	store_and_free("mem:a", 3);
	cr_expect_eq(dp_index_remove(&session, "mem:a", NULL), DP_OK);
	expect_open("mem:a", DP_ENOTFOUND, "no index");
}

Test(index, damaged_one_of_a_gone_object_can_be_removed)
{
	put_object("mem:a.dpx", "x");
	cr_expect_eq(dp_index_remove(&session, "mem:a", NULL), DP_OK);
}

Test(index, removing_none_is_not_found)
{
	cr_expect_eq(dp_index_remove(&session, "mem:a", NULL), DP_ENOTFOUND);
}

Test(index, rows_come_with_their_states)
{
	put_object("mem:a", "0123456789");
	dp_call call = dp__call_begin(&session);
	dp_index *index = stored("mem:a", 5);
	dp__buf rows = dp__buf_of(MAX);
	cr_assert_eq(dp__index_rows(index, &call, 1, 3, &rows, NULL), DP_OK);
	dp__cur cur = dp__cur_of(rows.data, rows.len);
	for (uint64_t i = 1; i < 3; i++) {
		dp_unit unit;
		const uint8_t *state;
		bool more;
		cr_assert_eq(dp__row_take(&cur, &unit, &state, 0, &more, NULL), DP_OK);
		cr_expect_eq(unit.rec, 2 * i);
		cr_expect_eq(state[5], '0' + i);
	}
	cr_expect_eq(dp__cur_left(&cur), 0);
	dp__buf_fini(&rows);
	dp_index_free(index);
}

Test(index, crc_of_rows_is_that_of_their_bytes)
{
	put_object("mem:a", "0123456789");
	dp_call call = dp__call_begin(&session);
	dp_index *index = stored("mem:a", 5);
	dp__buf rows = dp__buf_of(MAX);
	cr_assert_eq(dp__index_rows(index, &call, 1, 5, &rows, NULL), DP_OK);
	cr_expect_eq(dp__index_rows_crc(index, 1, 5), dp__crc32(0, rows.data, rows.len));
	dp__buf_fini(&rows);
	dp_index_free(index);
}

Test(index, rows_of_another_index_are_stale)
{
	char text[401];
	memset(text, 'x', 400);
	text[400] = 0;
	put_object("mem:a", text);
	dp_call call = dp__call_begin(&session);
	dp_index *index = stored("mem:a", 5);
	dp__buf rows = dp__buf_of(MAX);
	resize_index("mem:a.dpx", 0);
	cr_expect_eq(dp__index_rows(index, &call, 1, 3, &rows, NULL), DP_OK,
		     "the same bytes again");
	store_and_free("mem:a", 300);
	cr_expect_eq(dp__index_rows(index, &call, 1, 3, &rows, NULL), DP_ESTALE);
	resize_index("mem:a.dpx", -1);
	cr_expect_eq(dp__index_rows(index, &call, 1, 3, &rows, NULL), DP_EFORMAT);
	dp__buf_fini(&rows);
	dp_index_free(index);
}

Test(index, file_is_its_database_then_the_run_then_the_attributes_that_travel)
{
	put_object("mem:a", "0123456789");
	dp_call call = dp__call_begin(&session);
	dp_index *index = stored("mem:a", 5);
	dp__buf rows = dp__buf_of(MAX);
	size_t len = 0;
	const uint8_t *file = dp__mem_get(&session, "mem:a.dpx", &len);
	cr_assert_eq(dp__index_rows(index, &call, 0, 5, &rows, NULL), DP_OK);
	cr_assert_eq(len, dp_index_size(index));
	cr_assert_eq(len, index->run_off + rows.len + 11);
	cr_expect_eq(index->run_off % 1024, 0);
	cr_expect_arr_eq(file + index->run_off, rows.data, rows.len);
	cr_expect_arr_eq(file + len - 11, "\1\6header\2#A", 11);
	dp__buf_fini(&rows);
	dp_index_free(index);
}

Test(index, second_part_is_the_stem_with_its_suffix)
{
	char *url = NULL;
	cr_assert_eq(dp__index_part_url(&url, "mem:x.y/a.imzML", &pair, 1, NULL), DP_OK);
	cr_expect_str_eq(url, "mem:x.y/a.ibd");
	free(url);
}

Test(index, second_part_of_a_name_without_extension_is_appended)
{
	char *url = NULL;
	cr_assert_eq(dp__index_part_url(&url, "mem:x.y/a", &pair, 1, NULL), DP_OK);
	cr_expect_str_eq(url, "mem:x.y/a.ibd");
	free(url);
}

Test(index, changed_second_part_is_stale)
{
	dp_index *index = NULL;
	put_object("mem:a.xml", "0123456789");
	put_object("mem:a.ibd", "0123456789");
	cr_assert_eq(store(&index, "mem:a.xml", &pair, 3, NULL), DP_OK);
	dp_index_free(index);
	put_object("mem:a.ibd", "012345678");
	expect_open("mem:a.xml", DP_ESTALE, "body: size was 10, is 9");
}

Test(index, missing_second_part_is_named)
{
	dp_call call = dp__call_begin(&session);
	dp__part part[DP__MAX_PARTS];
	dp_error err = { 0 };
	size_t n;
	put_object("mem:a.xml", "0123456789");
	cr_expect_eq(dp__index_parts(&call, "mem:a.xml", &pair, part, &n, &err), DP_ENOTFOUND);
	cr_expect(strstr(err.msg, "part a.ibd"), "%s", err.msg);
}
