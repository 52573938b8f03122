/* index.c - the type Index: one object's index, opened or built; and what is asked of an object. */
#include <string.h>

#include "call.h"

/* An object and what is wanted of it. */
typedef struct object_call {
	dpy_call call;
	const char *url;
	dp_index_opts opts;
	dp_index *index;
	uint64_t size;
	dpy_bytes text;
} object_call;

static PyObject *wrap(dpy_session *session, dp_index *index, PyObject *module)
{
	dpy_state *state = PyModule_GetState(module);
	dpy_index *self = dpy_alloc(state->index);
	if (!self) {
		dp_index_free(index);
		return NULL;
	}
	self->session = (dpy_session *)Py_NewRef((PyObject *)session);
	self->index = index;
	return (PyObject *)self;
}

static void index_dealloc(PyObject *object)
{
	dpy_index *self = (dpy_index *)object;
	if (self->index && dpy_session_here(self->session)) {
		Py_BEGIN_ALLOW_THREADS
		dp_index_free(self->index);
		Py_END_ALLOW_THREADS
	}
	dpy_free(object, self->session);
}

static dp_code run_build(dpy_call *call)
{
	object_call *o = (object_call *)call;
	return dp_index_build(&o->index, call->session->session, o->url, &o->opts, &call->err);
}

static dp_code run_open(dpy_call *call)
{
	object_call *o = (object_call *)call;
	return dp_index_open(&o->index, call->session->session, o->url, &call->err);
}

static dp_code run_remove(dpy_call *call)
{
	object_call *o = (object_call *)call;
	return dp_index_remove(call->session->session, o->url, &call->err);
}

static dp_code run_home(dpy_call *call)
{
	object_call *o = (object_call *)call;
	return dp_index_home(call->session->session, o->url, dpy_bytes_write, &o->text, &call->err);
}

static dp_code run_size(dpy_call *call)
{
	object_call *o = (object_call *)call;
	return dp_object_size(call->session->session, o->url, &o->size, &call->err);
}

/* False if the call failed; what it left is freed. */
static bool run(object_call *o, dpy_session *session, PyObject *url, dp_code (*what)(dpy_call *))
{
	o->url = PyBytes_AsString(url);
	o->call.session = session;
	o->call.where = o->url;
	o->call.run = what;
	if (dpy_session_check(session) && dpy_call_run(&o->call))
		return true;
	dp_index_free(o->index);
	dpy_bytes_fini(&o->text);
	return false;
}

PyObject *dpy_index_build(PyObject *module, PyObject *args)
{
	dpy_state *state = PyModule_GetState(module);
	object_call o = { .opts = DP_INDEX_OPTS_INIT };
	PyObject *session, *url = NULL, *list, *progress, *index = NULL;
	dpy_words words = { 0 };
	int force = 0;
	if (!PyArg_ParseTuple(args, "O!O&zOpOz:index_build", state->session, &session,
			      PyUnicode_FSConverter, &url, &o.opts.format, &list, &force, &progress,
			      &o.opts.imported))
		return NULL;
	if (dpy_words_init(&words, list)) {
		o.opts.args = words.at;
		o.opts.force = force != 0;
		if (progress != Py_None) {
			o.call.progress = progress;
			o.opts.progress = dpy_call_progress;
			o.opts.user = &o.call;
		}
		if (run(&o, (dpy_session *)session, url, run_build))
			index = wrap((dpy_session *)session, o.index, module);
		dpy_words_fini(&words);
	}
	Py_DECREF(url);
	return index;
}

/* The arguments (session, url) of what follows. */
static bool take_object(PyObject *module, PyObject *args, PyObject **session, PyObject **url)
{
	dpy_state *state = PyModule_GetState(module);
	return PyArg_ParseTuple(args, "O!O&", state->session, session, PyUnicode_FSConverter, url);
}

PyObject *dpy_index_open(PyObject *module, PyObject *args)
{
	PyObject *session, *url = NULL, *index = NULL;
	object_call o = { 0 };
	if (!take_object(module, args, &session, &url))
		return NULL;
	if (run(&o, (dpy_session *)session, url, run_open))
		index = wrap((dpy_session *)session, o.index, module);
	Py_DECREF(url);
	return index;
}

PyObject *dpy_index_remove(PyObject *module, PyObject *args)
{
	PyObject *session, *url = NULL;
	object_call o = { 0 };
	if (!take_object(module, args, &session, &url))
		return NULL;
	bool well = run(&o, (dpy_session *)session, url, run_remove);
	Py_DECREF(url);
	return well ? Py_NewRef(Py_None) : NULL;
}

PyObject *dpy_index_home(PyObject *module, PyObject *args)
{
	PyObject *session, *url = NULL, *bytes = NULL, *text = NULL;
	object_call o = { 0 };
	if (!take_object(module, args, &session, &url))
		return NULL;
	if (run(&o, (dpy_session *)session, url, run_home))
		bytes = dpy_bytes_take(&o.text);
	if (bytes)
		text = PyUnicode_DecodeFSDefaultAndSize(PyBytes_AsString(bytes),
							PyBytes_Size(bytes));
	Py_XDECREF(bytes);
	Py_DECREF(url);
	return text;
}

PyObject *dpy_object_size(PyObject *module, PyObject *args)
{
	PyObject *session, *url = NULL, *size = NULL;
	object_call o = { 0 };
	if (!take_object(module, args, &session, &url))
		return NULL;
	if (run(&o, (dpy_session *)session, url, run_size))
		size = PyLong_FromUnsignedLongLong(o.size);
	Py_DECREF(url);
	return size;
}

/* ---- what an index knows, and can check ---- */

typedef struct verify_call {
	dpy_call call;
	const dp_index *index;
} verify_call;

static dp_code run_verify(dpy_call *call)
{
	const verify_call *verify = (verify_call *)call;
	return dp_index_verify(verify->index, call->progress ? dpy_call_progress : NULL, call,
			       &call->err);
}

/* verify(progress) */
static PyObject *index_verify(PyObject *object, PyObject *progress)
{
	dpy_index *self = (dpy_index *)object;
	size_t len = 0;
	verify_call verify = { .call = { .session = self->session, .run = run_verify },
			       .index = self->index };
	if (!dpy_session_check(self->session))
		return NULL;
	verify.call.where = dp_index_attr(self->index, "url", &len);
	verify.call.progress = progress == Py_None ? NULL : progress;
	return dpy_call_run(&verify.call) ? Py_NewRef(Py_None) : NULL;
}

static const dp_view *view_of(PyObject *object)
{
	const dpy_index *self = (dpy_index *)object;
	return dpy_session_check(self->session) ? dp_index_view(self->index) : NULL;
}

static PyObject *get_url(PyObject *object, void *none)
{
	const dpy_index *self = (dpy_index *)object;
	(void)none;
	if (!view_of(object))
		return NULL;
	const char *url = dp_index_url(self->index);
	return url ? PyUnicode_DecodeFSDefault(url) : Py_NewRef(Py_None);
}

static PyObject *get_size(PyObject *object, void *none)
{
	(void)none;
	if (!view_of(object))
		return NULL;
	return PyLong_FromUnsignedLongLong(dp_index_size(((dpy_index *)object)->index));
}

static PyObject *get_built(PyObject *object, void *none)
{
	(void)none;
	if (!view_of(object))
		return NULL;
	return PyBool_FromLong(dp_index_built(((dpy_index *)object)->index));
}

static PyObject *count_or_none(uint64_t n)
{
	return n == DP_UNKNOWN ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(n);
}

static PyObject *get_records(PyObject *object, void *none)
{
	const dp_view *view = view_of(object);
	(void)none;
	return view ? count_or_none(view->nrec) : NULL;
}

static PyObject *labels_of(const dp_axis *axis)
{
	PyObject *labels = PyList_New(0);
	for (size_t i = 0; labels && i < axis->nlabels; i++) {
		PyObject *label = PyUnicode_FromString(axis->labels[i]);
		if (!label || PyList_Append(labels, label) < 0)
			Py_CLEAR(labels);
		Py_XDECREF(label);
	}
	return labels;
}

/* [(name, unit, lo, hi, labels)] */
static PyObject *get_axes(PyObject *object, void *none)
{
	const dp_view *view = view_of(object);
	(void)none;
	PyObject *axes = view ? PyList_New(0) : NULL;
	for (size_t i = 0; axes && i < view->naxes; i++) {
		const dp_axis *axis = &view->axis[i];
		PyObject *row = Py_BuildValue("zzddN", axis->name, axis->unit, view->extent.lo[i],
					      view->extent.hi[i], labels_of(axis));
		if (!row || PyList_Append(axes, row) < 0)
			Py_CLEAR(axes);
		Py_XDECREF(row);
	}
	return axes;
}

static PyObject *index_attr(PyObject *object, PyObject *name)
{
	size_t len = 0;
	const char *key = PyUnicode_AsUTF8AndSize(name, NULL);
	if (!key || !view_of(object))
		return NULL;
	const void *value = dp_index_attr(((dpy_index *)object)->index, key, &len);
	return value ? PyBytes_FromStringAndSize(value, (Py_ssize_t)len) : Py_NewRef(Py_None);
}

/* Widens [lo, hi) to what a unit has of the object's first part. */
static void widen(const dp_unit *unit, uint64_t *lo, uint64_t *hi)
{
	for (size_t i = 0; i < DP_MAX_EXTENTS; i++) {
		const dp_extent *extent = &unit->extent[i];
		if (extent->len == 0 || extent->part != 0)
			continue;
		*lo = extent->off < *lo ? extent->off : *lo;
		*hi = extent->off + extent->len > *hi ? extent->off + extent->len : *hi;
	}
}

/* span(rec, nrec): the stored bytes [lo, hi) of the units that hold these records. */
static PyObject *index_span(PyObject *object, PyObject *args)
{
	const dp_view *view = view_of(object);
	unsigned long long rec, nrec;
	uint64_t lo = UINT64_MAX, hi = 0;
	if (!view || !PyArg_ParseTuple(args, "KK:span", &rec, &nrec))
		return NULL;
	for (size_t i = 0; i < view->nunits; i++) {
		const dp_unit *unit = &view->unit[i];
		bool counted = unit->rec != DP_UNKNOWN && unit->nrec != DP_UNKNOWN;
		if (!counted || (unit->rec < rec + nrec && unit->rec + unit->nrec > rec))
			widen(unit, &lo, &hi);
	}
	return Py_BuildValue("KK", (unsigned long long)(hi ? lo : 0), (unsigned long long)hi);
}

/* The table of units as it lies in memory; unit_layout() of the module says what is where. */
static int get_buffer(PyObject *object, Py_buffer *buffer, int flags)
{
	const dp_view *view = view_of(object);
	buffer->obj = NULL;
	if (!view)
		return -1;
	return PyBuffer_FillInfo(buffer, object, (void *)(uintptr_t)view->unit,
				 (Py_ssize_t)(view->nunits * sizeof(dp_unit)), 1, flags);
}

static PyGetSetDef getset[] = {
	{ "url", get_url, NULL, "Where the index lies; None where it was not stored.", NULL },
	{ "size", get_size, NULL, "The index file's size in bytes.", NULL },
	{ "built", get_built, NULL, "Whether it was built, not found.", NULL },
	{ "records", get_records, NULL, "How many; None if they were not counted.", NULL },
	{ "axes", get_axes, NULL, "[(name, unit, lo, hi, labels)]", NULL },
	{ 0 },
};

static PyMethodDef methods[] = {
	{ "attr", index_attr, METH_O, "The bytes of an attribute; None if there is none." },
	{ "verify", index_verify, METH_O, "verify(progress): reads the object and compares." },
	{ "span", index_span, METH_VARARGS, "span(rec, nrec): their units' stored bytes [lo, hi)" },
	{ 0 },
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, index_dealloc },
	{ Py_tp_getset, getset },
	{ Py_tp_methods, methods },
	{ Py_bf_getbuffer, get_buffer },
	{ 0 },
};

PyType_Spec dpy_index_spec = {
	.name = "_dataplug.Index",
	.basicsize = sizeof(dpy_index),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};
