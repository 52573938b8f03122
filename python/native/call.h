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
	/* What run has done by the thread that called, with the GIL; false = it raised. */
	bool (*ask)(struct dpy_call *call);
	unsigned beside; /* so often ask may be due while run goes on, on whatever thread this is */
	PyObject *progress; /* callable(done, total); NULL = none */
	uint64_t done, total;
	dp_error err;
	struct dpy_meeting *meeting; /* of the two threads; NULL: there is one */
} dpy_call;

/* Runs it. False with an exception raised; results that are there all the same are the caller's. */
bool dpy_call_run(dpy_call *call);
/*
 * For run: has ask called once more and goes on, when it is due no more than beside times. The end
 * of run waits for all of them. DP_ECANCELED once one has raised; then no more are called.
 */
dp_code dpy_call_post(dpy_call *call);
/* A dp_progress_fn; user is the call, which has a progress. Waits until it has returned. */
dp_code dpy_call_progress(void *user, uint64_t done, uint64_t total);

#endif
