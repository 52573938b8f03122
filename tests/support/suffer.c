/* suffer.c - a matrix of faults: each once, twice, always; what comes of it, and what it costs. */
#include "support/suffer.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/folder.h"

#define SETTINGS_MAX  24
#define SIGNATURE_LEN 64
#define SLACK         2 /* requests that a busy machine may make of its own */

extern char **environ;

const fault_row suffer_ranges[FAULT_END - 1] = {
	{ FAULT_RESET_FIRST, true, DP_ETRANSIENT },
	{ FAULT_RESET_BODY, true, DP_ETRANSIENT },
	{ FAULT_CUT_BODY, true, DP_ETRANSIENT },
	{ FAULT_CUT_UNSIZED, true, DP_ETRANSIENT },
	{ FAULT_CUT_CHUNKS, true, DP_ETRANSIENT },
	{ FAULT_EMPTY, true, DP_ETRANSIENT },
	{ FAULT_DRIP, true, DP_ETRANSIENT },
	{ FAULT_STALL, true, DP_ETRANSIENT },
	{ FAULT_SILENT, true, DP_ETRANSIENT },
	{ FAULT_500, true, DP_ETRANSIENT },
	{ FAULT_503, true, DP_ETRANSIENT },
	{ FAULT_429, true, DP_ETRANSIENT },
	{ FAULT_SLOW_DOWN, true, DP_ETRANSIENT },
	{ FAULT_TIMEOUT_400, true, DP_ETRANSIENT },
	{ FAULT_EXPIRED_400, false, DP_EIO },
	{ FAULT_SKEW_403, false, DP_EAUTH },
	{ FAULT_403, false, DP_EAUTH },
	{ FAULT_404, false, DP_ENOTFOUND },
	{ FAULT_412, false, DP_ESTALE },
	{ FAULT_416, false, DP_ESTALE },
	{ FAULT_WHOLE, false, DP_EUNSUPPORTED },
	{ FAULT_LONGER, true, DP_ETRANSIENT },
	{ FAULT_SHIFTED, false, DP_EIO },
	{ FAULT_SHORTER, false, DP_EIO },
	{ FAULT_OTHER_TOTAL, false, DP_ESTALE },
	{ FAULT_NO_RANGE, false, DP_EIO },
	{ FAULT_MULTIPART, false, DP_EIO },
	{ FAULT_WRONG_BYTES, true, DP_OK }, /* only where a unit is whole it can be told */
	{ FAULT_ENCODED, true, DP_OK },
	{ FAULT_LENGTH_HUGE, true, DP_ETRANSIENT },
	{ FAULT_LENGTH_MINUS, true, DP_ETRANSIENT },
	{ FAULT_LENGTH_TWICE, true, DP_ETRANSIENT },
	{ FAULT_OTHER_ETAG, false, DP_ESTALE },
	{ FAULT_NO_ETAG, false, DP_EIO },
	{ FAULT_REDIRECT, false, DP_EIO },
	{ FAULT_NO_LOCATION, false, DP_EIO },
	{ FAULT_GARBAGE, true, DP_ETRANSIENT },
	{ FAULT_HEADERS, false, DP_EIO },
	{ FAULT_CLOSE, true, DP_OK },
};

static fault at_hand;
static char logged[1 << 20];
static size_t logged_len;

static void keep_log(void *user, dp_level level, const char *line)
{
	size_t n = strlen(line);

	(void)user, (void)level;
	if (n + 2 > sizeof(logged) - logged_len)
		return;
	memcpy(logged + logged_len, line, n);
	memcpy(logged + logged_len + n, "\n", 2);
	logged_len += n + 1;
}

fault suffer_what(void)
{
	return at_hand;
}

const char *suffer_log(void)
{
	return logged;
}

/* Faults that only a limit of time ends. Nothing else may run into one, on a busy machine either.
 */
static bool is_slow(fault what)
{
	return what == FAULT_DRIP || what == FAULT_STALL || what == FAULT_SILENT ||
	       what == FAULT_SHIFTED;
}

dp_session *suffer_open(const char *const *settings)
{
	const char *all[SETTINGS_MAX] = { "backoff=0.001", "retries=2" };
	dp_session *session = NULL;
	dp_error err = { .code = DP_OK };
	size_t n = 2;

	all[n++] = is_slow(at_hand) ? "first-byte=0.2" : "first-byte=30";
	all[n++] = is_slow(at_hand) ? "low-speed-time=0.2" : "low-speed-time=30";
	for (; settings != NULL && *settings != NULL && n < SETTINGS_MAX - 1; settings++)
		all[n++] = *settings;
	cr_assert_eq(dp_session_open(&session, all, &err), DP_OK, "%s", err.msg);
	dp_session_log_to(session, keep_log, NULL);
	return session;
}

/* Whether text holds the signature in a request's Authorization header. */
static bool tells_signature(const char *text, const char *request)
{
	const char *at = strstr(request, "Signature=");
	char signature[SIGNATURE_LEN + 1];

	if (at == NULL || strlen(at) < strlen("Signature=") + SIGNATURE_LEN)
		return false;
	snprintf(signature, sizeof(signature), "%s", at + strlen("Signature="));
	return strstr(text, signature) != NULL;
}

void suffer_expect_quiet(fault_server *server, const char *text)
{
	size_t n = fault_server_count(server);

	text = text != NULL ? text : "";
	cr_assert_null(strstr(logged, HIDDEN), "%s", logged);
	cr_assert_null(strstr(text, HIDDEN), "%s", text);
	for (size_t i = 0; i < n; i++) {
		char *request = fault_server_seen(server, i);

		cr_assert_not(tells_signature(logged, request), "%s", logged);
		cr_assert_not(tells_signature(text, request), "%s", text);
		free(request);
	}
}

static size_t count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t n = 0;

	cr_assert_not_null(folder);
	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n;
}

size_t suffer_descriptors(size_t most)
{
	size_t n = count_descriptors();

	/* The server's end of a connection may take a while to go, and one to come first. */
	for (int i = 0; i < 1000 && n > most; i++) {
		poll(NULL, 0, 10);
		n = count_descriptors();
	}
	return n;
}

/* before: descriptors that were open before the first trial. */
static void suffer_one(const fault_trial *trial, const fault_row *row, uint64_t times,
		       size_t before)
{
	bool heals = row->passes && (times <= 2 || row->code == DP_OK);
	uint64_t faults = times <= 2 && row->code != DP_OK ? times : 0;
	size_t most, count;
	dp_error err = { .code = DP_OK };
	dp_code code;

	at_hand = row->what;
	logged_len = 0;
	logged[0] = '\0';
	fault_server_forget(trial->server);
	fault_server_fail(trial->server, row->what, trial->skip, times);
	code = trial->run(&err);
	cr_assert_eq(code, heals ? DP_OK : row->code, "fault %d, %ld times: %s (%s)", row->what,
		     (long)times, dp_code_name(code), err.msg);
	if (heals)
		most = trial->usual + (size_t)faults + SLACK;
	else
		most = row->passes ? trial->most : trial->usual;
	count = fault_server_count(trial->server);
	cr_assert_leq(count, most, "fault %d, %ld times: %zu requests, not %zu", row->what,
		      (long)times, count, most);
	suffer_expect_quiet(trial->server, err.msg);
	fault_server_fail(trial->server, FAULT_NONE, 0, 0);
	/* What was asked and given up shall not be taken for a request of the next trial. */
	fault_server_settle(trial->server);
	cr_assert_leq(suffer_descriptors(before), before, "fault %d leaks", row->what);
	at_hand = FAULT_NONE;
}

static const fault_row *row_of(const fault_trial *trial, fault what)
{
	for (size_t i = 0; i < trial->nrows; i++)
		if (trial->row[i].what == what)
			return &trial->row[i];
	cr_assert_eq(suffer_ranges[what - 1].what, what, "no row tells of fault %d", what);
	return &suffer_ranges[what - 1];
}

void suffer(const fault_trial *trial, uint64_t times)
{
	size_t before = count_descriptors();

	for (fault what = FAULT_NONE + 1; what < FAULT_END; what++)
		suffer_one(trial, row_of(trial, what), times, before);
}

/* Whether a variable, "NAME=VALUE", could change what a test sees. */
static bool is_ours(const char *variable)
{
	size_t n = strcspn(variable, "=");

	return strncmp(variable, "AWS_", 4) == 0 ||
	       (strncmp(variable, "DATAPLUG_", 9) == 0 &&
		strncmp(variable, "DATAPLUG_TEST_", 14) != 0) ||
	       (n >= 6 && strncasecmp(variable + n - 6, "_proxy", 6) == 0);
}

const char *suffer_environment(void)
{
	const char *folder = folder_make();
	char name[256];
	size_t i = 0;

	while (environ[i] != NULL) {
		size_t n = strcspn(environ[i], "=");

		if (!is_ours(environ[i]) || n >= sizeof(name)) {
			i++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)n, environ[i]);
		unsetenv(name);
		i = 0;
	}
	setenv("HOME", folder, 1);
	setenv("XDG_CACHE_HOME", folder, 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	return folder;
}
