/* test_faults_s3.c - what each fault of a server comes to where objects of S3 are read. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/io/store.h"
#include "dataplug/dataplug.h"
#include "support/folder.h"
#include "support/make.h"
#include "support/suffer.h"

#define SIZE   ((size_t)1 << 20)
#define RANGES 64
#define LEN    ((size_t)4096)
#define STRIDE ((uint64_t)16384)

static uint8_t data[SIZE], got[RANGES][LEN];
static fault_server *server, *writes;
static const char *folder;
static char endpoint[128];
static const char *const settings[] = { endpoint, "access-key=AKIA", "secret-key=" HIDDEN "1",
					"session-token=" HIDDEN "2", NULL };

static void set_up(void)
{
	folder = suffer_environment();
	make_noise(data, SIZE);
	server = fault_server_start(data, SIZE);
	cr_assert_not_null(server);
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s", fault_server_base(server));
}

static void tear_down(void)
{
	fault_server_stop(server);
	folder_remove();
}

TestSuite(faults_s3, .init = set_up, .fini = tear_down, .timeout = 120);

/* Bytes that are not the object's. */
static size_t count_wrong(void)
{
	size_t wrong = 0;

	for (size_t i = 0; i < RANGES; i++)
		for (size_t k = 0; k < LEN; k++)
			wrong += got[i][k] != data[STRIDE * i + k];
	return wrong;
}

/* A look at the object, and 64 ranges of it at once. */
static dp_code read_batch(dp_error *err)
{
	dp_session *session = suffer_open(settings);
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = "s3://bucket/key" };
	dp_stat stat = { .cap = 0 };
	dp__site site = { 0 };
	dp_read reads[RANGES];
	dp_code code;

	memset(got, 0, sizeof(got));
	for (size_t i = 0; i < RANGES; i++)
		reads[i] = (dp_read){ STRIDE * i, LEN, got[i] };
	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	code = dp__site_stat(&site, &call, &stat, err);
	if (code == DP_OK)
		code = dp__site_read(&site, &call, stat.etag, reads, RANGES, err);
	/* That a bit of a range is flipped can only be told where a unit is whole: see below. */
	if (code == DP_OK && suffer_what() != FAULT_WRONG_BYTES)
		cr_assert_eq(count_wrong(), 0, "fault %d", suffer_what());
	dp__site_close(&site);
	dp_session_free(session);
	return code;
}

/* What is told from other ranges. */
static const fault_row rows[] = {
	{ FAULT_EXPIRED_400, false, DP_EAUTH },
};

/* From the 7th range on; 500 / 5 retries can be afforded at most. */
static void suffer_batch(uint64_t times)
{
	fault_trial trial = { .server = server,
			      .skip = 7,
			      .row = rows,
			      .nrows = sizeof(rows) / sizeof(rows[0]),
			      .usual = 1 + RANGES,
			      .most = 1 + RANGES + 100,
			      .run = read_batch };

	fault_server_lead(server, "http://127.0.0.1:1/");
	suffer(&trial, times);
}

Test(faults_s3, one_fault_in_a_batch_gives_right_bytes_or_its_code)
{
	suffer_batch(1);
}

Test(faults_s3, two_faults_in_a_batch_give_right_bytes_or_their_code)
{
	suffer_batch(2);
}

Test(faults_s3, faults_that_stay_end_with_their_code)
{
	suffer_batch(UINT64_MAX);
}

/* Writes an object; each request that came must have brought all of it. */
static dp_code put_text(dp_error *err)
{
	dp_session *session = suffer_open(settings);
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = "s3://bucket/key" };
	dp__site site = { 0 };
	int fd = folder_unnamed("what is written", strlen("what is written"));
	dp_code code;

	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	code = dp__site_put(&site, &call, fd, strlen("what is written"), err);
	cr_assert_eq(fault_server_holds(writes, "\r\n\r\nwhat is written"),
		     fault_server_count(writes));
	dp__site_close(&site);
	dp_session_free(session);
	close(fd);
	return code;
}

/* What an answer to a write holds is of no interest, only that it was given. */
static const fault_row rows_of_put[] = {
	{ FAULT_CUT_UNSIZED, true, DP_OK },     { FAULT_EXPIRED_400, false, DP_EAUTH },
	{ FAULT_WHOLE, true, DP_OK },           { FAULT_LONGER, true, DP_OK },
	{ FAULT_SHIFTED, true, DP_ETRANSIENT }, { FAULT_SHORTER, true, DP_OK },
	{ FAULT_OTHER_TOTAL, true, DP_OK },     { FAULT_NO_RANGE, true, DP_OK },
	{ FAULT_MULTIPART, true, DP_OK },       { FAULT_OTHER_ETAG, true, DP_OK },
	{ FAULT_NO_ETAG, true, DP_OK },
};

Test(faults_s3, faults_of_a_write_are_healed_or_end_with_their_code)
{
	fault_trial trial = { .row = rows_of_put,
			      .nrows = sizeof(rows_of_put) / sizeof(rows_of_put[0]),
			      .usual = 1,
			      .most = 3,
			      .run = put_text };

	writes = fault_server_start("an answer that nobody reads", 27);
	cr_assert_not_null(writes);
	trial.server = writes;
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s", fault_server_base(writes));
	fault_server_lead(writes, "http://127.0.0.1:1/");
	suffer(&trial, 1);
	suffer(&trial, 2);
	suffer(&trial, UINT64_MAX);
	fault_server_stop(writes);
}

/* The code of the batch where the service is said to be at url. */
static dp_code code_at(const char *url, dp_error *err)
{
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s", url);
	return read_batch(err);
}

Test(faults_s3, server_that_is_not_there_may_come_back)
{
	fault_server *gone = fault_server_start("", 0);
	char url[64];
	dp_error err;

	snprintf(url, sizeof(url), "%s", fault_server_base(gone));
	fault_server_stop(gone);
	cr_assert_eq(code_at(url, &err), DP_ETRANSIENT, "%s", err.msg);
	suffer_expect_quiet(server, err.msg);
}

/* RFC 6761 6.4: there is no such host, but a resolver may not know yet. */
Test(faults_s3, host_that_is_not_known_may_come_to_be)
{
	dp_error err;

	cr_assert_eq(code_at("http://no-such-host.invalid", &err), DP_ETRANSIENT, "%s", err.msg);
	cr_assert_not_null(strstr(err.msg, "no-such-host.invalid"), "%s", err.msg);
	suffer_expect_quiet(server, err.msg);
}

/* Without a look at the object its size is not known, but the answers tell it. */
Test(faults_s3, answers_that_tell_two_sizes_are_stale)
{
	dp_session *session = suffer_open(settings);
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = "s3://bucket/key" };
	dp_read reads[2] = { { 0, LEN, got[0] }, { STRIDE, LEN, got[1] } };
	dp__site site = { 0 };

	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	fault_server_fail(server, FAULT_OTHER_TOTAL, 0, 1);
	cr_assert_eq(dp__site_read(&site, &call, "\"first\"", reads, 2, NULL), DP_ESTALE);
	cr_assert_eq(dp__site_read(&site, &call, "\"first\"", reads, 2, NULL), DP_OK);
	dp__site_close(&site);
	dp_session_free(session);
}

/* One object, indexed by way of S3. */
typedef struct scene {
	fault_server *store;
	dp_session *session;
	dp_index *index;
	dp_slices *slices; /* one */
	char endpoint[128], meta[64];
} scene;

static void open_scene(scene *to, bytes object, const char *url, fault what)
{
	const char *const set[] = { to->endpoint, to->meta, "access-key=A", "secret-key=S", NULL };
	dp_error err = { 0 };

	to->store = fault_server_start(object.data, object.len);
	cr_assert_not_null(to->store);
	snprintf(to->endpoint, sizeof(to->endpoint), "endpoint=%s", fault_server_base(to->store));
	snprintf(to->meta, sizeof(to->meta), "meta=%s", folder);
	to->session = suffer_open(set);
	/* Looks at the object are answered well, as are the first bytes that tell its format. */
	fault_server_fail(to->store, what, 3, 1);
	cr_assert_eq(dp_index_build(&to->index, to->session, url, NULL, &err), DP_OK, "%s",
		     err.msg);
	cr_assert_eq(dp_partition(&to->slices, (const dp_index *const *)&to->index, 1, "box", NULL,
				  &err),
		     DP_OK, "%s", err.msg);
}

static void close_scene(scene *from)
{
	dp_slices_free(from->slices);
	dp_index_free(from->index);
	dp_session_free(from->session);
	fault_server_stop(from->store);
}

/* The records of the one slice are these; or the code. */
static dp_code get_records(const scene *from, bytes records)
{
	dp__buf out = dp__buf_of((size_t)64 << 20);
	dp_code code = dp_slice_get(dp_slices_at(from->slices, 0), 0, dp__buf_write, &out, NULL);

	if (code == DP_OK) {
		cr_assert_eq(out.len, records.len);
		cr_assert_arr_eq(out.data, records.data, out.len);
	}
	dp__buf_fini(&out);
	return code;
}

static void expect_caught(bytes object, bytes records, const char *url)
{
	scene made = { 0 };

	open_scene(&made, object, url, FAULT_NONE);
	fault_server_fail(made.store, FAULT_WRONG_BYTES, 0, 1);
	cr_assert_eq(get_records(&made, records), DP_EFORMAT);
	cr_assert_eq(get_records(&made, records), DP_OK);
	fault_server_fail(made.store, FAULT_WRONG_BYTES, 0, UINT64_MAX);
	cr_assert_eq(get_records(&made, records), DP_EFORMAT);
	close_scene(&made);
}

Test(faults_s3, wrong_bytes_of_text_are_caught_where_units_are_read)
{
	bytes text = make_reads(4000, 100, 1);

	expect_caught(text, text, "s3://bucket/reads.fastq");
	free(text.data);
}

Test(faults_s3, wrong_bytes_of_gzip_are_caught_where_units_are_read)
{
	bytes text = make_reads(4000, 100, 2);
	bytes gz = make_gzip(text.data, text.len, 6, 0);

	expect_caught(gz, text, "s3://bucket/reads.fastq.gz");
	free(gz.data);
	free(text.data);
}

/* Text has no sum of its own, so its index may be made of wrong bytes: their sum gives them away.
 */
Test(faults_s3, wrong_bytes_that_were_indexed_are_caught_where_units_are_read)
{
	bytes text = make_reads(4000, 100, 3);
	scene made = { 0 };

	open_scene(&made, text, "s3://bucket/reads.fastq", FAULT_WRONG_BYTES);
	cr_assert_eq(get_records(&made, text), DP_EFORMAT);
	close_scene(&made);
	free(text.data);
}
