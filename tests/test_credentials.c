/* test_credentials.c - where credentials are found, how they are renewed, and what is not told. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/io/aws.h"
#include "core/io/aws_credentials.h"
#include "support/folder.h"
#include "support/suffer.h"

#define KEYS_OF(key, until)                                                                        \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"" key                                             \
	"\",\"SecretAccessKey\":\"HIDDEN\",\"Token\":\"HIDDEN2\",\"Expiration\":\"" until "\"}"

static dp_session *session;
static dp_call call;
static fault_server *server;
static char config[64], logged[65536];

static void note(void *user, dp_level level, const char *line)
{
	size_t len = strlen(logged);

	(void)user;
	(void)level;
	snprintf(logged + len, sizeof(logged) - len, "%s\n", line);
}

static void open_session(const char *const *settings)
{
	dp_error err = { 0 };

	cr_assert_eq(dp_session_open(&session, settings, &err), DP_OK, "%s", err.msg);
	dp_session_log_to(session, note, NULL);
	call = dp__call_begin(session);
}

static void set_up(void)
{
	snprintf(config, sizeof(config), "%s/config", suffer_environment());
	setenv("AWS_CONFIG_FILE", config, 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
	server = fault_server_start("", 0);
	cr_assert_not_null(server);
}

static void tear_down(void)
{
	dp_session_free(session);
	fault_server_stop(server);
	folder_remove();
	cr_expect_null(strstr(logged, "HIDDEN"), "%s", logged);
}

TestSuite(credentials, .init = set_up, .fini = tear_down, .timeout = 60);

static void answer(const char *head, const char *status, const char *body)
{
	fault_server_reply(server, &(fault_rule){ .head = head }, status, body);
}

static void expect_keys(const char *access, const char *secret, const char *token)
{
	dp__aws_keys keys = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(dp__aws_credentials_find(&keys, session, &call, &err), DP_OK, "%s", err.msg);
	cr_assert_str_eq(keys.access_key, access);
	cr_assert_str_eq(keys.secret_key, secret);
	cr_assert_str_eq(keys.token, token);
	dp__aws_keys_fini(&keys);
}

/* Fails with a message that holds text, and no secret. */
static void expect_failure(dp_code code, const char *text)
{
	dp__aws_keys keys = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(dp__aws_credentials_find(&keys, session, &call, &err), code, "%s", err.msg);
	cr_assert_not_null(strstr(err.msg, text), "%s", err.msg);
	cr_assert_null(strstr(err.msg, "HIDDEN"), "%s", err.msg);
}

static void set_environment(void)
{
	setenv("AWS_ACCESS_KEY_ID", "AENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "SENV", 1);
	setenv("AWS_SESSION_TOKEN", "TENV", 1);
}

Test(credentials, settings_go_first)
{
	open_session((const char *[]){ "access-key=A", "secret-key=S", "session-token=T", NULL });
	set_environment();
	expect_keys("A", "S", "T");
}

Test(credentials, environment_goes_before_profiles)
{
	folder_write("config", "[default]\naws_access_key_id = A\naws_secret_access_key = S\n");
	open_session(NULL);
	set_environment();
	expect_keys("AENV", "SENV", "TENV");
}

Test(credentials, named_profile_goes_before_environment)
{
	folder_write("config", "[profile p]\naws_access_key_id = A\naws_secret_access_key = S\n");
	open_session((const char *[]){ "profile=p", NULL });
	set_environment();
	expect_keys("A", "S", "");
}

Test(credentials, half_an_environment_is_an_error)
{
	open_session(NULL);
	setenv("AWS_ACCESS_KEY_ID", "HIDDEN", 1);
	expect_failure(DP_EAUTH, "AWS_ACCESS_KEY_ID: gives no access key and secret");
}

Test(credentials, keys_that_would_end_a_header_are_refused)
{
	open_session(NULL);
	set_environment();
	setenv("AWS_SESSION_TOKEN", "HIDDEN\r\nX-Evil: 1", 1);
	expect_failure(DP_EAUTH, "gives keys that are none");
}

Test(credentials, there_may_be_none)
{
	open_session(NULL);
	expect_failure(DP_EAUTH, "anonymous=yes");
}

Test(credentials, missing_profile_is_told)
{
	open_session(NULL);
	setenv("AWS_PROFILE", "gone", 1);
	expect_failure(DP_EAUTH, "there is no profile 'gone'");
}

Test(credentials, process_prints_keys)
{
	folder_write("config",
		     "[default]\ncredential_process = printf '{\"Version\":1,\"AccessKeyId\":"
		     "\"A\",\"SecretAccessKey\":\"S\",\"SessionToken\":\"T\"}'\n");
	open_session(NULL);
	expect_keys("A", "S", "T");
}

Test(credentials, process_that_fails_is_told)
{
	folder_write("config", "[default]\ncredential_process = echo HIDDEN; exit 3\n");
	open_session(NULL);
	expect_failure(DP_EAUTH, "credential_process: ends with status 3");
}

Test(credentials, process_that_prints_without_end_is_killed)
{
	folder_write("config", "[default]\ncredential_process = yes HIDDEN\n");
	open_session(NULL);
	expect_failure(DP_EAUTH, "prints more than 64 KiB");
}

/* Threads of the library block all signals; what a user's program does with them is its own. */
Test(credentials, process_has_no_signal_blocked)
{
	sigset_t term;

	folder_write("config",
		     "[default]\ncredential_process = kill -TERM $$; printf "
		     "'{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\"}'\n");
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	cr_assert_eq(pthread_sigmask(SIG_BLOCK, &term, NULL), 0);
	open_session(NULL);
	expect_failure(DP_EAUTH, "credential_process: was killed");
}

Test(credentials, process_ends_with_the_call)
{
	folder_write("config", "[default]\ncredential_process = sleep 1000\n");
	open_session((const char *[]){ "timeout=0.5", NULL });
	expect_failure(DP_ETRANSIENT, "timeout");
}

Test(credentials, sso_is_not_served)
{
	folder_write("config", "[default]\nsso_session = x\n");
	open_session(NULL);
	expect_failure(DP_EUNSUPPORTED, "sso");
}

#define STS_KEYS(key)                                                                              \
	"<Credentials><AccessKeyId>" key "</AccessKeyId><SecretAccessKey>HIDDEN"                   \
	"</SecretAccessKey><SessionToken>HIDDEN2</SessionToken>"                                   \
	"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"

static void set_identity(const char *token)
{
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", folder_write("token", token), 1);
	setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/R", 1);
	setenv("AWS_ENDPOINT_URL_STS", fault_server_base(server), 1);
}

Test(credentials, web_identity)
{
	char *seen;

	open_session(NULL);
	set_identity("JWT.HIDDEN3+/=\n");
	answer("POST / ", "200 OK",
	       "<AssumeRoleWithWebIdentityResponse xmlns=\"https://"
	       "sts.amazonaws.com/doc/2011-06-15/\">"
	       "<AssumeRoleWithWebIdentityResult>" STS_KEYS(
		       "AWEB") "</AssumeRoleWithWebIdentityResult>"
			       "</AssumeRoleWithWebIdentityResponse>");
	expect_keys("AWEB", "HIDDEN", "HIDDEN2");
	seen = fault_server_seen(server, 0);
	cr_assert_not_null(strstr(seen, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
					"&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2FR"
					"&RoleSessionName=dataplug-"),
			   "%s", seen);
	cr_assert_not_null(strstr(seen, "&WebIdentityToken=JWT.HIDDEN3%2B%2F%3D"), "%s", seen);
	cr_assert_null(strstr(seen, "Authorization:"));
	free(seen);
}

Test(credentials, refused_web_identity_is_told_without_its_token)
{
	open_session(NULL);
	set_identity("HIDDEN3");
	answer("POST / ", "400 Bad Request",
	       "<ErrorResponse><Error><Type>Sender</Type>"
	       "<Code>ExpiredTokenException</Code></Error></ErrorResponse>");
	expect_failure(DP_EAUTH, "role arn:aws:iam::1:role/R: ");
	cr_assert_eq(fault_server_count(server), 1);
}

Test(credentials, role_of_a_profile_is_signed_by_its_source)
{
	char text[512], *seen;

	snprintf(text, sizeof(text),
		 "[default]\nrole_arn = arn:aws:iam::1:role/R\nsource_profile = base\n"
		 "role_session_name = me\nexternal_id = x/y\nendpoint_url = %s\n"
		 "region = eu-west-1\n[profile base]\naws_access_key_id = ABASE\n"
		 "aws_secret_access_key = SBASE\n",
		 fault_server_base(server));
	folder_write("config", text);
	open_session(NULL);
	answer("POST / ", "200 OK",
	       "<AssumeRoleResponse><AssumeRoleResult>" STS_KEYS(
		       "AROLE") "</AssumeRoleResult></AssumeRoleResponse>");
	expect_keys("AROLE", "HIDDEN", "HIDDEN2");
	seen = fault_server_seen(server, 0);
	cr_assert_not_null(strstr(seen, "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3A"
					"iam%3A%3A1%3Arole%2FR&RoleSessionName=me"
					"&ExternalId=x%2Fy"),
			   "%s", seen);
	cr_assert_not_null(strstr(seen, "Credential=ABASE/"), "%s", seen);
	cr_assert_not_null(strstr(seen, "/eu-west-1/sts/aws4_request"), "%s", seen);
	free(seen);
}

Test(credentials, roles_in_a_circle_end)
{
	folder_write("config", "[default]\nrole_arn = r\nsource_profile = default\n");
	open_session(NULL);
	expect_failure(DP_EINVAL, "more than 5 roles");
}

Test(credentials, role_without_source_is_told)
{
	folder_write("config", "[default]\nrole_arn = r\n");
	open_session(NULL);
	expect_failure(DP_EINVAL, "role_arn without");
}

static void set_container(const char *path)
{
	char url[128];

	snprintf(url, sizeof(url), "%s%s", fault_server_base(server), path);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
}

Test(credentials, container)
{
	open_session(NULL);
	set_container("/creds?x=1");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "FROMENV", 1);
	answer("GET /creds?x=1 ", "200 OK", KEYS_OF("ABOX", "2099-01-01T00:00:00Z"));
	expect_keys("ABOX", "HIDDEN", "HIDDEN2");
	cr_assert_eq(fault_server_holds(server, "Authorization: FROMENV"), 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", folder_write("token", "FROMFILE\n"), 1);
	expect_keys("ABOX", "HIDDEN", "HIDDEN2");
	cr_assert_eq(fault_server_holds(server, "Authorization: FROMFILE"), 1);
}

Test(credentials, container_elsewhere_is_refused)
{
	static const char *const bad[] = {
		"http://example.com/x",           "http://127.0.0.1.evil.com/",
		"http://169.254.170.2@evil.com/", "ftp://127.0.0.1/",
		"http://169.254.169.254/",        NULL
	};

	open_session(NULL);
	for (size_t i = 0; bad[i] != NULL; i++) {
		setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i], 1);
		expect_failure(DP_EAUTH, "neither https nor on this machine");
	}
}

Test(credentials, container_that_fails_is_tried_three_times)
{
	open_session((const char *[]){ "backoff=0.001", NULL });
	set_container("/creds");
	fault_server_fail(server, FAULT_500, 0, UINT64_MAX);
	expect_failure(DP_ETRANSIENT, "container credentials: ");
	cr_assert_eq(fault_server_count(server), 3);
}

Test(credentials, answers_that_are_none_are_refused)
{
	static const char *const bad[] = {
		"",
		"[1]",
		"{\"AccessKeyId\":\"HIDDEN\"}",
		"{\"AccessKeyId\":\"HIDDEN\",\"SecretAccessKey\":7}",
		"{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"HIDDEN\\r\\nX: y\"}",
		"{\"Code\":\"Failed\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\"}",
		"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Expiration\":\"x\"}",
		NULL
	};

	open_session(NULL);
	set_container("/creds");
	for (size_t i = 0; bad[i] != NULL; i++) {
		answer("GET /creds ", "200 OK", bad[i]);
		expect_failure(DP_EAUTH, "container credentials: ");
	}
}

static void set_machine(void)
{
	unsetenv("AWS_EC2_METADATA_DISABLED");
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", fault_server_base(server), 1);
}

Test(credentials, machine)
{
	char *seen;

	open_session(NULL);
	set_machine();
	answer("GET /latest/meta-data/iam/security-credentials/my-role ", "200 OK",
	       KEYS_OF("AEC2", "2099-01-01T00:00:00Z"));
	answer("GET /latest/meta-data/iam/security-credentials/ ", "200 OK", "my-role");
	answer("PUT /latest/api/token ", "200 OK", "WORD==");
	expect_keys("AEC2", "HIDDEN", "HIDDEN2");
	cr_assert_eq(fault_server_count(server), 3);
	seen = fault_server_seen(server, 0);
	cr_assert_not_null(strstr(seen, "X-aws-ec2-metadata-token-ttl-seconds: 21600"));
	free(seen);
	cr_assert_eq(fault_server_holds(server, "X-aws-ec2-metadata-token: WORD=="), 2);
}

Test(credentials, machine_without_role_has_none)
{
	open_session(NULL);
	set_machine();
	answer("PUT /latest/api/token ", "200 OK", "WORD");
	answer("GET /latest/meta-data/iam/security-credentials/ ", "404 Not Found", "");
	expect_failure(DP_EAUTH, "no credentials: ");
}

Test(credentials, silent_machine_costs_a_second)
{
	double begun;

	open_session(NULL);
	set_machine();
	fault_server_fail(server, FAULT_SILENT, 0, UINT64_MAX);
	begun = dp__now();
	expect_failure(DP_EAUTH, "no credentials: ");
	cr_assert_lt(dp__now() - begun, 2.5);
	cr_assert_eq(fault_server_count(server), 1);
}

/* The state of the session: keys are kept. */

static dp_code get_keys(const char *access, dp_error *err)
{
	dp__aws_keys keys = { 0 };
	dp_code code = dp__aws_keys_get(&keys, session, &call, err);

	if (code == DP_OK)
		cr_assert_str_eq(keys.access_key, access);
	dp__aws_keys_fini(&keys);
	return code;
}

/* An answer with keys that last so many seconds. */
static void answer_keys(const char *access, int seconds)
{
	char until[32], body[512];
	time_t end = time(NULL) + seconds;
	struct tm parts;

	strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &parts));
	snprintf(body, sizeof(body),
		 "{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"S\",\"Token\":\"T\","
		 "\"Expiration\":\"%s\"}",
		 access, until);
	answer("GET /creds ", "200 OK", body);
}

Test(credentials, keys_are_kept_until_five_minutes_before_their_end)
{
	open_session(NULL);
	set_container("/creds");
	answer_keys("A1", 3600);
	cr_assert_eq(get_keys("A1", NULL), DP_OK);
	cr_assert_eq(get_keys("A1", NULL), DP_OK);
	cr_assert_eq(fault_server_count(server), 1);
	answer_keys("A2", 7200);
	session->set.clock = 3200;
	cr_assert_eq(get_keys("A1", NULL), DP_OK);
	cr_assert_eq(fault_server_count(server), 1);
	session->set.clock = 3400;
	cr_assert_eq(get_keys("A2", NULL), DP_OK);
	cr_assert_eq(fault_server_count(server), 2);
}

Test(credentials, keys_that_hold_are_used_when_no_others_can_be_had)
{
	open_session((const char *[]){ "backoff=0.001", NULL });
	set_container("/creds");
	answer_keys("A1", 3600);
	cr_assert_eq(get_keys("A1", NULL), DP_OK);
	fault_server_rule(server, &(fault_rule){ .head = "GET /creds " });
	fault_server_fail(server, FAULT_500, 0, UINT64_MAX);
	session->set.clock = 3400;
	cr_assert_eq(get_keys("A1", NULL), DP_OK);
	cr_assert_not_null(strstr(logged, "could not be renewed yet"));
	cr_assert_eq(fault_server_count(server), 4);
	cr_assert_eq(get_keys("A1", NULL), DP_OK);
	cr_assert_eq(fault_server_count(server), 4);
	session->set.clock = 3700;
	cr_assert_eq(get_keys("A1", NULL), DP_ETRANSIENT);
}

Test(credentials, failure_is_believed_for_a_while)
{
	dp_error err = { 0 };

	open_session(NULL);
	set_container("/creds");
	fault_server_fail(server, FAULT_403, 0, UINT64_MAX);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(get_keys("", &err), DP_EAUTH, "%s", err.msg);
	cr_assert_eq(fault_server_count(server), 1);
}

static void *get_in_thread(void *user)
{
	(void)user;
	cr_assert_eq(get_keys("A1", NULL), DP_OK);
	return NULL;
}

Test(credentials, many_threads_ask_once)
{
	pthread_t threads[16];

	open_session(NULL);
	set_container("/creds");
	answer_keys("A1", 3600);
	fault_server_delay(server, 200);
	for (size_t i = 0; i < 16; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, get_in_thread, NULL), 0);
	for (size_t i = 0; i < 16; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(fault_server_count(server), 1);
}

Test(credentials, refused_keys_are_renewed_once)
{
	dp__aws_keys keys = { 0 }, same = { 0 };

	open_session(NULL);
	set_container("/creds");
	answer_keys("A1", 3600);
	cr_assert_eq(dp__aws_keys_get(&keys, session, &call, NULL), DP_OK);
	answer_keys("A2", 3600);
	cr_assert(dp__aws_keys_renew(session, &call, &keys));
	/* Another thread that was refused with the old ones. */
	cr_assert(dp__aws_keys_renew(session, &call, &keys));
	cr_assert_eq(fault_server_count(server), 2);
	/* It is not the keys, then. */
	cr_assert_eq(dp__aws_keys_get(&same, session, &call, NULL), DP_OK);
	cr_assert_not(dp__aws_keys_renew(session, &call, &same));
	cr_assert_eq(fault_server_count(server), 2);
	dp__aws_keys_fini(&keys);
	dp__aws_keys_fini(&same);
}

Test(credentials, hosts_are_remembered)
{
	const dp__aws_learned learned = { "eu-west-1", -7 };

	open_session(NULL);
	cr_assert_str_empty(dp__aws_learned_of(session, "a").region);
	dp__aws_learn(session, "a", &learned);
	cr_assert_str_eq(dp__aws_learned_of(session, "a").region, "eu-west-1");
	cr_assert_eq(dp__aws_learned_of(session, "a").skew, -7);
	cr_assert_str_empty(dp__aws_learned_of(session, "b").region);
}
