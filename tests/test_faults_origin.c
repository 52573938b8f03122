/* test_faults_origin.c - what is secret stays at home: at another origin, in logs, in messages. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io/aws_credentials.h"
#include "core/io/store.h"
#include "support/folder.h"
#include "support/make.h"
#include "support/suffer.h"

#define SIZE   ((size_t)1 << 20)
#define RANGES 8
#define LEN    ((size_t)4096)
#define STRIDE ((uint64_t)65536)
#define HEADERS                                                                                    \
	"header=Authorization: Bearer " HIDDEN "1\nx-amz-security-token: " HIDDEN                  \
	"2\nCookie: id=" HIDDEN "3\nX-Api-Key: " HIDDEN "4"

static uint8_t data[SIZE], got[RANGES][LEN];
static fault_server *home, *other;
static char endpoint[128], full[512];
static const char *const with_headers[] = { HEADERS, NULL };
static const char *const with_full[] = { full, NULL };
static const char *const with_both[] = { full, HEADERS, NULL };
static const char *const *settings;

static void set_up(void)
{
	suffer_environment();
	make_noise(data, SIZE);
	home = fault_server_start(data, SIZE);
	other = fault_server_start(data, SIZE);
	cr_assert(home != NULL && other != NULL);
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s", fault_server_base(home));
}

/* Nothing of the user's may have come to the other server, or into the log. */
static void expect_home(void)
{
	static const char *const names[] = { HIDDEN,
					     "Authorization:",
					     "x-amz-security-token:",
					     "Cookie:",
					     "X-Api-Key:",
					     "x-amz-date:",
					     "Referer:",
					     NULL };

	for (size_t i = 0; names[i] != NULL; i++)
		cr_assert_eq(fault_server_holds(other, names[i]), 0, "%s", names[i]);
	suffer_expect_quiet(home, NULL);
}

static void tear_down(void)
{
	expect_home();
	fault_server_stop(home);
	fault_server_stop(other);
	folder_remove();
}

TestSuite(faults_origin, .init = set_up, .fini = tear_down, .timeout = 120);

/* Requests to the server that begin with head are led there; NULL: all of them. */
static void lead(fault_server *server, const char *head, const char *status, const char *location)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s\r\nLocation: %s", status, location);
	fault_server_reply(server, &(fault_rule){ .head = head, .close = true }, text, "");
}

static const char *url_at(fault_server *server, const char *path)
{
	static char url[512];

	snprintf(url, sizeof(url), "%s%s", fault_server_base(server), path);
	return url;
}

/* Ranges of an object at home, right bytes or the code. */
static dp_code read_path(const char *path, dp_error *err)
{
	dp_session *session = suffer_open(settings);
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = url_at(home, path) };
	dp_read reads[RANGES];
	dp__site site = { 0 };
	dp_code code = dp__site_open(&site, session, &where, err);

	memset(got, 0, sizeof(got));
	for (size_t i = 0; i < RANGES; i++)
		reads[i] = (dp_read){ STRIDE * i, LEN, got[i] };
	if (code == DP_OK)
		code = dp__site_read(&site, &call, "\"first\"", reads, RANGES, err);
	for (size_t i = 0; code == DP_OK && i < RANGES; i++)
		cr_assert(suffer_what() == FAULT_WRONG_BYTES ||
			  memcmp(got[i], data + STRIDE * i, LEN) == 0);
	dp__site_close(&site);
	dp_session_free(session);
	return code;
}

static const char *const statuses[] = { "301 Moved Permanently",  "302 Found",
					"303 See Other",          "307 Temporary Redirect",
					"308 Permanent Redirect", NULL };

Test(faults_origin, headers_of_the_user_stay_whatever_the_redirect)
{
	settings = with_headers;
	for (size_t i = 0; statuses[i] != NULL; i++) {
		fault_server_forget(home);
		fault_server_forget(other);
		lead(home, NULL, statuses[i], url_at(other, "/there"));
		cr_assert_eq(read_path("/x", NULL), DP_OK, "%s", statuses[i]);
		cr_assert_eq(fault_server_count(other), RANGES, "%s", statuses[i]);
		cr_assert_eq(fault_server_holds(home, "Authorization: Bearer " HIDDEN "1"),
			     fault_server_count(home));
		cr_assert_eq(fault_server_holds(home, "X-Api-Key: " HIDDEN "4"),
			     fault_server_count(home));
		expect_home();
	}
}

Test(faults_origin, headers_of_the_user_are_shown_again_where_a_redirect_leads_home)
{
	settings = with_headers;
	lead(home, "GET /x ", "302 Found", url_at(other, "/y"));
	lead(other, "GET /y ", "302 Found", url_at(home, "/z"));
	cr_assert_eq(read_path("/x", NULL), DP_OK);
	cr_assert_eq(fault_server_holds(home, "GET /z "), RANGES);
	cr_assert_eq(fault_server_holds(home, "Cookie: id=" HIDDEN "3"), fault_server_count(home));
}

/* A host of the same name, but another port, is another one. */
Test(faults_origin, password_of_netrc_stays)
{
	folder_write(".netrc", "machine 127.0.0.1 login me password " HIDDEN "\n");
	for (size_t i = 0; statuses[i] != NULL; i++) {
		fault_server_forget(home);
		lead(home, NULL, statuses[i], url_at(other, "/there"));
		cr_assert_eq(read_path("/x", NULL), DP_OK, "%s", statuses[i]);
		/* "me:HIDDEN", by base64. */
		cr_assert_eq(fault_server_holds(home, "Authorization: Basic bWU6SElEREVO"),
			     fault_server_count(home));
		expect_home();
	}
	cr_assert_null(strstr(suffer_log(), "bWU6SElEREVO"));
}

/* Sets the full form of home's /x: with a password, or signed. */
static void know_full(const char *before, const char *behind)
{
	snprintf(full, sizeof(full), "url=http://%s%s/x%s", before,
		 fault_server_base(home) + strlen("http://"), behind);
}

Test(faults_origin, password_of_a_url_stays)
{
	char location[128];

	know_full("me:" HIDDEN "@", "");
	settings = with_full;
	cr_assert_eq(read_path("/x", NULL), DP_OK);
	cr_assert_eq(fault_server_holds(home, "Authorization: Basic bWU6SElEREVO"), RANGES);
	lead(home, NULL, "302 Found", url_at(other, "/there"));
	cr_assert_eq(read_path("/x", NULL), DP_OK);
	/* Of the same scheme, and with the host alone. */
	snprintf(location, sizeof(location), "%s/there",
		 fault_server_base(other) + strlen("http:"));
	lead(home, NULL, "302 Found", location);
	cr_assert_eq(read_path("/x", NULL), DP_OK);
	cr_assert_eq(fault_server_count(other), 2 * RANGES);
	cr_assert_null(strstr(suffer_log(), "bWU6SElEREVO"));
}

#define SIGNATURE                                                                                  \
	"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" HIDDEN                               \
	"5&X-Amz-Security-Token=" HIDDEN "6&X-Amz-SignedHeaders=host&X-Amz-Signature=" HIDDEN "7"

static dp_code run(dp_error *err)
{
	dp_code code = read_path("/x", err);

	expect_home();
	return code;
}

static void suffer_at(fault_server *server, uint64_t times)
{
	fault_trial trial = {
		.server = server, .skip = 2, .usual = RANGES, .most = 3 * RANGES, .run = run
	};

	fault_server_lead(server, "ftp://127.0.0.1/" SIGNATURE);
	suffer(&trial, times);
}

Test(faults_origin, faults_at_another_origin_fetch_no_header)
{
	settings = with_headers;
	lead(home, NULL, "302 Found", url_at(other, "/there"));
	suffer_at(other, 1);
	suffer_at(other, UINT64_MAX);
}

Test(faults_origin, faults_of_a_signed_url_tell_no_signature)
{
	know_full("", SIGNATURE);
	settings = with_both;
	suffer_at(home, 1);
	suffer_at(home, UINT64_MAX);
}

/* One request of each kind that s3: makes. */
static void ask_everything(dp_session *session)
{
	dp_call call = dp__call_begin(session);
	dp_place object = { .url = "s3://bucket/key" }, bucket = { .url = "s3://bucket/" };
	dp_read read = { 0, LEN, got[0] };
	dp_stat stat = { .cap = 0 };
	dp__site site = { 0 };
	int fd = folder_unnamed("", 0);

	cr_assert_eq(dp__site_open(&site, session, &object, NULL), DP_OK);
	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_EIO);
	cr_assert_eq(dp__site_read(&site, &call, "\"first\"", &read, 1, NULL), DP_EIO);
	cr_assert_eq(dp__site_put(&site, &call, fd, 0, NULL), DP_EIO);
	cr_assert_eq(dp__site_remove(&site, &call, NULL), DP_EIO);
	dp__site_close(&site);
	cr_assert_eq(dp__site_open(&site, session, &bucket, NULL), DP_OK);
	cr_assert_eq(dp__site_list(&site, &call, NULL, NULL, NULL), DP_EIO);
	cr_assert_eq(dp__site_prepare(&site, &call, true, NULL), DP_EIO);
	dp__site_close(&site);
	close(fd);
}

Test(faults_origin, redirects_of_s3_are_not_followed)
{
	const char *const set[] = { endpoint, "access-key=AKIA", "secret-key=" HIDDEN "8",
				    "session-token=" HIDDEN "9", NULL };
	dp_session *session = suffer_open(set);

	for (size_t i = 0; statuses[i] != NULL; i++) {
		lead(home, NULL, statuses[i], url_at(other, "/bucket/key"));
		fault_server_forget(home);
		ask_everything(session);
		cr_assert_eq(fault_server_count(home), 6, "%s", statuses[i]);
	}
	cr_assert_eq(fault_server_count(other), 0);
	dp_session_free(session);
}

static void expect_none(void)
{
	dp_session *session = suffer_open(NULL);
	dp_call call = dp__call_begin(session);
	dp__aws_keys keys = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(dp__aws_credentials_find(&keys, session, &call, &err), DP_EAUTH);
	suffer_expect_quiet(home, err.msg);
	cr_assert_eq(fault_server_count(other), 0);
	dp_session_free(session);
}

Test(faults_origin, redirects_of_credential_services_are_not_followed)
{
	const char *token = folder_write("token", HIDDEN ".JWT");

	for (size_t i = 0; statuses[i] != NULL; i++) {
		lead(home, NULL, statuses[i], url_at(other, "/"));
		setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url_at(home, "/creds"), 1);
		setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", HIDDEN, 1);
		expect_none();
		unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
		setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token, 1);
		setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/R", 1);
		setenv("AWS_ENDPOINT_URL_STS", fault_server_base(home), 1);
		expect_none();
		unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
		setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
		setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", fault_server_base(home), 1);
		expect_none();
		setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	}
}

/* With the secrets that S3 repeats of a request whose signature is wrong. */
Test(faults_origin, refused_signature_is_not_told)
{
	const char *const set[] = { endpoint, "access-key=AKIA", "secret-key=" HIDDEN "8",
				    "session-token=" HIDDEN "9", NULL };
	static const char body[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SignatureDoesNotMatch"
		"</Code><Message>The request signature we calculated does not match the signature "
		"you provided. Check your key and signing method.</Message><AWSAccessKeyId>AKIA"
		"</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256 " HIDDEN "</StringToSign>"
		"<SignatureProvided>" HIDDEN "</SignatureProvided><CanonicalRequest>GET / "
		"x-amz-security-token:" HIDDEN "9</CanonicalRequest></Error>";
	dp_session *session = suffer_open(set);
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = "s3://bucket/key" };
	dp_stat stat = { .cap = 0 };
	dp__site site = { 0 };
	dp_error err = { 0 };

	fault_server_reply(home, &(fault_rule){ .head = NULL }, "403 Forbidden", body);
	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	cr_assert_eq(dp__site_stat(&site, &call, &stat, &err), DP_EAUTH);
	cr_assert_not_null(strstr(err.msg, "SignatureDoesNotMatch"), "%s", err.msg);
	suffer_expect_quiet(home, err.msg);
	dp__site_close(&site);
	dp_session_free(session);
}
