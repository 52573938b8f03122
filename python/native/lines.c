/*
 * lines.c - lines as str: of a batch, and of a whole slice, for which the records that follow are
 * read while those before become str.
 */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "reader.h"

/* One becomes lines, one is filled, the others wait, so that neither thread often does. */
#define BATCHES 3

/* How bytes become str. */
typedef struct encoding {
	const char *name, *errors;
} encoding;

typedef struct records {
	uint8_t *data;
	size_t len, cap;
} records;

typedef struct lines_call {
	dpy_call call;
	const dp_slice *slice;
	encoding how;
	records batch[BATCHES]; /* they take turns */
	unsigned filled, taken;
	PyObject *list;
} lines_call;

/* Appends the lines of a text without their ends, LF or CR LF; false with an exception. */
static bool append_lines(PyObject *list, const void *data, size_t len, const encoding *how)
{
	const char *at = data, *end = at + len;
	bool utf8 = strcmp(how->name, "utf-8") == 0;
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at)), *stop = lf ? lf : end;
		if (lf && lf > at && lf[-1] == '\r')
			stop--;
		PyObject *line = utf8 ? PyUnicode_DecodeUTF8(at, stop - at, how->errors)
				      : PyUnicode_Decode(at, stop - at, how->name, how->errors);
		bool well = line && PyList_Append(list, line) == 0;
		Py_XDECREF(line);
		if (!well)
			return false;
		at = lf ? lf + 1 : end;
	}
	return true;
}

PyObject *dpy_batch_lines(PyObject *object, PyObject *args)
{
	encoding how;
	Py_buffer view;
	if (!PyArg_ParseTuple(args, "ss:lines", &how.name, &how.errors) ||
	    PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0)
		return NULL;
	PyObject *list = PyList_New(0);
	if (list && !append_lines(list, view.buf, (size_t)view.len, &how))
		Py_CLEAR(list);
	PyBuffer_Release(&view);
	return list;
}

static bool take_batch(dpy_call *call)
{
	lines_call *lines = (lines_call *)call;
	const records *batch = &lines->batch[lines->taken++ % BATCHES];
	return append_lines(lines->list, batch->data, batch->len, &lines->how);
}

static dp_code keep_batch(lines_call *lines, const dp_batch *batch)
{
	records *kept = &lines->batch[lines->filled++ % BATCHES];
	if (batch->len > kept->cap) {
		uint8_t *data = realloc(kept->data, batch->len);
		if (!data)
			return dp_fail(&lines->call.err, DP_ENOMEM,
				       "no memory for a batch of %zu bytes", batch->len);
		kept->data = data;
		kept->cap = batch->len;
	}
	if (batch->len)
		memcpy(kept->data, batch->data, batch->len);
	kept->len = batch->len;
	return dpy_call_post(&lines->call);
}

static dp_code run_lines(dpy_call *call)
{
	lines_call *lines = (lines_call *)call;
	dp_reader *reader = NULL;
	dp_batch batch;
	dp_code code = dp_reader_open(&reader, lines->slice, &call->err);
	while (code == DP_OK) {
		code = dp_reader_next(reader, &batch, &call->err);
		if (code != DP_OK || batch.nrec == 0)
			break;
		code = keep_batch(lines, &batch);
	}
	dp_reader_free(reader);
	return code;
}

/* slice_lines(session, token, encoding, errors): list of str */
PyObject *dpy_slice_lines(PyObject *module, PyObject *args)
{
	lines_call lines = { .call = {
				     .run = run_lines, .ask = take_batch, .beside = BATCHES - 1 } };
	dp_slice *slice = dpy_slice_take(module, args, "O!s#ss:slice_lines", &lines.call.session,
					 &lines.how.name, &lines.how.errors);
	if (!slice)
		return NULL;
	lines.slice = slice;
	lines.call.where = dp_slice_url(slice);
	lines.list = PyList_New(0);
	if (lines.list && !dpy_call_run(&lines.call))
		Py_CLEAR(lines.list);
	for (size_t i = 0; i < BATCHES; i++)
		free(lines.batch[i].data);
	Py_BEGIN_ALLOW_THREADS
	dp_slice_free(slice);
	Py_END_ALLOW_THREADS
	return lines.list;
}
