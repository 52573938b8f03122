/* test_faults_slice.c - a slice is decoded while its bytes come, and the server fails meanwhile. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "dataplug/dataplug.h"
#include "support/folder.h"
#include "support/make.h"
#include "support/suffer.h"

static fault_server *server;
static char meta[64];
static bytes text;
static dp__buf token;
static const char *const settings[] = { meta, NULL };

/* The whole text, or the code and what came before. */
static dp_code run(dp_error *err)
{
	dp_session *session = suffer_open(settings);
	dp_slice *slice = NULL;
	dp__buf out = dp__buf_of((size_t)64 << 20);
	dp_code code = dp_slice_load(&slice, session, (const char *)token.data, token.len, err);

	cr_assert_eq(code, DP_OK, "%s", err->msg);
	code = dp_slice_get(slice, 0, dp__buf_write, &out, err);
	cr_assert(code == DP_OK ? out.len == text.len : out.len < text.len, "fault %d",
		  suffer_what());
	cr_assert(out.len == 0 || memcmp(out.data, text.data, out.len) == 0, "fault %d",
		  suffer_what());
	dp__buf_fini(&out);
	dp_slice_free(slice);
	dp_session_free(session);
	return code;
}

/* Leaves of the text what comes behind so many reads. */
static void drop_reads(uint64_t n)
{
	uint8_t *at = text.data;

	for (uint64_t line = 0; line < 4 * n; line++)
		at = (uint8_t *)memchr(at, '\n', (size_t)(text.data + text.len - at)) + 1;
	text.len -= (size_t)(at - text.data);
	memmove(text.data, at, text.len);
}

/* The second half of the object, whose units come in one read. */
static void cut(const char *url)
{
	dp_session *session = suffer_open(settings);
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_index *index = NULL;
	dp_slices *slices = NULL;
	dp_error err = { 0 };

	opts.args = (const char *const[]){ "span=64K", NULL };
	cr_assert_eq(dp_index_build(&index, session, url, &opts, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "chunks",
				  (const char *const[]){ "n=2", NULL }, &err),
		     DP_OK, "%s", err.msg);
	cr_assert_gt(dp_slice_units(dp_slices_at(slices, 1)), 4);
	cr_assert_gt(dp_slice_price(dp_slices_at(slices, 1)).bytes, (size_t)256 << 10);
	drop_reads(dp_slice_sel(dp_slices_at(slices, 1))->rec);
	cr_assert_eq(dp_slice_save(dp_slices_at(slices, 1), dp__buf_write, &token, &err), DP_OK);
	dp_slices_free(slices);
	dp_index_free(index);
	dp_session_free(session);
}

static void set_up(void)
{
	const char *folder = suffer_environment();
	char url[128];
	bytes object;

	text = make_reads(20000, 100, 1);
	object = make_gzip(text.data, text.len, 6, Z_DEFAULT_STRATEGY);
	cr_assert_gt(object.len, (size_t)512 << 10);
	token = dp__buf_of((size_t)1 << 20);
	server = fault_server_start(object.data, object.len);
	cr_assert_not_null(server);
	snprintf(url, sizeof(url), "%s/reads.fastq.gz", fault_server_base(server));
	snprintf(meta, sizeof(meta), "meta=%s/meta", folder);
	cut(url);
	free(object.data);
}

static void tear_down(void)
{
	free(text.data);
	dp__buf_fini(&token);
	fault_server_stop(server);
	folder_remove();
}

TestSuite(faults_slice, .init = set_up, .fini = tear_down, .timeout = 120);

/* What is told from other ranges. */
static const fault_row rows[] = {
	/* The text's own sum tells. */
	{ FAULT_WRONG_BYTES, false, DP_EFORMAT },
};

static void suffer_slice(uint64_t times)
{
	fault_trial trial = { .server = server,
			      .row = rows,
			      .nrows = sizeof(rows) / sizeof(rows[0]),
			      .usual = 1,
			      .most = 100,
			      .run = run };

	fault_server_lead(server, "ftp://127.0.0.1/");
	suffer(&trial, times);
}

Test(faults_slice, one_fault_gives_the_text_or_its_code)
{
	suffer_slice(1);
}

Test(faults_slice, two_faults_give_the_text_or_their_code)
{
	suffer_slice(2);
}

Test(faults_slice, faults_that_stay_end_with_their_code)
{
	suffer_slice(UINT64_MAX);
}
