/*
 * batch.c - the type Batch: records that came together, as bytes without a copy.
 *
 * A batch gives its bytes, and Ends gives where its records end, by the buffer protocol. Where they
 * are borrowed from the reader, each view is counted there.
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/* What the ends of a batch are looked at through. */
typedef struct dpy_ends {
	PyObject ob_base;
	dpy_batch *batch;
	Py_ssize_t shape[1], strides[1];
} dpy_ends;

static bool is_owned(const dpy_batch *self)
{
	return self->data != NULL;
}

static bool check(const dpy_batch *self)
{
	if (is_owned(self) || self->turn == self->reader->turn)
		return true;
	PyErr_SetString(PyExc_BufferError, "the batch is over: its reader went on");
	return false;
}

PyObject *dpy_batch_new(const dpy_state *state, dpy_reader *reader, const dp_batch *batch,
			void *data, void *at)
{
	dpy_batch *self = dpy_alloc(state->batch);
	if (!self) {
		free(data);
		free(at);
		return NULL;
	}
	self->reader = (dpy_reader *)Py_NewRef((PyObject *)reader);
	self->turn = reader->turn;
	self->batch = *batch;
	self->data = data;
	self->at = at;
	return (PyObject *)self;
}

static void batch_dealloc(PyObject *object)
{
	dpy_batch *self = (dpy_batch *)object;
	free(self->data);
	free(self->at);
	dpy_free(object, self->reader);
}

static int batch_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
	dpy_batch *self = (dpy_batch *)object;
	view->obj = NULL;
	if (!check(self) || PyBuffer_FillInfo(view, object, (void *)(uintptr_t)self->batch.data,
					      (Py_ssize_t)self->batch.len, 1, flags) < 0)
		return -1;
	self->reader->views += is_owned(self) ? 0 : 1;
	return 0;
}

static void batch_releasebuffer(PyObject *object, Py_buffer *view)
{
	dpy_batch *self = (dpy_batch *)object;
	(void)view;
	self->reader->views -= is_owned(self) ? 0 : 1;
}

static Py_ssize_t batch_length(PyObject *object)
{
	return (Py_ssize_t)((dpy_batch *)object)->batch.nrec;
}

/* Record number i of the batch, as bytes. */
static PyObject *batch_item(PyObject *object, Py_ssize_t i)
{
	const dpy_batch *self = (dpy_batch *)object;
	const dp_batch *batch = &self->batch;
	size_t at, end;
	if (!check(self))
		return NULL;
	if (i < 0 || (uint64_t)i >= batch->nrec) {
		PyErr_SetString(PyExc_IndexError, "there is no such record in the batch");
		return NULL;
	}
	if (batch->ends) {
		at = i > 0 ? batch->ends[i - 1] : 0;
		end = batch->ends[i];
	} else {
		size_t each = batch->len / (size_t)batch->nrec;
		at = (size_t)i * each;
		end = at + each;
	}
	return PyBytes_FromStringAndSize((const char *)batch->data + at, (Py_ssize_t)(end - at));
}

static PyObject *get_first(PyObject *object, void *none)
{
	(void)none;
	return PyLong_FromUnsignedLongLong(((dpy_batch *)object)->batch.rec);
}

static PyObject *get_data(PyObject *object, void *none)
{
	(void)none;
	return PyMemoryView_FromObject(object);
}

static PyObject *get_ends(PyObject *object, void *none)
{
	dpy_batch *self = (dpy_batch *)object;
	(void)none;
	if (!check(self))
		return NULL;
	if (!self->batch.ends)
		return Py_NewRef(Py_None);
	dpy_state *state = PyType_GetModuleState(Py_TYPE(object));
	dpy_ends *ends = dpy_alloc(state->ends);
	if (!ends)
		return NULL;
	ends->batch = (dpy_batch *)Py_NewRef(object);
	ends->shape[0] = (Py_ssize_t)self->batch.nrec;
	ends->strides[0] = (Py_ssize_t)sizeof(uint32_t);
	PyObject *view = PyMemoryView_FromObject((PyObject *)ends);
	Py_DECREF((PyObject *)ends);
	return view;
}

static PyGetSetDef getset[] = {
	{ "first", get_first, NULL, "The number of its first record in the object.", NULL },
	{ "data", get_data, NULL, "A view of its records' bytes, one after the other.", NULL },
	{ "ends", get_ends, NULL,
	  "A view of where each record ends in data; None where all have one size.", NULL },
	{ 0 },
};

static PyMethodDef methods[] = {
	{ "lines", dpy_batch_lines, METH_VARARGS,
	  "lines(encoding, errors): the lines of its records, without their ends (LF or CR LF)." },
	{ 0 },
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, batch_dealloc },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, getset },
	{ Py_bf_getbuffer, batch_getbuffer },
	{ Py_tp_iter, PySeqIter_New },
	{ Py_bf_releasebuffer, batch_releasebuffer },
	{ Py_sq_length, batch_length },
	{ Py_sq_item, batch_item },
	{ 0 },
};

PyType_Spec dpy_batch_spec = {
	.name = "_dataplug.Batch",
	.basicsize = sizeof(dpy_batch),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};

static void ends_dealloc(PyObject *object)
{
	dpy_free(object, ((dpy_ends *)object)->batch);
}

static int ends_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
	static char format[] = "I";
	dpy_ends *self = (dpy_ends *)object;
	dpy_batch *batch = self->batch;
	view->obj = NULL;
	if (!check(batch))
		return -1;
	if (flags & PyBUF_WRITABLE) {
		PyErr_SetString(PyExc_BufferError, "it can only be read");
		return -1;
	}
	view->buf = (void *)(uintptr_t)batch->batch.ends;
	view->len = self->shape[0] * self->strides[0];
	view->itemsize = self->strides[0];
	view->readonly = 1;
	view->ndim = 1;
	view->format = flags & PyBUF_FORMAT ? format : NULL;
	view->shape = flags & PyBUF_ND ? self->shape : NULL;
	view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? self->strides : NULL;
	view->suboffsets = NULL;
	view->internal = NULL;
	view->obj = Py_NewRef(object);
	batch->reader->views += is_owned(batch) ? 0 : 1;
	return 0;
}

static void ends_releasebuffer(PyObject *object, Py_buffer *view)
{
	const dpy_ends *self = (dpy_ends *)object;
	(void)view;
	self->batch->reader->views -= is_owned(self->batch) ? 0 : 1;
}

static PyType_Slot ends_slots[] = {
	{ Py_tp_dealloc, ends_dealloc },
	{ Py_bf_getbuffer, ends_getbuffer },
	{ Py_bf_releasebuffer, ends_releasebuffer },
	{ 0 },
};

PyType_Spec dpy_ends_spec = {
	.name = "_dataplug.Ends",
	.basicsize = sizeof(dpy_ends),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = ends_slots,
};
