/* test_http_session.c - requests over http among threads, processes, deadlines and signed URLs. */
#include <criterion/criterion.h>
#include <locale.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/io/http.h"
#include "core/io/http_reply.h"
#include "core/io/http_retry.h"
#include "core/io/http_url.h"
#include "core/io/store.h"
#include "support/fault_server.h"

#define SIZE ((size_t)1 << 20)

static uint8_t data[SIZE];
static fault_server *server;
static char logged[1 << 16];

static void keep_log(void *user, dp_level level, const char *line)
{
	(void)user, (void)level;
	if (strlen(logged) + strlen(line) + 2 < sizeof(logged))
		strcat(strcat(logged, line), "\n");
}

static void set_up(void)
{
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	server = fault_server_start(data, SIZE);
	cr_assert_not_null(server);
}

static void tear_down(void)
{
	fault_server_stop(server);
}

TestSuite(http_session, .init = set_up, .fini = tear_down, .timeout = 60);

static dp_session *open_session(const char *setting)
{
	const char *set[] = { "backoff=0.001", "first-byte=30", setting, NULL };
	dp_session *session = NULL;

	cr_assert_eq(dp_session_open(&session, set, NULL), DP_OK);
	dp_session_log_to(session, keep_log, NULL);
	return session;
}

static dp_code open_site(dp__site *site, dp_session *session, const char *path)
{
	char url[1024];
	dp_place where = { .url = url };

	snprintf(url, sizeof(url), "%s%s", fault_server_base(server), path);
	return dp__site_open(site, session, &where, NULL);
}

static dp_code read_at(const dp__site *site, const dp_call *call, uint64_t off, dp_error *err)
{
	uint8_t buf[1000];
	dp_read read = { off, sizeof(buf), buf };
	dp_code code = dp__site_read(site, call, "\"first\"", &read, 1, err);

	if (code == DP_OK && memcmp(buf, data + off, sizeof(buf)) != 0)
		return dp_fail(err, DP_EFORMAT, "wrong bytes");
	return code;
}

typedef struct reader {
	pthread_t thread;
	dp_session *session;
	const dp__site *site;
	dp_code code;
} reader;

static void *read_often(void *user)
{
	reader *one = user;
	dp_call call = dp__call_begin(one->session);

	for (uint64_t i = 0; one->code == DP_OK && i < 50; i++)
		one->code = read_at(one->site, &call, i * 1000, NULL);
	return NULL;
}

Test(http_session, threads_share_one_place_within_the_limit)
{
	dp_session *session = open_session("connections=4");
	reader all[12];
	dp__site site;

	cr_assert_eq(open_site(&site, session, "/x"), DP_OK);
	fault_server_delay(server, 1);
	for (size_t i = 0; i < 12; i++) {
		all[i] = (reader){ .session = session, .site = &site };
		cr_assert_eq(pthread_create(&all[i].thread, NULL, read_often, &all[i]), 0);
	}
	for (size_t i = 0; i < 12; i++) {
		pthread_join(all[i].thread, NULL);
		cr_assert_eq(all[i].code, DP_OK);
	}
	cr_assert_leq(fault_server_parallel(server), 4);
	cr_assert_eq(fault_server_count(server), 12 * 50);
	dp__site_close(&site);
	dp_session_free(session);
}

Test(http_session, child_after_fork_makes_connections_of_its_own)
{
	dp_session *session = open_session(NULL);
	dp_call call = dp__call_begin(session);
	size_t connections;
	dp__site site;
	int status = -1;
	pid_t child;

	cr_assert_eq(open_site(&site, session, "/x"), DP_OK);
	cr_assert_eq(read_at(&site, &call, 0, NULL), DP_OK);
	connections = fault_server_connections(server);
	child = fork();
	if (child == 0) {
		int bad = 0;

		for (uint64_t i = 0; i < 10; i++)
			bad += read_at(&site, &call, i * 1000, NULL) != DP_OK;
		dp__site_close(&site);
		dp_session_free(session);
		_exit(bad);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	cr_assert_eq(fault_server_connections(server), connections + 1);
	/* The parent's is as it was. */
	cr_assert_eq(read_at(&site, &call, 5000, NULL), DP_OK);
	cr_assert_eq(fault_server_connections(server), connections + 1);
	dp__site_close(&site);
	dp_session_free(session);
}

static void *cancel_soon(void *user)
{
	poll(NULL, 0, 150);
	dp_session_cancel(user);
	return NULL;
}

Test(http_session, cancel_ends_a_call_that_waits)
{
	dp_session *session = open_session(NULL);
	dp_call call = dp__call_begin(session);
	double start = dp__now();
	pthread_t thread;
	dp__site site;

	cr_assert_eq(open_site(&site, session, "/x"), DP_OK);
	fault_server_fail(server, FAULT_SILENT, 0, 1);
	cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, session), 0);
	cr_assert_eq(read_at(&site, &call, 0, NULL), DP_ECANCELED);
	cr_assert_lt(dp__now() - start, 5);
	pthread_join(thread, NULL);
	call = dp__call_begin(session);
	cr_assert_eq(read_at(&site, &call, 0, NULL), DP_OK);
	dp__site_close(&site);
	dp_session_free(session);
}

Test(http_session, deadline_ends_a_call_that_waits)
{
	dp_session *session = open_session("timeout=0.3");
	dp_call call = dp__call_begin(session);
	double start = dp__now();
	dp__site site;

	cr_assert_eq(open_site(&site, session, "/x"), DP_OK);
	fault_server_fail(server, FAULT_SILENT, 0, UINT64_MAX);
	cr_assert_eq(read_at(&site, &call, 0, NULL), DP_ETRANSIENT);
	cr_assert_lt(dp__now() - start, 5);
	dp__site_close(&site);
	dp_session_free(session);
}

static volatile sig_atomic_t pipes;

static void count_pipe(int number)
{
	(void)number;
	pipes++;
}

Test(http_session, signals_and_locale_of_the_program_are_left_alone)
{
	struct sigaction mine = { .sa_handler = count_pipe }, now;
	dp_session *session = open_session(NULL);
	dp_call call = dp__call_begin(session);
	sigset_t before, after;
	dp__site site;

	cr_assert_str_eq(setlocale(LC_ALL, "C.UTF-8"), "C.UTF-8");
	sigaction(SIGPIPE, &mine, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	cr_assert_eq(open_site(&site, session, "/x"), DP_OK);
	fault_server_fail(server, FAULT_RESET_BODY, 0, 2);
	cr_assert_eq(read_at(&site, &call, 0, NULL), DP_OK);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	sigaction(SIGPIPE, NULL, &now);
	cr_assert_eq(now.sa_handler, count_pipe);
	cr_assert_eq(sigismember(&before, SIGPIPE), sigismember(&after, SIGPIPE));
	cr_assert_eq(pipes, 0);
	cr_assert_str_eq(setlocale(LC_ALL, NULL), "C.UTF-8");
	dp__site_close(&site);
	dp_session_free(session);
}

Test(http_session, full_url_is_used_for_its_public_form_only)
{
	char setting[512];
	dp_session *session;
	dp_call call;
	dp__site site;

	snprintf(setting, sizeof(setting), "url=%s/x?v=1&X-Amz-Credential=me&X-Amz-Signature=51635",
		 fault_server_base(server));
	session = open_session(setting);
	call = dp__call_begin(session);
	cr_assert_eq(open_site(&site, session, "/x?v=1"), DP_OK);
	cr_assert_eq(read_at(&site, &call, 0, NULL), DP_OK);
	dp__site_close(&site);
	cr_assert_eq(fault_server_holds(server, "GET /x?v=1&X-Amz-Credential=me&X-Amz-Sig"), 1);
	cr_assert_eq(open_site(&site, session, "/y"), DP_OK);
	cr_assert_eq(read_at(&site, &call, 0, NULL), DP_OK);
	dp__site_close(&site);
	cr_assert_eq(fault_server_holds(server, "51635"), 1);
	cr_assert_null(strstr(logged, "51635"));
	cr_assert_not_null(strstr(logged, "/x?... [0, 1000): 206"), "%s", logged);
	dp_session_free(session);
}

/* Signs with the number of the attempt; the judge gives a new key once. */
typedef struct signer {
	unsigned key, judged;
	char url[256];
} signer;

static dp_code sign(void *user, const dp__http_attempt *attempt, dp_error *err)
{
	const signer *mine = user;
	char text[32];

	snprintf(text, sizeof(text), "key-%u", mine->key);
	cr_assert_not_null(strstr(attempt->url, "/signed"));
	return attempt->add(attempt->self, "X-Signature", text, err);
}

static dp__http_verdict judge(void *user, dp__http_request *request, const dp__http_reply *reply,
			      dp_error *err)
{
	signer *mine = user;

	(void)err;
	mine->judged++;
	if (strcmp(reply->code, "ExpiredToken") != 0)
		return DP__HTTP_TABLE;
	mine->key++;
	request->url = mine->url;
	return DP__HTTP_AGAIN;
}

Test(http_session, judge_may_change_keys_and_address)
{
	dp_session *session = open_session(NULL);
	dp_call call = dp__call_begin(session);
	signer mine = { .key = 1 };
	char url[256];
	dp__http_request request = { .method = "PUT",
				     .url = url,
				     .body_fd = -1,
				     .body = "hello",
				     .body_len = 5,
				     .max_body = SIZE,
				     .sign = sign,
				     .judge = judge,
				     .user = &mine };
	dp__http_reply reply = { 0 };

	snprintf(url, sizeof(url), "%s/signed", fault_server_base(server));
	snprintf(mine.url, sizeof(mine.url), "%s/signed-again", fault_server_base(server));
	fault_server_fail(server, FAULT_EXPIRED_400, 0, 1);
	cr_assert_eq(dp__http_perform(session, &call, &request, &reply, 1, NULL), DP_OK);
	cr_assert_eq(reply.status, 200);
	cr_assert_eq(reply.body.len, SIZE);
	cr_assert_eq(mine.judged, 2);
	cr_assert_eq(fault_server_holds(server, "PUT /signed HTTP/1.1"), 1);
	cr_assert_eq(fault_server_holds(server, "X-Signature: key-2"), 1);
	cr_assert_eq(fault_server_holds(server, "Content-Length: 5\r\n"), 2);
	cr_assert_eq(fault_server_holds(server, "\r\n\r\nhello"), 2);
	/* A judge that never has enough is stopped. */
	fault_server_fail(server, FAULT_EXPIRED_400, 0, UINT64_MAX);
	fault_server_forget(server);
	cr_assert_eq(dp__http_perform(session, &call, &request, &reply, 1, NULL), DP_EIO);
	cr_assert_eq(fault_server_count(server), 5);
	dp__http_reply_fini(&reply);
	dp_session_free(session);
}

Test(http_session, answer_longer_than_allowed_is_refused)
{
	dp_session *session = open_session(NULL);
	dp_call call = dp__call_begin(session);
	dp__http_request request = { .method = "GET", .body_fd = -1, .max_body = 1000 };
	dp__http_reply reply = { 0 };
	char url[256];

	snprintf(url, sizeof(url), "%s/x", fault_server_base(server));
	request.url = url;
	cr_assert_eq(dp__http_perform(session, &call, &request, &reply, 1, NULL), DP_EIO);
	dp__http_reply_fini(&reply);
	dp_session_free(session);
}

Test(http_reply, reads_content_ranges_and_nothing_else)
{
	static const char *const bad[] = {
		"",
		"bytes",
		"bytes 0-9",
		"bytes 9-0/10",
		"bytes */*",
		"bytes 0-9/9",
		"bytes -9/10",
		"bytes 0-/10",
		"items 0-9/10",
		"bytes 0-9/x",
		"bytes 0-9/10 ",
		"bytes 0 - 9/10",
		"bytes 0-18446744073709551615/*",
		"bytes 0-99999999999999999999/*",
	};
	uint64_t first, last, total;

	cr_assert(dp__http_reply_range("bytes 5-9/10", &first, &last, &total));
	cr_assert(first == 5 && last == 10 && total == 10);
	cr_assert(dp__http_reply_range("bytes 5-9/*", &first, &last, &total));
	cr_assert(first == 5 && last == 10 && total == UINT64_MAX);
	cr_assert(dp__http_reply_range("bytes */0", &first, &last, &total));
	cr_assert(first == 0 && last == 0 && total == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_not(dp__http_reply_range(bad[i], &first, &last, &total), "%s", bad[i]);
}

Test(http_reply, each_status_line_forgets_what_came_before)
{
	dp__http_reply reply = { 0 };
	static const char *const lines[] = { "HTTP/1.1 200 Connection established\r\n",
					     "ETag: \"proxy\"\r\n",
					     "HTTP/1.1 206\r\n",
					     "content-range:bytes 0-9/10\r\n",
					     "Retry-After: 999\r\n",
					     "Location: \x1b[31m\r\n" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		dp__http_reply_line(&reply, lines[i], strlen(lines[i]));
	cr_assert_eq(reply.status, 206);
	cr_assert_str_empty(reply.etag);
	cr_assert(reply.ranges && reply.total == 10);
	cr_assert_eq(reply.retry_s, 30);
	cr_assert_str_empty(reply.location);
}

Test(http_retry, waits_grow_are_bounded_and_keep_to_the_servers_wish)
{
	cr_assert_float_eq(dp__http_backoff(0.1, 1, 0.5, 0), 0.05, 1e-9);
	cr_assert_float_eq(dp__http_backoff(0.1, 4, 0.5, 0), 0.4, 1e-9);
	cr_assert_float_eq(dp__http_backoff(0.1, 60, 1, 0), 20, 1e-9);
	cr_assert_float_eq(dp__http_backoff(0.1, 1, 0.5, 3), 3, 1e-9);
}

Test(http_url, origins_are_compared_with_their_default_ports)
{
	cr_assert(dp__http_url_same_origin("http://a.org/x", "HTTP://A.org:80/y?z"));
	cr_assert_not(dp__http_url_same_origin("http://a.org/", "https://a.org/"));
	cr_assert_not(dp__http_url_same_origin("http://a.org/", "http://a.org:8080/"));
	cr_assert_not(dp__http_url_same_origin("http://a.org/", "http://a.org@b.org/"));
	cr_assert_not(dp__http_url_same_origin("no url", "no url"));
}

Test(http_url, redirects_never_leave_https)
{
	char *to = NULL;

	cr_assert_eq(dp__http_url_follow(&to, "https://a.org/b/c?d", "../e", NULL), DP_OK);
	cr_assert_str_eq(to, "https://a.org/e");
	free(to);
	cr_assert_eq(dp__http_url_follow(&to, "https://a.org/", "http://a.org/", NULL), DP_EIO);
	cr_assert_eq(dp__http_url_follow(&to, "http://a.org/", "ftp://a.org/", NULL), DP_EIO);
	cr_assert_eq(dp__http_url_follow(&to, "http://a.org/", "https://b.org/x", NULL), DP_OK);
	free(to);
}

Test(http_url, logs_show_no_query_user_or_password)
{
	char text[128];

	dp__http_redact(text, sizeof(text), "https://me:pw@a.org/x?key=1");
	cr_assert_str_eq(text, "https://a.org/x?...");
	dp__http_redact(text, 14, "https://me:pw@a.org/x?key=1");
	cr_assert_str_eq(text, "https://a.org");
}
