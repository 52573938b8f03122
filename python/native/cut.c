/* cut.c - partition and split: indexes and a strategy in, tokens out. */
#include <string.h>

#include "call.h"

typedef struct cut_call {
	dpy_call call;
	const dp_index **index;
	size_t nindexes;
	const char *strategy;
	const char *const *args;
	const dp_slice *slice; /* to be split into k */
	size_t k;
	dp_slices *slices;
} cut_call;

const dp_index **dpy_indexes(PyObject *tuple, const dpy_state *state, dpy_session **session)
{
	Py_ssize_t n = PyTuple_Size(tuple);
	const dp_index **at = n < 0 ? NULL : PyMem_Calloc((size_t)n + 1, sizeof(*at));
	if (!at && n >= 0)
		PyErr_NoMemory();
	*session = NULL;
	for (Py_ssize_t i = 0; at && i < n; i++) {
		PyObject *item = PyTuple_GetItem(tuple, i);
		const dpy_index *index = (dpy_index *)item;
		bool fits =
			Py_IS_TYPE(item, state->index) && (!*session || *session == index->session);
		if (fits && dpy_session_check(index->session)) {
			*session = index->session;
			at[i] = index->index;
			continue;
		}
		if (!fits)
			PyErr_SetString(PyExc_ValueError,
					"objects that are cut together share their settings");
		PyMem_Free(at);
		return NULL;
	}
	return at;
}

static dp_code run_partition(dpy_call *call)
{
	cut_call *cut = (cut_call *)call;
	return dp_partition(&cut->slices, cut->index, cut->nindexes, cut->strategy, cut->args,
			    &call->err);
}

static dp_code run_split(dpy_call *call)
{
	cut_call *cut = (cut_call *)call;
	return dp_slice_split(&cut->slices, cut->slice, cut->index, cut->nindexes, cut->k,
			      &call->err);
}

PyObject *dpy_tokens(const dp_slices *slices)
{
	PyObject *list = PyList_New(0);
	for (size_t i = 0; list && i < dp_slices_count(slices); i++) {
		dpy_bytes text = { 0 };
		dp_error err = { 0 };
		if (dp_slice_save(dp_slices_at(slices, i), dpy_bytes_write, &text, &err) != DP_OK)
			dpy_raise(&err, NULL);
		PyObject *bytes = PyErr_Occurred() ? NULL : dpy_bytes_take(&text);
		PyObject *token = bytes ? PyUnicode_DecodeASCII(PyBytes_AsString(bytes),
								PyBytes_Size(bytes), "strict")
					: NULL;
		if (!token || PyList_Append(list, token) < 0)
			Py_CLEAR(list);
		Py_XDECREF(token);
		Py_XDECREF(bytes);
		dpy_bytes_fini(&text);
	}
	return list;
}

static PyObject *cut(cut_call *cut, dp_code (*run)(dpy_call *))
{
	PyObject *tokens = NULL;
	cut->call.run = run;
	if (dpy_call_run(&cut->call))
		tokens = dpy_tokens(cut->slices);
	dp_slices_free(cut->slices);
	return tokens;
}

/* partition(indexes, strategy, args) */
PyObject *dpy_partition(PyObject *module, PyObject *args)
{
	dpy_state *state = PyModule_GetState(module);
	PyObject *tuple, *list, *tokens = NULL;
	dpy_words words = { 0 };
	cut_call c = { 0 };
	if (!PyArg_ParseTuple(args, "O!sO:partition", &PyTuple_Type, &tuple, &c.strategy, &list))
		return NULL;
	c.index = dpy_indexes(tuple, state, &c.call.session);
	if (!c.index)
		return NULL;
	if (!c.call.session) {
		PyErr_SetString(PyExc_ValueError, "there is nothing to cut");
	} else if (dpy_words_init(&words, list)) {
		c.nindexes = (size_t)PyTuple_Size(tuple);
		c.args = words.at;
		size_t len = 0;
		c.call.where = c.nindexes == 1 ? dp_index_attr(c.index[0], "url", &len) : NULL;
		tokens = cut(&c, run_partition);
		dpy_words_fini(&words);
	}
	PyMem_Free(c.index);
	return tokens;
}

/* split(token, indexes, k) */
PyObject *dpy_split(PyObject *module, PyObject *args)
{
	dpy_state *state = PyModule_GetState(module);
	PyObject *tuple, *tokens = NULL;
	const char *token;
	Py_ssize_t len, k;
	cut_call c = { 0 };
	if (!PyArg_ParseTuple(args, "s#O!n:split", &token, &len, &PyTuple_Type, &tuple, &k))
		return NULL;
	c.index = dpy_indexes(tuple, state, &c.call.session);
	if (!c.index)
		return NULL;
	dp_slice *slice = c.call.session ? dpy_slice_load(c.call.session, token, len) : NULL;
	if (slice) {
		c.slice = slice;
		c.nindexes = (size_t)PyTuple_Size(tuple);
		c.k = k > 0 ? (size_t)k : 0;
		c.call.where = dp_slice_url(slice);
		tokens = cut(&c, run_split);
		dp_slice_free(slice);
	} else if (!PyErr_Occurred()) {
		PyErr_SetString(PyExc_ValueError, "there is no index to split by");
	}
	PyMem_Free(c.index);
	return tokens;
}
