/* task.c - a task of C on one slice, as workers of executors run it. */
#include <stdlib.h>
#include <string.h>

#include "call.h"

typedef struct task_call {
	dpy_call call;
	const dp_task *task;
	const char *const *args;
	const char *token;
	size_t len;
	/* What dp_map() reported. */
	dp_result result;
	char *data;
} task_call;

/* The one slice's; the total says no more. What is reported is lent, so it is copied. */
static dp_code take_result(void *user, const dp_result *result)
{
	task_call *own = user;
	if (result->slice == SIZE_MAX)
		return DP_OK;
	own->data = malloc(result->len + 1);
	if (!own->data)
		return DP_ENOMEM;
	memcpy(own->data, result->data, result->len);
	own->result = *result;
	own->result.data = own->data;
	return DP_OK;
}

/* A slice that fails has a result too; without one the call itself has failed. */
static dp_code run_task(dpy_call *call)
{
	task_call *own = (task_call *)call;
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	dp_slices *slices = NULL;
	opts.jobs = 1;
	opts.result = take_result;
	opts.user = own;
	dp_code rc = dp_slices_load(&slices, own->call.session->session, own->token, own->len,
				    &call->err);
	if (rc == DP_OK)
		rc = dp_map(slices, own->task, own->args, &opts, &call->err);
	dp_slices_free(slices);
	return own->data ? DP_OK : rc;
}

/* run_task(session, token, task, args): (code, result, attempts, (requests, bytes, needed),
 * seconds, (fetch, decode, user)) */
PyObject *dpy_run_task(PyObject *module, PyObject *args)
{
	dpy_state *state = PyModule_GetState(module);
	task_call own = { .call.run = run_task };
	dpy_words words = { 0 };
	PyObject *session, *sequence, *made = NULL;
	const char *name;
	Py_ssize_t len;
	if (!PyArg_ParseTuple(args, "O!s#sO:run_task", state->session, &session, &own.token, &len,
			      &name, &sequence))
		return NULL;
	own.call.session = (dpy_session *)session;
	own.len = (size_t)len;
	if (!dpy_session_check(own.call.session) || !dpy_words_init(&words, sequence))
		return NULL;
	own.args = words.at;
	own.task = dp_task_find(own.call.session->session, name);
	if (!own.task)
		PyErr_Format(PyExc_LookupError, "no task is called %s", name);
	else if (dpy_call_run(&own.call))
		made = Py_BuildValue("sy#I(KKK)d(ddd)", dp_code_name(own.result.code), own.data,
				     (Py_ssize_t)own.result.len, own.result.attempts,
				     (unsigned long long)own.result.paid.requests,
				     (unsigned long long)own.result.paid.bytes,
				     (unsigned long long)own.result.paid.needed, own.result.seconds,
				     own.result.fetch, own.result.decode, own.result.user);
	free(own.data);
	dpy_words_fini(&words);
	return made;
}
