/* suffer.h - a matrix of faults: each once, twice, always; what comes of it, and what it costs. */
#ifndef DP_TESTS_SUFFER_H
#define DP_TESTS_SUFFER_H

#include "dataplug/session.h"
#include "support/fault_server.h"

/* Every secret that a test gives to the library holds this word. */
#define HIDDEN "HIDDEN"

/* What becomes of a fault. */
typedef struct fault_row {
	fault what;
	bool passes;  /* one or two of them are healed */
	dp_code code; /* when it stays, or at once; DP_OK: it is none at all */
} fault_row;

/* Of each fault where ranges of an object on the web are read, in their order. */
extern const fault_row suffer_ranges[FAULT_END - 1];

typedef struct fault_trial {
	fault_server *server; /* that fails */
	uint64_t skip;        /* requests that it answers well before */
	const fault_row *row; /* what differs from suffer_ranges; NULL: nothing */
	size_t nrows;
	size_t usual, most; /* requests to it where nothing fails, and where a fault stays */
	/* The whole work, from suffer_open() to dp_session_free(); checks what it was given. */
	dp_code (*run)(dp_error *err);
} fault_trial;

/*
 * Runs the trial for each fault, which comes so many times: UINT64_MAX = always. Fails the test if
 * another code comes than the row says, too many requests were made, a descriptor is left, or the
 * log or the message tells a secret.
 */
void suffer(const fault_trial *trial, uint64_t times);
/* The fault at hand. */
fault suffer_what(void);

/* Opens a session that need not wait long for the fault at hand, with a log that is kept. */
dp_session *suffer_open(const char *const *settings);
/* All that was logged, at every level, by this test. */
const char *suffer_log(void);
/*
 * Fails the test if the log, or text, holds a secret or the signature of a request that the server
 * saw. text may be NULL.
 */
void suffer_expect_quiet(fault_server *server, const char *text);
/*
 * An environment that says nothing of credentials, proxies and settings. The home is a new folder
 * (folder.h), whose path it gives.
 */
const char *suffer_environment(void);
/* Descriptors that are open, once those that are being closed have gone: at most so many. */
size_t suffer_descriptors(size_t most);

#endif
