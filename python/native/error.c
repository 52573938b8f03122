/* error.c - the library's errors as exceptions of dataplug.errors. */
#include <string.h>

#include "native.h"

/* The part of a URL that may be shown: a web server's query may be a signature. */
static Py_ssize_t shown_len(const char *where)
{
	bool web = strncmp(where, "http:", 5) == 0 || strncmp(where, "https:", 6) == 0;
	return (Py_ssize_t)(web ? strcspn(where, "?#") : strlen(where));
}

static PyObject *message_of(const dp_error *err, const char *where)
{
	PyObject *what = PyUnicode_DecodeUTF8(err->msg, (Py_ssize_t)strlen(err->msg), "replace");
	if (!what || !where || !*where)
		return what;
	PyObject *at = PyUnicode_DecodeUTF8(where, shown_len(where), "replace");
	PyObject *both = at ? PyUnicode_FromFormat("%U: %U", at, what) : NULL;
	Py_XDECREF(at);
	Py_DECREF(what);
	return both;
}

PyObject *dpy_error_new(const dp_error *err, const char *where)
{
	PyObject *errors = PyImport_ImportModule("dataplug.errors");
	PyObject *message = errors ? message_of(err, where) : NULL;
	PyObject *error = message ? PyObject_CallMethod(errors, "error_of", "Oii", message,
							(int)err->code, err->http)
				  : NULL;
	Py_XDECREF(message);
	Py_XDECREF(errors);
	return error;
}

void dpy_raise(const dp_error *err, const char *where)
{
	PyObject *error = dpy_error_new(err, where);
	if (error)
		PyErr_SetObject((PyObject *)Py_TYPE(error), error);
	Py_XDECREF(error);
}
