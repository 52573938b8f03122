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
	PyObject *progress;                    /* callable(done, total); NULL = none */
	dp_error err;
	struct dpy_meeting *meeting; /* of the two threads; NULL: there is one */
} dpy_call;

/* Runs it. False with an exception raised; results that are there all the same are the caller's. */
bool dpy_call_run(dpy_call *call);
/* A dp_progress_fn; user is the call. The callable runs on the thread that called. */
dp_code dpy_call_progress(void *user, uint64_t done, uint64_t total);

#endif
