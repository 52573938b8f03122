/* test_faults_credentials.c - services of credentials that fail, and as AWS documents them. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/io/aws.h"
#include "core/io/store.h"
#include "support/folder.h"
#include "support/suffer.h"

#define ROWS_MAX 64
#define WORD     HIDDEN "WORD56789=="
#define ROLES    "/latest/meta-data/iam/security-credentials/"
#define FOREVER  "2099-01-01T00:00:00Z"

/* As the user guides of EC2 and ECS and the reference of STS print them. */
#define MACHINE_KEYS(secret, token, until)                                                         \
	"{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"2012-04-26T16:39:16Z\",\n"            \
	"  \"Type\" : \"AWS-HMAC\",\n  \"AccessKeyId\" : \"ASIAIOSFODNN7EXAMPLE\",\n"              \
	"  \"SecretAccessKey\" : \"" secret "\",\n  \"Token\" : \"" token "\",\n"                  \
	"  \"Expiration\" : \"" until "\"\n}"
#define CONTAINER_KEYS(secret, token, until)                                                       \
	"{\n    \"AccessKeyId\": \"ASIAIOSFODNN7EXAMPLE\",\n    \"Expiration\": \"" until "\",\n"  \
	"    \"RoleArn\": \"TASK_ROLE_ARN\",\n    \"SecretAccessKey\": \"" secret "\",\n"          \
	"    \"Token\": \"" token "\"\n}"
#define ROLE_KEYS(secret, token, until)                                                            \
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"               \
	"  <AssumeRoleResult>\n  <SourceIdentity>Alice</SourceIdentity>\n"                         \
	"    <AssumedRoleUser>\n"                                                                  \
	"      <Arn>arn:aws:sts::123456789012:assumed-role/demo/TestAR</Arn>\n"                    \
	"      <AssumedRoleId>ARO123EXAMPLE123:TestAR</AssumedRoleId>\n"                           \
	"    </AssumedRoleUser>\n    <Credentials>\n"                                              \
	"      <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>\n"                                  \
	"      <SecretAccessKey>" secret "</SecretAccessKey>\n"                                    \
	"      <SessionToken>\n" token "      </SessionToken>\n"                                   \
	"      <Expiration>" until "</Expiration>\n    </Credentials>\n"                           \
	"    <PackedPolicySize>6</PackedPolicySize>\n  </AssumeRoleResult>\n"                      \
	"  <ResponseMetadata>\n"                                                                   \
	"    <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>\n"                        \
	"  </ResponseMetadata>\n</AssumeRoleResponse>"
#define IDENTITY_KEYS(secret, token, until)                                                        \
	"<AssumeRoleWithWebIdentityResponse "                                                      \
	"xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"                                   \
	"  <AssumeRoleWithWebIdentityResult>\n    <SubjectFromWebIdentityToken>"                   \
	"amzn1.account.AF6RHO7KZU5XRVQJGXK6HB56KR2A</SubjectFromWebIdentityToken>\n"               \
	"    <Audience>client.5498841531868486423.1548@apps.example.com</Audience>\n"              \
	"    <AssumedRoleUser>\n      <Arn>arn:aws:sts::123456789012:assumed-role/"                \
	"FederatedWebIdentityRole/app1</Arn>\n"                                                    \
	"      <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:app1</AssumedRoleId>\n"                        \
	"    </AssumedRoleUser>\n    <Credentials>\n"                                              \
	"      <SessionToken>" token "</SessionToken>\n"                                           \
	"      <SecretAccessKey>" secret "</SecretAccessKey>\n"                                    \
	"      <Expiration>" until "</Expiration>\n"                                               \
	"      <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>\n    </Credentials>\n"              \
	"    <SourceIdentity>SourceIdentityValue</SourceIdentity>\n"                               \
	"    <Provider>www.amazon.com</Provider>\n  </AssumeRoleWithWebIdentityResult>\n"          \
	"  <ResponseMetadata>\n    <RequestId>ad4156e9-bce1-11e2-82e6-6b6efEXAMPLE</RequestId>\n"  \
	"  </ResponseMetadata>\n</AssumeRoleWithWebIdentityResponse>"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY"

static fault_server *server;

static void set_up(void)
{
	suffer_environment();
}

static void tear_down(void)
{
	fault_server_stop(server);
	folder_remove();
}

TestSuite(faults_credentials, .init = set_up, .fini = tear_down, .timeout = 120);

/*
 * Serves a document, behind so many blanks that a bit flipped in the middle of all hits a mark
 * without which it cannot be read. No mark: as it is.
 */
static void serve(const char *document, char mark)
{
	size_t len = strlen(document), blanks = 0;
	char *text = malloc(2 * len + 1);

	cr_assert_not_null(text);
	while (mark != '\0' && blanks < len && document[(len - blanks) / 2] != mark)
		blanks++;
	memset(text, ' ', blanks);
	memcpy(text + blanks, document, len + 1);
	server = fault_server_start(text, blanks + len);
	cr_assert_not_null(server);
	free(text);
}

static void answer(const char *head, const char *lacks, const char *status, const char *body)
{
	/* curl itself asks once more where a connection that was used before ends at once. */
	const fault_rule rule = { .head = head, .lacks = lacks, .close = true };

	fault_server_reply(server, &rule, status, body);
}

static void write_file(const char *name, const char *variable, const char *text)
{
	setenv(variable, folder_write(name, text), 1);
}

static void use_container(void)
{
	char url[128];

	snprintf(url, sizeof(url), "%s/creds", fault_server_base(server));
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", HIDDEN "SHOWN", 1);
}

static void use_role(void)
{
	write_file("config", "AWS_CONFIG_FILE",
		   "[default]\nrole_arn = arn:aws:iam::1:role/R\nsource_profile = base\n"
		   "[profile base]\naws_access_key_id = ABASE\n"
		   "aws_secret_access_key = " HIDDEN "BASE\n");
	setenv("AWS_ENDPOINT_URL_STS", fault_server_base(server), 1);
}

static void use_identity(void)
{
	write_file("token", "AWS_WEB_IDENTITY_TOKEN_FILE", HIDDEN ".JWT\n");
	setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/R", 1);
	setenv("AWS_ENDPOINT_URL_STS", fault_server_base(server), 1);
}

/* The machine answers all but one of the three questions, which the server's document is for. */
static void use_machine(const char *document)
{
	unsetenv("AWS_EC2_METADATA_DISABLED");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", fault_server_base(server), 1);
	if (strcmp(document, "word") != 0)
		answer("PUT /latest/api/token ", NULL, "200 OK", WORD);
	if (strcmp(document, "role") != 0)
		answer("GET " ROLES " ", NULL, "200 OK", "s3access");
	if (strcmp(document, "keys") != 0) {
		answer("GET " ROLES, NULL, "404 Not Found", "");
		answer("GET " ROLES " ", NULL, "200 OK", "s3access");
		answer("GET " ROLES "s3access ", NULL, "200 OK",
		       MACHINE_KEYS(HIDDEN "1", HIDDEN "2", FOREVER));
	}
	if (strcmp(document, "role") == 0)
		fault_server_rule(server, &(fault_rule){ .head = "GET " ROLES " " });
	answer("GET /latest/", "X-aws-ec2-metadata-token: " WORD "\r\n", "401 Unauthorized", "");
}

static dp_code get_keys(dp_session *session, dp_error *err)
{
	dp_call call = dp__call_begin(session);
	dp__aws_keys keys = { 0 };
	dp_code code = dp__aws_keys_get(&keys, session, &call, err);

	if (code == DP_OK) {
		cr_assert_str_eq(keys.access_key, "ASIAIOSFODNN7EXAMPLE");
		cr_assert_str_eq(keys.secret_key, HIDDEN "1");
		cr_assert_str_eq(keys.token, HIDDEN "2");
	}
	dp__aws_keys_fini(&keys);
	return code;
}

static dp_code run(dp_error *err)
{
	dp_session *session = suffer_open(NULL);
	dp_code code = get_keys(session, err);

	dp_session_free(session);
	return code;
}

/* Whom a fault hits. */
typedef enum victim { KEYS_BY_GET, KEYS_BY_POST, MACHINE_WORD, MACHINE_ROLE, VICTIMS } victim;

/* heals: one or two are, where there is more than one try. */
static const struct {
	fault what;
	bool heals;
	dp_code code[VICTIMS];
} rows[] = {
#define PASSES DP_ETRANSIENT
#define WRONG  DP_EAUTH
#define NO_ONE DP_EAUTH /* there: this is no such machine */
	{ FAULT_RESET_FIRST, true, { PASSES, PASSES, NO_ONE, PASSES } },
	{ FAULT_RESET_BODY, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_CUT_BODY, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_CUT_UNSIZED, true, { WRONG, WRONG, WRONG, WRONG } },
	{ FAULT_CUT_CHUNKS, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_EMPTY, true, { PASSES, PASSES, NO_ONE, PASSES } },
	{ FAULT_DRIP, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_STALL, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_SILENT, true, { PASSES, PASSES, NO_ONE, PASSES } },
	{ FAULT_500, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_503, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_429, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_SLOW_DOWN, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_TIMEOUT_400, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_EXPIRED_400, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_SKEW_403, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_403, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_404, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_412, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_416, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_WHOLE, true, { DP_OK, DP_OK, DP_OK, DP_OK } },
	{ FAULT_LONGER, true, { WRONG, WRONG, WRONG, WRONG } },
	{ FAULT_SHIFTED, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_SHORTER, true, { WRONG, WRONG, WRONG, WRONG } },
	{ FAULT_OTHER_TOTAL, true, { DP_OK, DP_OK, DP_OK, DP_OK } },
	{ FAULT_NO_RANGE, true, { DP_OK, DP_OK, DP_OK, DP_OK } },
	{ FAULT_MULTIPART, true, { DP_OK, DP_OK, DP_OK, DP_OK } },
	{ FAULT_WRONG_BYTES, true, { WRONG, WRONG, WRONG, WRONG } },
	/* It says so of a plain text, which only ranges of objects have to mind. */
	{ FAULT_ENCODED, false, { WRONG, DP_OK, DP_OK, WRONG } },
	{ FAULT_LENGTH_HUGE, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_LENGTH_MINUS, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_LENGTH_TWICE, true, { PASSES, PASSES, PASSES, PASSES } },
	{ FAULT_OTHER_ETAG, true, { DP_OK, DP_OK, DP_OK, DP_OK } },
	{ FAULT_NO_ETAG, true, { DP_OK, DP_OK, DP_OK, DP_OK } },
	{ FAULT_REDIRECT, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_NO_LOCATION, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_GARBAGE, true, { PASSES, PASSES, NO_ONE, PASSES } },
	{ FAULT_HEADERS, false, { WRONG, WRONG, NO_ONE, WRONG } },
	{ FAULT_CLOSE, true, { DP_OK, DP_OK, DP_OK, DP_OK } },
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

/* Each fault once, twice and always; questions: of the work, tries: of one. */
static void suffer_all(victim whom, size_t questions, size_t tries)
{
	fault_row row[NROWS];
	fault_trial trial = { .server = server,
			      .row = row,
			      .nrows = NROWS,
			      .usual = questions,
			      .most = questions + tries - 1,
			      .run = run };

	for (size_t i = 0; i < NROWS; i++)
		row[i] = (fault_row){ rows[i].what,
				      rows[i].code[whom] == DP_OK || (rows[i].heals && tries > 1),
				      rows[i].code[whom] };
	fault_server_lead(server, "http://127.0.0.1:1/");
	suffer(&trial, 1);
	suffer(&trial, 2);
	suffer(&trial, UINT64_MAX);
}

Test(faults_credentials, of_a_container)
{
	serve(CONTAINER_KEYS(HIDDEN "1", HIDDEN "2", FOREVER), '"');
	use_container();
	suffer_all(KEYS_BY_GET, 1, 3);
}

Test(faults_credentials, of_a_role)
{
	serve(ROLE_KEYS(HIDDEN "1", HIDDEN "2", FOREVER), '<');
	use_role();
	suffer_all(KEYS_BY_POST, 1, 3);
}

Test(faults_credentials, of_a_web_identity)
{
	serve(IDENTITY_KEYS(HIDDEN "1", HIDDEN "2", FOREVER), '<');
	use_identity();
	suffer_all(KEYS_BY_POST, 1, 3);
}

Test(faults_credentials, of_a_machine_at_its_word)
{
	serve(WORD, '\0');
	use_machine("word");
	suffer_all(MACHINE_WORD, 3, 1);
}

Test(faults_credentials, of_a_machine_at_its_role)
{
	serve("s3access", '\0');
	use_machine("role");
	suffer_all(MACHINE_ROLE, 3, 1);
}

Test(faults_credentials, of_a_machine_at_its_keys)
{
	serve(MACHINE_KEYS(HIDDEN "1", HIDDEN "2", FOREVER), '"');
	use_machine("keys");
	suffer_all(KEYS_BY_GET, 3, 1);
}

/* Nothing listens where the services are said to be. */
Test(faults_credentials, services_that_are_not_there)
{
	fault_server *gone;
	dp_error err = { 0 };

	serve("", '\0');
	gone = server;
	use_container();
	server = fault_server_start("", 0);
	fault_server_stop(gone);
	cr_assert_eq(run(&err), DP_ETRANSIENT, "%s", err.msg);
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	gone = server;
	use_identity();
	unsetenv("AWS_EC2_METADATA_DISABLED");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", fault_server_base(gone), 1);
	server = fault_server_start("", 0);
	fault_server_stop(gone);
	cr_assert_eq(run(&err), DP_ETRANSIENT, "%s", err.msg);
	unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
	/* Most machines are none that hands out keys. */
	cr_assert_eq(run(&err), DP_EAUTH, "%s", err.msg);
	suffer_expect_quiet(server, err.msg);
}

/* Until one hour before this, what AWS documents holds. */
static dp_session *open_before(int64_t end)
{
	dp_session *session = suffer_open(NULL);

	session->set.clock = (double)(end - 3600 - (int64_t)time(NULL));
	return session;
}

/* The keys of an answer are these; none of them is told. */
static void expect_documented(dp_session *session, const char *secret, const char *token)
{
	dp_call call = dp__call_begin(session);
	dp__aws_keys keys = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(dp__aws_keys_get(&keys, session, &call, &err), DP_OK, "%s", err.msg);
	cr_assert_str_eq(keys.access_key, "ASIAIOSFODNN7EXAMPLE");
	cr_assert_str_eq(keys.secret_key, secret);
	cr_assert_str_eq(keys.token, token);
	cr_assert_null(strstr(suffer_log(), secret));
	/* The guide's own is "token", as is a part of a path. */
	if (strcmp(token, "token") != 0)
		cr_assert_null(strstr(suffer_log(), token));
	suffer_expect_quiet(server, NULL);
	dp__aws_keys_fini(&keys);
	dp_session_free(session);
}

/* 1495033794 is 2017-05-17T15:09:54Z, by date -u -d. */
Test(faults_credentials, documented_answer_of_a_machine)
{
	serve("", '\0');
	use_machine("");
	answer("GET " ROLES "s3access ", NULL, "200 OK",
	       MACHINE_KEYS("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "token",
			    "2017-05-17T15:09:54Z"));
	expect_documented(open_before(1495033794), "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
			  "token");
}

Test(faults_credentials, documented_answer_of_a_container)
{
	serve("", '\0');
	use_container();
	answer("GET /creds ", NULL, "200 OK",
	       CONTAINER_KEYS("SECRET_ACCESS_KEY", "SECURITY_TOKEN_STRING",
			      "2017-05-17T15:09:54Z"));
	expect_documented(open_before(1495033794), "SECRET_ACCESS_KEY", "SECURITY_TOKEN_STRING");
}

/* The reference prints the token in five lines. 1573306481 is 2019-11-09T13:34:41Z. */
Test(faults_credentials, documented_answer_of_a_role)
{
	serve("", '\0');
	use_role();
	answer("POST / ", NULL, "200 OK",
	       ROLE_KEYS(SECRET,
			 "       AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4F"
			 "ZTwdQW\n"
			 "       LWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi"
			 "/kMcGd\n"
			 "       +scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
			 "oLxBA==\n",
			 "2019-11-09T13:34:41Z"));
	expect_documented(open_before(1573306481), SECRET,
			  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQW"
			  "LWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd"
			  "+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==");
}

/* 1414191623 is 2014-10-24T23:00:23Z. */
Test(faults_credentials, documented_answer_of_a_web_identity)
{
	serve("", '\0');
	use_identity();
	answer("POST / ", NULL, "200 OK",
	       IDENTITY_KEYS(SECRET, "AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE",
			     "2014-10-24T23:00:23Z"));
	expect_documented(open_before(1414191623), SECRET,
			  "AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE");
}

/* The token of a web identity is renewed in its file. */
Test(faults_credentials, file_of_a_web_identity_is_read_for_each_question)
{
	dp_session *session;

	serve(IDENTITY_KEYS(HIDDEN "1", HIDDEN "2", FOREVER), '\0');
	use_identity();
	session = suffer_open(NULL);
	cr_assert_eq(get_keys(session, NULL), DP_OK);
	dp_session_free(session);
	write_file("token", "AWS_WEB_IDENTITY_TOKEN_FILE", HIDDEN ".NEXT\n");
	session = suffer_open(NULL);
	cr_assert_eq(get_keys(session, NULL), DP_OK);
	dp_session_free(session);
	cr_assert_eq(fault_server_holds(server, "WebIdentityToken=" HIDDEN ".JWT"), 1);
	cr_assert_eq(fault_server_holds(server, "WebIdentityToken=" HIDDEN ".NEXT"), 1);
}

/* The call's time is over: that says nothing about the machine, to this call or to later ones. */
Test(faults_credentials, deadline_does_not_mean_that_there_are_none)
{
	const char *const set[] = { "timeout=0.2", NULL };
	dp_session *session;
	dp_error err = { 0 };

	serve("", '\0');
	use_machine("");
	session = suffer_open(set);
	fault_server_delay(server, 500);
	cr_assert_eq(get_keys(session, &err), DP_ETRANSIENT, "%s", err.msg);
	fault_server_delay(server, 0);
	cr_assert_eq(get_keys(session, &err), DP_OK, "%s", err.msg);
	dp_session_free(session);
}

/* Many threads that read through S3 with the keys of a machine. */
typedef struct reader {
	pthread_t thread;
	dp_session *session;
	dp_code code;
} reader;

static void *look_at_object(void *user)
{
	reader *one = user;
	dp_call call = dp__call_begin(one->session);
	dp_place where = { .url = "s3://bucket/key" };
	dp_stat stat = { .cap = 0 };
	dp__site site = { 0 };

	one->code = dp__site_open(&site, one->session, &where, NULL);
	if (one->code == DP_OK)
		one->code = dp__site_stat(&site, &call, &stat, NULL);
	dp__site_close(&site);
	return NULL;
}

static void look_by_many(dp_session *session)
{
	reader all[16];

	for (size_t i = 0; i < 16; i++) {
		all[i] = (reader){ .session = session };
		cr_assert_eq(pthread_create(&all[i].thread, NULL, look_at_object, &all[i]), 0);
	}
	for (size_t i = 0; i < 16; i++) {
		pthread_join(all[i].thread, NULL);
		cr_assert_eq(all[i].code, DP_OK);
	}
}

static void answer_keys(int seconds)
{
	char until[32], text[1024];
	time_t end = time(NULL) + seconds;
	struct tm parts;

	strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &parts));
	snprintf(text, sizeof(text), MACHINE_KEYS("%s", "%s", "%s"), HIDDEN "1", HIDDEN "2", until);
	answer("GET " ROLES "s3access ", NULL, "200 OK", text);
}

Test(faults_credentials, threads_ask_a_machine_once_and_again_before_its_keys_end)
{
	const char *set[] = { NULL, NULL };
	char endpoint[128];
	dp_session *session;

	serve("hello", '\0');
	use_machine("");
	answer_keys(3600);
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s", fault_server_base(server));
	set[0] = endpoint;
	session = suffer_open(set);
	fault_server_delay(server, 100);
	look_by_many(session);
	cr_assert_eq(fault_server_holds(server, "PUT /latest/api/token "), 1);
	cr_assert_eq(fault_server_holds(server, "GET " ROLES " "), 1);
	cr_assert_eq(fault_server_holds(server, "GET " ROLES "s3access "), 1);
	/* Four minutes before their end: they still hold, but others are looked for. */
	session->set.clock = 3600 - 240;
	answer_keys(7200);
	look_by_many(session);
	cr_assert_eq(fault_server_holds(server, "GET " ROLES "s3access "), 2);
	session->set.clock = 3600 + 60;
	look_by_many(session);
	cr_assert_eq(fault_server_holds(server, "GET " ROLES "s3access "), 2);
	cr_assert_eq(fault_server_count(server), 2 * 3 + 3 * 16);
	suffer_expect_quiet(server, NULL);
	dp_session_free(session);
}
