/* reader.c - the type Reader: iterates over the records of a slice, batch by batch. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"

/* Copied batches are joined to about this size: fewer steps of Python for the same records. */
#define JOIN ((size_t)1 << 20)

typedef struct next_call {
	dpy_call call;
	dpy_reader *reader;
	dp_batch batch; /* nrec 0 at the end */
	uint8_t *data;  /* of a copy */
	uint32_t *ends; /* of a copy */
	size_t cap, cap_ends;
} next_call;

/* The next batch of the library. */
static dp_code pull(next_call *next, dp_batch *batch)
{
	dpy_reader *reader = next->reader;
	dp_code code = DP_OK;
	if (reader->has_kept) {
		*batch = reader->kept;
		reader->has_kept = false;
		return DP_OK;
	}
	if (!reader->reader)
		code = dp_reader_open(&reader->reader, reader->slice, &next->call.err);
	return code == DP_OK ? dp_reader_next(reader->reader, batch, &next->call.err) : code;
}

static bool make_room(next_call *next, size_t len, size_t nends)
{
	if (len > next->cap || !next->data) {
		size_t cap = len > JOIN ? len : 2 * JOIN;
		uint8_t *data = realloc(next->data, cap);
		if (!data)
			return false;
		next->data = data;
		next->cap = cap;
	}
	if (nends > next->cap_ends) {
		size_t cap = nends > 2 * next->cap_ends ? nends : 2 * next->cap_ends;
		uint32_t *ends = realloc(next->ends, cap * sizeof *ends);
		if (!ends)
			return false;
		next->ends = ends;
		next->cap_ends = cap;
	}
	return true;
}

/* Copies a batch behind those that are joined already. */
static dp_code join(next_call *next, const dp_batch *batch)
{
	dp_batch *sum = &next->batch;
	size_t nends = batch->ends ? (size_t)batch->nrec : 0, before = (size_t)sum->nrec;
	if (!make_room(next, sum->len + batch->len, before + nends))
		return dp_fail(&next->call.err, DP_ENOMEM, "no memory for a batch of %zu bytes",
			       sum->len + batch->len);
	if (batch->len)
		memcpy(next->data + sum->len, batch->data, batch->len);
	for (size_t i = 0; i < nends; i++)
		next->ends[before + i] = (uint32_t)sum->len + batch->ends[i];
	sum->rec = before ? sum->rec : batch->rec;
	sum->nrec += batch->nrec;
	sum->len += batch->len;
	return DP_OK;
}

/* Whether a batch goes on where those before it end, and they are not enough yet. */
static bool may_join(const next_call *next, const dp_batch *batch)
{
	const dp_batch *sum = &next->batch;
	uint64_t members = dp_slice_count(next->reader->slice);
	return sum->len + batch->len <= JOIN && (batch->ends != NULL) == (next->ends != NULL) &&
	       sum->rec + sum->nrec / members == batch->rec;
}

static dp_code run_copy(dpy_call *call)
{
	next_call *next = (next_call *)call;
	dp_batch batch;
	dp_code code = pull(next, &batch);
	while (code == DP_OK && batch.nrec > 0) {
		if (next->batch.nrec > 0 && !may_join(next, &batch)) {
			next->reader->kept = batch;
			next->reader->has_kept = true;
			break;
		}
		code = join(next, &batch);
		if (code == DP_OK && next->batch.len >= JOIN)
			break;
		if (code == DP_OK)
			code = pull(next, &batch);
	}
	next->batch.data = next->data;
	next->batch.ends = next->ends;
	return code;
}

static dp_code run_borrow(dpy_call *call)
{
	next_call *next = (next_call *)call;
	return pull(next, &next->batch);
}

static void close_reader(dpy_reader *self)
{
	dp_reader *reader = self->reader;
	self->reader = NULL;
	self->has_kept = false;
	self->end = true;
	self->turn++;
	if (!reader || !dpy_session_here(self->session))
		return;
	Py_BEGIN_ALLOW_THREADS
	dp_reader_free(reader);
	Py_END_ALLOW_THREADS
}

/* Whether the reader may go on or be closed. */
static bool check(const dpy_reader *self)
{
	if (!dpy_session_check(self->session))
		return false;
	if (self->busy) {
		PyErr_SetString(PyExc_ValueError, "another thread is reading");
		return false;
	}
	if (self->views > 0) {
		PyErr_SetString(PyExc_BufferError,
				"something still looks at the last batch: let go of it (del), or "
				"read with copy=True");
		return false;
	}
	return true;
}

/* Raises what a failed call left; the next one raises it again. */
static void keep_failure(dpy_reader *self, const next_call *next)
{
	self->failure = next->call.err;
	if (self->failure.code == DP_OK)
		dp_fail(&self->failure, DP_ECANCELED, "reading was interrupted");
}

static PyObject *reader_next(PyObject *object)
{
	dpy_reader *self = (dpy_reader *)object;
	next_call next = { .call = { .session = self->session,
				     .run = self->copy ? run_copy : run_borrow,
				     .where = dp_slice_url(self->slice) },
			   .reader = self };
	if (!check(self))
		return NULL;
	if (self->failure.code != DP_OK)
		dpy_raise(&self->failure, next.call.where);
	if (self->end || self->failure.code != DP_OK)
		return NULL;
	self->turn++;
	self->busy = true;
	bool well = dpy_call_run(&next.call);
	self->busy = false;
	if (well && next.batch.nrec > 0)
		return dpy_batch_new(PyType_GetModuleState(Py_TYPE(object)), self, &next.batch,
				     next.data, next.ends);
	free(next.data);
	free(next.ends);
	if (well)
		self->end = true;
	else
		keep_failure(self, &next);
	return NULL;
}

static PyObject *reader_close(PyObject *object, PyObject *none)
{
	dpy_reader *self = (dpy_reader *)object;
	(void)none;
	if (!check(self))
		return NULL;
	close_reader(self);
	Py_RETURN_NONE;
}

static PyObject *reader_enter(PyObject *object, PyObject *none)
{
	(void)none;
	return Py_NewRef(object);
}

static PyObject *reader_exit(PyObject *object, PyObject *args)
{
	(void)args;
	return reader_close(object, NULL);
}

static PyObject *reader_paid(PyObject *object, PyObject *none)
{
	dpy_reader *self = (dpy_reader *)object;
	dp_price paid = { 0 };
	(void)none;
	if (!dpy_session_check(self->session))
		return NULL;
	if (self->busy) {
		PyErr_SetString(PyExc_ValueError, "another thread is reading");
		return NULL;
	}
	if (self->reader) {
		Py_BEGIN_ALLOW_THREADS
		paid = dp_reader_paid(self->reader);
		Py_END_ALLOW_THREADS
	}
	return Py_BuildValue("KKK", (unsigned long long)paid.requests,
			     (unsigned long long)paid.bytes, (unsigned long long)paid.needed);
}

static void reader_dealloc(PyObject *object)
{
	dpy_reader *self = (dpy_reader *)object;
	close_reader(self);
	if (self->slice && dpy_session_here(self->session))
		dp_slice_free(self->slice);
	dpy_free(object, self->session);
}

/* reader(session, token, copy) */
PyObject *dpy_reader_new(PyObject *module, PyObject *args)
{
	dpy_state *state = PyModule_GetState(module);
	dpy_session *session;
	int copy;
	dp_slice *slice = dpy_slice_take(module, args, "O!s#p:reader", &session, &copy, NULL);
	if (!slice)
		return NULL;
	dpy_reader *self = dpy_alloc(state->reader);
	if (!self) {
		dp_slice_free(slice);
		return NULL;
	}
	self->session = (dpy_session *)Py_NewRef((PyObject *)session);
	self->slice = slice;
	self->copy = copy != 0;
	return (PyObject *)self;
}

static PyMethodDef methods[] = {
	{ "close", reader_close, METH_NOARGS, "Ends reading; further batches do not come." },
	{ "paid", reader_paid, METH_NOARGS, "(requests, bytes, needed) so far" },
	{ "__enter__", reader_enter, METH_NOARGS, NULL },
	{ "__exit__", reader_exit, METH_VARARGS, NULL },
	{ 0 },
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, reader_dealloc },
	{ Py_tp_iter, PyObject_SelfIter },
	{ Py_tp_iternext, reader_next },
	{ Py_tp_methods, methods },
	{ 0 },
};

PyType_Spec dpy_reader_spec = {
	.name = "_dataplug.Reader",
	.basicsize = sizeof(dpy_reader),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};
