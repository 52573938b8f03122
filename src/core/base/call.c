/* call.c - one running call: when it must end, and where its log lines go. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/session.h"
#include "core/base/text.h"

/* A longer line is cut. */
#define LINE_MAX_BYTES 2048

static void DP_PRINTF(3, 0)
	log_line(dp_session *session, dp_level level, const char *fmt, va_list args)
{
	char line[LINE_MAX_BYTES];

	pthread_mutex_lock(&session->log_lock);
	if (session->log != NULL && vsnprintf(line, sizeof(line), fmt, args) >= 0) {
		dp__one_line(line);
		session->log(session->log_user, level, line);
	}
	pthread_mutex_unlock(&session->log_lock);
}

dp_code dp__list_add(dp__list *list, const void *item, dp_error *err)
{
	if (list->n == list->cap) {
		size_t cap = list->cap > 0 ? list->cap * 2 : 8;
		const void **at = NULL;

		if (cap <= SIZE_MAX / sizeof(*at))
			at = realloc(list->at, cap * sizeof(*at));
		if (at == NULL)
			return dp_fail(err, DP_ENOMEM, "no memory for a list of %zu", cap);
		list->at = at;
		list->cap = cap;
	}
	list->at[list->n++] = item;
	return DP_OK;
}

void dp__session_count(dp_session *session, uint64_t reads, uint64_t bytes)
{
	atomic_fetch_add(&session->traffic.requests, reads);
	atomic_fetch_add(&session->traffic.bytes, bytes);
}

dp_traffic dp_session_traffic(const dp_session *session)
{
	const dp__traffic *traffic = &session->traffic;
	uint64_t answers = atomic_load(&traffic->answers);
	double us = (double)atomic_load(&traffic->first_byte_us);

	return (dp_traffic){ .requests = atomic_load(&traffic->requests),
			     .retries = atomic_load(&traffic->retries),
			     .bytes = atomic_load(&traffic->bytes),
			     .first_byte = answers > 0 ? us / (double)answers * 1e-6 : 0 };
}

dp_call dp__call_begin(dp_session *session)
{
	dp_call call = { .session = session, .cancels = atomic_load(&session->cancels) };

	if (session->set.timeout > 0)
		call.deadline = dp__now() + session->set.timeout;
	return call;
}

void dp__session_log(dp_session *session, dp_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(session, level, fmt, args);
	va_end(args);
}

dp_code dp_call_check(const dp_call *call, dp_error *err)
{
	if (atomic_load(&call->session->cancels) != call->cancels)
		return dp_fail(err, DP_ECANCELED, "cancelled");
	if (call->deadline > 0 && dp__now() > call->deadline)
		return dp_fail(err, DP_ETRANSIENT, "not done within the timeout");
	return DP_OK;
}

void dp__call_arrived(const dp_call *call, const uint8_t *end)
{
	if (call->arrived != NULL)
		call->arrived(call->user, end);
}

void dp_call_log(const dp_call *call, dp_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(call->session, level, fmt, args);
	va_end(args);
}

void dp_session_cancel(dp_session *session)
{
	atomic_fetch_add(&session->cancels, 1);
}

void dp_session_log_to(dp_session *session, dp_log_fn log, void *user)
{
	pthread_mutex_lock(&session->log_lock);
	session->log = log;
	session->log_user = user;
	pthread_mutex_unlock(&session->log_lock);
}
