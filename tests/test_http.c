/* test_http.c - requests over http: what each fault of a server comes to, and what never leaves. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/http.h"
#include "core/io/store.h"
#include "support/folder.h"
#include "support/make.h"
#include "support/suffer.h"

#define SIZE   ((size_t)1 << 20)
#define RANGES 64
#define LEN    ((size_t)4096)
#define STRIDE ((uint64_t)16384)
#define SECRET "header=Authorization: Bearer s3cr3t"

static uint8_t data[SIZE];
static uint8_t got[RANGES][LEN];
static fault_server *server;
static dp_session *session;
static dp_call call;
static dp__site site;
static char logged[1 << 20];

static void keep_log(void *user, dp_level level, const char *line)
{
	(void)user, (void)level;
	if (strlen(logged) + strlen(line) + 2 < sizeof(logged))
		strcat(strcat(logged, line), "\n");
}

/* Limits that need no waiting; header: the setting, "header=NAME:VALUE". */
static void open_session(const char *header)
{
	const char *set[] = { "backoff=0.001",
			      "connect-timeout=2",
			      "first-byte=0.4",
			      "retries=4",
			      "low-speed-time=0.4",
			      header,
			      NULL };

	cr_assert_eq(dp_session_open(&session, set, NULL), DP_OK);
	dp_session_log_to(session, keep_log, NULL);
	call = dp__call_begin(session);
}

static dp_code open_site(const char *path, dp_error *err)
{
	char url[512];
	dp_place where = { .url = url };

	snprintf(url, sizeof(url), "%s%s", fault_server_base(server), path);
	return dp__site_open(&site, session, &where, err);
}

static void set_up(void)
{
	make_noise(data, SIZE);
	server = fault_server_start(data, SIZE);
	cr_assert_not_null(server);
	open_session(SECRET);
	cr_assert_eq(open_site("/x", NULL), DP_OK);
}

static void tear_down(void)
{
	dp__site_close(&site);
	dp_session_free(session);
	if (server != NULL)
		fault_server_stop(server);
}

TestSuite(http, .init = set_up, .fini = tear_down, .timeout = 120);

static dp_code read_ranges(const char *etag, size_t n, dp_error *err)
{
	dp_read reads[RANGES];

	memset(got, 0, sizeof(got));
	for (size_t i = 0; i < n; i++)
		reads[i] = (dp_read){ STRIDE * i, LEN, got[i] };
	return dp__site_read(&site, &call, etag, reads, n, err);
}

static bool all_right(size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(got[i], data + STRIDE * i, LEN) != 0)
			return false;
	return true;
}

Test(http, stat_tells_size_identity_and_head)
{
	uint8_t head[100];
	dp_stat stat = { .head = head, .cap = sizeof(head) };

	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_OK);
	cr_assert_eq(stat.size, SIZE);
	cr_assert_str_eq(stat.etag, "\"first\"");
	cr_assert_eq(stat.len, sizeof(head));
	cr_assert_arr_eq(head, data, sizeof(head));
	cr_assert_eq(fault_server_count(server), 1);
	cr_assert_eq(fault_server_holds(server, "Range: bytes=0-99\r\n"), 1);
}

Test(http, reads_each_range_with_one_request_that_names_the_etag)
{
	cr_assert_eq(read_ranges("\"first\"", RANGES, NULL), DP_OK);
	cr_assert(all_right(RANGES));
	cr_assert_eq(fault_server_count(server), RANGES);
	cr_assert_eq(fault_server_holds(server, "If-Match: \"first\"\r\n"), RANGES);
	cr_assert_eq(fault_server_holds(server, "Accept-Encoding: identity\r\n"), RANGES);
}

Test(http, opens_no_more_connections_than_it_may)
{
	/* Long enough for all that may wait at once to have come, on a busy machine too. */
	fault_server_delay(server, 300);
	cr_assert_eq(read_ranges("\"first\"", RANGES, NULL), DP_OK);
	cr_assert_leq(fault_server_connections(server), 16);
	cr_assert_eq(fault_server_parallel(server), 16);
}

/* A look at the object, and 64 ranges of it at once, by a session of their own. */
static dp_code look_and_read(dp_error *err)
{
	dp_session *mine = suffer_open((const char *const[]){ "header=X-Key: " HIDDEN, NULL });
	dp_call all = dp__call_begin(mine);
	dp_place where = { .url = fault_server_base(server) };
	dp_stat stat = { .cap = 0 };
	dp_read reads[RANGES];
	dp__site at = { 0 };
	dp_code code;

	for (size_t i = 0; i < RANGES; i++)
		reads[i] = (dp_read){ STRIDE * i, LEN, got[i] };
	memset(got, 0, sizeof(got));
	cr_assert_eq(dp__site_open(&at, mine, &where, NULL), DP_OK);
	code = dp__site_stat(&at, &all, &stat, err);
	if (code == DP_OK)
		code = dp__site_read(&at, &all, stat.etag, reads, RANGES, err);
	cr_assert(code != DP_OK || suffer_what() == FAULT_WRONG_BYTES || all_right(RANGES));
	dp__site_close(&at);
	dp_session_free(mine);
	return code;
}

/* From the 7th range on; 500 / 5 retries can be afforded at most. */
static void suffer_all(uint64_t times)
{
	fault_trial trial = { .server = server,
			      .skip = 7,
			      .usual = 1 + RANGES,
			      .most = 1 + RANGES + 100,
			      .run = look_and_read };

	fault_server_lead(server, "ftp://127.0.0.1/");
	suffer(&trial, times);
}

Test(http, one_fault_in_a_batch_gives_right_bytes_or_its_code)
{
	suffer_all(1);
}

Test(http, two_faults_in_a_batch_give_right_bytes_or_their_code)
{
	suffer_all(2);
}

Test(http, faults_that_stay_end_with_their_code)
{
	suffer_all(UINT64_MAX);
}

Test(http, resumes_a_broken_range_where_it_broke)
{
	char *second;

	fault_server_fail(server, FAULT_CUT_BODY, 0, 1);
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_OK);
	cr_assert(all_right(1));
	cr_assert_eq(fault_server_count(server), 2);
	second = fault_server_seen(server, 1);
	cr_assert_not_null(strstr(second, "Range: bytes=2048-4095\r\n"));
	cr_assert_not_null(strstr(second, "If-Match: \"first\"\r\n"));
	free(second);
}

Test(http, pins_what_it_resumes_even_where_nothing_was_pinned)
{
	fault_server_fail(server, FAULT_CUT_BODY, 0, 1);
	cr_assert_eq(read_ranges(NULL, 1, NULL), DP_OK);
	cr_assert(all_right(1));
	cr_assert_eq(fault_server_holds(server, "If-Match: \"first\"\r\n"), 1);
}

Test(http, progress_earns_more_retries)
{
	uint8_t *all = malloc(SIZE);
	dp_read read = { 0, SIZE, all };

	/* Half of the rest each time: 1 MiB to 64 KiB are four breaks that do not count. */
	fault_server_fail(server, FAULT_CUT_BODY, 0, 7);
	cr_assert_eq(dp__site_read(&site, &call, "\"first\"", &read, 1, NULL), DP_OK);
	cr_assert_arr_eq(all, data, SIZE);
	free(all);
}

Test(http, counts_requests_retries_and_bytes)
{
	dp_traffic counts;

	fault_server_fail(server, FAULT_503, 0, 2);
	cr_assert_eq(read_ranges("\"first\"", 8, NULL), DP_OK);
	counts = dp_session_traffic(session);
	cr_assert_eq(counts.requests, 10);
	cr_assert_eq(counts.retries, 2);
	cr_assert_eq(counts.bytes, 8 * LEN);
	cr_assert_gt(counts.first_byte, 0);
}

Test(http, message_names_host_status_code_and_request)
{
	dp_error err;

	fault_server_fail(server, FAULT_403, 0, UINT64_MAX);
	cr_assert_eq(read_ranges("\"first\"", 1, &err), DP_EAUTH);
	cr_assert_eq(err.http, 403);
	cr_assert_not_null(strstr(err.msg, "127.0.0.1"), "%s", err.msg);
	cr_assert_not_null(strstr(err.msg, "403 AccessDenied (request REQ7)"), "%s", err.msg);
}

Test(http, range_past_the_end_is_stale)
{
	uint8_t buf[16];
	dp_read cut = { SIZE - 8, 16, buf }, behind = { SIZE, 16, buf };
	dp_read wild = { UINT64_MAX - 3, 16, buf };

	cr_assert_eq(dp__site_read(&site, &call, NULL, &cut, 1, NULL), DP_ESTALE);
	cr_assert_eq(dp__site_read(&site, &call, NULL, &behind, 1, NULL), DP_ESTALE);
	cr_assert_eq(dp__site_read(&site, &call, NULL, &wild, 1, NULL), DP_ESTALE);
}

Test(http, changed_object_is_stale)
{
	fault_server_identify(server, "\"second\"", "");
	cr_assert_eq(read_ranges("\"first\"", 4, NULL), DP_ESTALE);
}

Test(http, weak_etag_is_compared_but_not_sent)
{
	fault_server_identify(server, "W/\"first\"", "");
	cr_assert_eq(read_ranges("W/\"first\"", 4, NULL), DP_OK);
	cr_assert_eq(fault_server_holds(server, "If-Match"), 0);
	cr_assert_eq(read_ranges("W/\"other\"", 4, NULL), DP_ESTALE);
}

Test(http, without_etag_the_time_of_change_pins)
{
	dp_stat stat = { .cap = 0 };

	fault_server_identify(server, "", "Tue, 24 Nov 2026 00:00:00 GMT");
	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_OK);
	cr_assert_str_eq(stat.etag, "lm:Tue, 24 Nov 2026 00:00:00 GMT");
	cr_assert_eq(read_ranges(stat.etag, 4, NULL), DP_OK);
	fault_server_identify(server, "", "Wed, 25 Nov 2026 00:00:00 GMT");
	cr_assert_eq(read_ranges(stat.etag, 4, NULL), DP_ESTALE);
}

Test(http, empty_object_has_size_and_etag)
{
	fault_server *empty = fault_server_start("", 0);
	dp_place where = { .url = fault_server_base(empty) };
	dp_stat stat = { .cap = 0 };
	dp__site at;

	cr_assert_eq(dp__site_open(&at, session, &where, NULL), DP_OK);
	cr_assert_eq(dp__site_stat(&at, &call, &stat, NULL), DP_OK);
	cr_assert_eq(stat.size, 0);
	cr_assert_str_eq(stat.etag, "\"first\"");
	dp__site_close(&at);
	fault_server_stop(empty);
}

Test(http, small_object_may_come_whole)
{
	uint8_t buf[5];
	fault_server *small = fault_server_start("hello", 5);
	dp_place where = { .url = fault_server_base(small) };
	dp_read read = { 0, 5, buf };
	dp__site at;

	fault_server_fail(small, FAULT_WHOLE, 0, UINT64_MAX);
	cr_assert_eq(dp__site_open(&at, session, &where, NULL), DP_OK);
	cr_assert_eq(dp__site_read(&at, &call, "\"first\"", &read, 1, NULL), DP_OK);
	cr_assert_arr_eq(buf, "hello", 5);
	dp__site_close(&at);
	fault_server_stop(small);
}

Test(http, redirect_is_followed_and_kept_and_headers_stay_at_home)
{
	fault_server *other = fault_server_start(data, SIZE);
	char there[128];

	snprintf(there, sizeof(there), "%s/there?X-Amz-Signature=0123456789abcdef&x=1",
		 fault_server_base(other));
	fault_server_lead(server, there);
	fault_server_fail(server, FAULT_REDIRECT, 0, UINT64_MAX);
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_OK);
	cr_assert(all_right(1));
	cr_assert_eq(read_ranges("\"first\"", 8, NULL), DP_OK);
	cr_assert_eq(fault_server_count(server), 1);
	cr_assert_eq(fault_server_holds(server, "Authorization: Bearer s3cr3t"), 1);
	cr_assert_eq(fault_server_count(other), 9);
	cr_assert_eq(fault_server_holds(other, "Authorization"), 0);
	cr_assert_eq(fault_server_holds(other, "s3cr3t"), 0);
	cr_assert_null(strstr(logged, "0123456789abcdef"));
	fault_server_stop(other);
}

Test(http, place_of_a_redirect_that_ran_out_is_asked_for_again)
{
	fault_server *other = fault_server_start(data, SIZE);

	fault_server_lead(server, fault_server_base(other));
	fault_server_fail(server, FAULT_REDIRECT, 0, UINT64_MAX);
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_OK);
	fault_server_fail(other, FAULT_403, 0, 1);
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_OK);
	cr_assert_eq(fault_server_count(server), 2);
	fault_server_fail(other, FAULT_403, 0, UINT64_MAX);
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_EAUTH);
	fault_server_stop(other);
}

Test(http, redirect_loop_ends)
{
	fault_server_lead(server, "/again");
	fault_server_fail(server, FAULT_REDIRECT, 0, UINT64_MAX);
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_EIO);
	cr_assert_eq(fault_server_count(server), 6);
	cr_assert_eq(fault_server_holds(server, "Authorization: Bearer s3cr3t"), 6);
}

Test(http, redirect_to_a_file_or_the_link_is_refused)
{
	static const char *const bad[] = { "file:///etc/passwd", "ftp://127.0.0.1/x", "" };

	fault_server_fail(server, FAULT_REDIRECT, 0, UINT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fault_server_lead(server, bad[i]);
		cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_EIO, "%s", bad[i]);
	}
	fault_server_lead(server, "http://169.254.169.254/latest/meta-data");
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_EAUTH);
	fault_server_lead(server, "http://0xa9fea9fe/latest/meta-data");
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_EAUTH);
	fault_server_lead(server, "http://[::ffff:169.254.169.254]/");
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_EAUTH);
}

Test(http, password_of_netrc_goes_to_its_host_only)
{
	fault_server *other = fault_server_start(data, SIZE);

	setenv("HOME", folder_make(), 1);
	folder_write(".netrc", "machine 127.0.0.1 login me password pa55\n");
	dp__site_close(&site);
	dp_session_free(session);
	open_session("header=X-Other: 1");
	cr_assert_eq(open_site("/x", NULL), DP_OK);
	fault_server_lead(server, fault_server_base(other));
	fault_server_fail(server, FAULT_REDIRECT, 0, 1);
	cr_assert_eq(read_ranges("\"first\"", 1, NULL), DP_OK);
	/* "me:pa55" */
	cr_assert_eq(fault_server_holds(server, "Authorization: Basic bWU6cGE1NQ=="), 1);
	cr_assert_eq(fault_server_holds(other, "Authorization"), 0);
	cr_assert_eq(fault_server_holds(other, "X-Other"), 0);
	cr_assert_null(strstr(logged, "bWU6cGE1NQ"));
	folder_remove();
	fault_server_stop(other);
}

Test(http, headers_that_would_split_a_request_are_refused)
{
	dp__site_close(&site);
	dp_session_free(session);
	open_session("header=no colon here");
	cr_assert_eq(open_site("/x", NULL), DP_EINVAL);
	site = (dp__site){ 0 };
}
