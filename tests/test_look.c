/* test_look.c - what is told of an object before it is indexed. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"

static dp_code keep(void *user, const void *data, size_t len, dp_error *err)
{
	return dp__buf_add(user, data, len, err);
}

static dp_session *open_session(const char *setting)
{
	dp_session *session = NULL;
	cr_assert_eq(dp_session_open(&session, (const char *const[]){ setting, NULL }, NULL),
		     DP_OK);
	return session;
}

/* Where the index of url lies under that setting. */
static void expect_home(const char *setting, const char *url, const char *expected)
{
	dp_session *session = open_session(setting);
	dp__buf text = dp__buf_of(4096);
	dp_error err = { 0 };
	cr_assert_eq(dp_index_home(session, url, keep, &text, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp__buf_close(&text, NULL), DP_OK);
	cr_expect_str_eq((const char *)text.data, expected);
	dp__buf_fini(&text);
	dp_session_free(session);
}

Test(look, object_has_the_size_it_was_put_with)
{
	dp_session *session = open_session(NULL);
	uint64_t size = 0;
	cr_assert_eq(dp__mem_put(session, "mem:a", "twelve bytes", 12, NULL), DP_OK);
	cr_expect_eq(dp_object_size(session, "mem:a", &size, NULL), DP_OK);
	cr_expect_eq(size, 12);
	dp_session_free(session);
}

Test(look, missing_object_is_not_found)
{
	dp_session *session = open_session(NULL);
	dp_error err = { 0 };
	uint64_t size = 7;
	cr_expect_eq(dp_object_size(session, "/there/is/no/such/file", &size, &err), DP_ENOTFOUND);
	cr_expect_eq(size, 7);
	cr_expect_eq(err.code, DP_ENOTFOUND);
	dp_session_free(session);
}

Test(look, index_of_a_file_lies_beside_it)
{
	expect_home(NULL, "/data/r.fastq.gz", "file:///data/r.fastq.gz.dpx");
}

Test(look, index_of_an_object_lies_under_meta)
{
	setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9", 1);
	expect_home("meta=s3://bkt.meta", "s3://bkt/k", "s3://bkt.meta/127.0.0.1:9/s3/bkt/k.dpx");
	unsetenv("AWS_ENDPOINT_URL_S3");
}

Test(look, what_the_receiver_says_is_passed_up)
{
	dp_session *session = open_session(NULL);
	dp__buf small = dp__buf_of(4);
	cr_expect_neq(dp_index_home(session, "/data/r", keep, &small, NULL), DP_OK);
	dp__buf_fini(&small);
	dp_session_free(session);
}
