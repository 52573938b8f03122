/* slice.c - what is done with one token: told, read into bytes, written to a file. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "call.h"

typedef struct get_call {
	dpy_call call;
	dp_slice *slice;
	int raw, fd;
	dpy_bytes bytes;
} get_call;

dp_slice *dpy_slice_load(dpy_session *session, const char *token, Py_ssize_t len)
{
	dp_slice *slice = NULL;
	dp_error err = { 0 };
	if (!dpy_session_check(session))
		return NULL;
	if (dp_slice_load(&slice, session->session, token, (size_t)len, &err) != DP_OK)
		dpy_raise(&err, NULL);
	return slice;
}

dp_slice *dpy_slice_take(PyObject *module, PyObject *args, const char *format,
			 dpy_session **session, void *third, void *fourth)
{
	const dpy_state *state = PyModule_GetState(module);
	const char *token;
	Py_ssize_t len;
	if (!PyArg_ParseTuple(args, format, state->session, session, &token, &len, third, fourth))
		return NULL;
	return dpy_slice_load(*session, token, len);
}

static PyObject *urls_of(const dp_slice *slice)
{
	PyObject *urls = PyList_New(0);
	for (size_t i = 0; urls && i < dp_slice_count(slice); i++) {
		PyObject *url = PyUnicode_DecodeFSDefault(dp_slice_url(dp_slice_member(slice, i)));
		if (!url || PyList_Append(urls, url) < 0)
			Py_CLEAR(urls);
		Py_XDECREF(url);
	}
	return urls;
}

/* slice_info(session, token): (urls, format, first, count or None, (requests, bytes, needed)) */
PyObject *dpy_slice_info(PyObject *module, PyObject *args)
{
	dpy_session *session;
	PyObject *count;
	dp_slice *slice = dpy_slice_take(module, args, "O!s#:slice_info", &session, NULL, NULL);
	if (!slice)
		return NULL;
	const dp_sel *sel = dp_slice_sel(slice);
	dp_price price = dp_slice_price(slice);
	count = sel->nrec == DP_UNKNOWN ? Py_NewRef(Py_None)
					: PyLong_FromUnsignedLongLong(sel->nrec);
	PyObject *info = Py_BuildValue(
		"NsKN(KKK)", urls_of(slice), dp_slice_format(slice), (unsigned long long)sel->rec,
		count, (unsigned long long)price.requests, (unsigned long long)price.bytes,
		(unsigned long long)price.needed);
	dp_slice_free(slice);
	return info;
}

static unsigned flags_of(const get_call *get)
{
	return get->raw ? DP_GET_RAW : 0;
}

static dp_code run_read(dpy_call *call)
{
	get_call *get = (get_call *)call;
	return dp_slice_get(get->slice, flags_of(get), dpy_bytes_write, &get->bytes, &call->err);
}

static dp_code write_fd(void *user, const void *data, size_t len, dp_error *err)
{
	const int *fd = user;
	for (const char *p = data; len > 0;) {
		ssize_t n = write(*fd, p, len);
		if (n < 0 && errno != EINTR)
			return dp_fail(err, DP_EWRITE, "cannot be written to: %s", strerror(errno));
		p += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return DP_OK;
}

static dp_code run_write(dpy_call *call)
{
	get_call *get = (get_call *)call;
	return dp_slice_get(get->slice, flags_of(get), write_fd, &get->fd, &call->err);
}

/* Takes what it is to do from the arguments, and does it. */
static bool run(get_call *get, PyObject *module, PyObject *args, const char *format, int *third,
		int *fourth)
{
	get->slice = dpy_slice_take(module, args, format, &get->call.session, third, fourth);
	if (!get->slice)
		return false;
	get->call.where = dp_slice_url(get->slice);
	bool well = dpy_call_run(&get->call);
	Py_BEGIN_ALLOW_THREADS
	dp_slice_free(get->slice);
	Py_END_ALLOW_THREADS
	return well;
}

/* slice_read(session, token, raw): bytes */
PyObject *dpy_slice_read(PyObject *module, PyObject *args)
{
	get_call get = { .call.run = run_read };
	if (run(&get, module, args, "O!s#p:slice_read", &get.raw, NULL))
		return dpy_bytes_take(&get.bytes);
	dpy_bytes_fini(&get.bytes);
	return NULL;
}

/* slice_write(session, token, fd, raw) */
PyObject *dpy_slice_write(PyObject *module, PyObject *args)
{
	get_call get = { .call.run = run_write };
	if (!run(&get, module, args, "O!s#ip:slice_write", &get.fd, &get.raw))
		return NULL;
	return Py_NewRef(Py_None);
}
