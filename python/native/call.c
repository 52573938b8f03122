/* call.c - runs a call of the library without the GIL. */
#include "call.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

/* How long a signal waits at most until its handler runs. */
#define LOOK_NS 50000000L
#define SECOND  1000000000L

/* Where the thread that called and the one that works for it meet. */
typedef struct dpy_meeting {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t change;
	unsigned due; /* calls of ask */
	bool stop;    /* one of them raised */
	bool done;
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
	*meet = (meeting){ .due = 0 };
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

/* Until ask is due no more than so often; with the lock. */
static void await_asks(meeting *meet, unsigned due)
{
	while (meet->due > due)
		pthread_cond_wait(&meet->change, &meet->lock);
}

static void *work(void *user)
{
	dpy_call *call = user;
	meeting *meet = call->meeting;
	dp_code code = call->run(call);
	pthread_mutex_lock(&meet->lock);
	await_asks(meet, 0);
	meet->code = code;
	meet->done = true;
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

/* Until ask is due or run is over, or it is time to look for signals. Whether it goes on. */
static bool await_change(meeting *meet, bool *due)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / SECOND;
	until.tv_nsec %= SECOND;
	pthread_mutex_lock(&meet->lock);
	while (!meet->done && meet->due == 0 &&
	       pthread_cond_timedwait(&meet->change, &meet->lock, &until) == 0)
		;
	bool done = meet->done;
	*due = meet->due > 0;
	pthread_mutex_unlock(&meet->lock);
	return !done;
}

static void answer(meeting *meet, bool stop)
{
	pthread_mutex_lock(&meet->lock);
	meet->stop = stop;
	meet->due--;
	pthread_cond_broadcast(&meet->change);
	pthread_mutex_unlock(&meet->lock);
}

/* The calling thread's part while the other works. With the GIL; an exception may come of it. */
static void attend(dpy_call *call)
{
	meeting *meet = call->meeting;
	bool raised = false, interrupted = false;
	for (;;) {
		bool more, due;
		Py_BEGIN_ALLOW_THREADS
		more = await_change(meet, &due);
		Py_END_ALLOW_THREADS
		if (!more)
			return;
		if (due) {
			raised = raised || !call->ask(call);
			answer(meet, raised);
		}
		interrupted = interrupted || (!raised && PyErr_CheckSignals() < 0);
		raised = raised || interrupted;
		/* Again and again: what has not begun yet is not touched by a cancel. */
		if (interrupted)
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
	bool apart = call->beside > 0 || is_main_thread();
	if (!apart || !run_apart(call, &code)) {
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

/* Without another thread to do it. */
static dp_code ask_here(dpy_call *call)
{
	PyGILState_STATE gil = PyGILState_Ensure();
	bool well = call->ask(call);
	PyGILState_Release(gil);
	return well ? DP_OK : DP_ECANCELED;
}

/* Has ask called once more; goes on when it is due no more than so often. */
static dp_code post(dpy_call *call, unsigned due)
{
	meeting *meet = call->meeting;
	if (!meet)
		return ask_here(call);
	pthread_mutex_lock(&meet->lock);
	meet->due++;
	pthread_cond_broadcast(&meet->change);
	await_asks(meet, due);
	bool stop = meet->stop;
	pthread_mutex_unlock(&meet->lock);
	return stop ? DP_ECANCELED : DP_OK;
}

dp_code dpy_call_post(dpy_call *call)
{
	return post(call, call->beside);
}

static bool tell_progress(dpy_call *call)
{
	PyObject *result =
		PyObject_CallFunction(call->progress, "KK", (unsigned long long)call->done,
				      (unsigned long long)call->total);
	Py_XDECREF(result);
	return result != NULL;
}

dp_code dpy_call_progress(void *user, uint64_t done, uint64_t total)
{
	dpy_call *call = user;
	call->ask = tell_progress;
	call->done = done;
	call->total = total;
	return post(call, 0);
}
