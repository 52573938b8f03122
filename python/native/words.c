/* words.c - lists of words and bytes on their way between Python and the library. */
#include <stdlib.h>
#include <string.h>

#include "native.h"

#define CHUNK_MIN ((size_t)64 << 10)
/* More than any malloc keeps when it is freed. */
#define CHUNK_MAX ((size_t)64 << 20)

struct dpy_chunk {
	dpy_chunk *next;
	size_t len, cap;
	uint8_t data[];
};

void dpy_words_fini(dpy_words *words)
{
	PyMem_Free(words->at);
	Py_XDECREF(words->owner);
	*words = (dpy_words){ 0 };
}

bool dpy_words_init(dpy_words *words, PyObject *sequence)
{
	*words = (dpy_words){ .owner = PySequence_Tuple(sequence) };
	if (!words->owner)
		return false;
	Py_ssize_t n = PyTuple_Size(words->owner);
	words->at = PyMem_Calloc((size_t)n + 1, sizeof *words->at);
	if (!words->at)
		PyErr_NoMemory();
	for (Py_ssize_t i = 0; words->at && i < n; i++) {
		Py_ssize_t len = 0;
		PyObject *word = PyTuple_GetItem(words->owner, i);
		const char *text = PyUnicode_AsUTF8AndSize(word, &len);
		if (text && strlen(text) == (size_t)len) {
			words->at[i] = text;
			continue;
		}
		if (text)
			PyErr_SetString(PyExc_ValueError, "a word with a zero byte in it");
		dpy_words_fini(words);
		return false;
	}
	if (!words->at)
		dpy_words_fini(words);
	return words->at != NULL;
}

static dpy_chunk *add_chunk(dpy_bytes *bytes, size_t need)
{
	size_t cap = bytes->last ? bytes->last->cap * 2 : CHUNK_MIN;
	cap = cap > CHUNK_MAX ? CHUNK_MAX : cap;
	cap = cap > need ? cap : need;
	dpy_chunk *chunk = malloc(sizeof *chunk + cap);
	if (!chunk)
		return NULL;
	chunk->next = NULL;
	chunk->len = 0;
	chunk->cap = cap;
	if (bytes->last)
		bytes->last->next = chunk;
	else
		bytes->first = chunk;
	bytes->last = chunk;
	return chunk;
}

dp_code dpy_bytes_write(void *user, const void *data, size_t len, dp_error *err)
{
	dpy_bytes *bytes = user;
	dpy_chunk *chunk = bytes->last;
	size_t room = chunk ? chunk->cap - chunk->len : 0;
	size_t now = len < room ? len : room;
	if (now)
		memcpy(chunk->data + chunk->len, data, now);
	if (now)
		chunk->len += now;
	if (now < len) {
		chunk = add_chunk(bytes, len - now);
		if (!chunk)
			return dp_fail(err, DP_ENOMEM, "no memory for %zu bytes", len);
		memcpy(chunk->data, (const uint8_t *)data + now, len - now);
		chunk->len = len - now;
	}
	bytes->len += len;
	return DP_OK;
}

void dpy_bytes_fini(dpy_bytes *bytes)
{
	while (bytes->first) {
		dpy_chunk *chunk = bytes->first;
		bytes->first = chunk->next;
		free(chunk);
	}
	*bytes = (dpy_bytes){ 0 };
}

/* Each chunk is freed when it is copied: all is there twice at no time. */
static void move_all(dpy_bytes *bytes, char *to)
{
	while (bytes->first) {
		dpy_chunk *chunk = bytes->first;
		memcpy(to, chunk->data, chunk->len);
		to += chunk->len;
		bytes->first = chunk->next;
		free(chunk);
	}
	*bytes = (dpy_bytes){ 0 };
}

PyObject *dpy_bytes_take(dpy_bytes *bytes)
{
	PyObject *object = NULL;
	if (bytes->len <= PY_SSIZE_T_MAX)
		object = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)bytes->len);
	else
		PyErr_NoMemory();
	if (!object) {
		dpy_bytes_fini(bytes);
		return NULL;
	}
	char *to = PyBytes_AsString(object);
	Py_BEGIN_ALLOW_THREADS
	move_all(bytes, to);
	Py_END_ALLOW_THREADS
	return object;
}
