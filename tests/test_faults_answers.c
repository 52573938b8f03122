/* test_faults_answers.c - what S3 answers teach: regions, clocks, expired keys, to slow down. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io/aws.h"
#include "core/io/s3_try.h"
#include "core/io/store.h"
#include "support/folder.h"
#include "support/suffer.h"

#define SIZE   ((size_t)1 << 20)
#define RANGES 64
#define LEN    ((size_t)1000)
#define OLD    "Credential=AKIAOLD/"
#define XML    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define IDS                                                                                        \
	"<RequestId>656c76696e6727732072657175657374</RequestId>"                                  \
	"<HostId>Uuag1LuByRx9e6j5Onimru9pO4ZVKnJ2Qz7/C1NPcfTWAtRPfTaOFg==</HostId>"
#define SCOPE_EU "/eu-west-3/s3/aws4_request"
#define MOVED                                                                                      \
	XML "<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to "      \
	    "access must be addressed using the specified endpoint. Please send all future "       \
	    "requests to this endpoint.</Message>"
#define TEMPORARY                                                                                  \
	XML "<Error><Code>TemporaryRedirect</Code><Message>Please re-send this request to the "    \
	    "specified temporary endpoint. Continue to use the original request endpoint for "     \
	    "future requests.</Message>"
#define MALFORMED                                                                                  \
	XML "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header "   \
	    "is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-3'</Message>"

static uint8_t data[SIZE], got[RANGES][LEN];
static fault_server *server;
static char endpoint[128];

static void set_up(void)
{
	suffer_environment();
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	server = fault_server_start(data, SIZE);
	cr_assert_not_null(server);
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s", fault_server_base(server));
}

static void tear_down(void)
{
	suffer_expect_quiet(server, NULL);
	fault_server_stop(server);
	folder_remove();
}

TestSuite(faults_answers, .init = set_up, .fini = tear_down, .timeout = 60);

/* With keys that are given, temporary ones if there is a token. */
static dp_session *open_session(const char *token)
{
	char setting[128];
	const char *const set[] = { endpoint, "access-key=AKIA", "secret-key=" HIDDEN "1",
				    token != NULL ? setting : NULL, NULL };

	snprintf(setting, sizeof(setting), "session-token=%s", token != NULL ? token : "");
	return suffer_open(set);
}

static dp_code look(dp_session *session, dp_error *err)
{
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = "s3://bucket/key" };
	dp_stat stat = { .cap = 0 };
	dp__site site = { 0 };
	dp_code code = dp__site_open(&site, session, &where, err);

	if (code == DP_OK)
		code = dp__site_stat(&site, &call, &stat, err);
	dp__site_close(&site);
	return code;
}

static dp_code read_batch(dp_session *session, dp_error *err)
{
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = "s3://bucket/key" };
	dp_read reads[RANGES];
	dp__site site = { 0 };
	dp_code code = dp__site_open(&site, session, &where, err);

	for (size_t i = 0; i < RANGES; i++)
		reads[i] = (dp_read){ i * 10000, LEN, got[i] };
	if (code == DP_OK)
		code = dp__site_read(&site, &call, "\"first\"", reads, RANGES, err);
	for (size_t i = 0; code == DP_OK && i < RANGES; i++)
		cr_assert_arr_eq(got[i], data + i * 10000, LEN);
	dp__site_close(&site);
	return code;
}

/* Requests that hold or lack a text are answered so; times: 0 = all of them. */
static void answer(const fault_rule *rule, const char *status, const char *body)
{
	fault_server_reply(server, rule, status, body);
}

/* A bucket of eu-west-3 answers so to what is signed for another region. */
static void live_in_europe(const char *status, const char *body)
{
	answer(&(fault_rule){ .lacks = SCOPE_EU }, status, body);
}

/* One request too many for the session, then none. */
static void expect_learned(dp_session *session)
{
	dp_error err = { 0 };

	cr_assert_eq(look(session, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(fault_server_count(server), 2);
	cr_assert_eq(fault_server_holds(server, "/us-east-1/s3/aws4_request"), 1);
	cr_assert_eq(fault_server_holds(server, SCOPE_EU), 1);
	cr_assert_eq(look(session, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(fault_server_count(server), 3);
	cr_assert_eq(fault_server_holds(server, SCOPE_EU), 2);
	dp_session_free(session);
}

Test(faults_answers, permanent_redirect_names_the_region_in_its_header)
{
	live_in_europe("301 Moved Permanently\r\nx-amz-bucket-region: eu-west-3",
		       MOVED "<Endpoint>bucket.s3.eu-west-3.amazonaws.com</Endpoint>"
			     "<Bucket>bucket</Bucket>" IDS "</Error>");
	expect_learned(open_session(NULL));
}

Test(faults_answers, permanent_redirect_names_the_region_in_its_body)
{
	live_in_europe("301 Moved Permanently",
		       MOVED "<Region>eu-west-3</Region><Bucket>bucket</Bucket>" IDS "</Error>");
	expect_learned(open_session(NULL));
}

Test(faults_answers, malformed_authorization_names_the_region)
{
	live_in_europe("400 Bad Request", MALFORMED "<Region>eu-west-3</Region>" IDS "</Error>");
	expect_learned(open_session(NULL));
}

Test(faults_answers, temporary_redirect_is_followed_by_its_region_only)
{
	fault_server *other = fault_server_start(data, SIZE);
	char status[256];

	snprintf(status, sizeof(status),
		 "307 Temporary Redirect\r\nx-amz-bucket-region: eu-west-3\r\n"
		 "Location: %s/bucket/key",
		 fault_server_base(other));
	live_in_europe(status, TEMPORARY "<Endpoint>bucket.s3.eu-west-3.amazonaws.com</Endpoint>"
					 "<Bucket>bucket</Bucket>" IDS "</Error>");
	expect_learned(open_session(NULL));
	cr_assert_eq(fault_server_count(other), 0);
	fault_server_stop(other);
}

Test(faults_answers, wrong_region_of_the_environment_gives_way)
{
	setenv("AWS_REGION", "us-east-1", 1);
	live_in_europe("301 Moved Permanently\r\nx-amz-bucket-region: eu-west-3", MOVED "</Error>");
	expect_learned(open_session(NULL));
}

/* One question for the credentials too: AWS lists nothing without a region either. */
Test(faults_answers, region_that_was_learned_serves_other_requests)
{
	dp_session *session = open_session(NULL);
	dp_call call = dp__call_begin(session);
	dp_place where = { .url = "s3://bucket/other" };
	dp__site site = { 0 };
	int fd = folder_unnamed("hello", 5);

	live_in_europe("301 Moved Permanently\r\nx-amz-bucket-region: eu-west-3", MOVED "</Error>");
	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	cr_assert_eq(dp__site_put(&site, &call, fd, 5, NULL), DP_OK);
	cr_assert_eq(fault_server_holds(server, "PUT /bucket/other "), 2);
	cr_assert_eq(fault_server_holds(server, "\r\n\r\nhello"), 2);
	cr_assert_eq(look(session, NULL), DP_OK);
	cr_assert_eq(dp__site_remove(&site, &call, NULL), DP_OK);
	cr_assert_eq(fault_server_count(server), 4);
	dp__site_close(&site);
	close(fd);
	dp_session_free(session);
}

/* No more go wrong than are under way when the first answer comes. */
Test(faults_answers, batch_learns_its_region_from_the_first_answers)
{
	dp_session *session = open_session(NULL);
	dp_error err = { 0 };

	live_in_europe("301 Moved Permanently\r\nx-amz-bucket-region: eu-west-3", MOVED "</Error>");
	cr_assert_eq(read_batch(session, &err), DP_OK, "%s", err.msg);
	cr_assert_leq(fault_server_count(server), RANGES + 16);
	cr_assert_eq(read_batch(session, &err), DP_OK, "%s", err.msg);
	cr_assert_leq(fault_server_count(server), 2 * RANGES + 16);
	dp_session_free(session);
}

Test(faults_answers, region_that_is_none_is_not_used)
{
	dp_session *session = open_session(NULL);

	live_in_europe("301 Moved Permanently\r\nx-amz-bucket-region: eu-west-3/../x",
		       MOVED "<Region>EU WEST</Region></Error>");
	cr_assert_eq(look(session, NULL), DP_EIO);
	cr_assert_eq(fault_server_count(server), 1);
	dp_session_free(session);
}

Test(faults_answers, region_is_changed_once)
{
	dp_session *session = open_session(NULL);

	answer(&(fault_rule){ .times = 0 },
	       "301 Moved Permanently\r\nx-amz-bucket-region: eu-west-1", MOVED "</Error>");
	answer(&(fault_rule){ .lacks = SCOPE_EU },
	       "301 Moved Permanently\r\nx-amz-bucket-region: eu-west-3", MOVED "</Error>");
	cr_assert_eq(look(session, NULL), DP_EIO);
	cr_assert_eq(fault_server_count(server), 2);
	dp_session_free(session);
}

/* AWS itself has a host for each region. */
Test(faults_answers, other_region_of_aws_is_another_host)
{
	dp_session *session = open_session(NULL);
	dp_call call = dp__call_begin(session);
	char aws[] = "us-east-1", bucket[] = "bucket", key[] = "a/key", host[] = "aws bucket";
	dp__s3_place place = { .session = session,
			       .endpoint = { .region = aws },
			       .bucket = bucket,
			       .key = key,
			       .host = host };
	const dp__s3_ask ask = { .method = "GET", .key = key, .query = "" };
	dp__http_reply reply = { .status = 301, .region = "cn-north-1" };
	dp__http_request request, waits;
	dp__s3_try attempt, other;
	dp_error err = { 0 };

	cr_assert_eq(dp__s3_try_init(&attempt, &request, &place, &call, &ask, NULL), DP_OK);
	cr_assert_eq(dp__s3_try_init(&other, &waits, &place, &call, &ask, NULL), DP_OK);
	cr_assert_str_eq(request.url, "https://bucket.s3.us-east-1.amazonaws.com/a/key");
	cr_assert_eq(request.judge(request.user, &request, &reply, &err), DP__HTTP_AGAIN);
	cr_assert_str_eq(request.url, "https://bucket.s3.cn-north-1.amazonaws.com.cn/a/key");
	cr_assert_eq(request.judge(request.user, &request, &reply, &err), DP__HTTP_TABLE);
	dp__s3_try_fini(&attempt);
	waits.aim(waits.user, &waits);
	cr_assert_str_eq(waits.url, "https://bucket.s3.cn-north-1.amazonaws.com.cn/a/key");
	dp__s3_try_fini(&other);
	cr_assert_eq(dp__s3_try_init(&attempt, &request, &place, &call, &ask, NULL), DP_OK);
	cr_assert_str_eq(request.url, "https://bucket.s3.cn-north-1.amazonaws.com.cn/a/key");
	dp__s3_try_fini(&attempt);
	dp_session_free(session);
}

/* Temporary keys of a container: the first ones, then others; or the same again. */
static fault_server *hand_out(const char *then)
{
	static const char keys[] =
		"{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"" HIDDEN "3\",\"Token\":\"" HIDDEN
		"4\",\"Expiration\":\"2099-01-01T00:00:00Z\"}";
	fault_server *box = fault_server_start("", 0);
	char body[512], url[128];

	cr_assert_not_null(box);
	for (int first = 0; first < 2; first++) {
		snprintf(body, sizeof(body), keys, first == 1 ? "AKIAOLD" : then);
		fault_server_reply(box, &(fault_rule){ .times = (size_t)first }, "200 OK", body);
	}
	snprintf(url, sizeof(url), "%s/creds", fault_server_base(box));
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	return box;
}

static dp_session *open_container_session(void)
{
	return suffer_open((const char *const[]){ endpoint, NULL });
}

/* What is said of keys that have expired. */
static const struct {
	const char *status, *body;
} refusals[] = {
	{ "400 Bad Request",
	  XML "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message>"
	      "<Token-0>" HIDDEN "4</Token-0>" IDS "</Error>" },
	{ "400 Bad Request",
	  XML "<Error><Code>TokenRefreshRequired</Code><Message>The provided token must be "
	      "refreshed.</Message>" IDS "</Error>" },
	{ "400 Bad Request",
	  XML "<Error><Code>InvalidToken</Code><Message>The provided token is malformed or "
	      "otherwise invalid.</Message>" IDS "</Error>" },
	{ "403 Forbidden",
	  XML "<Error><Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id you provided "
	      "does not exist in our records.</Message>" IDS "</Error>" },
	{ "403 Forbidden",
	  XML "<Error><Code>AccessDenied</Code><Message>Access Denied</Message>" IDS "</Error>" },
	{ "401 Unauthorized", "" },
};
#define NREFUSALS (sizeof(refusals) / sizeof(refusals[0]))

Test(faults_answers, expired_keys_are_looked_for_once_and_the_work_goes_on)
{
	for (size_t i = 0; i < NREFUSALS; i++) {
		fault_server *box = hand_out("AKIANEW");
		dp_session *session = open_container_session();
		dp_error err = { 0 };

		fault_server_forget(server);
		answer(&(fault_rule){ .holds = OLD }, refusals[i].status, refusals[i].body);
		cr_assert_eq(read_batch(session, &err), DP_OK, "%zu: %s", i, err.msg);
		cr_assert_eq(fault_server_count(box), 2, "%zu", i);
		cr_assert_eq(fault_server_holds(server, "Credential=AKIANEW/"), RANGES, "%zu", i);
		cr_assert_leq(fault_server_holds(server, OLD), 16, "%zu", i);
		cr_assert_eq(look(session, &err), DP_OK, "%zu: %s", i, err.msg);
		cr_assert_eq(fault_server_count(box), 2, "%zu", i);
		dp_session_free(session);
		fault_server_stop(box);
	}
}

Test(faults_answers, keys_that_are_refused_anew_are_not_looked_for_again)
{
	for (size_t i = 0; i < NREFUSALS; i++) {
		fault_server *box = hand_out("AKIANEW");
		dp_session *session = open_container_session();
		dp_error err = { 0 };

		fault_server_forget(server);
		answer(&(fault_rule){ .times = 0 }, refusals[i].status, refusals[i].body);
		for (int times = 0; times < 3; times++)
			cr_assert_eq(look(session, &err), DP_EAUTH, "%zu: %s", i, err.msg);
		cr_assert_null(strstr(err.msg, HIDDEN), "%s", err.msg);
		cr_assert_eq(fault_server_count(box), 2, "%zu", i);
		cr_assert_eq(fault_server_count(server), 4, "%zu", i);
		dp_session_free(session);
		fault_server_stop(box);
	}
}

Test(faults_answers, same_keys_are_not_shown_twice)
{
	for (size_t i = 0; i < NREFUSALS; i++) {
		fault_server *box = hand_out("AKIAOLD");
		dp_session *session = open_container_session();

		fault_server_forget(server);
		answer(&(fault_rule){ .holds = OLD }, refusals[i].status, refusals[i].body);
		cr_assert_eq(look(session, NULL), DP_EAUTH, "%zu", i);
		cr_assert_eq(fault_server_count(box), 2, "%zu", i);
		cr_assert_eq(fault_server_count(server), 1, "%zu", i);
		dp_session_free(session);
		fault_server_stop(box);
	}
}

/* What a user may not read is no matter of time where keys are for ever. */
Test(faults_answers, denied_access_with_lasting_keys_is_final)
{
	dp_session *session = open_session(NULL);
	dp_error err = { 0 };

	answer(&(fault_rule){ .times = 0 }, refusals[4].status, refusals[4].body);
	cr_assert_eq(look(session, &err), DP_EAUTH);
	cr_assert_eq(err.http, 403);
	cr_assert_not_null(strstr(err.msg, "AccessDenied"), "%s", err.msg);
	cr_assert_eq(fault_server_count(server), 1);
	dp_session_free(session);
}

#define SKEWED                                                                                     \
	XML "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request " \
	    "time and the current time is too large.</Message><MaxAllowedSkewMilliseconds>900000"  \
	    "</MaxAllowedSkewMilliseconds>" IDS "</Error>"

Test(faults_answers, clock_of_the_server_counts)
{
	dp_session *session = open_session(HIDDEN "5");
	dp_error err = { 0 };

	answer(&(fault_rule){ .lacks = "x-amz-date: 20130524T0" },
	       "403 Forbidden\r\nDate: Fri, 24 May 2013 00:00:00 GMT", SKEWED);
	cr_assert_eq(look(session, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(fault_server_count(server), 2);
	cr_assert_eq(look(session, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(read_batch(session, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(fault_server_count(server), 3 + RANGES);
	cr_assert_not_null(strstr(suffer_log(), "seconds before ours"), "%s", suffer_log());
	dp_session_free(session);
}

Test(faults_answers, batch_sets_its_clock_by_the_first_answers)
{
	dp_session *session = open_session(NULL);
	dp_error err = { 0 };

	answer(&(fault_rule){ .lacks = "x-amz-date: 20130524T0" },
	       "403 Forbidden\r\nDate: Fri, 24 May 2013 00:00:00 GMT", SKEWED);
	cr_assert_eq(read_batch(session, &err), DP_OK, "%s", err.msg);
	cr_assert_leq(fault_server_count(server), RANGES + 16);
	dp_session_free(session);
}

Test(faults_answers, clock_that_stays_wrong_is_set_once)
{
	dp_session *session = open_session(NULL);

	answer(&(fault_rule){ .times = 0 }, "403 Forbidden\r\nDate: Fri, 24 May 2013 00:00:00 GMT",
	       SKEWED);
	cr_assert_eq(look(session, NULL), DP_EAUTH);
	cr_assert_eq(fault_server_count(server), 2);
	answer(&(fault_rule){ .times = 0 }, "403 Forbidden\r\nDate: yesterday", SKEWED);
	cr_assert_eq(look(session, NULL), DP_EAUTH);
	cr_assert_eq(fault_server_count(server), 3);
	dp_session_free(session);
}

#define SLOW                                                                                       \
	XML "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message>" IDS  \
	    "</Error>"

/* Half as many at once, then one more for each 16 that went well. */
Test(faults_answers, slow_down_means_fewer_at_once)
{
	dp_session *session = open_session(NULL);
	dp_error err = { 0 };

	answer(&(fault_rule){ .times = 1 }, "503 Slow Down", SLOW);
	cr_assert_eq(look(session, &err), DP_OK, "%s", err.msg);
	fault_server_forget(server);
	fault_server_delay(server, 100);
	cr_assert_eq(read_batch(session, &err), DP_OK, "%s", err.msg);
	cr_assert_leq(fault_server_parallel(server), 8 + RANGES / 16);
	cr_assert_eq(fault_server_count(server), RANGES);
	dp_session_free(session);
}

Test(faults_answers, slow_down_that_stays_ends)
{
	dp_session *session = open_session(NULL);
	dp_error err = { 0 };

	answer(&(fault_rule){ .times = 0 }, "503 Slow Down\r\nx-amz-retry-after: 1", SLOW);
	cr_assert_eq(look(session, &err), DP_ETRANSIENT, "%s", err.msg);
	cr_assert_eq(fault_server_count(server), 3);
	cr_assert_not_null(strstr(err.msg, "SlowDown"), "%s", err.msg);
	dp_session_free(session);
}

/* An object may hold anything, also what S3 says of errors. */
Test(faults_answers, object_that_reads_like_an_error_is_an_object)
{
	const char *const texts[] = { SLOW, SKEWED, refusals[0].body, refusals[4].body };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fault_server *box = fault_server_start(texts[i], strlen(texts[i]));
		dp_session *session = open_session(HIDDEN "5");
		dp_call call = dp__call_begin(session);
		char base[128], head[4096];
		dp_place where = { .url = "s3://bucket/key", .endpoint = base };
		dp_stat stat = { .head = (uint8_t *)head, .cap = sizeof(head) };
		dp__site site = { 0 };
		dp_error err = { 0 };

		snprintf(base, sizeof(base), "%s", fault_server_base(box));
		setenv("AWS_ENDPOINT_URL_S3", base, 1);
		session->set.endpoint = "";
		cr_assert_eq(dp__site_open(&site, session, &where, &err), DP_OK, "%s", err.msg);
		cr_assert_eq(dp__site_stat(&site, &call, &stat, &err), DP_OK, "%s", err.msg);
		cr_assert_eq(stat.len, strlen(texts[i]));
		cr_assert_arr_eq(head, texts[i], stat.len);
		cr_assert_eq(fault_server_count(box), 1);
		dp__site_close(&site);
		dp_session_free(session);
		fault_server_stop(box);
	}
}
