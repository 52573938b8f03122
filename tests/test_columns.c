/* test_columns.c - records as Arrow tables, against what is written down. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/mem.h"
#include "dataplug/arrow.h"
#include "dataplug/dataplug.h"

static dp_session *session;

static void set_up(void)
{
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
}

static void tear_down(void)
{
	dp_session_free(session);
}

TestSuite(columns, .init = set_up, .fini = tear_down);

/* The text's one slice of some records, as a stream; the slice is gone by then. */
static struct ArrowArrayStream stream_of(const char *url, const char *text, const char *records,
					 const char *const *args)
{
	struct ArrowArrayStream stream = { 0 };
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	const char *box[] = { records, NULL };
	dp_slices *slices = NULL;
	dp_index *index = NULL;
	dp_error err = { 0 };
	opts.args = args;
	cr_assert_eq(dp__mem_put(session, url, text, strlen(text), NULL), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, url, &opts, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "box", box, &err),
		     DP_OK, "%s", err.msg);
	cr_assert_eq(dp_slice_columns(dp_slices_at(slices, 0), &stream, &err), DP_OK, "%s",
		     err.msg);
	dp_slices_free(slices);
	dp_index_free(index);
	return stream;
}

static void expect_schema(struct ArrowArrayStream *stream, const char *const *expected)
{
	struct ArrowSchema schema;
	int64_t n = 0;
	cr_assert_eq(stream->get_schema(stream, &schema), 0);
	cr_expect_str_eq(schema.format, "+s");
	for (; expected[2 * n]; n++) {
		cr_assert_lt(n, schema.n_children);
		cr_expect_str_eq(schema.children[n]->name, expected[2 * n]);
		cr_expect_str_eq(schema.children[n]->format, expected[2 * n + 1]);
	}
	cr_expect_eq(schema.n_children, n);
	schema.release(&schema);
	cr_expect_null(schema.release);
}

static void expect_text(const struct ArrowArray *table, int64_t column, int64_t row,
			const char *expected)
{
	const struct ArrowArray *array = table->children[column];
	const int32_t *offset = array->buffers[1];
	const char *data = array->buffers[2];
	size_t len = (size_t)(offset[row + 1] - offset[row]);
	cr_assert_eq(len, strlen(expected), "column %d, row %d: %zu bytes", (int)column, (int)row,
		     len);
	cr_expect_eq(memcmp(data + offset[row], expected, len), 0, "column %d, row %d", (int)column,
		     (int)row);
}

static void expect_end(struct ArrowArrayStream *stream)
{
	struct ArrowArray table;
	cr_assert_eq(stream->get_next(stream, &table), 0);
	cr_expect_null(table.release);
	stream->release(stream);
	cr_expect_null(stream->release);
}

static const char reads[] = "@a/1 x y\nACGT\n+\nFFFF\n"
			    "@b\r\n\r\n+\r\n\r\n"
			    "@c\tz\nAC\n+c\tz\nF,\n"
			    "@d\nT\n+\n@";

Test(columns, of_reads)
{
	struct ArrowArrayStream stream = stream_of("mem:x.fastq", reads, "record=1:4", NULL);
	struct ArrowArray table;
	expect_schema(&stream, (const char *const[]){ "record", "L", "name", "u", "description",
						      "u", "sequence", "u", "quality", "u", NULL });
	cr_assert_eq(stream.get_next(&stream, &table), 0);
	cr_assert_eq(table.length, 3);
	cr_assert_eq(table.n_children, 5);
	cr_expect_eq(((const uint64_t *)table.children[0]->buffers[1])[0], 1);
	cr_expect_eq(((const uint64_t *)table.children[0]->buffers[1])[2], 3);
	expect_text(&table, 1, 0, "b");
	expect_text(&table, 3, 0, "");
	expect_text(&table, 1, 1, "c");
	expect_text(&table, 2, 1, "z");
	expect_text(&table, 3, 1, "AC");
	expect_text(&table, 4, 1, "F,");
	expect_text(&table, 4, 2, "@");
	table.release(&table);
	expect_end(&stream);
}

Test(columns, of_a_pair_are_two_rows)
{
	const char *args[] = { "group=2", NULL };
	struct ArrowArrayStream stream = stream_of("mem:x.fastq", reads, "record=0:2", args);
	struct ArrowArray table;
	cr_assert_eq(stream.get_next(&stream, &table), 0);
	cr_assert_eq(table.length, 4);
	cr_expect_eq(((const uint64_t *)table.children[0]->buffers[1])[1], 0);
	cr_expect_eq(((const uint64_t *)table.children[0]->buffers[1])[2], 1);
	expect_text(&table, 1, 0, "a/1");
	expect_text(&table, 2, 0, "x y");
	table.release(&table);
	expect_end(&stream);
}

Test(columns, of_wrapped_reads_are_whole)
{
	const char *args[] = { "records=multiline", NULL };
	struct ArrowArrayStream stream =
		stream_of("mem:x.fastq", "@a\nAC\nGT\n+\nFF\nF,\n", "record=0:1", args);
	struct ArrowArray table;
	cr_assert_eq(stream.get_next(&stream, &table), 0);
	expect_text(&table, 3, 0, "ACGT");
	expect_text(&table, 4, 0, "FFF,");
	table.release(&table);
	expect_end(&stream);
}

Test(columns, of_lines_have_no_line_ends)
{
	struct ArrowArrayStream stream =
		stream_of("mem:x.txt", "one\r\n\nt\xc3\xbc\nlast", "record=0:4", NULL);
	struct ArrowArray table;
	expect_schema(&stream, (const char *const[]){ "record", "L", "line", "u", NULL });
	cr_assert_eq(stream.get_next(&stream, &table), 0);
	cr_assert_eq(table.length, 4);
	expect_text(&table, 1, 0, "one");
	expect_text(&table, 1, 1, "");
	expect_text(&table, 1, 2, "t\xc3\xbc");
	expect_text(&table, 1, 3, "last");
	/* A column may be taken out and live on. */
	struct ArrowArray column = *table.children[1];
	table.children[1]->release = NULL;
	table.release(&table);
	cr_expect_eq(((const char *)column.buffers[2])[0], 'o');
	column.release(&column);
	expect_end(&stream);
}

Test(columns, of_no_records_are_no_tables)
{
	struct ArrowArrayStream stream = stream_of("mem:x.txt", "one\n", "record=1:1", NULL);
	expect_schema(&stream, (const char *const[]){ "record", "L", "line", "u", NULL });
	expect_end(&stream);
}

Test(columns, that_are_no_text_are_an_error_that_names_the_record)
{
	struct ArrowArrayStream stream =
		stream_of("mem:x.txt", "one\ntw\xff\n", "record=0:2", NULL);
	struct ArrowArray table;
	cr_assert_neq(stream.get_next(&stream, &table), 0);
	cr_expect_not_null(strstr(stream.get_last_error(&stream), "record 1"), "%s",
			   stream.get_last_error(&stream));
	cr_expect_eq(strncmp(stream.get_last_error(&stream), "mem:x.txt: ", 11), 0);
	stream.release(&stream);
}

Test(columns, of_a_stream_that_nobody_reads_are_freed)
{
	struct ArrowArrayStream stream = stream_of("mem:x.fastq", reads, "record=0:4", NULL);
	stream.release(&stream);
}
