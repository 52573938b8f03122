/* session.h - what a program's work with dataplug shares: credentials, connections, plug-ins,
 * limits, log. */
#ifndef DATAPLUG_SESSION_H
#define DATAPLUG_SESSION_H

#include "param.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dp_session dp_session;

typedef enum dp_level { DP_LOG_ERROR, DP_LOG_WARN, DP_LOG_INFO, DP_LOG_DEBUG } dp_level;
/* One call at a time, from any thread of the library. */
typedef void (*dp_log_fn)(void *user, dp_level level, const char *line);

/*
 * settings: "name=value", NULL-terminated, from the table that dp_session_settings() gives (meta,
 * memory, record, threads, timeout); what is not named is taken from the environment (DATAPLUG_META
 * for "meta"), then from the table's default. NULL = environment and defaults. A session is safe
 * for many threads; what is opened on it must be freed first.
 */
DP_API dp_code dp_session_open(dp_session **out, const char *const *settings, dp_error *err);
DP_API void dp_session_free(dp_session *session);
/*
 * What others' tokens may name, as the setting allow has it: what lies on the network, no file of
 * this machine. For programs that run what they are sent, where DATAPLUG_ALLOW is not set: a
 * session's own default is all.
 */
#define DP_ALLOW_NETWORK "s3:// https:// http://"
/* The table of settings, ended by a row whose name is NULL. Static. */
DP_API const dp_param *dp_session_settings(void);
/* Where warnings and debug lines go; nowhere by default. */
DP_API void dp_session_log_to(dp_session *session, dp_log_fn log, void *user);
/* Calls that are running now end with DP_ECANCELED; later calls are not touched. Safe in a signal
 * handler. */
DP_API void dp_session_cancel(dp_session *session);

/* What the session's stores were asked for so far: a snapshot of counters that only grow. */
typedef struct dp_traffic {
	uint64_t requests; /* over the network those that were sent, retries included; else reads */
	uint64_t retries;  /* of them, because one before had failed */
	uint64_t bytes;    /* of objects and indexes that came */
	double first_byte; /* seconds to an answer's first byte, the mean; 0 = nothing answered */
} dp_traffic;
DP_API dp_traffic dp_session_traffic(const dp_session *session);

/*
 * One running call: what plug-ins get, to ask in long loops whether to go on (DP_OK, DP_ECANCELED,
 * or DP_ETRANSIENT past its time) and to write to the session's log.
 */
typedef struct dp_call dp_call;
DP_API dp_code dp_call_check(const dp_call *call, dp_error *err);
DP_API void dp_call_log(const dp_call *call, dp_level level, const char *fmt, ...) DP_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
