/* test_trust.c - the URLs that tokens may name. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/engine/trust.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"

static dp_code trust(const char *allow, const char *url)
{
	char setting[200];
	dp_session *session = NULL;
	snprintf(setting, sizeof setting, "allow=%s", allow);
	cr_assert_eq(dp_session_open(&session, (const char *const[]){ setting, NULL }, NULL),
		     DP_OK);
	dp_code rc = dp__trust_url(session, url, NULL);
	dp_session_free(session);
	return rc;
}

Test(trust, nothing_said_admits_all)
{
	cr_expect_eq(trust("", "file:///etc/passwd"), DP_OK);
	cr_expect_eq(trust("  ", "s3://b/k"), DP_OK);
}

Test(trust, prefixes_end_at_slashes)
{
	cr_expect_eq(trust("s3://data", "s3://data/x.gz"), DP_OK);
	cr_expect_eq(trust("s3://data", "s3://data"), DP_OK);
	cr_expect_eq(trust("s3://data", "s3://database/x.gz"), DP_EAUTH);
	cr_expect_eq(trust("s3://data/run/", "s3://data/run/x.gz"), DP_OK);
	cr_expect_eq(trust("s3://data/run/", "s3://data/runs/x.gz"), DP_EAUTH);
}

Test(trust, several_prefixes)
{
	cr_expect_eq(trust("s3://a/ file:///data", "file:///data/x"), DP_OK);
	cr_expect_eq(trust("s3://a/ file:///data", "s3://a/x"), DP_OK);
	cr_expect_eq(trust("s3://a/ file:///data", "file:///etc/passwd"), DP_EAUTH);
}

Test(trust, dots_do_not_lead_out)
{
	cr_expect_neq(trust("file:///data/", "file:///data/../etc/passwd"), DP_OK);
	cr_expect_neq(trust("https://host/data/", "https://host/data/../secret"), DP_OK);
	cr_expect_neq(trust("https://host/data/", "https://host/data/.."), DP_OK);
	cr_expect_neq(trust("https://host/data/", "https://host/data/%2E./secret"), DP_OK);
	cr_expect_eq(trust("https://host/data/", "https://host/data/a..b"), DP_OK);
	cr_expect_eq(trust("https://host/data/", "https://host/data/..b/.c/..."), DP_OK);
	cr_expect_neq(trust("file:///data/", "file:///data/%2e%2e/etc"), DP_OK);
}

Test(trust, paths_are_no_urls)
{
	cr_expect_eq(trust("", "/etc/passwd"), DP_EFORMAT);
	cr_expect_eq(trust("", "reads.gz"), DP_EFORMAT);
}

Test(trust, tokens_are_checked)
{
	dp_session *session = NULL, *worker = NULL;
	dp_index *index = NULL;
	dp_slices *slices = NULL;
	dp_slice *slice = NULL;
	dp__buf token = dp__buf_of(65536);
	dp_error err = { 0 };
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	cr_assert_eq(dp__mem_put(session, "mem:a/x.txt", "1\n", 2, NULL), DP_OK);
	cr_assert_eq(dp_index_build(&index, session, "mem:a/x.txt", NULL, NULL), DP_OK);
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "box", NULL, NULL),
		     DP_OK);
	cr_assert_eq(dp_slice_save(dp_slices_at(slices, 0), dp__buf_write, &token, NULL), DP_OK);
	cr_assert_eq(dp_session_open(&worker, (const char *const[]){ "allow=mem:b/", NULL }, NULL),
		     DP_OK);
	cr_expect_eq(dp_slice_load(&slice, worker, (char *)token.data, token.len, &err), DP_EAUTH);
	cr_expect_not_null(strstr(err.msg, "mem:a/x.txt"), "%s", err.msg);
	cr_expect_eq(dp_slice_load(&slice, session, (char *)token.data, token.len, &err), DP_OK);
	dp_slice_free(slice);
	dp_slices_free(slices);
	dp_index_free(index);
	dp_session_free(worker);
	dp_session_free(session);
	dp__buf_fini(&token);
}
