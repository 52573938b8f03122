/*
 * columns.c - a slice as an Arrow stream, for __arrow_c_stream__: a capsule "arrow_array_stream".
 *
 * Whoever takes the stream out of the capsule owns it, so it holds what it needs itself: the
 * session. Consumers call it with the GIL held or not, on any thread; the library must run without
 * it, since its threads take it to log.
 */
#include <dataplug/arrow.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define CAPSULE "arrow_array_stream"

typedef struct held {
	struct ArrowArrayStream inner;
	dpy_session *session;
	const char *why; /* the last error, where it is not the library's */
} held;

typedef struct stream_call {
	dpy_call call;
	held *held;
	const dp_slice *slice;
	void *out; /* an ArrowSchema or ArrowArray */
	int code;
} stream_call;

static dp_code run_open(dpy_call *call)
{
	stream_call *open = (stream_call *)call;
	return dp_slice_columns(open->slice, &open->held->inner, &call->err);
}

static dp_code run_schema(dpy_call *call)
{
	stream_call *ask = (stream_call *)call;
	struct ArrowArrayStream *inner = &ask->held->inner;
	ask->code = inner->get_schema(inner, ask->out);
	return DP_OK;
}

static dp_code run_next(dpy_call *call)
{
	stream_call *ask = (stream_call *)call;
	struct ArrowArrayStream *inner = &ask->held->inner;
	ask->code = inner->get_next(inner, ask->out);
	return DP_OK;
}

/* The consumer knows of no exceptions: Ctrl-C is raised again when it comes back to Python. */
static int fail_interrupted(held *self)
{
	bool again = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
	PyErr_Clear();
	if (again)
		PyErr_SetInterrupt();
	self->why = "interrupted";
	return ECANCELED;
}

static int ask(struct ArrowArrayStream *stream, dp_code (*run)(dpy_call *), void *out)
{
	held *self = stream->private_data;
	stream_call ask = { .call = { .session = self->session, .run = run },
			    .held = self,
			    .out = out };
	self->why = NULL;
	if (!dpy_session_here(self->session)) {
		self->why = "it was opened by the process that this one forked of";
		return EINVAL;
	}
	PyGILState_STATE gil = PyGILState_Ensure();
	if (!dpy_call_run(&ask.call))
		ask.code = fail_interrupted(self);
	PyGILState_Release(gil);
	return ask.code;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	return ask(stream, run_schema, out);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	return ask(stream, run_next, out);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
	held *self = stream->private_data;
	return self->why ? self->why : self->inner.get_last_error(&self->inner);
}

/* With the GIL. */
static void free_held(held *self)
{
	if (self->inner.release && dpy_session_here(self->session)) {
		Py_BEGIN_ALLOW_THREADS
		self->inner.release(&self->inner);
		Py_END_ALLOW_THREADS
	}
	Py_DECREF((PyObject *)self->session);
	free(self);
}

static void release(struct ArrowArrayStream *stream)
{
	PyGILState_STATE gil = PyGILState_Ensure();
	free_held(stream->private_data);
	PyGILState_Release(gil);
	stream->private_data = NULL;
	stream->release = NULL;
}

/* Nobody took the stream out, or whoever did marked it as released here. */
static void drop_capsule(PyObject *capsule)
{
	struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, CAPSULE);
	if (stream && stream->release)
		stream->release(stream);
	free(stream);
}

/* Takes self over. */
static PyObject *make_capsule(held *self)
{
	struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
	if (stream)
		*stream = (struct ArrowArrayStream){ get_schema, get_next, get_last_error, release,
						     self };
	PyObject *capsule =
		stream ? PyCapsule_New(stream, CAPSULE, drop_capsule) : PyErr_NoMemory();
	if (capsule)
		return capsule;
	free(stream);
	free_held(self);
	return NULL;
}

/* slice_columns(session, token): capsule */
PyObject *dpy_slice_columns(PyObject *module, PyObject *args)
{
	stream_call open = { .call.run = run_open };
	dp_slice *slice =
		dpy_slice_take(module, args, "O!s#:slice_columns", &open.call.session, NULL, NULL);
	if (!slice)
		return NULL;
	held *self = calloc(1, sizeof *self);
	if (!self) {
		dp_slice_free(slice);
		return PyErr_NoMemory();
	}
	self->session = (dpy_session *)Py_NewRef((PyObject *)open.call.session);
	open.held = self;
	open.slice = slice;
	open.call.where = dp_slice_url(slice);
	bool well = dpy_call_run(&open.call);
	dp_slice_free(slice);
	if (well)
		return make_capsule(self);
	free_held(self);
	return NULL;
}
