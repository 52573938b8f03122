/* module.c - the module _dataplug: its functions, types and constants. */
#include <stddef.h>

#include "native.h"

void *dpy_alloc(PyTypeObject *type)
{
	return ((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
}

void dpy_free(PyObject *object, void *held)
{
	PyTypeObject *type = Py_TYPE(object);
	Py_XDECREF((PyObject *)held);
	((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
	Py_DECREF(type);
}

/* unit_layout(): what is where in the table of units that an Index lends, {name: offset}. */
static PyObject *unit_layout(PyObject *module, PyObject *none)
{
	static const struct {
		const char *name;
		size_t offset;
	} field[] = {
		{ "extent", offsetof(dp_unit, extent) },
		{ "skip", offsetof(dp_unit, skip) },
		{ "raw", offsetof(dp_unit, raw) },
		{ "rec", offsetof(dp_unit, rec) },
		{ "nrec", offsetof(dp_unit, nrec) },
		{ "lo", offsetof(dp_unit, box.lo) },
		{ "hi", offsetof(dp_unit, box.hi) },
		{ "state_len", offsetof(dp_unit, state_len) },
		{ "state_crc", offsetof(dp_unit, state_crc) },
		{ "crc", offsetof(dp_unit, crc) },
		{ "tag", offsetof(dp_unit, tag) },
		{ "flags", offsetof(dp_unit, flags) },
		{ "size", sizeof(dp_unit) },
		{ "extent.off", offsetof(dp_extent, off) },
		{ "extent.len", offsetof(dp_extent, len) },
		{ "extent.part", offsetof(dp_extent, part) },
		{ "extent.size", sizeof(dp_extent) },
	};
	PyObject *layout = PyDict_New();
	(void)module;
	(void)none;
	for (size_t i = 0; layout && i < sizeof field / sizeof field[0]; i++) {
		PyObject *at = PyLong_FromSize_t(field[i].offset);
		if (!at || PyDict_SetItemString(layout, field[i].name, at) < 0)
			Py_CLEAR(layout);
		Py_XDECREF(at);
	}
	return layout;
}

/* settings(): [(name, default, doc)] */
static PyObject *settings(PyObject *module, PyObject *none)
{
	PyObject *rows = PyList_New(0);
	(void)module;
	(void)none;
	for (const dp_param *p = dp_session_settings(); rows && p->name; p++) {
		PyObject *row = Py_BuildValue("szs", p->name, p->def, p->doc);
		if (!row || PyList_Append(rows, row) < 0)
			Py_CLEAR(rows);
		Py_XDECREF(row);
	}
	return rows;
}

static PyMethodDef functions[] = {
	{ "settings", settings, METH_NOARGS, NULL },
	{ "unit_layout", unit_layout, METH_NOARGS, NULL },
	{ "index_build", dpy_index_build, METH_VARARGS, NULL },
	{ "index_open", dpy_index_open, METH_VARARGS, NULL },
	{ "index_remove", dpy_index_remove, METH_VARARGS, NULL },
	{ "index_home", dpy_index_home, METH_VARARGS, NULL },
	{ "object_size", dpy_object_size, METH_VARARGS, NULL },
	{ "list_objects", dpy_list, METH_VARARGS, NULL },
	{ "dataset_open", dpy_dataset_open, METH_VARARGS, NULL },
	{ "partition", dpy_partition, METH_VARARGS, NULL },
	{ "split", dpy_split, METH_VARARGS, NULL },
	{ "slice_info", dpy_slice_info, METH_VARARGS, NULL },
	{ "slice_read", dpy_slice_read, METH_VARARGS, NULL },
	{ "slice_write", dpy_slice_write, METH_VARARGS, NULL },
	{ "slice_lines", dpy_slice_lines, METH_VARARGS, NULL },
	{ "slice_columns", dpy_slice_columns, METH_VARARGS, NULL },
	{ "run_task", dpy_run_task, METH_VARARGS, NULL },
	{ "reader", dpy_reader_new, METH_VARARGS, NULL },
	{ 0 },
};

static bool add_type(PyObject *module, PyTypeObject **out, PyType_Spec *spec)
{
	*out = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
	return *out && PyModule_AddType(module, *out) == 0;
}

static int execute(PyObject *module)
{
	dpy_state *state = PyModule_GetState(module);
	bool well = add_type(module, &state->session, &dpy_session_spec) &&
		    add_type(module, &state->index, &dpy_index_spec) &&
		    add_type(module, &state->dataset, &dpy_dataset_spec) &&
		    add_type(module, &state->reader, &dpy_reader_spec) &&
		    add_type(module, &state->batch, &dpy_batch_spec) &&
		    add_type(module, &state->ends, &dpy_ends_spec) &&
		    PyModule_AddStringConstant(module, "version", dp_version()) == 0 &&
		    PyModule_AddStringConstant(module, "allow_network", DP_ALLOW_NETWORK) == 0;
	return well ? 0 : -1;
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
	dpy_state *state = PyModule_GetState(module);
	if (!state)
		return 0;
	Py_VISIT(state->session);
	Py_VISIT(state->index);
	Py_VISIT(state->dataset);
	Py_VISIT(state->reader);
	Py_VISIT(state->batch);
	Py_VISIT(state->ends);
	return 0;
}

static int clear(PyObject *module)
{
	dpy_state *state = PyModule_GetState(module);
	if (!state)
		return 0;
	Py_CLEAR(state->session);
	Py_CLEAR(state->index);
	Py_CLEAR(state->dataset);
	Py_CLEAR(state->reader);
	Py_CLEAR(state->batch);
	Py_CLEAR(state->ends);
	return 0;
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, execute },
	{ 0 },
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_dataplug",
	.m_doc = "What the package dataplug needs of the C library; use that, not this.",
	.m_size = sizeof(dpy_state),
	.m_methods = functions,
	.m_slots = slots,
	.m_traverse = traverse,
	.m_clear = clear,
};

PyMODINIT_FUNC PyInit__dataplug(void);
PyMODINIT_FUNC PyInit__dataplug(void)
{
	return PyModuleDef_Init(&definition);
}
