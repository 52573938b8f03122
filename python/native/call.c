/* call.c - runs a call of the library without the GIL. */
#include "call.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

/* How long a signal waits at most until its handler runs. */
#define LOOK_NS 50000000L
#define SECOND  1000000000L

enum { WORKING, ASKING, DONE };

/* Where the main thread and the one that works for it meet. */
typedef struct dpy_meeting {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t change;
	int state;
	uint64_t done, total; /* of a progress that is asked for */
	bool stop;            /* the answer to it */
	dp_code code;
} meeting;

static bool is_main_thread(void)
{
	PyObject *threading = PyImport_ImportModule("threading");
	PyObject *thread = threading ? PyObject_CallMethod(threading, "main_thread", NULL) : NULL;
	PyObject *ident = thread ? PyObject_GetAttrString(thread, "ident") : NULL;
	bool is = ident && PyLong_AsUnsignedLong(ident) == PyThread_get_thread_ident();
	PyErr_Clear();
	Py_XDECREF(ident);
	Py_XDECREF(thread);
	Py_XDECREF(threading);
	return is;
}

static bool meeting_init(meeting *meet)
{
	pthread_condattr_t clock;
	*meet = (meeting){ .state = WORKING };
	if (pthread_mutex_init(&meet->lock, NULL) != 0)
		return false;
	bool well = pthread_condattr_init(&clock) == 0;
	if (well) {
		well = pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0 &&
		       pthread_cond_init(&meet->change, &clock) == 0;
		pthread_condattr_destroy(&clock);
	}
	if (!well)
		pthread_mutex_destroy(&meet->lock);
	return well;
}

static void meeting_fini(meeting *meet)
{
	pthread_cond_destroy(&meet->change);
	pthread_mutex_destroy(&meet->lock);
}

static void *work(void *user)
{
	dpy_call *call = user;
	meeting *meet = call->meeting;
	dp_code code = call->run(call);
	pthread_mutex_lock(&meet->lock);
	meet->code = code;
	meet->state = DONE;
	pthread_cond_broadcast(&meet->change);
	pthread_mutex_unlock(&meet->lock);
	return NULL;
}

/* Signals are for the main thread. */
static bool start(pthread_t *thread, dpy_call *call)
{
	sigset_t all, before;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	bool started = pthread_create(thread, NULL, work, call) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

/* Until the other thread wants something, or it is time to look for signals. */
static int await_change(meeting *meet)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / SECOND;
	until.tv_nsec %= SECOND;
	pthread_mutex_lock(&meet->lock);
	while (meet->state == WORKING &&
	       pthread_cond_timedwait(&meet->change, &meet->lock, &until) == 0)
		;
	int state = meet->state;
	pthread_mutex_unlock(&meet->lock);
	return state;
}

static void answer(meeting *meet, bool stop)
{
	pthread_mutex_lock(&meet->lock);
	meet->stop = stop;
	meet->state = WORKING;
	pthread_cond_broadcast(&meet->change);
	pthread_mutex_unlock(&meet->lock);
}

/* True if it raised. */
static bool tell(PyObject *progress, uint64_t done, uint64_t total)
{
	PyObject *result = PyObject_CallFunction(progress, "KK", (unsigned long long)done,
						 (unsigned long long)total);
	Py_XDECREF(result);
	return result == NULL;
}

/* The main thread's part while the other works. With the GIL; an exception may come of it. */
static void attend(dpy_call *call)
{
	meeting *meet = call->meeting;
	bool raised = false;
	for (;;) {
		int state;
		Py_BEGIN_ALLOW_THREADS
		state = await_change(meet);
		Py_END_ALLOW_THREADS
		if (state == DONE)
			return;
		if (state == ASKING) {
			raised = raised || tell(call->progress, meet->done, meet->total);
			answer(meet, raised);
		}
		raised = raised || PyErr_CheckSignals() < 0;
		/* Again and again: what has not begun yet is not touched by a cancel. */
		if (raised)
			dp_session_cancel(call->session->session);
	}
}

/* What the call gave; false if no thread could be started. */
static bool run_apart(dpy_call *call, dp_code *code)
{
	meeting meet;
	pthread_t thread;
	if (!meeting_init(&meet))
		return false;
	call->meeting = &meet;
	bool started = start(&thread, call);
	if (started) {
		attend(call);
		pthread_join(thread, NULL);
		*code = meet.code;
	}
	call->meeting = NULL;
	meeting_fini(&meet);
	return started;
}

bool dpy_call_run(dpy_call *call)
{
	dp_code code = DP_OK;
	if (!is_main_thread() || !run_apart(call, &code)) {
		Py_BEGIN_ALLOW_THREADS
		code = call->run(call);
		Py_END_ALLOW_THREADS
	}
	if (PyErr_Occurred())
		return false;
	if (code == DP_OK)
		return true;
	call->err.code = code;
	dpy_raise(&call->err, call->where);
	return false;
}

dp_code dpy_call_progress(void *user, uint64_t done, uint64_t total)
{
	dpy_call *call = user;
	meeting *meet = call->meeting;
	bool stop;
	if (!meet) {
		PyGILState_STATE gil = PyGILState_Ensure();
		stop = tell(call->progress, done, total);
		PyGILState_Release(gil);
		return stop ? DP_ECANCELED : DP_OK;
	}
	pthread_mutex_lock(&meet->lock);
	meet->done = done;
	meet->total = total;
	meet->state = ASKING;
	pthread_cond_broadcast(&meet->change);
	while (meet->state == ASKING)
		pthread_cond_wait(&meet->change, &meet->lock);
	stop = meet->stop;
	pthread_mutex_unlock(&meet->lock);
	return stop ? DP_ECANCELED : DP_OK;
}
