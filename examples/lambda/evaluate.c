/*
 * evaluate.c - what the function does with one event: tokens in, results out, and back what the
 * time did not suffice for. README.md has the fields.
 */
#include "evaluate.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Lambda takes 6 MiB and 100 bytes; the rest is for what stands around results and tokens. */
#define RESPONSE_MAX (((size_t)6 << 20) - 1024)
#define FORM         (JSON_COMPACT | JSON_REAL_PRECISION(6))
/* How often a cancel is said again: one that comes before dp_map() begins is not heard. */
#define CANCEL_EVERY 0.05

struct job {
	dp_session *session;
	dp_task task;
	json_t *event, *args, *tokens; /* the others are of event */
	json_t *results;
	bool *answered; /* by token */
	size_t size;    /* of the response as it is now */
	double until;
	pthread_mutex_t lock; /* of done */
	pthread_cond_t changed;
	bool done;
};

static size_t json_size(const json_t *value)
{
	return json_dumpb(value, NULL, 0, FORM | JSON_ENCODE_ANY) + 1;
}

/* A message may quote an object's bytes, and JSON is UTF-8. */
static json_t *text_of(const char *data, size_t len)
{
	json_t *text = json_stringn(data, len);
	char *plain = text ? NULL : malloc(len + 1);
	if (!plain)
		return text;
	for (size_t i = 0; i < len; i++)
		plain[i] = (unsigned char)data[i] < 128 ? data[i] : '?';
	text = json_stringn(plain, len);
	free(plain);
	return text;
}

static json_t *base64_of(const unsigned char *data, size_t len)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc(len / 3 * 4 + 5), *to = text;
	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		unsigned long bits = (unsigned long)data[i] << 16;
		bits |= left > 1 ? (unsigned long)data[i + 1] << 8 : 0;
		bits |= left > 2 ? (unsigned long)data[i + 2] : 0;
		*to++ = digit[bits >> 18];
		*to++ = digit[bits >> 12 & 63];
		*to++ = left > 1 ? digit[bits >> 6 & 63] : '=';
		*to++ = left > 2 ? digit[bits & 63] : '=';
	}
	json_t *value = json_stringn(text, (size_t)(to - text));
	free(text);
	return value;
}

/* The fields of docs/executor.md. */
static json_t *describe(const dp_result *result)
{
	bool good = result->code == DP_OK;
	return json_pack("{s:I, s:s, s:o, s:o, s:i, s:[I,I,I], s:f}", "slice",
			 (json_int_t)result->slice, "code", dp_code_name(result->code), "message",
			 good ? json_null() : text_of(result->data, result->len), "data",
			 good ? base64_of(result->data, result->len) : json_null(), "attempts",
			 (int)result->attempts, "paid", (json_int_t)result->paid.requests,
			 (json_int_t)result->paid.bytes, (json_int_t)result->paid.needed, "seconds",
			 result->seconds);
}

/* Takes a result's place in the response, or ends the map: then its token is among the left. */
static dp_code keep(struct job *job, const dp_result *result)
{
	size_t freed = json_size(json_array_get(job->tokens, result->slice));
	json_t *entry = describe(result);
	if (!entry)
		return DP_ENOMEM;
	size_t size = job->size - freed + json_size(entry);
	if (size > RESPONSE_MAX) {
		json_decref(entry);
		return DP_ECANCELED;
	}
	if (json_array_append_new(job->results, entry) != 0)
		return DP_ENOMEM;
	job->size = size;
	job->answered[result->slice] = true;
	return DP_OK;
}

/* A result that no response can hold would be left for ever, so it is the slice's failure. */
static dp_code take_result(void *user, const dp_result *result)
{
	static const char message[] = "the result is longer than what a response can hold";
	struct job *job = user;
	dp_code rc = keep(job, result);
	if (rc == DP_OK || json_array_size(job->results) > 0)
		return rc;
	dp_result failed = *result;
	failed.code = DP_ETASK;
	failed.data = message;
	failed.len = strlen(message);
	return keep(job, &failed);
}

static void *watch(void *user)
{
	struct job *job = user;
	double until = job->until;
	pthread_mutex_lock(&job->lock);
	while (!job->done) {
		struct timespec at = { .tv_sec = (time_t)until };
		at.tv_nsec = (long)((until - (double)at.tv_sec) * 1e9);
		if (pthread_cond_timedwait(&job->changed, &job->lock, &at) != ETIMEDOUT)
			continue;
		dp_session_cancel(job->session);
		until += CANCEL_EVERY;
	}
	pthread_mutex_unlock(&job->lock);
	return NULL;
}

static dp_code map_until(struct job *job, const dp_slices *slices, const char *const *args,
			 dp_error *err)
{
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	pthread_condattr_t clock;
	pthread_t watcher;
	opts.result = take_result;
	opts.user = job;
	if (job->until == 0)
		return dp_map(slices, &job->task, args, &opts, err);
	pthread_mutex_init(&job->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&job->changed, &clock);
	pthread_condattr_destroy(&clock);
	dp_code rc = DP_OK;
	if (pthread_create(&watcher, NULL, watch, job) != 0) {
		rc = dp_fail(err, DP_ENOMEM, "no thread could be started");
	} else {
		rc = dp_map(slices, &job->task, args, &opts, err);
		pthread_mutex_lock(&job->lock);
		job->done = true;
		pthread_cond_signal(&job->changed);
		pthread_mutex_unlock(&job->lock);
		pthread_join(watcher, NULL);
	}
	pthread_cond_destroy(&job->changed);
	pthread_mutex_destroy(&job->lock);
	return rc;
}

/* A token is one line. A line break within makes it none, and a blank does the same. */
static dp_code load_slices(const struct job *job, dp_slices **out, dp_error *err)
{
	size_t len = 0;
	for (size_t i = 0; i < json_array_size(job->tokens); i++)
		len += json_string_length(json_array_get(job->tokens, i)) + 1;
	char *lines = malloc(len + 1), *to = lines;
	if (!lines)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu bytes of tokens", len);
	for (size_t i = 0; i < json_array_size(job->tokens); i++) {
		const char *token = json_string_value(json_array_get(job->tokens, i));
		size_t n = strlen(token);
		while (n > 0 && (token[n - 1] == '\n' || token[n - 1] == '\r'))
			n--;
		for (size_t k = 0; k < n; k++)
			*to++ = token[k] == '\n' ? ' ' : token[k];
		*to++ = '\n';
	}
	dp_code rc = dp_slices_load(out, job->session, lines, (size_t)(to - lines), err);
	free(lines);
	return rc;
}

static dp_code check_texts(const json_t *array, const char *name, dp_error *err)
{
	if (!json_is_array(array))
		return dp_fail(err, DP_EINVAL, "event: \"%s\" is no array", name);
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (!json_is_string(json_array_get(array, i)))
			return dp_fail(err, DP_EINVAL, "event: \"%s\", item %zu: not a string",
				       name, i);
	}
	return DP_OK;
}

static dp_code read_event(struct job *job, const char *event, size_t len, dp_error *err)
{
	json_error_t why;
	const char *name = NULL;
	job->event = json_loadb(event, len, JSON_REJECT_DUPLICATES, &why);
	if (!job->event)
		return dp_fail(err, DP_EINVAL, "event: byte %d: %s", why.position, why.text);
	if (json_unpack_ex(job->event, &why, 0, "{s:s, s?o, s:o}", "task", &name, "args",
			   &job->args, "tokens", &job->tokens) != 0)
		return dp_fail(err, DP_EINVAL, "event: %s", why.text);
	const dp_task *task = dp_task_find(job->session, name);
	if (!task)
		return dp_fail(err, DP_EINVAL, "event: no task is called %.64s", name);
	/* Merging is for who has the results of all invocations. */
	job->task = *task;
	job->task.merge = NULL;
	dp_code rc = job->args ? check_texts(job->args, "args", err) : DP_OK;
	return rc == DP_OK ? check_texts(job->tokens, "tokens", err) : rc;
}

static dp_code run(struct job *job, const char *const *args, dp_error *err)
{
	dp_slices *slices = NULL;
	size_t n = json_array_size(job->tokens);
	job->results = json_array();
	job->answered = calloc(n + 1, sizeof *job->answered);
	job->size = json_size(job->tokens);
	if (!job->results || !job->answered)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu results", n);
	/* What is wrong with args is told before any slice is read. */
	dp_code rc = dp_slices_load(&slices, job->session, "", 0, err);
	if (rc == DP_OK)
		rc = dp_map(slices, &job->task, args, NULL, err);
	dp_slices_free(slices);
	slices = NULL;
	if (rc == DP_OK)
		rc = load_slices(job, &slices, err);
	if (rc == DP_OK)
		rc = map_until(job, slices, args, err);
	dp_slices_free(slices);
	/* A slice's failure is in its result. */
	return rc == DP_ECANCELED || json_array_size(job->results) > 0 ? DP_OK : rc;
}

static char *write_response(const struct job *job)
{
	json_t *left = json_array();
	for (size_t i = 0; i < json_array_size(job->tokens); i++) {
		if (!job->answered[i] &&
		    json_array_append(left, json_array_get(job->tokens, i)) != 0) {
			json_decref(left);
			return NULL;
		}
	}
	json_t *response = json_pack("{s:O, s:o}", "results", job->results, "left", left);
	char *text = response ? json_dumps(response, FORM) : NULL;
	json_decref(response);
	return text;
}

dp_code evaluate_event(dp_session *session, const char *event, size_t len, double until,
		       char **response, dp_error *err)
{
	struct job job = { .session = session, .until = until };
	dp_code rc = read_event(&job, event, len, err);
	size_t n = json_array_size(job.args);
	const char **args = calloc(n + 1, sizeof *args);
	if (rc == DP_OK && !args)
		rc = dp_fail(err, DP_ENOMEM, "no memory for %zu args", n);
	if (rc == DP_OK) {
		for (size_t i = 0; i < n; i++)
			args[i] = json_string_value(json_array_get(job.args, i));
		rc = run(&job, args, err);
	}
	if (rc == DP_OK) {
		*response = write_response(&job);
		rc = *response ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a response");
	}
	free(args);
	free(job.answered);
	json_decref(job.results);
	json_decref(job.event);
	return rc;
}

char *evaluate_error(const dp_error *err)
{
	json_t *error =
		json_pack("{s:o, s:s, s:[]}", "errorMessage", text_of(err->msg, strlen(err->msg)),
			  "errorType", dp_code_name(err->code), "stackTrace");
	char *text = error ? json_dumps(error, FORM) : NULL;
	json_decref(error);
	return text;
}
