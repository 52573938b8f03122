/* test_s3.c - the s3: store against a real server: scripts/s3-server up DIR; env names it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/io/http.h"
#include "core/io/store.h"
#include "support/bucket.h"
#include "support/folder.h"

static dp_session *session;
static dp_call call;
static const char *bucket;

static dp__site open_in(dp_session *in, const char *url)
{
	dp_place where = { .url = url };
	dp__site site = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(dp__site_open(&site, in, &where, &err), DP_OK, "%s", err.msg);
	return site;
}

static void set_up(void)
{
	dp_error err = { 0 };

	bucket = bucket_begin("test");
	session = bucket_session(NULL);
	call = dp__call_begin(session);
	cr_assert_eq(bucket_make(session, bucket, &err), DP_OK, "%s", err.msg);
}

static void tear_down(void)
{
	dp_session_free(session);
	folder_remove();
}

TestSuite(s3, .init = set_up, .fini = tear_down, .timeout = 120);

static const char *url_of(const char *key)
{
	static char url[4096];

	snprintf(url, sizeof(url), "s3://%s/%s", bucket, key);
	return url;
}

static dp_code put(dp_session *in, const char *url, const char *text, dp_error *err)
{
	return bucket_put(in, url, text, strlen(text), err);
}

static dp_code stat_of(dp_session *in, const char *url, dp_stat *stat, dp_error *err)
{
	dp__site site = open_in(in, url);
	dp_code code = dp__site_stat(&site, &call, stat, err);

	dp__site_close(&site);
	return code;
}

static void expect_text(dp_session *in, const char *url, const char *text)
{
	uint8_t head[100];
	dp_stat stat = { .head = head, .cap = sizeof(head) };
	dp_error err = { 0 };

	cr_assert_eq(stat_of(in, url, &stat, &err), DP_OK, "%s: %s", url, err.msg);
	cr_assert_eq(stat.size, strlen(text));
	cr_assert_eq(stat.len, strlen(text));
	cr_assert_arr_eq(head, text, stat.len);
}

/* The ETag is by md5sum. */
Test(s3, what_is_put_is_there)
{
	dp_error err = { 0 };
	uint8_t head[3];
	dp_stat stat = { .head = head, .cap = 3 };

	cr_assert_eq(put(session, url_of("a"), "hello", &err), DP_OK, "%s", err.msg);
	cr_assert_eq(stat_of(session, url_of("a"), &stat, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(stat.size, 5);
	cr_assert_str_eq(stat.etag, "\"5d41402abc4b2a76b9719d911017c592\"");
	cr_assert_eq(stat.len, 3);
	cr_assert_arr_eq(head, "hel", 3);
}

Test(s3, put_replaces_and_remove_removes)
{
	dp_stat stat = { 0 };
	dp__site site;

	cr_assert_eq(put(session, url_of("a"), "one", NULL), DP_OK);
	cr_assert_eq(put(session, url_of("a"), "other", NULL), DP_OK);
	expect_text(session, url_of("a"), "other");
	site = open_in(session, url_of("a"));
	cr_assert_eq(dp__site_remove(&site, &call, NULL), DP_OK);
	dp__site_close(&site);
	cr_assert_eq(stat_of(session, url_of("a"), &stat, NULL), DP_ENOTFOUND);
}

Test(s3, empty_object)
{
	cr_assert_eq(put(session, url_of("empty"), "", NULL), DP_OK);
	expect_text(session, url_of("empty"), "");
}

Test(s3, ranges_are_read_at_once)
{
	char a[3] = "", b[3] = "";
	dp_read reads[] = { { 1, 2, a }, { 7, 2, b } };
	dp_stat stat = { 0 };
	dp_error err = { 0 };
	dp__site site;

	cr_assert_eq(put(session, url_of("a"), "0123456789", NULL), DP_OK);
	cr_assert_eq(stat_of(session, url_of("a"), &stat, NULL), DP_OK);
	site = open_in(session, url_of("a"));
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, reads, 2, &err), DP_OK, "%s", err.msg);
	cr_assert_str_eq(a, "12");
	cr_assert_str_eq(b, "78");
	reads[1].off = 9;
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, reads, 2, &err), DP_ESTALE);
	dp__site_close(&site);
}

Test(s3, changed_object_is_stale)
{
	char a[3] = "";
	dp_read read = { 1, 2, a };
	dp_stat stat = { 0 };
	dp__site site;

	cr_assert_eq(put(session, url_of("a"), "0123456789", NULL), DP_OK);
	cr_assert_eq(stat_of(session, url_of("a"), &stat, NULL), DP_OK);
	cr_assert_eq(put(session, url_of("a"), "0123456788", NULL), DP_OK);
	site = open_in(session, url_of("a"));
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, &read, 1, NULL), DP_ESTALE);
	dp__site_close(&site);
}

/* Keys as they are: nothing is decoded, folded or cut. */
static const char *const keys[] = { "dt=2024-01-01/x.gz",
				    "a b+c&d?e#f",
				    "100%",
				    "a%20b",
				    "a//b",
				    "/leading",
				    "caf\xc3\xa9/\xf0\x9f\x98\x80",
				    "!'()*;:@,$[]{}|\\^`\"<>~",
				    "a/../b",
				    "./x",
				    "trailing/",
				    NULL };

Test(s3, keys_are_raw)
{
	for (size_t i = 0; keys[i] != NULL; i++) {
		dp_error err = { 0 };

		cr_assert_eq(put(session, url_of(keys[i]), keys[i], &err), DP_OK, "%s: %s", keys[i],
			     err.msg);
	}
	for (size_t i = 0; keys[i] != NULL; i++)
		expect_text(session, url_of(keys[i]), keys[i]);
}

/* What a listing gave. */
typedef struct listing {
	size_t n, most; /* stops behind the most-th */
	uint64_t bytes;
	char last[4096];
	bool sorted, tagged;
} listing;

static dp_code take_key(void *user, const char *url, const dp_stat *stat)
{
	listing *to = user;

	to->sorted = to->sorted && strcmp(to->last, url) < 0;
	to->tagged = to->tagged && stat->etag[0] == '"';
	snprintf(to->last, sizeof(to->last), "%s", url);
	to->bytes += stat->size;
	return ++to->n == to->most ? DP_ECANCELED : DP_OK;
}

static dp_code list(const char *url, listing *to, dp_error *err)
{
	dp__site site = open_in(session, url);
	size_t most = to->most;
	dp_code code;

	*to = (listing){ .most = most, .sorted = true, .tagged = true };
	code = dp__site_list(&site, &call, take_key, to, err);
	dp__site_close(&site);
	return code;
}

Test(s3, listing_goes_over_pages)
{
	char key[32];
	dp_error err = { 0 };
	listing got = { 0 };

	for (int i = 0; i < 1005; i++) {
		snprintf(key, sizeof(key), "many/%04d", i);
		cr_assert_eq(put(session, url_of(key), "x", NULL), DP_OK);
	}
	cr_assert_eq(put(session, url_of("other"), "x", NULL), DP_OK);
	cr_assert_eq(list(url_of("many/"), &got, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(got.n, 1005);
	cr_assert_eq(got.bytes, 1005);
	cr_assert(got.sorted);
	cr_assert(got.tagged);
	cr_assert_str_eq(got.last, url_of("many/1004"));
	got.most = 1002;
	cr_assert_eq(list(url_of(""), &got, &err), DP_ECANCELED);
	cr_assert_eq(got.n, 1002);
}

Test(s3, listing_gives_raw_keys)
{
	listing got = { 0 };
	size_t n = 0;

	for (; keys[n] != NULL; n++)
		cr_assert_eq(put(session, url_of(keys[n]), "x", NULL), DP_OK);
	for (size_t i = 0; keys[i] != NULL; i++) {
		dp_error err = { 0 };

		cr_assert_eq(list(url_of(keys[i]), &got, &err), DP_OK, "%s: %s", keys[i], err.msg);
		cr_assert_geq(got.n, 1);
		if (got.n == 1)
			cr_assert_str_eq(got.last, url_of(keys[i]));
	}
	cr_assert_eq(list(url_of(""), &got, NULL), DP_OK);
	cr_assert_eq(got.n, n);
}

Test(s3, listing_of_nothing)
{
	listing got = { 0 };

	cr_assert_eq(list(url_of("no/such"), &got, NULL), DP_OK);
	cr_assert_eq(got.n, 0);
	cr_assert_eq(list("s3://no-such-bucket-at-all/", &got, NULL), DP_ENOTFOUND);
}

Test(s3, missing_bucket_is_not_found)
{
	dp_stat stat = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(stat_of(session, "s3://no-such-bucket-at-all/x", &stat, &err), DP_ENOTFOUND);
	cr_assert_not_null(strstr(err.msg, "NoSuchBucket"), "%s", err.msg);
	cr_assert_eq(put(session, "s3://no-such-bucket-at-all/x", "y", &err), DP_ENOTFOUND);
}

Test(s3, creating_what_is_mine_already_is_fine)
{
	cr_assert_eq(bucket_make(session, bucket, NULL), DP_OK);
}

Test(s3, bucket_with_dots)
{
	char name[80], url[128];
	dp_error err = { 0 };

	snprintf(name, sizeof(name), "%s.with.dots", bucket);
	snprintf(url, sizeof(url), "s3://%s/k", name);
	cr_assert_eq(bucket_make(session, name, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(put(session, url, "hello", &err), DP_OK, "%s", err.msg);
	expect_text(session, url, "hello");
}

Test(s3, bucket_in_the_host)
{
	const char *port = strrchr(getenv("DATAPLUG_TEST_S3"), ':');
	char endpoint[128];
	const char *more[] = { endpoint, "addressing=virtual", NULL };
	dp_session *other;
	dp_error err = { 0 };

	snprintf(endpoint, sizeof(endpoint), "endpoint=http://s3.localhost%s", port);
	other = bucket_session(more);
	cr_assert_eq(put(other, url_of("v b"), "hello", &err), DP_OK, "%s", err.msg);
	expect_text(other, url_of("v b"), "hello");
	expect_text(session, url_of("v b"), "hello");
	dp_session_free(other);
}

Test(s3, wrong_secret_is_refused_and_not_shown)
{
	const char *more[] = { "secret-key=WRONGSECRET", NULL };
	dp_session *other = bucket_session(more);
	dp_stat stat = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(stat_of(other, url_of("a"), &stat, &err), DP_EAUTH);
	cr_assert_null(strstr(err.msg, "WRONGSECRET"));
	dp_session_free(other);
}

Test(s3, anonymous_sees_only_what_is_public)
{
	const char *more[] = { "anonymous=yes", NULL };
	dp_session *other = bucket_session(more);
	dp_stat stat = { 0 };

	cr_assert_eq(put(session, url_of("a"), "hello", NULL), DP_OK);
	cr_assert_eq(stat_of(other, url_of("a"), &stat, NULL), DP_EAUTH);
	dp_session_free(other);
}

/* The server refuses what is signed a quarter of an hour away from its own time. */
Test(s3, wrong_clock_is_set_by_the_server)
{
	const char *more[] = { "clock=-7200", NULL };
	dp_session *other = bucket_session(more);
	dp_stat stat = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(put(session, url_of("a"), "hello", NULL), DP_OK);
	cr_assert_eq(stat_of(other, url_of("a"), &stat, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(stat_of(other, url_of("a"), &stat, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp_session_traffic(other).requests, 3);
	dp_session_free(other);
}

Test(s3, other_region_and_payer_are_taken)
{
	const char *more[] = { "region=eu-west-3", "requester-pays=yes", NULL };
	dp_session *other = bucket_session(more);

	cr_assert_eq(put(other, url_of("a"), "hello", NULL), DP_OK);
	expect_text(other, url_of("a"), "hello");
	dp_session_free(other);
}

/* Keys of a role that last 2 seconds are renewed in time. */
Test(s3, keys_of_a_role_are_renewed)
{
	const char *more[] = { "access-key=", "secret-key=", "profile=role", NULL };
	struct timespec pause = { 3, 0 };
	char profiles[1024];
	dp_session *other;

	snprintf(profiles, sizeof(profiles),
		 "[profile role]\nrole_arn = arn:aws:iam:::role/R\nsource_profile = base\n"
		 "duration_seconds = 2\nendpoint_url = %s\n"
		 "[profile base]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
		 getenv("DATAPLUG_TEST_S3"), getenv("DATAPLUG_TEST_S3_ACCESS_KEY"),
		 getenv("DATAPLUG_TEST_S3_SECRET_KEY"));
	setenv("AWS_CONFIG_FILE", folder_write("config", profiles), 1);
	cr_assert_eq(put(session, url_of("a"), "hello", NULL), DP_OK);
	other = bucket_session(more);
	expect_text(other, url_of("a"), "hello");
	nanosleep(&pause, NULL);
	expect_text(other, url_of("a"), "hello");
	dp_session_free(other);
}

Test(s3, names_that_are_none_are_refused)
{
	static const char *const bad[] = { "s3://",      "s3:bucket/key", "s3://a/key",
					   "s3://a@b/k", "s3://bu:80/k",  "s3://b%41d/k",
					   "s3://-abc/", "s3://..a/k",    NULL };

	for (size_t i = 0; bad[i] != NULL; i++) {
		dp_place where = { .url = bad[i] };
		dp__site site = { 0 };

		cr_expect_eq(dp__site_open(&site, session, &where, NULL), DP_EINVAL, "%s", bad[i]);
		dp__site_close(&site);
	}
}

Test(s3, bucket_is_no_object)
{
	dp_stat stat = { 0 };

	cr_assert_eq(stat_of(session, url_of(""), &stat, NULL), DP_EINVAL);
}
