/* session.c - the type Session: a dp_session of this process, and where its log goes. */
#include <string.h>
#include <unistd.h>

#include "native.h"

static void log_line(void *user, dp_level level, const char *line)
{
	dpy_session *self = user;
	PyObject *type, *value, *trace;
	if (atomic_load(&self->quiet))
		return;
	PyGILState_STATE gil = PyGILState_Ensure();
	/* Where something is freed while an exception goes up. */
	PyErr_Fetch(&type, &value, &trace);
	PyObject *text = PyUnicode_DecodeUTF8(line, (Py_ssize_t)strlen(line), "replace");
	PyObject *done = text ? PyObject_CallFunction(self->log, "iO", (int)level, text) : NULL;
	if (!done)
		PyErr_WriteUnraisable(self->log);
	Py_XDECREF(done);
	Py_XDECREF(text);
	PyErr_Restore(type, value, trace);
	PyGILState_Release(gil);
}

bool dpy_session_here(const dpy_session *session)
{
	return session->pid == getpid();
}

bool dpy_session_check(const dpy_session *session)
{
	if (dpy_session_here(session))
		return true;
	PyErr_SetString(PyExc_RuntimeError, "it was opened by the process that this one forked of");
	return false;
}

static PyObject *session_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	PyObject *settings, *log;
	dpy_words words = { 0 };
	dp_error err = { 0 };
	(void)kwargs;
	if (!PyArg_ParseTuple(args, "OO:Session", &settings, &log) ||
	    !dpy_words_init(&words, settings))
		return NULL;
	dpy_session *self = dpy_alloc(type);
	if (!self) {
		dpy_words_fini(&words);
		return NULL;
	}
	atomic_init(&self->quiet, false);
	self->pid = getpid();
	self->log = Py_NewRef(log);
	dp_code code = dp_session_open(&self->session, words.at, &err);
	dpy_words_fini(&words);
	if (code != DP_OK) {
		dpy_raise(&err, NULL);
		Py_DECREF(self);
		return NULL;
	}
	dp_session_log_to(self->session, log_line, self);
	return (PyObject *)self;
}

static void session_dealloc(PyObject *object)
{
	dpy_session *self = (dpy_session *)object;
	if (self->session && dpy_session_here(self)) {
		Py_BEGIN_ALLOW_THREADS
		dp_session_free(self->session);
		Py_END_ALLOW_THREADS
	}
	dpy_free(object, self->log);
}

static PyObject *session_cancel(PyObject *object, PyObject *none)
{
	(void)none;
	if (!dpy_session_check((dpy_session *)object))
		return NULL;
	dp_session_cancel(((dpy_session *)object)->session);
	Py_RETURN_NONE;
}

static PyObject *session_quiet(PyObject *object, PyObject *none)
{
	(void)none;
	atomic_store(&((dpy_session *)object)->quiet, true);
	Py_RETURN_NONE;
}

static PyObject *session_traffic(PyObject *object, PyObject *none)
{
	(void)none;
	if (!dpy_session_check((dpy_session *)object))
		return NULL;
	dp_traffic sum = dp_session_traffic(((dpy_session *)object)->session);
	return Py_BuildValue("KKKd", (unsigned long long)sum.requests,
			     (unsigned long long)sum.retries, (unsigned long long)sum.bytes,
			     sum.first_byte);
}

static PyMethodDef methods[] = {
	{ "cancel", session_cancel, METH_NOARGS, "Ends the calls that run now (Canceled)." },
	{ "quiet", session_quiet, METH_NOARGS, "No line is logged from now on." },
	{ "traffic", session_traffic, METH_NOARGS, "(requests, retries, bytes, first_byte)" },
	{ 0 },
};

static PyType_Slot slots[] = {
	{ Py_tp_new, session_new },
	{ Py_tp_dealloc, session_dealloc },
	{ Py_tp_methods, methods },
	{ 0 },
};

PyType_Spec dpy_session_spec = {
	.name = "_dataplug.Session",
	.basicsize = sizeof(dpy_session),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = slots,
};
