/* http.c - performs requests: many at once, each until it succeeds or there is no hope. */
#include "core/io/http.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/text.h"
#include "core/io/http_retry.h"
#include "core/io/http_try.h"
#include "core/io/http_url.h"

#define HOPS_MAX    5
#define AGAINS_MAX  4
#define LOOKUPS_MAX 2
#define LOOKUP_TIME 10.0                 /* seconds */
#define PROGRESS    ((uint64_t)64 << 10) /* bytes that make a retry count as the first */
#define STEP        0.1                  /* seconds between two looks at whether to go on */
#define LOOK        0.02                 /* seconds between two looks at who is late */

/* One request on its way. */
typedef struct job {
	dp__http_try attempt;
	dp__http_request *request;
	dp__http_reply *reply;
	dp__http_host *host; /* of where it goes now; NULL: not known yet */
	char *url;           /* where redirects led; NULL: the request's own */
	char *pin;           /* of the answer that is being resumed, if the request has none */
	bool running, over;
	bool away;  /* at another origin than the request's */
	bool fresh; /* the next try makes a new connection */
	bool aged;  /* url is of an earlier time, so it may have run out */
	double due, begun;
	unsigned number, tries, hops, agains, lookups;
	uint64_t done, credited; /* bytes of the range; those that earned a new count of tries */
} job;

typedef struct batch {
	dp_session *session;
	const dp_call *call;
	dp__http_line *line;
	job *jobs;
	size_t n, left;
	double looked;
} batch;

static const char *url_of(const job *one)
{
	return one->url != NULL ? one->url : one->request->url;
}

/* Goes elsewhere from now on; takes url, NULL for the request's own. */
static void go_to(job *one, char *url)
{
	free(one->url);
	one->url = url;
	one->away = url != NULL && !dp__http_url_same_origin(url, one->request->url);
	one->host = NULL;
	one->due = 0;
}

/* "example.org:443: " for messages, which may not repeat a URL. */
static void name_host(char *out, size_t cap, const job *one)
{
	char *origin = NULL;

	out[0] = '\0';
	if (dp__http_url_origin(&origin, url_of(one), NULL) == DP_OK)
		snprintf(out, cap, "%.200s: ", strstr(origin, "://") + 3);
	free(origin);
}

static dp_code set_host(batch *all, job *one, dp_error *err)
{
	char *origin = NULL;
	dp_code code;

	if (one->host != NULL)
		return DP_OK;
	code = dp__http_url_origin(&origin, url_of(one), err);
	if (code != DP_OK)
		return code;
	one->host = dp__http_host_of(all->line->http, origin);
	free(origin);
	return one->host != NULL ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a host");
}

/* The request may know better by now where to go. */
static void aim(job *one)
{
	dp__http_request *request = one->request;
	const char *url = request->url;

	if (request->aim == NULL || one->url != NULL)
		return;
	request->aim(request->user, request);
	if (request->url != url)
		one->host = NULL;
}

/* Starts the job if there is room for it; *full: there was none. */
static dp_code start(batch *all, job *one, bool *full, dp_error *err)
{
	dp__http_order order = {
		.request = one->request,
		.call = all->call,
		.pin = one->request->etag != NULL ? one->request->etag : one->pin,
		.done = one->done,
		.number = one->number,
		.away = one->away,
		.fresh = one->fresh,
	};
	dp_code code;

	aim(one);
	order.url = url_of(one);
	code = set_host(all, one, err);
	if (code != DP_OK)
		return code;
	/* Who waits for credentials may hold all the room there is. */
	if (!one->request->credentials && !dp__http_host_enter(all->line, one->host)) {
		*full = true;
		return DP_OK;
	}
	code = dp__http_try_start(&one->attempt, &order, err);
	if (code == DP_OK)
		one->running = true;
	else if (!one->request->credentials)
		dp__http_host_leave(all->line, one->host, false);
	return code;
}

static dp_code start_due(batch *all, dp_error *err)
{
	double now = dp__now();
	dp_code code = DP_OK;
	bool full = false;

	for (size_t i = 0; code == DP_OK && !full && i < all->n; i++) {
		job *one = &all->jobs[i];

		if (!one->running && !one->over && one->due <= now)
			code = start(all, one, &full, err);
	}
	return code;
}

static bool is_range(const job *one)
{
	return one->request->buf != NULL &&
	       (one->reply->status == 206 || one->reply->status == 200);
}

/* Of a whole answer, with the reason where it is not good. */
static dp__http_fate fate_of_answer(job *one, dp_error *why)
{
	const dp__http_request *request = one->request;
	const dp__http_reply *reply = one->reply;
	char text[256];
	dp_code code;
	dp__http_fate fate = dp__http_fate_of_reply(reply, &code);

	dp__http_reply_describe(reply, text, sizeof(text));
	if (reply->status == 416 && request->len > 0) {
		if (request->buf == NULL)
			return DP__FATE_GOOD;
		if (reply->ranges && reply->total >= request->off + request->len)
			dp_fail(why, DP_EIO, "%s for bytes that there are", text);
		else if (reply->ranges)
			dp_fail(why, DP_ESTALE, "the object ends at byte %" PRIu64, reply->total);
		else
			dp_fail(why, DP_ESTALE, "the object ends before byte %" PRIu64,
				request->off + request->len);
	} else if (reply->status == 412) {
		dp_fail(why, DP_ESTALE, "the object was changed");
	} else if (fate == DP__FATE_GOOD && one->attempt.cut && request->len == 0) {
		dp_fail(why, DP_EIO, "the answer is longer than %zu bytes", request->max_body);
		fate = DP__FATE_FATAL;
	} else if (fate == DP__FATE_GOOD && request->buf != NULL) {
		dp_fail(why, DP_EIO, "%s without the range", text);
		fate = DP__FATE_FATAL;
	} else if (fate != DP__FATE_GOOD) {
		char host[256];

		name_host(host, sizeof(host), one);
		dp_fail(why, code, "%s%s", host, text);
	}
	return fate;
}

/* As the judge says, else the table. */
static dp__http_fate judge(job *one, dp_error *why)
{
	dp__http_request *request = one->request;
	const char *url = request->url;
	dp__http_verdict verdict = DP__HTTP_TABLE;
	dp__http_fate fate = fate_of_answer(one, why);
	dp_error said = { .code = DP_OK };

	if (request->judge != NULL)
		verdict = request->judge(request->user, request, one->reply, &said);
	if (verdict == DP__HTTP_TABLE)
		return fate;
	if (said.code != DP_OK)
		*why = said;
	else if (why->code == DP_OK)
		dp_fail(why, DP_EIO, "the answer was refused");
	if (verdict == DP__HTTP_RETRY)
		return DP__FATE_RETRY;
	if (verdict == DP__HTTP_THROTTLE)
		return DP__FATE_THROTTLE;
	if (verdict == DP__HTTP_AGAIN && one->agains++ < AGAINS_MAX) {
		if (request->url != url)
			one->hops = 0;
		go_to(one, NULL);
		return DP__FATE_AGAIN;
	}
	return DP__FATE_FATAL;
}

static dp__http_fate fate_of(job *one, int curl_code, dp_error *why)
{
	const dp__http_try *attempt = &one->attempt;
	dp__http_fate fate;
	char host[256];
	dp_code code;

	name_host(host, sizeof(host), one);
	if (attempt->why.code != DP_OK) {
		*why = attempt->why;
		return DP__FATE_FATAL;
	}
	if (attempt->head > DP__HTTP_HEAD_MAX) {
		dp_fail(why, DP_EIO, "%smore than %" PRIu64 " bytes of headers", host,
			DP__HTTP_HEAD_MAX);
		return DP__FATE_FATAL;
	}
	if (one->reply->torn) {
		dp_fail(why, DP_ETRANSIENT, "%san answer of unclear length", host);
		return DP__FATE_FRESH;
	}
	if (attempt->local && curl_code != CURLE_OK) {
		dp_fail(why, DP_EAUTH, "%san address of the link is refused", host);
		return DP__FATE_FATAL;
	}
	if (is_range(one) && one->done == one->request->len)
		return DP__FATE_GOOD;
	if (attempt->late) {
		dp_fail(why, DP_ETRANSIENT, "%s%s", host,
			attempt->first > 0 ? "the answer comes too slowly" : "no answer in time");
		return DP__FATE_FRESH;
	}
	if (curl_code == CURLE_OK && is_range(one)) {
		dp_fail(why, DP_ETRANSIENT, "%sthe answer ends at byte %" PRIu64, host,
			one->request->off + one->done);
		return DP__FATE_FRESH;
	}
	if (curl_code == CURLE_OK || attempt->cut)
		return judge(one, why);
	fate = dp__http_fate_of_transfer(curl_code, &code);
	dp_fail(why, code, "%s%s", host, curl_easy_strerror((CURLcode)curl_code));
	return fate;
}

/* Whether a redirect can be followed, and where to; *why is filled if not. */
static bool follow(job *one, dp_error *why)
{
	const dp__http_request *request = one->request;
	bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
	char *url = NULL;

	if (!reads || request->no_redirect)
		return false;
	if (one->hops++ >= HOPS_MAX) {
		dp_fail(why, DP_EIO, "more than %d redirects", HOPS_MAX);
		return false;
	}
	if (dp__http_url_follow(&url, url_of(one), one->reply->location, why) != DP_OK)
		return false;
	go_to(one, url);
	return true;
}

/* A place that a redirect named may run out, as signed ones do: then the first one is asked again.
 */
static bool start_again(job *one)
{
	long status = one->reply->status;

	if (one->url == NULL || !one->aged ||
	    (status != 400 && status != 401 && status != 403 && status != 404 && status != 410))
		return false;
	go_to(one, NULL);
	one->aged = false;
	one->hops = 0;
	return true;
}

/* Whether there is a next try, and when. */
static bool retry(batch *all, job *one, dp__http_fate fate)
{
	const dp__settings *set = &all->session->set;
	const dp__http_request *request = one->request;
	dp__http *http = all->line->http;
	bool slow = fate == DP__FATE_THROTTLE;
	uint64_t most = request->tries > 0 ? request->tries - 1 : set->retries;
	double now = dp__now();

	if (one->done - one->credited >= PROGRESS) {
		one->credited = one->done;
		one->tries = 0;
	}
	if (one->tries >= most || now - one->begun > set->retry_time)
		return false;
	if (fate == DP__FATE_LOOKUP &&
	    (one->lookups++ >= LOOKUPS_MAX || now - one->begun > LOOKUP_TIME))
		return false;
	if (!dp__http_pay(http, slow ? 5 : 10))
		return false;
	one->tries++;
	one->number++;
	one->due = now + dp__http_backoff(set->backoff * (slow ? 10 : 1), one->tries,
					  dp__http_random(http), one->reply->retry_s);
	one->fresh = fate == DP__FATE_FRESH;
	one->aged = one->url != NULL;
	return true;
}

/* So that what is read after a break is of the same state of the object. */
static dp_code pin(job *one, dp_error *err)
{
	char identity[256];

	if (one->request->etag != NULL || one->pin != NULL || one->done == 0)
		return DP_OK;
	dp__http_reply_identity(one->reply, identity);
	if (identity[0] == '\0') {
		/* Nothing tells states apart: from the start, then. */
		one->done = one->credited = 0;
		return DP_OK;
	}
	one->pin = dp__strdup(identity);
	return one->pin != NULL ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for an ETag");
}

static void succeed(batch *all, job *one)
{
	one->over = true;
	all->left--;
	dp__http_earn(all->line->http);
	free(one->reply->moved);
	one->reply->moved = one->url;
	one->url = NULL;
}

/* Whether the request goes on after an attempt that was not good; *why says why not. */
static bool go_on(batch *all, job *one, dp__http_fate fate, dp_error *why)
{
	switch (fate) {
	case DP__FATE_AGAIN:
		return true;
	case DP__FATE_REDIRECT:
		return follow(one, why);
	case DP__FATE_FATAL:
		return start_again(one);
	default:
		return retry(all, one, fate);
	}
}

/* An attempt has ended; fails when the request has. */
static dp_code finish(batch *all, job *one, int curl_code, dp_error *err)
{
	dp__http_host *host = one->host;
	dp_error why = { .code = DP_OK };
	dp__http_fate fate;
	dp_code code;

	dp__http_try_end(&one->attempt, curl_code);
	one->running = one->fresh = false;
	if (is_range(one))
		one->done += one->attempt.got;
	fate = fate_of(one, curl_code, &why);
	if (!one->request->credentials)
		dp__http_host_leave(all->line, host, fate == DP__FATE_THROTTLE);
	if (fate == DP__FATE_GOOD) {
		succeed(all, one);
		return DP_OK;
	}
	if (go_on(all, one, fate, &why))
		return pin(one, err);
	code = one->number > 0
		       ? dp_fail(err, why.code, "%s, after %u tries", why.msg, one->number + 1)
		       : dp_fail(err, why.code, "%s", why.msg);
	if (err != NULL)
		err->http = (int)one->reply->status;
	return code;
}

static job *job_of(batch *all, const void *easy)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->jobs[i].running && all->jobs[i].attempt.easy == easy)
			return &all->jobs[i];
	return NULL;
}

static dp_code finish_ended(batch *all, dp_error *err)
{
	dp_code code = DP_OK;
	CURLMsg *message;
	int rest;

	while (code == DP_OK && (message = curl_multi_info_read(all->line->multi, &rest)) != NULL) {
		job *one = job_of(all, message->easy_handle);

		if (message->msg == CURLMSG_DONE && one != NULL)
			code = finish(all, one, (int)message->data.result, err);
	}
	return code;
}

static dp_code finish_late(batch *all, dp_error *err)
{
	double now = dp__now();
	dp_code code = DP_OK;

	if (now - all->looked < LOOK)
		return DP_OK;
	all->looked = now;
	for (size_t i = 0; code == DP_OK && i < all->n; i++) {
		job *one = &all->jobs[i];

		if (one->running && dp__http_try_is_late(&one->attempt, now))
			code = finish(all, one, CURLE_OPERATION_TIMEDOUT, err);
	}
	return code;
}

/* Until something comes, or the next try is due. */
static void wait_for_news(batch *all)
{
	double now = dp__now(), until = now + STEP;

	for (size_t i = 0; i < all->n; i++) {
		const job *one = &all->jobs[i];

		if (!one->running && !one->over && one->due > now && one->due < until)
			until = one->due;
	}
	curl_multi_poll(all->line->multi, NULL, 0, (int)((until - now) * 1e3) + 1, NULL);
}

static dp_code run(batch *all, dp_error *err)
{
	dp_code code = DP_OK;
	int running;

	while (code == DP_OK && all->left > 0) {
		code = dp_call_check(all->call, err);
		if (code == DP_OK)
			code = start_due(all, err);
		if (code == DP_OK && curl_multi_perform(all->line->multi, &running) != CURLM_OK)
			code = dp_fail(err, DP_EIO, "the transfers cannot go on");
		if (code == DP_OK)
			code = finish_ended(all, err);
		if (code == DP_OK)
			code = finish_late(all, err);
		if (code == DP_OK && all->left > 0)
			wait_for_news(all);
	}
	return code;
}

static dp_code prepare(batch *all, dp__http_request *requests, dp__http_reply *replies,
		       dp_error *err)
{
	for (size_t i = 0; i < all->n; i++) {
		job *one = &all->jobs[i];

		one->request = &requests[i];
		one->reply = &replies[i];
		one->begun = dp__now();
		one->attempt.session = all->session;
		one->attempt.line = all->line;
		one->attempt.reply = &replies[i];
		dp__http_reply_reset(&replies[i]);
		if (requests[i].via == NULL)
			continue;
		go_to(one, dp__strdup(requests[i].via));
		one->aged = true;
		if (one->url == NULL)
			return dp_fail(err, DP_ENOMEM, "no memory for a URL");
	}
	return DP_OK;
}

static void clean(batch *all)
{
	for (size_t i = 0; i < all->n; i++) {
		job *one = &all->jobs[i];

		if (one->running) {
			dp__http_try_end(&one->attempt, -1);
			if (!one->request->credentials)
				dp__http_host_leave(all->line, one->host, false);
		}
		free(one->url);
		free(one->pin);
	}
	dp__http_line_give(all->line);
	free(all->jobs);
}

/*
 * Writing to a connection that is gone raises SIGPIPE in some TLS libraries, and what the program
 * does about that signal is its own affair: it waits while this thread writes, and is taken away.
 */
static void hold_sigpipe(sigset_t *before, bool *was_there)
{
	sigset_t pipe, pending;

	sigemptyset(&pending);
	sigpending(&pending);
	*was_there = sigismember(&pending, SIGPIPE) == 1;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, before);
}

static void release_sigpipe(const sigset_t *before, bool was_there)
{
	const struct timespec now = { 0 };
	sigset_t pipe, pending;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigemptyset(&pending);
	sigpending(&pending);
	if (!was_there && sigismember(&pending, SIGPIPE) == 1)
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

dp_code dp__http_perform(dp_session *session, const dp_call *call, dp__http_request *requests,
			 dp__http_reply *replies, size_t n, dp_error *err)
{
	batch all = { .session = session, .call = call, .n = n, .left = n };
	sigset_t before;
	bool was_there;
	dp_code code;

	all.jobs = calloc(n > 0 ? n : 1, sizeof(*all.jobs));
	if (all.jobs == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu requests", n);
	hold_sigpipe(&before, &was_there);
	code = dp__http_line_take(&all.line, session, err);
	if (code == DP_OK) {
		code = prepare(&all, requests, replies, err);
		if (code == DP_OK)
			code = run(&all, err);
		clean(&all);
	} else {
		free(all.jobs);
	}
	release_sigpipe(&before, was_there);
	return code;
}
