/*
 * columns.c - a slice as an Arrow stream, for __arrow_c_stream__: a capsule "arrow_array_stream".
 *
 * Whoever takes the stream out of the capsule owns
 * it, so it holds what it needs itself: the slice and its session. Consumers call it with the GIL
 * held or not; the library must run without, since its threads take it to log.
 */
#include <dataplug/arrow.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "native.h"

#define CAPSULE "arrow_array_stream"

typedef struct held {
	struct ArrowArrayStream inner;
	dpy_session *session;
	dp_slice *slice;
	const char *gone; /* the last error, when the process forked */
} held;

/* The thread gives the GIL away, whether it has it or not, and is given it back as it was. */
typedef struct away {
	PyGILState_STATE had;
	PyThreadState *thread;
} away;

static away go_away(void)
{
	away a = { .had = PyGILState_Ensure() };
	a.thread = PyEval_SaveThread();
	return a;
}

static void come_back(const away *a)
{
	PyEval_RestoreThread(a->thread);
	PyGILState_Release(a->had);
}

static bool usable(held *self)
{
	if (dpy_session_here(self->session))
		return true;
	self->gone = "it was opened by the process that this one forked of";
	return false;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	held *self = stream->private_data;
	if (!usable(self))
		return EINVAL;
	away a = go_away();
	int code = self->inner.get_schema(&self->inner, out);
	come_back(&a);
	return code;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	held *self = stream->private_data;
	if (!usable(self))
		return EINVAL;
	away a = go_away();
	int code = self->inner.get_next(&self->inner, out);
	come_back(&a);
	return code;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
	held *self = stream->private_data;
	return self->gone ? self->gone : self->inner.get_last_error(&self->inner);
}

static void free_held(held *self)
{
	if (dpy_session_here(self->session)) {
		if (self->inner.release)
			self->inner.release(&self->inner);
		dp_slice_free(self->slice);
	}
}

static void release(struct ArrowArrayStream *stream)
{
	held *self = stream->private_data;
	away a = go_away();
	free_held(self);
	PyEval_RestoreThread(a.thread);
	Py_DECREF((PyObject *)self->session);
	PyGILState_Release(a.had);
	free(self);
	stream->private_data = NULL;
	stream->release = NULL;
}

/* Nobody took the stream, or whoever did left it released. */
static void drop_capsule(PyObject *capsule)
{
	struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, CAPSULE);
	if (stream && stream->release)
		stream->release(stream);
	free(stream);
}

static dp_code open_columns(held *self, dp_error *err)
{
	dp_code code;
	Py_BEGIN_ALLOW_THREADS code = dp_slice_columns(self->slice, &self->inner, err);
	Py_END_ALLOW_THREADS return code;
}

static PyObject *make_capsule(held *self)
{
	struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
	if (!stream)
		return PyErr_NoMemory();
	*stream = (struct ArrowArrayStream){ get_schema, get_next, get_last_error, release, self };
	PyObject *capsule = PyCapsule_New(stream, CAPSULE, drop_capsule);
	if (!capsule)
		free(stream);
	return capsule;
}

/* slice_columns(session, token): capsule */
PyObject *dpy_slice_columns(PyObject *module, PyObject *args)
{
	dpy_state *state = PyModule_GetState(module);
	PyObject *session, *capsule = NULL;
	const char *token;
	Py_ssize_t len;
	dp_error err = { 0 };
	if (!PyArg_ParseTuple(args, "O!s#:slice_columns", state->session, &session, &token, &len))
		return NULL;
	held *self = calloc(1, sizeof *self);
	if (!self)
		return PyErr_NoMemory();
	self->session = (dpy_session *)session;
	self->slice = dpy_slice_load(self->session, token, len);
	if (self->slice && open_columns(self, &err) == DP_OK)
		capsule = make_capsule(self);
	else if (self->slice)
		dpy_raise(&err, dp_slice_url(self->slice));
	if (capsule) {
		Py_INCREF(session);
		return capsule;
	}
	free_held(self);
	free(self);
	return NULL;
}
