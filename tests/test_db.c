/* test_db.c - a table as a database and back, read by sqlite3 itself, and damaged byte by byte. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/index/db.h"

#define MAX ((size_t)1 << 30)

static void add_attr(dp__table *table, const char *name, const char *value, bool travels)
{
	dp__attr *attr = &table->attr[table->nattrs++];
	*attr = (dp__attr){ dp__strdup(name), NULL, strlen(value), travels };
	attr->value = (uint8_t *)dp__strdup(value);
}

/* nunits units of 100 stored bytes and 4 records each, of one part, two axes, two attributes. */
static dp__table small_table(size_t nunits)
{
	static const char *const labels[] = { "chr1", "chrM" };
	const dp_axis chrom = { "chrom", NULL, labels, 2 }, pos = { "pos", "bp", NULL, 0 };
	dp__table table = { .url = dp__strdup("mem:a.txt"),
			    .format = dp__strdup("blocks"),
			    .library = dp__strdup("0.1.0"),
			    .warnings = dp__strdup("first\nsecond"),
			    .nparts = 1 };
	cr_assert_eq(dp__table_set_params(&table, "span=1M\nstrict=yes", NULL), DP_OK);
	table.part[0] = (dp__part){ nunits * 100 + 7, "\"abc\"" };
	cr_assert_eq(dp__table_axis(&table, &chrom, NULL), DP_OK);
	cr_assert_eq(dp__table_axis(&table, &pos, NULL), DP_OK);
	table.attr = calloc(2, sizeof(*table.attr));
	add_attr(&table, "header", "#CHROM\n", true);
	add_attr(&table, "notes", "", false);
	table.unit = calloc(nunits + 1, sizeof(*table.unit));
	table.nunits = nunits;
	for (size_t i = 0; i < nunits; i++)
		table.unit[i] = (dp_unit){ .extent = { { .off = i * 100, .len = 100 } },
					   .raw = 400,
					   .rec = i * 4,
					   .nrec = 4,
					   .box = { { -0.0, (double)i }, { 1, INFINITY } },
					   .state_len = 3,
					   .state_crc = 0xfffffff0,
					   .crc = (uint32_t)i,
					   .flags = DP_UNIT_CRC };
	return table;
}

static dp__buf written(const dp__table *table)
{
	dp__buf out = dp__buf_of(MAX);
	dp_error err = { 0 };
	cr_assert_eq(dp__db_write(table, &out, &err), DP_OK, "%s", err.msg);
	return out;
}

/* What sqlite3, the program, says of these bytes with a tail behind them. */
static char *ask(const dp__buf *db, const char *sql)
{
	static char answer[4096];
	char path[] = "/tmp/dataplug-test-XXXXXX", command[4096];
	int fd = mkstemp(path);
	cr_assert_eq(write(fd, db->data, db->len), (ssize_t)db->len);
	cr_assert_eq(write(fd, "tail", 4), 4);
	close(fd);
	snprintf(command, sizeof(command), "sqlite3 -readonly %s \"%s\"", path, sql);
	FILE *pipe = popen(command, "r");
	cr_assert_not_null(pipe);
	answer[fread(answer, 1, sizeof(answer) - 1, pipe)] = '\0';
	pclose(pipe);
	unlink(path);
	return answer;
}

static void expect_answer(const char *sql, const char *answer)
{
	dp__table table = small_table(3);
	dp__buf db = written(&table);
	cr_expect_str_eq(ask(&db, sql), answer);
	dp__buf_fini(&db);
	dp__table_fini(&table);
}

Test(db, is_one_that_sqlite3_finds_sound)
{
	expect_answer("PRAGMA integrity_check", "ok\n");
}

Test(db, units_are_there_for_sql)
{
	expect_answer("SELECT id, rec, nrec, skip, raw, part0, off0, len0, state, state_crc, crc, "
		      "tag, flags, lo_chrom, hi_chrom, lo_pos, hi_pos FROM unit WHERE id = 2",
		      "2|8|4|0|400|0|200|100|3|4294967280|2|0|1|0.0|1.0|2.0|Inf\n");
}

Test(db, meta_is_there_for_sql)
{
	expect_answer("SELECT name, value FROM meta WHERE name <> 'digest'",
		      "etag0|\"abc\"\nextents|1\nformat|blocks\nlibrary|0.1.0\nnunits|3\n"
		      "params|span=1M\nstrict=yes\nparts|1\nraw|1200\nrecords|12\nschema|1\n"
		      "size0|307\nurl|mem:a.txt\nwarnings|first\nsecond\n");
}

Test(db, labels_are_there_for_sql)
{
	expect_answer("SELECT name, unit, label FROM axis LEFT JOIN label ON axis = axis.id",
		      "chrom||chr1\nchrom||chrM\npos|bp|\n");
}

Test(db, unknown_records_are_null)
{
	dp__table table = small_table(1);
	table.unit[0].rec = table.unit[0].nrec = DP_UNKNOWN;
	dp__buf db = written(&table);
	cr_expect_str_eq(ask(&db, "SELECT rec IS NULL, nrec IS NULL, value FROM unit, meta "
				  "WHERE name = 'records'"),
			 "1|1|unknown\n");
	dp__buf_fini(&db);
	dp__table_fini(&table);
}

Test(db, same_table_gives_same_bytes)
{
	dp__table table = small_table(50);
	dp__buf a = written(&table), b = written(&table);
	cr_assert_eq(a.len, b.len);
	cr_expect_arr_eq(a.data, b.data, a.len);
	dp__buf_fini(&a);
	dp__buf_fini(&b);
	dp__table_fini(&table);
}

Test(db, header_tells_its_size)
{
	dp__table table = small_table(50);
	dp__buf db = written(&table);
	uint64_t size = 0;
	cr_assert_eq(dp__db_size(db.data, &size, NULL), DP_OK);
	cr_expect_eq(size, db.len);
	dp__buf_fini(&db);
	dp__table_fini(&table);
}

Test(db, newer_schema_is_unsupported)
{
	dp__table table = small_table(1);
	dp__buf db = written(&table);
	uint64_t size = 0;
	db.data[63] = 2; /* user_version, big-endian */
	cr_expect_eq(dp__db_size(db.data, &size, NULL), DP_EUNSUPPORTED);
	dp__buf_fini(&db);
	dp__table_fini(&table);
}

static bool same_axes(const dp__table *a, const dp__table *b)
{
	bool same = a->naxes == b->naxes;
	for (size_t i = 0; same && i < a->naxes; i++) {
		same = strcmp(a->axis[i].name, b->axis[i].name) == 0 &&
		       a->axis[i].nlabels == b->axis[i].nlabels;
		for (size_t k = 0; same && k < a->axis[i].nlabels; k++)
			same = strcmp(a->axis[i].labels[k], b->axis[i].labels[k]) == 0;
	}
	return same;
}

static bool same_attrs(const dp__table *a, const dp__table *b)
{
	bool same = a->nattrs == b->nattrs;
	for (size_t i = 0; same && i < a->nattrs; i++)
		same = strcmp(a->attr[i].name, b->attr[i].name) == 0 &&
		       a->attr[i].travels == b->attr[i].travels &&
		       a->attr[i].len == b->attr[i].len &&
		       memcmp(a->attr[i].value, b->attr[i].value, a->attr[i].len + 1) == 0;
	return same;
}

static bool same_facts(const dp__table *a, const dp__table *b)
{
	return strcmp(a->url, b->url) == 0 && strcmp(a->format, b->format) == 0 &&
	       strcmp(a->warnings, b->warnings) == 0 && strcmp(a->args[0], b->args[0]) == 0 &&
	       strcmp(a->args[1], b->args[1]) == 0 && !b->args[2] && a->nparts == b->nparts &&
	       a->part[0].size == b->part[0].size && strcmp(a->part[0].etag, b->part[0].etag) == 0;
}

/* The same but for the version of the library, which the digest leaves out. */
static bool same_table(const dp__table *a, const dp__table *b)
{
	return same_facts(a, b) && same_axes(a, b) && same_attrs(a, b) && a->nunits == b->nunits &&
	       memcmp(a->unit, b->unit, a->nunits * sizeof(*a->unit)) == 0;
}

static void expect_back(const dp__table *table)
{
	dp__buf db = written(table);
	dp__table back = { 0 };
	dp_error err = { 0 };
	cr_assert_eq(dp__db_read(&back, db.data, db.len, &err), DP_OK, "%s", err.msg);
	cr_expect(same_table(table, &back));
	dp__table_fini(&back);
	dp__buf_fini(&db);
}

Test(db, comes_back)
{
	dp__table table = small_table(200);
	expect_back(&table);
	dp__table_fini(&table);
}

Test(db, comes_back_without_units)
{
	dp__table table = small_table(0);
	expect_back(&table);
	dp__table_fini(&table);
}

Test(db, comes_back_with_an_attribute_larger_than_a_page)
{
	dp__table table = small_table(1);
	free(table.attr[1].value);
	table.attr[1].value = calloc(1, 100001);
	memset(table.attr[1].value, 'x', 100000);
	table.attr[1].len = 100000;
	expect_back(&table);
	dp__table_fini(&table);
}

Test(db, comes_back_with_four_extents_in_two_parts)
{
	dp__table table = small_table(2);
	table.nparts = 2;
	table.part[1] = (dp__part){ (uint64_t)1 << 62, "" };
	for (uint32_t i = 1; i < DP_MAX_EXTENTS; i++)
		table.unit[1].extent[i] = (dp_extent){ (uint64_t)1 << 61, i, 1 };
	expect_back(&table);
	dp__table_fini(&table);
}

Test(db, any_changed_byte_is_an_error_or_changes_nothing, .timeout = 300)
{
	static const uint8_t changes[] = { 0x01, 0x80, 0xff };
	dp__table table = small_table(40);
	dp__buf db = written(&table);
	uint8_t *copy = malloc(db.len);
	for (size_t i = 0; i < db.len; i++) {
		dp__table back = { 0 };
		memcpy(copy, db.data, db.len);
		copy[i] ^= changes[i % sizeof(changes)];
		if (dp__db_read(&back, copy, db.len, NULL) == DP_OK)
			cr_expect(same_table(&table, &back), "byte %zu", i);
		dp__table_fini(&back);
	}
	free(copy);
	dp__buf_fini(&db);
	dp__table_fini(&table);
}

Test(db, cut_off_anywhere_is_refused)
{
	dp__table table = small_table(40);
	dp__buf db = written(&table);
	for (size_t len = 0; len < db.len; len += 100) {
		dp__table back = { 0 };
		uint8_t *copy = malloc(len + 1);
		memcpy(copy, db.data, len);
		cr_expect_eq(dp__db_read(&back, copy, len, NULL), DP_EFORMAT, "%zu", len);
		free(copy);
	}
	dp__buf_fini(&db);
	dp__table_fini(&table);
}

/* A database that sqlite3, the program, changed by this SQL. */
static void expect_hostile_refused(const char *sql)
{
	dp__table table = small_table(3), back = { 0 };
	dp__buf db = written(&table);
	char path[] = "/tmp/dataplug-test-XXXXXX", command[4096];
	int fd = mkstemp(path);
	cr_assert_eq(write(fd, db.data, db.len), (ssize_t)db.len);
	snprintf(command, sizeof(command), "sqlite3 %s \"%s\" >/dev/null", path, sql);
	cr_assert_eq(system(command), 0);
	db.len = 0;
	cr_assert_eq(dp__buf_reserve(&db, 1 << 20, NULL), DP_OK);
	ssize_t len = pread(fd, db.data, 1 << 20, 0);
	cr_assert_gt(len, 0);
	cr_expect_eq(dp__db_read(&back, db.data, (size_t)len, NULL), DP_EFORMAT);
	close(fd);
	unlink(path);
	dp__buf_fini(&db);
	dp__table_fini(&table);
}

Test(db, other_values_of_a_unit_are_refused)
{
	expect_hostile_refused("UPDATE unit SET off0 = 1 WHERE id = 1");
}

Test(db, text_for_a_number_is_refused)
{
	expect_hostile_refused("UPDATE unit SET tag = 'x'");
}

Test(db, missing_unit_is_refused)
{
	expect_hostile_refused("DELETE FROM unit WHERE id = 2");
}

Test(db, view_in_place_of_a_table_is_refused)
{
	expect_hostile_refused("ALTER TABLE unit RENAME TO other; CREATE VIEW unit AS "
			       "SELECT * FROM other");
}

Test(db, more_tables_are_refused)
{
	expect_hostile_refused("CREATE TABLE more(x)");
}

Test(db, trigger_is_refused)
{
	expect_hostile_refused("CREATE TRIGGER t AFTER INSERT ON attr BEGIN SELECT 1; END");
}

Test(db, changed_attribute_is_refused)
{
	expect_hostile_refused("UPDATE attr SET value = x'00' WHERE name = 'header'");
}

Test(db, changed_etag_is_refused)
{
	expect_hostile_refused("UPDATE meta SET value = 'other' WHERE name = 'etag0'");
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Bounds far above what it takes, for slow machines and sanitizers: they catch what is not linear.
 */
Test(db, writes_and_reads_64_ki_units_in_a_moment)
{
	dp__table table = small_table(65536), back = { 0 };
	double start = seconds();
	dp__buf db = written(&table);
	double middle = seconds();
	cr_assert_eq(dp__db_read(&back, db.data, db.len, NULL), DP_OK);
	double end = seconds();
	cr_log_info("write %.3f s, read %.3f s, %zu bytes", middle - start, end - middle, db.len);
	cr_expect_lt(end - start, 10);
	dp__table_fini(&back);
	dp__buf_fini(&db);
	dp__table_fini(&table);
}

/* The laws of a table. */

static void expect_unlawful(dp__table *table)
{
	cr_expect_eq(dp__table_check(table, NULL), DP_EFORMAT);
	dp__table_fini(table);
}

Test(db, table_is_lawful)
{
	dp__table table = small_table(3);
	cr_expect_eq(dp__table_check(&table, NULL), DP_OK);
	dp__table_fini(&table);
}

Test(db, extent_past_its_part_is_unlawful)
{
	dp__table table = small_table(3);
	table.unit[2].extent[0].len = 108;
	expect_unlawful(&table);
}

Test(db, extent_after_an_empty_one_is_unlawful)
{
	dp__table table = small_table(3);
	table.unit[1].extent[2].len = 1;
	expect_unlawful(&table);
}

Test(db, hole_between_records_is_unlawful)
{
	dp__table table = small_table(3);
	table.unit[1].rec = 5;
	expect_unlawful(&table);
}

Test(db, records_known_after_unknown_ones_are_unlawful)
{
	dp__table table = small_table(3);
	table.unit[1].nrec = DP_UNKNOWN;
	expect_unlawful(&table);
}

Test(db, raw_bytes_past_2_to_63_are_unlawful)
{
	dp__table table = small_table(3);
	table.unit[0].raw = table.unit[1].raw = (uint64_t)1 << 62;
	expect_unlawful(&table);
}

Test(db, box_inside_out_is_unlawful)
{
	dp__table table = small_table(3);
	table.unit[1].box.hi[1] = 0.5;
	expect_unlawful(&table);
}

Test(db, axis_name_with_a_quote_is_unlawful)
{
	dp__table table = small_table(3);
	const dp_axis axis = { "x\"", "", NULL, 0 };
	cr_assert_eq(dp__table_axis(&table, &axis, NULL), DP_OK);
	expect_unlawful(&table);
}

Test(db, attributes_out_of_order_are_unlawful)
{
	dp__table table = small_table(3);
	table.attr[1].name[0] = 'a';
	expect_unlawful(&table);
}

/* The attributes that travel. */

Test(db, travelling_attributes_are_found_in_their_block)
{
	dp__table table = small_table(0);
	dp__buf block = dp__buf_of(1000);
	size_t len = 0;
	cr_assert_eq(dp__table_travel(&table, &block, NULL), DP_OK);
	const uint8_t *value = dp__travel_find(block.data, block.len, "header", &len);
	cr_assert_not_null(value);
	cr_assert_eq(len, 7);
	cr_expect_arr_eq(value, "#CHROM\n", 7);
	cr_expect_null(dp__travel_find(block.data, block.len, "notes", &len));
	dp__buf_fini(&block);
	dp__table_fini(&table);
}

Test(db, cut_block_of_attributes_gives_none)
{
	size_t len = 0;
	cr_expect_null(dp__travel_find("\1\6header\7#CHROM", 15, "header", &len));
}
