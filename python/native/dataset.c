/* dataset.c - the type Dataset: the indexes of all objects under a folder or prefix. */
#include <stdlib.h>
#include <string.h>

#include "call.h"

typedef struct dpy_dataset {
	PyObject ob_base;
	dpy_session *session;
	dp_dataset *dataset;
} dpy_dataset;

/* An object that was listed, or skipped and why. */
typedef struct seen {
	struct seen *next;
	char *url;
	uint64_t size;
	dp_error why;
} seen;

typedef struct list_call {
	dpy_call call;
	const char *url;
	dp_dataset_opts opts;
	dp_dataset *dataset;
	seen *first, **last; /* of objects */
	bool full;           /* there was no memory for one */
} list_call;

static void add_seen(list_call *list, const char *url, uint64_t size, const dp_error *why)
{
	seen *one = calloc(1, sizeof *one);
	if (one)
		one->url = strdup(url);
	if (!one || !one->url) {
		free(one);
		list->full = true;
		return;
	}
	one->size = size;
	if (why)
		one->why = *why;
	*list->last = one;
	list->last = &one->next;
}

static void free_seen(list_call *list)
{
	while (list->first) {
		seen *one = list->first;
		list->first = one->next;
		free(one->url);
		free(one);
	}
}

static dp_code see_object(void *user, const char *url, uint64_t size, dp_error *err)
{
	list_call *list = user;
	add_seen(list, url, size, NULL);
	return list->full ? dp_fail(err, DP_ENOMEM, "no memory for a list of objects") : DP_OK;
}

static void see_skipped(void *user, const char *url, const dp_error *why)
{
	add_seen(user, url, 0, why);
}

static dp_code run_list(dpy_call *call)
{
	list_call *list = (list_call *)call;
	return dp_list(call->session->session, list->url, see_object, list, &call->err);
}

static dp_code run_open(dpy_call *call)
{
	list_call *list = (list_call *)call;
	return dp_dataset_open(&list->dataset, call->session->session, list->url, &list->opts,
			       &call->err);
}

/* (url, size), or (url, error) where there is one. */
static PyObject *row_of(const seen *one)
{
	PyObject *what = one->why.code == DP_OK ? PyLong_FromUnsignedLongLong(one->size)
						: dpy_error_new(&one->why, one->url);
	PyObject *url = PyUnicode_DecodeFSDefault(one->url);
	if (what && url)
		return Py_BuildValue("NN", url, what);
	Py_XDECREF(what);
	Py_XDECREF(url);
	return NULL;
}

static PyObject *rows_of(const list_call *list)
{
	PyObject *rows = PyList_New(0);
	for (const seen *one = list->first; rows && one; one = one->next) {
		PyObject *row = row_of(one);
		if (!row || PyList_Append(rows, row) < 0)
			Py_CLEAR(rows);
		Py_XDECREF(row);
	}
	return rows;
}

static bool run(list_call *list, PyObject *session, PyObject *url, dp_code (*what)(dpy_call *))
{
	list->url = PyBytes_AsString(url);
	list->last = &list->first;
	list->call.session = (dpy_session *)session;
	list->call.where = list->url;
	list->call.run = what;
	return dpy_session_check((dpy_session *)session) && dpy_call_run(&list->call);
}

/* list_objects(session, url): [(url, size)] */
PyObject *dpy_list(PyObject *module, PyObject *args)
{
	dpy_state *state = PyModule_GetState(module);
	PyObject *session, *url = NULL, *rows = NULL;
	list_call list = { 0 };
	if (!PyArg_ParseTuple(args, "O!O&:list_objects", state->session, &session,
			      PyUnicode_FSConverter, &url))
		return NULL;
	if (run(&list, session, url, run_list))
		rows = rows_of(&list);
	free_seen(&list);
	Py_DECREF(url);
	return rows;
}

static PyObject *wrap(const dpy_state *state, PyObject *session, dp_dataset *dataset)
{
	dpy_dataset *self = dpy_alloc(state->dataset);
	if (!self) {
		dp_dataset_free(dataset);
		return NULL;
	}
	self->session = (dpy_session *)Py_NewRef(session);
	self->dataset = dataset;
	return (PyObject *)self;
}

/* dataset_open(session, url, format, strict): (Dataset, [(url, error)] of what was skipped) */
PyObject *dpy_dataset_open(PyObject *module, PyObject *args)
{
	dpy_state *state = PyModule_GetState(module);
	PyObject *session, *url = NULL, *dataset = NULL, *skipped = NULL;
	list_call list = { .opts = DP_DATASET_OPTS_INIT };
	int strict = 0;
	if (!PyArg_ParseTuple(args, "O!O&zp:dataset_open", state->session, &session,
			      PyUnicode_FSConverter, &url, &list.opts.format, &strict))
		return NULL;
	list.opts.strict = strict != 0;
	list.opts.skipped = see_skipped;
	list.opts.user = &list;
	if (run(&list, session, url, run_open))
		dataset = wrap(state, session, list.dataset);
	else
		dp_dataset_free(list.dataset);
	if (dataset)
		skipped = rows_of(&list);
	free_seen(&list);
	Py_DECREF(url);
	if (skipped)
		return Py_BuildValue("NN", dataset, skipped);
	Py_XDECREF(dataset);
	return NULL;
}

static void dataset_dealloc(PyObject *object)
{
	dpy_dataset *self = (dpy_dataset *)object;
	if (self->dataset && dpy_session_here(self->session)) {
		Py_BEGIN_ALLOW_THREADS
		dp_dataset_free(self->dataset);
		Py_END_ALLOW_THREADS
	}
	dpy_free(object, self->session);
}

/* [(url, records or None)] */
static PyObject *dataset_objects(PyObject *object, PyObject *none)
{
	const dpy_dataset *self = (dpy_dataset *)object;
	(void)none;
	PyObject *rows = dpy_session_check(self->session) ? PyList_New(0) : NULL;
	for (size_t i = 0; rows && i < dp_dataset_count(self->dataset); i++) {
		const dp_index *index = dp_dataset_at(self->dataset, i);
		uint64_t nrec = dp_index_view(index)->nrec;
		size_t len = 0;
		PyObject *count =
			nrec == DP_UNKNOWN ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(nrec);
		PyObject *url = PyUnicode_DecodeFSDefault(dp_index_attr(index, "url", &len));
		PyObject *row = url && count ? PyTuple_Pack(2, url, count) : NULL;
		if (!row || PyList_Append(rows, row) < 0)
			Py_CLEAR(rows);
		Py_XDECREF(row);
		Py_XDECREF(url);
		Py_XDECREF(count);
	}
	return rows;
}

typedef struct cut_call {
	dpy_call call;
	const dp_dataset *dataset;
	const char *strategy;
	const char *const *args;
	dp_slices *slices;
} cut_call;

static dp_code run_partition(dpy_call *call)
{
	cut_call *cut = (cut_call *)call;
	return dp_dataset_partition(&cut->slices, cut->dataset, cut->strategy, cut->args,
				    &call->err);
}

static PyObject *dataset_partition(PyObject *object, PyObject *args)
{
	dpy_dataset *self = (dpy_dataset *)object;
	cut_call cut = { .call = { .session = self->session, .run = run_partition },
			 .dataset = self->dataset };
	PyObject *list, *tokens = NULL;
	dpy_words words = { 0 };
	if (!dpy_session_check(self->session) ||
	    !PyArg_ParseTuple(args, "sO:partition", &cut.strategy, &list) ||
	    !dpy_words_init(&words, list))
		return NULL;
	cut.args = words.at;
	if (dpy_call_run(&cut.call))
		tokens = dpy_tokens(cut.slices);
	dp_slices_free(cut.slices);
	dpy_words_fini(&words);
	return tokens;
}

static PyMethodDef methods[] = {
	{ "objects", dataset_objects, METH_NOARGS, "[(url, records or None)]" },
	{ "partition", dataset_partition, METH_VARARGS, "partition(strategy, args): tokens" },
	{ 0 },
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, dataset_dealloc },
	{ Py_tp_methods, methods },
	{ 0 },
};

PyType_Spec dpy_dataset_spec = {
	.name = "_dataplug.Dataset",
	.basicsize = sizeof(dpy_dataset),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};
