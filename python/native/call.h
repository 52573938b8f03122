/* call.h - runs a call of the library without the GIL, so that signals and callbacks reach Python.
 */
#ifndef DPY_CALL_H
#define DPY_CALL_H

#include "native.h"

/*
 * One call. It is the first member of a struct that holds its arguments and results. Of the main
 * thread, where Python handles signals, the work is done by a thread of its own, and meanwhile the
 * main thread looks for signals: when a handler raises (Ctrl-C), what runs on the session is
 * cancelled.
 */
typedef struct dpy_call {
	dpy_session *session;
	dp_code (*run)(struct dpy_call *call); /* touches nothing of Python; fills err */
	const char *where;                     /* for the message; NULL = nowhere */
	/* What run has the thread that called do, with the GIL; false = it raised. */
	bool (*ask)(struct dpy_call *call);
	/* How many calls of ask may wait while run goes on, which then has a thread of its own in
	 * any case; 0 = none. */
	unsigned beside;
	PyObject *progress; /* callable(done, total); NULL = none */
	uint64_t done, total;
	dp_error err;
	struct dpy_meeting *meeting; /* of the two threads; NULL: there is one */
} dpy_call;

/* Runs it. False with an exception raised; results that are there all the same are the caller's. */
bool dpy_call_run(dpy_call *call);
/*
 * For run: has ask called once more; returns when no more than `beside` calls wait. The call ends
 * when none does. DP_ECANCELED once one has raised; then no more are made.
 */
dp_code dpy_call_post(dpy_call *call);
/* A dp_progress_fn; user is the call, which has a progress. Waits until it has returned. */
dp_code dpy_call_progress(void *user, uint64_t done, uint64_t total);

#endif
