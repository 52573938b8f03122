/* test_faults_list.c - listings of S3 whose second page fails, and answers that are no listings. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/store.h"
#include "support/folder.h"
#include "support/suffer.h"

#define OBJECTS 20
#define FIRST   "GET /bucket?encoding-type=url&list-type=2&prefix=many%2F HTTP/1.1\r\n"
#define SECOND                                                                                     \
	"GET /bucket?continuation-token=1ueGcxLPRx1Tr%2FXYExHnhbYLgveDs2J%2Fwm36Hy4vbOwM%3D"       \
	"&encoding-type=url&list-type=2&prefix=many%2F HTTP/1.1\r\n"
#define NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

static fault_server *server;
static char endpoint[128];
static const char *const settings[] = { endpoint, "access-key=AKIA", "secret-key=" HIDDEN "1",
					"session-token=" HIDDEN "2", NULL };

/* The frame of a page; rest: what says whether there are more. */
static void begin_page(char *out, size_t cap, const char *rest)
{
	snprintf(out, cap,
		 "<ListBucketResult xmlns=\"" NAMESPACE "\"><Name>bucket</Name>"
		 "<Prefix>many/</Prefix><KeyCount>10</KeyCount><MaxKeys>10</MaxKeys>"
		 "<EncodingType>url</EncodingType>%s",
		 rest);
}

static void add_object(char *out, size_t cap, const char *key)
{
	size_t n = strlen(out);

	snprintf(out + n, cap - n,
		 "<Contents><Key>%s</Key><LastModified>2014-11-21T19:40:05.000Z</LastModified>"
		 "<ETag>&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;</ETag><Size>1111</Size>"
		 "<StorageClass>STANDARD</StorageClass></Contents>",
		 key);
}

static void end_page(char *out, size_t cap)
{
	size_t n = strlen(out);

	snprintf(out + n, cap - n, "</ListBucketResult>");
}

/* Objects many/00 to many/09, or the later half. */
static void make_page(char *out, size_t cap, bool later)
{
	char key[32];

	begin_page(out, cap,
		   later ? "<IsTruncated>false</IsTruncated>"
			 : "<IsTruncated>true</IsTruncated><NextContinuationToken>"
			   "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="
			   "</NextContinuationToken>");
	for (int i = 0; i < OBJECTS / 2; i++) {
		snprintf(key, sizeof(key), "many/%02d", i + (later ? OBJECTS / 2 : 0));
		add_object(out, cap, key);
	}
	end_page(out, cap);
}

static void answer(const char *head, const char *status, const char *body, size_t times)
{
	const fault_rule rule = { .head = head, .times = times, .close = true };

	fault_server_reply(server, &rule, status, body);
}

/*
 * The second page is what the server serves, behind so many blanks that a bit flipped in the middle
 * hits a "<": of a name nobody could tell.
 */
static void set_up(void)
{
	static char page[8192], text[16384];
	size_t blanks = 0, len;

	suffer_environment();
	make_page(page, sizeof(page), true);
	len = strlen(page);
	while (page[(len - blanks) / 2] != '<')
		blanks++;
	memset(text, ' ', blanks);
	memcpy(text + blanks, page, len);
	server = fault_server_start(text, blanks + len);
	cr_assert_not_null(server);
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s", fault_server_base(server));
	make_page(page, sizeof(page), false);
	answer(FIRST, "200 OK", page, 0);
}

static void tear_down(void)
{
	fault_server_stop(server);
	folder_remove();
}

TestSuite(faults_list, .init = set_up, .fini = tear_down, .timeout = 120);

/* How many objects have come; each must be the next one. */
static dp_code take_next(void *user, const char *url, const dp_stat *stat)
{
	size_t *n = user;
	char expected[64];

	snprintf(expected, sizeof(expected), "s3://bucket/many/%02zu", *n);
	cr_assert_str_eq(url, expected);
	cr_assert_eq(stat->size, 1111);
	cr_assert_str_eq(stat->etag, "\"70ee1738b6b21e2c8a43f3a5ab0eee71\"");
	++*n;
	return DP_OK;
}

static dp_code list(size_t *n, dp_error *err)
{
	dp_session *session = suffer_open(settings);
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = "s3://bucket/many/" };
	dp__site site = { 0 };
	dp_code code;

	*n = 0;
	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	code = dp__site_list(&site, &call, take_next, n, err);
	dp__site_close(&site);
	dp_session_free(session);
	return code;
}

/* Every object once, or the code and what came before. */
static dp_code run(dp_error *err)
{
	size_t n;
	dp_code code = list(&n, err);

	cr_assert_eq(n, code == DP_OK ? OBJECTS : OBJECTS / 2);
	return code;
}

/* What differs from ranges of objects: a listing is asked for whole, and is read. */
static const fault_row rows[] = {
	{ FAULT_EXPIRED_400, false, DP_EAUTH },
	{ FAULT_WHOLE, true, DP_OK },
	{ FAULT_SHIFTED, true, DP_ETRANSIENT },
	{ FAULT_SHORTER, true, DP_ETRANSIENT },
	{ FAULT_OTHER_TOTAL, true, DP_OK },
	{ FAULT_NO_RANGE, true, DP_OK },
	{ FAULT_MULTIPART, true, DP_OK },
	{ FAULT_WRONG_BYTES, true, DP_ETRANSIENT },
	{ FAULT_ENCODED, false, DP_EUNSUPPORTED },
	{ FAULT_OTHER_ETAG, true, DP_OK },
	{ FAULT_NO_ETAG, true, DP_OK },
};

static void suffer_page(uint64_t times)
{
	fault_trial trial = { .server = server,
			      .row = rows,
			      .nrows = sizeof(rows) / sizeof(rows[0]),
			      .usual = 2,
			      .most = 4,
			      .run = run };

	fault_server_lead(server, "http://127.0.0.1:1/");
	suffer(&trial, times);
}

Test(faults_list, one_fault_in_the_second_page_gives_every_object_or_its_code)
{
	suffer_page(1);
}

Test(faults_list, two_faults_in_the_second_page_give_every_object_or_their_code)
{
	suffer_page(2);
}

Test(faults_list, faults_that_stay_end_with_their_code)
{
	suffer_page(UINT64_MAX);
}

Test(faults_list, second_page_is_asked_for_by_its_token)
{
	size_t n;

	cr_assert_eq(list(&n, NULL), DP_OK);
	cr_assert_eq(fault_server_count(server), 2);
	cr_assert_eq(fault_server_holds(server, FIRST), 1);
	cr_assert_eq(fault_server_holds(server, SECOND), 1);
}

/* S3 begins to answer with 200 before it knows how it ends. */
#define ERROR_OF(code)                                                                             \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" code                           \
	"</Code><Message>Please retry.</Message><RequestId>656c76696e6727732072657175657374"       \
	"</RequestId><HostId>Uuag1LuByRx9e6j5Onimru9pO4ZVKnJ2Qz7</HostId></Error>"

Test(faults_list, error_with_status_200_is_asked_for_again)
{
	dp_error err;
	size_t n;

	answer(SECOND, "200 OK", ERROR_OF("InternalError"), 1);
	answer(SECOND, "200 OK", ERROR_OF("SlowDown"), 1);
	cr_assert_eq(list(&n, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(n, OBJECTS);
	cr_assert_eq(fault_server_count(server), 4);
	fault_server_forget(server);
	answer(SECOND, "200 OK", ERROR_OF("InternalError"), 0);
	cr_assert_eq(list(&n, &err), DP_ETRANSIENT);
	cr_assert_not_null(strstr(err.msg, "InternalError"), "%s", err.msg);
	cr_assert_eq(n, OBJECTS / 2);
	cr_assert_eq(fault_server_count(server), 4);
}

/* The code of a listing whose second page is this. */
static dp_code code_of(const char *status, const char *page)
{
	dp_error err = { .code = DP_OK };
	size_t n;
	dp_code code;

	answer(SECOND, status, page, 0);
	code = list(&n, &err);
	cr_assert_eq(n, OBJECTS / 2, "%s", page);
	cr_assert(code == DP_OK || err.msg[0] != '\0');
	return code;
}

/* A proxy's page is no empty folder. */
Test(faults_list, answers_that_are_no_listing_are_refused)
{
	cr_expect_eq(code_of("200 OK", "<html><body>Sign in</body></html>"), DP_EIO);
	cr_expect_eq(code_of("200 OK", "<ListBucketsResult/>"), DP_EIO);
	cr_expect_eq(code_of("200 OK", "<x><ListBucketResult><IsTruncated>false</IsTruncated>"
				       "</ListBucketResult></x>"),
		     DP_EIO);
	cr_expect_eq(code_of("200 OK", "{\"Contents\":[]}"), DP_ETRANSIENT);
	cr_expect_eq(code_of("200 OK", ""), DP_ETRANSIENT);
	cr_expect_eq(code_of("204 No Content", ""), DP_ETRANSIENT);
	cr_expect_eq(code_of("202 Accepted", ERROR_OF("InternalError")), DP_ETRANSIENT);
}

/* What does not say that it is the last one may be any. */
Test(faults_list, page_that_does_not_say_whether_there_are_more_is_refused)
{
	static const char *const rest[] = { "", "<IsTruncated></IsTruncated>",
					    "<IsTruncated>maybe</IsTruncated>", NULL };
	char page[4096];

	for (size_t i = 0; rest[i] != NULL; i++) {
		begin_page(page, sizeof(page), rest[i]);
		end_page(page, sizeof(page));
		cr_expect_eq(code_of("200 OK", page), DP_EIO, "%s", rest[i]);
	}
	begin_page(page, sizeof(page), "<IsTruncated>false</IsTruncated>");
	end_page(page, sizeof(page));
	cr_expect_eq(code_of("200 OK", page), DP_OK);
}

Test(faults_list, page_that_leads_nowhere_new_is_refused)
{
	char page[4096];

	begin_page(page, sizeof(page), "<IsTruncated>true</IsTruncated>");
	end_page(page, sizeof(page));
	cr_expect_eq(code_of("200 OK", page), DP_EIO);
	begin_page(page, sizeof(page),
		   "<IsTruncated>true</IsTruncated><NextContinuationToken>"
		   "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>");
	end_page(page, sizeof(page));
	fault_server_forget(server);
	cr_expect_eq(code_of("200 OK", page), DP_EIO);
	cr_expect_eq(fault_server_count(server), 2);
}

Test(faults_list, objects_that_are_none_are_refused)
{
	static const char *const bad[] = { "",         "many/%",    "many/%2", "many/%zz",
					   "many/%00", "other/key", "many",    NULL };
	char page[4096];

	for (size_t i = 0; bad[i] != NULL; i++) {
		begin_page(page, sizeof(page), "<IsTruncated>false</IsTruncated>");
		add_object(page, sizeof(page), bad[i]);
		end_page(page, sizeof(page));
		cr_expect_eq(code_of("200 OK", page), DP_EIO, "%s", bad[i]);
	}
	begin_page(page, sizeof(page),
		   "<IsTruncated>false</IsTruncated><Contents><Key>many/10"
		   "</Key></Contents>");
	end_page(page, sizeof(page));
	cr_expect_eq(code_of("200 OK", page), DP_EIO);
}
