/* native.h - what the files of the extension share: its handles, their types, and how they fail. */
#ifndef DPY_NATIVE_H
#define DPY_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dataplug/plugin.h>
#include <stdatomic.h>
#include <sys/types.h>

/* The types of this module, for its functions and methods. */
typedef struct dpy_state {
	PyTypeObject *session, *index, *dataset, *reader, *batch, *ends;
} dpy_state;

/*
 * Handles belong to the process that opened them. In a child of fork() they can neither be used
 * (RuntimeError) nor freed: threads that would have to be joined are not there, and locks may be
 * held for ever.
 */
typedef struct dpy_session {
	PyObject ob_base;
	dp_session *session;
	PyObject *log; /* callable(level, line) */
	atomic_bool quiet;
	pid_t pid;
} dpy_session;

typedef struct dpy_index {
	PyObject ob_base;
	dpy_session *session;
	dp_index *index;
} dpy_index;

/* A zeroed object of a type of this module; NULL with an exception. */
void *dpy_alloc(PyTypeObject *type);
/* What a dealloc ends with: lets go of what the object held (may be NULL), and frees it. */
void dpy_free(PyObject *object, void *held);

/* False with RuntimeError if the handle was opened before a fork(). */
bool dpy_session_check(const dpy_session *session);
/* Whether what was opened on it may be freed here. */
bool dpy_session_here(const dpy_session *session);

/* Raises what dataplug.errors makes of err; where: the object's URL, its query left out, or NULL.
 */
void dpy_raise(const dp_error *err, const char *where);
/* A new exception of the same kind; NULL with another one raised. */
PyObject *dpy_error_new(const dp_error *err, const char *where);

/* A sequence of str as a NULL-terminated list for the library. Zeroed is an empty one. */
typedef struct dpy_words {
	PyObject *owner;
	const char **at;
} dpy_words;
bool dpy_words_init(dpy_words *words, PyObject *sequence);
void dpy_words_fini(dpy_words *words);

/* Bytes that grow without the GIL; chunks, so that large ones are never moved. */
typedef struct dpy_chunk dpy_chunk;
typedef struct dpy_bytes {
	dpy_chunk *first, *last;
	size_t len;
} dpy_bytes;
/* A dp_write_fn; user is a dpy_bytes. */
dp_code dpy_bytes_write(void *user, const void *data, size_t len, dp_error *err);
/* Moves them into a new bytes object, and frees them as it goes. */
PyObject *dpy_bytes_take(dpy_bytes *bytes);
void dpy_bytes_fini(dpy_bytes *bytes);

/* The slice of a token (no I/O); NULL with an exception. */
dp_slice *dpy_slice_load(dpy_session *session, const char *token, Py_ssize_t len);
/*
 * The same of a function's arguments (session, token, ...). format: of PyArg_ParseTuple(),
 * beginning with "O!s#"; third and fourth: where what it has after these goes. The session is
 * borrowed.
 */
dp_slice *dpy_slice_take(PyObject *module, PyObject *args, const char *format,
			 dpy_session **session, void *third, void *fourth);
/* The tokens of slices as a list of str. */
PyObject *dpy_tokens(const dp_slices *slices);
/* A sequence of dpy_index of one session, to be freed with PyMem_Free(); NULL with an exception. */
const dp_index **dpy_indexes(PyObject *sequence, const dpy_state *state, dpy_session **session);

extern PyType_Spec dpy_session_spec, dpy_index_spec, dpy_dataset_spec, dpy_reader_spec,
	dpy_batch_spec, dpy_ends_spec;

/* Functions of the module. */
PyObject *dpy_index_build(PyObject *module, PyObject *args);
PyObject *dpy_index_open(PyObject *module, PyObject *args);
PyObject *dpy_index_remove(PyObject *module, PyObject *args);
PyObject *dpy_index_home(PyObject *module, PyObject *args);
PyObject *dpy_object_size(PyObject *module, PyObject *args);
PyObject *dpy_partition(PyObject *module, PyObject *args);
PyObject *dpy_split(PyObject *module, PyObject *args);
PyObject *dpy_list(PyObject *module, PyObject *args);
PyObject *dpy_dataset_open(PyObject *module, PyObject *args);
PyObject *dpy_slice_info(PyObject *module, PyObject *args);
PyObject *dpy_slice_read(PyObject *module, PyObject *args);
PyObject *dpy_slice_write(PyObject *module, PyObject *args);
PyObject *dpy_slice_lines(PyObject *module, PyObject *args);
PyObject *dpy_slice_columns(PyObject *module, PyObject *args);
PyObject *dpy_run_task(PyObject *module, PyObject *args);
PyObject *dpy_reader_new(PyObject *module, PyObject *args);

#endif
