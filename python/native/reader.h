/* reader.h - the types Reader and Batch: records that are pulled, and memory that views look at. */
#ifndef DPY_READER_H
#define DPY_READER_H

#include "native.h"

/*
 * A slice being read. What the library gives lives until it is asked for more, so a batch that
 * borrows it is over when the reader goes on, and the reader does not go on while views look at it.
 */
typedef struct dpy_reader {
	PyObject ob_base;
	dpy_session *session;
	dp_slice *slice;
	dp_reader
		*reader; /* NULL until the first batch is asked for, and again when it is closed */
	bool copy;       /* batches own their bytes */
	bool busy;       /* a thread is in the library with it */
	bool end;
	bool has_kept;
	dp_batch kept;    /* given by the library, not yet handed on */
	uint64_t turn;    /* counts batches */
	Py_ssize_t views; /* of the batch in hand */
	dp_error failure; /* what ended it */
} dpy_reader;

typedef struct dpy_batch {
	PyObject ob_base;
	dpy_reader *reader;
	uint64_t turn; /* the reader's, when it was given */
	dp_batch batch;
	void *data, *at; /* owned copies of the bytes and ends; NULL: borrowed from the reader */
} dpy_batch;

/* A new batch; takes over the copies, which are freed on failure. */
PyObject *dpy_batch_new(const dpy_state *state, dpy_reader *reader, const dp_batch *batch,
			void *data, void *at);
/* The method lines(encoding, errors) of a batch. */
PyObject *dpy_batch_lines(PyObject *object, PyObject *args);

#endif
