/* session.h - struct dp_session and struct dp_call: opened in core/engine, used by every layer. */
#ifndef DP_BASE_SESSION_H
#define DP_BASE_SESSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/clock.h"
#include "core/base/params.h"
#include "dataplug/plugin.h"

/* Where the bucket's name stands: as the endpoint has it, in the path, before the host. */
typedef enum dp__addressing {
	DP__ADDRESSING_AUTO,
	DP__ADDRESSING_PATH,
	DP__ADDRESSING_VIRTUAL
} dp__addressing;

typedef struct dp__settings {
	const char *meta;   /* folder or URL where indexes live; "" = beside the object */
	const char *allow;  /* URL prefixes that tokens may name, blanks between them; "" = all */
	uint64_t memory;    /* bytes of one call's buffers; 0 = the store's default */
	uint64_t record;    /* longest record, bytes */
	uint64_t threads;   /* 0 = one a core */
	double timeout;     /* seconds that one call may take; 0 = no limit */
	const char *header; /* of requests over http: NAME:VALUE, one a line; may be a secret */
	const char *url;  /* the full URL of the object whose public one it begins with; a secret */
	bool create_meta; /* a metadata bucket that is missing is made */
	bool keep_query;  /* tokens get the full URL of their object: they are secrets then */
	uint64_t retries, connections; /* of one request; to one host */
	/* Seconds. */
	double retry_time, backoff, connect_timeout, first_byte, low_speed_time, clock;
	/* Of s3:, "" = as the environment says; the keys are secrets. */
	const char *endpoint, *region, *profile;
	const char *access_key, *secret_key, *session_token;
	int addressing; /* dp__addressing */
	bool anonymous, requester_pays;
} dp__settings;

/* What dp_session_traffic() sums up; added to from any thread. */
typedef struct dp__traffic {
	atomic_uint_fast64_t requests, retries, bytes;
	atomic_uint_fast64_t answers, first_byte_us;
} dp__traffic;

/* A growing list of lent pointers. */
typedef struct dp__list {
	const void **at;
	size_t n, cap;
} dp__list;
dp_code dp__list_add(dp__list *list, const void *item, dp_error *err);

struct dp_session {
	dp__params params; /* value is &set */
	dp__settings set;
	dp__list stores, formats, strategies, tasks; /* const dp_store *, ... */
	dp__list owned;        /* formats that were made of grammars; freed with the session */
	dp__list libraries;    /* dlopen handles */
	size_t tasks_known;    /* the first so many tasks are built in or of the environment's
				  plug-ins:    other processes know them too */
	struct dp__mem *mem;   /* what mem: holds, core/io/mem.h; NULL until it is used */
	struct dp__http *http; /* connections, core/io/http_pool.h; NULL until they are used */
	struct dp__signed *signed_urls; /* core/io/object.h */
	struct dp__aws *aws;            /* credentials, core/io/aws.h; NULL until they are used */
	pthread_mutex_t lock;           /* of the creation of mem, http and aws */
	pthread_mutex_t log_lock;
	dp_log_fn log;
	void *log_user;
	atomic_uint_fast64_t cancels; /* raised by dp_session_cancel() */
	atomic_uint fetches;          /* open ones, which share the memory */
	atomic_uint scans;            /* open ones, which share the threads */
	dp__traffic traffic;
};

struct dp_call {
	dp_session *session;
	uint64_t cancels; /* the session's when the call began */
	double deadline;  /* on CLOCK_MONOTONIC, seconds; 0 = none */
	/*
	 * Is told, while a store still reads, that a read's bytes before end are in its buffer and
	 * stay as they are; NULL: nobody wants to know. What is left may fail all the same.
	 */
	void (*arrived)(void *user, const uint8_t *end);
	void *user; /* for arrived */
};

/*
 * Begins a call: what runs under it ends when the session is cancelled from now on, or its time is
 * over.
 */
dp_call dp__call_begin(dp_session *session);
/* Tells that a read's bytes before end have come. */
void dp__call_arrived(const dp_call *call, const uint8_t *end);
/* The setting "threads", or as many as there are cores that this process may use. */
uint64_t dp__session_threads(const dp_session *session);
/* Counts reads of a store that is not asked over the network, and the bytes that they gave. */
void dp__session_count(dp_session *session, uint64_t reads, uint64_t bytes);
void dp__session_log(dp_session *session, dp_level level, const char *fmt, ...) DP_PRINTF(3, 4);

#endif
