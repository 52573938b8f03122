/*
 * bootstrap.c - evaluates slices as a function of AWS Lambda: a custom runtime, which asks the
 * Runtime API for one event after the other. The image is Dockerfile's; by hand it is
 *
 *	cc -O2 bootstrap.c evaluate.c -o bootstrap -pthread \
 *		$(pkg-config --cflags --libs dataplug jansson libcurl)
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "evaluate.h"

/* Lambda's own limit is 6 MiB. */
#define EVENT_MAX ((size_t)16 << 20)
/* What is kept of the time that an event has: seconds, or a share if that is less. */
#define MARGIN_MAX   2.0
#define MARGIN_SHARE 0.1
#define POST_TIME    30L
#define ID_MAX       128

struct api {
	CURL *curl;
	const char *host;
};

struct event {
	char *data;
	size_t len, cap;
	bool too_long, no_memory;
	char id[ID_MAX];
	double deadline; /* seconds since 1970; 0 = none */
};

static double seconds(clockid_t clock)
{
	struct timespec now = { 0 };
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* What cannot be kept is passed over: the event's id is in its headers, so it gets an answer. */
static size_t take_body(char *data, size_t size, size_t n, void *user)
{
	struct event *event = user;
	size_t len = size * n;
	event->too_long |= len > EVENT_MAX - event->len;
	if (event->too_long || event->no_memory)
		return len;
	if (len > event->cap - event->len) {
		size_t cap = 2 * (event->len + len);
		char *grown = realloc(event->data, cap);
		event->no_memory = !grown;
		if (!grown)
			return len;
		event->data = grown;
		event->cap = cap;
	}
	memcpy(event->data + event->len, data, len);
	event->len += len;
	return len;
}

static size_t drop_body(char *data, size_t size, size_t n, void *user)
{
	(void)data, (void)user;
	return size * n;
}

/* The value if the line is this header, else NULL. */
static const char *value_of(const char *line, const char *name)
{
	size_t n = strlen(name);
	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	return line + n + 1 + strspn(line + n + 1, " \t");
}

static size_t take_header(char *data, size_t size, size_t n, void *user)
{
	struct event *event = user;
	char line[ID_MAX + 64] = "";
	size_t len = size * n;
	memcpy(line, data, len < sizeof line ? len : sizeof line - 1);
	line[strcspn(line, "\r\n")] = 0;
	const char *id = value_of(line, "Lambda-Runtime-Aws-Request-Id");
	const char *deadline = value_of(line, "Lambda-Runtime-Deadline-Ms");
	if (id)
		snprintf(event->id, sizeof event->id, "%s", id);
	if (deadline)
		event->deadline = strtod(deadline, NULL) / 1000;
	return len;
}

/* One request; its status, 0 if there was no answer. */
static long ask(const struct api *api, const char *path)
{
	char url[512], why[CURL_ERROR_SIZE] = "";
	long status = 0;
	snprintf(url, sizeof url, "http://%s/2018-06-01/runtime/%s", api->host, path);
	curl_easy_setopt(api->curl, CURLOPT_URL, url);
	curl_easy_setopt(api->curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(api->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(api->curl, CURLOPT_NOSIGNAL, 1L);
	CURLcode rc = curl_easy_perform(api->curl);
	if (rc == CURLE_OK)
		curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		fprintf(stderr, "runtime API: %s: HTTP %ld %s\n", path, status, why);
	curl_easy_reset(api->curl);
	return status;
}

/* Without a timeout: the function may sleep for hours before the answer comes. */
static bool next_event(const struct api *api, struct event *event)
{
	event->len = 0;
	event->too_long = event->no_memory = false;
	event->id[0] = 0;
	event->deadline = 0;
	curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(api->curl, CURLOPT_WRITEDATA, event);
	curl_easy_setopt(api->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(api->curl, CURLOPT_HEADERDATA, event);
	return ask(api, "invocation/next") == 200 && event->id[0];
}

/* error_type is NULL for a response. */
static bool post(const struct api *api, const char *path, const char *error_type, const char *body)
{
	char line[160];
	struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
	curl_slist_append(head, "Expect:");
	snprintf(line, sizeof line, "Lambda-Runtime-Function-Error-Type: Function.%s",
		 error_type ? error_type : "");
	if (error_type)
		curl_slist_append(head, line);
	curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(api->curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(api->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, drop_body);
	curl_easy_setopt(api->curl, CURLOPT_TIMEOUT, POST_TIME);
	long status = ask(api, path);
	curl_slist_free_all(head);
	return status >= 200 && status <= 299;
}

static void post_error(const struct api *api, const char *path, const dp_error *err)
{
	char *body = evaluate_error(err);
	fprintf(stderr, "%s: %s: %s\n", path, dp_code_name(err->code), err->msg);
	post(api, path, dp_code_name(err->code), body ? body : "{\"errorMessage\":\"no memory\"}");
	free(body);
}

/* When work on the event must end, on CLOCK_MONOTONIC; 0 = never. */
static double end_of(const struct event *event)
{
	if (event->deadline <= 0)
		return 0;
	double left = event->deadline - seconds(CLOCK_REALTIME);
	double margin = left * MARGIN_SHARE < MARGIN_MAX ? left * MARGIN_SHARE : MARGIN_MAX;
	return seconds(CLOCK_MONOTONIC) + (left > 0 ? left - margin : 0);
}

static void answer(const struct api *api, dp_session *session, const struct event *event)
{
	char path[ID_MAX + 32];
	char *response = NULL;
	dp_error err = { 0 };
	dp_code rc = DP_OK;
	if (event->too_long)
		rc = dp_fail(&err, DP_EINVAL, "event: longer than %zu bytes", EVENT_MAX);
	else if (event->no_memory)
		rc = dp_fail(&err, DP_ENOMEM, "no memory for the event");
	else
		rc = evaluate_event(session, event->len ? event->data : "", event->len,
				    end_of(event), &response, &err);
	snprintf(path, sizeof path, "invocation/%s/response", event->id);
	if (rc == DP_OK && !post(api, path, NULL, response))
		rc = dp_fail(&err, DP_EUNSUPPORTED, "the response of %zu bytes was refused",
			     strlen(response));
	snprintf(path, sizeof path, "invocation/%s/error", event->id);
	if (rc != DP_OK)
		post_error(api, path, &err);
	free(response);
}

/* Standard error is the function's log. */
static void log_line(void *user, dp_level level, const char *line)
{
	(void)user;
	if (level <= DP_LOG_WARN)
		fprintf(stderr, "dataplug: %s\n", line);
}

/* Tokens come from elsewhere: the function's own files are none of their business. */
static dp_code open_session(dp_session **out, dp_error *err)
{
	const char *allow = getenv("DATAPLUG_ALLOW");
	const char *const network[] = { "allow=" DP_ALLOW_NETWORK, NULL };
	dp_code rc = dp_session_open(out, allow && *allow ? NULL : network, err);
	if (rc == DP_OK)
		dp_session_log_to(*out, log_line, NULL);
	return rc;
}

/* Ends when there are no more events, as the API says it: Lambda starts another then. */
int main(void)
{
	struct event event = { 0 };
	dp_session *session = NULL;
	dp_error err = { 0 };
	struct api api = { .host = getenv("AWS_LAMBDA_RUNTIME_API") };
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	api.curl = curl_easy_init();
	if (!api.host || !api.curl) {
		fprintf(stderr, "bootstrap: %s\n",
			api.curl ? "AWS_LAMBDA_RUNTIME_API is not set; Lambda does it"
				 : "curl does not start");
	} else if (open_session(&session, &err) != DP_OK) {
		post_error(&api, "init/error", &err);
	} else {
		while (next_event(&api, &event))
			answer(&api, session, &event);
	}
	free(event.data);
	dp_session_free(session);
	curl_easy_cleanup(api.curl);
	curl_global_cleanup();
	return 1;
}
