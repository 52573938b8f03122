/* test_faults_scan.c - an index is built while the server fails: it is the right one, or none. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "dataplug/dataplug.h"
#include "support/folder.h"
#include "support/make.h"
#include "support/suffer.h"

#define SIGNATURE                                                                                  \
	"?X-Amz-Credential=" HIDDEN "&X-Amz-Security-Token=" HIDDEN "&X-Amz-Signature=" HIDDEN
#define SECRET "header=Authorization: Bearer " HIDDEN

static fault_server *server;
static char meta[64], url[256], path[512];
static bytes expected; /* the index that is built when nothing fails */
static size_t usual;   /* requests for it */
/* The smallest memory there is: the object comes in pieces of 1 MiB. */
static const char *const settings[] = { meta, "memory=1M", SECRET, NULL };

/* Empty if there is none. */
static bytes read_index(void)
{
	bytes out = { NULL, 0 };
	FILE *in = fopen(path, "r");

	if (in == NULL)
		return out;
	out.data = malloc((size_t)1 << 20);
	cr_assert_not_null(out.data);
	out.len = fread(out.data, 1, (size_t)1 << 20, in);
	fclose(in);
	return out;
}

/* A right index, or the code and none. */
static dp_code run(dp_error *err)
{
	dp_session *session = suffer_open(settings);
	dp_index *index = NULL;
	dp_code code = dp_index_build(&index, session, url, NULL, err);
	bytes made = read_index();

	cr_assert_eq(made.len, code == DP_OK ? expected.len : 0, "fault %d", suffer_what());
	cr_assert(code != DP_OK || memcmp(made.data, expected.data, made.len) == 0, "fault %d",
		  suffer_what());
	free(made.data);
	unlink(path);
	dp_index_free(index);
	dp_session_free(session);
	return code;
}

static bool holds(bytes all, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= all.len; i++)
		if (memcmp(all.data + i, text, n) == 0)
			return true;
	return false;
}

static void build_expected(void)
{
	dp_session *session = suffer_open(settings);
	dp_index *index = NULL;
	dp_error err = { 0 };

	cr_assert_eq(dp_index_build(&index, session, url, NULL, &err), DP_OK, "%s", err.msg);
	snprintf(path, sizeof(path), "%s", dp_index_url(index) + strlen("file://"));
	expected = read_index();
	cr_assert_gt(expected.len, 0);
	cr_assert_not(holds(expected, HIDDEN));
	cr_assert_eq(unlink(path), 0);
	usual = fault_server_count(server);
	dp_index_free(index);
	dp_session_free(session);
}

/* A member of compressed text, and a larger one of stored text, which is quick to scan. */
static void set_up(void)
{
	bytes text = make_reads(1000, 100, 1), more = make_reads(28000, 100, 2), object;
	const char *folder = suffer_environment();

	object = make_join(make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY),
			   make_gzip(more.data, more.len, 0, Z_DEFAULT_STRATEGY));
	cr_assert_gt(object.len, (size_t)3 << 20);
	server = fault_server_start(object.data, object.len);
	cr_assert_not_null(server);
	snprintf(url, sizeof(url), "%s/reads.fastq.gz" SIGNATURE, fault_server_base(server));
	snprintf(meta, sizeof(meta), "meta=%s/meta", folder);
	free(text.data);
	free(more.data);
	free(object.data);
	build_expected();
}

static void tear_down(void)
{
	free(expected.data);
	fault_server_stop(server);
	folder_remove();
}

TestSuite(faults_scan, .init = set_up, .fini = tear_down, .timeout = 120);

/* What is told from other ranges. */
static const fault_row rows[] = {
	/* The text's own sum tells. */
	{ FAULT_WRONG_BYTES, false, DP_EFORMAT },
};

/* Behind the looks at the object and its first bytes, and one piece of it. */
static void suffer_scan(uint64_t times)
{
	fault_trial trial = { .server = server,
			      .skip = 4,
			      .row = rows,
			      .nrows = sizeof(rows) / sizeof(rows[0]),
			      .usual = usual,
			      .most = usual + 100,
			      .run = run };

	fault_server_lead(server, "ftp://127.0.0.1/");
	suffer(&trial, times);
}

Test(faults_scan, takes_the_requests_that_the_faults_are_counted_by)
{
	/* The look, the first 64 KiB, the look again, four pieces, the last look. */
	cr_assert_eq(usual, 8);
}

Test(faults_scan, one_fault_in_a_scan_gives_the_right_index_or_its_code)
{
	suffer_scan(1);
}

Test(faults_scan, two_faults_in_a_scan_give_the_right_index_or_their_code)
{
	suffer_scan(2);
}

Test(faults_scan, faults_that_stay_end_with_their_code_and_leave_no_index)
{
	suffer_scan(UINT64_MAX);
}

/* Where a time is all that identifies the object, two states of one second have the same. */
Test(faults_scan, slice_of_an_object_of_another_size_is_stale)
{
	dp_session *session = suffer_open(settings);
	dp_index *index = NULL;
	dp_slices *slices = NULL;
	dp__buf out = dp__buf_of((size_t)64 << 20);
	dp_error err = { 0 };

	fault_server_identify(server, "", "Tue, 24 Nov 2026 00:00:00 GMT");
	cr_assert_eq(dp_index_build(&index, session, url, NULL, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "box", NULL, &err),
		     DP_OK, "%s", err.msg);
	fault_server_fail(server, FAULT_OTHER_TOTAL, 0, UINT64_MAX);
	cr_assert_eq(dp_slice_get(dp_slices_at(slices, 0), 0, dp__buf_write, &out, &err), DP_ESTALE,
		     "%s", err.msg);
	dp_slices_free(slices);
	dp_index_free(index);
	dp_session_free(session);
	dp__buf_fini(&out);
}
