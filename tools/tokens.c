/* tokens.c - reads token lines, and finds out which of them are meant. */
#include "tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signals.h"

#define FIRST_ROOM ((size_t)64 << 10)
#define LARGEST    ((size_t)1 << 32)

static dp_code fail(int error, dp_error *err)
{
	dp_code code = error == ENOENT || error == ENOTDIR ? DP_ENOTFOUND
		       : error == EACCES || error == EPERM ? DP_EAUTH
		       : error == EISDIR                   ? DP_EUNSUPPORTED
							   : DP_EIO;
	return dp_fail(err, code, "%s", strerror(error));
}

static dp_code read_all(int fd, char **data, size_t *len, dp_error *err)
{
	size_t room = 0;
	for (;;) {
		dp_code rc = signals_check(err);
		if (rc != DP_OK)
			return rc;
		if (*len == room) {
			room = room ? room * 2 : FIRST_ROOM;
			char *more = room <= LARGEST ? realloc(*data, room) : NULL;
			if (!more)
				return dp_fail(err, DP_ENOMEM, "no memory for %zu bytes of tokens",
					       room);
			*data = more;
		}
		ssize_t n = read(fd, *data + *len, room - *len);
		if (n == 0)
			return DP_OK;
		if (n < 0 && errno != EINTR)
			return fail(errno, err);
		if (n > 0)
			*len += (size_t)n;
	}
}

static dp_code find_lines(struct tokens *out, size_t len, dp_error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += out->data[i] == '\n' || i + 1 == len;
	out->at = calloc(n + 1, sizeof *out->at);
	if (!out->at)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu tokens", n);
	for (size_t i = 0; i < len; i++) {
		if (out->data[i] == '\n' || i + 1 == len)
			out->at[++out->n] = i + 1;
	}
	return DP_OK;
}

dp_code tokens_read(struct tokens *out, const char *path, dp_error *err)
{
	size_t len = 0;
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(errno, err);
	*out = (struct tokens){ 0 };
	dp_code rc = read_all(fd, &out->data, &len, err);
	if (rc == DP_OK)
		rc = find_lines(out, len, err);
	if (rc != DP_OK)
		tokens_fini(out);
	if (!is_stdin)
		close(fd);
	return rc;
}

const char *tokens_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "stdin" : path;
}

void tokens_fini(struct tokens *lines)
{
	free(lines->data);
	free(lines->at);
	*lines = (struct tokens){ 0 };
}

static bool take_number(const char *text, size_t len, size_t *out)
{
	*out = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || *out > (SIZE_MAX - 9) / 10)
			return false;
		*out = *out * 10 + (size_t)(text[i] - '0');
	}
	return len > 0;
}

/* Where array jobs have their number, and the first one's. */
static const struct variable {
	const char *name;
	size_t base;
} variables[] = {
	{ "SLURM_ARRAY_TASK_ID", 0 }, { "AWS_BATCH_JOB_ARRAY_INDEX", 0 },
	{ "PBS_ARRAY_INDEX", 0 },     { "SGE_TASK_ID", 1 },
	{ "LSB_JOBINDEX", 1 },
};
#define NVARIABLES (sizeof variables / sizeof variables[0])

/* Outside an array job SGE says "undefined" and LSF 0. */
static bool is_set(const struct variable *variable)
{
	const char *value = getenv(variable->name);
	return value && *value && strcmp(value, "undefined") != 0 &&
	       (strcmp(variable->name, "LSB_JOBINDEX") != 0 || strcmp(value, "0") != 0);
}

static dp_code job_number(size_t *out, dp_error *err)
{
	const struct variable *found = NULL;
	for (size_t i = 0; i < NVARIABLES; i++) {
		if (!is_set(&variables[i]))
			continue;
		if (found)
			return dp_fail(err, DP_EINVAL, "--slice auto: both %s and %s are set",
				       found->name, variables[i].name);
		found = &variables[i];
	}
	if (!found)
		return dp_fail(err, DP_EINVAL,
			       "--slice auto: no variable of an array job is set (such as %s)",
			       variables[0].name);
	const char *value = getenv(found->name);
	if (!take_number(value, strlen(value), out) || *out < found->base)
		return dp_fail(err, DP_EINVAL, "--slice auto: %s is \"%s\"", found->name, value);
	*out -= found->base;
	return DP_OK;
}

dp_code tokens_number(size_t *out, const char *option, const char *text, dp_error *err)
{
	if (take_number(text, strlen(text), out))
		return DP_OK;
	return dp_fail(err, DP_EINVAL, "--%s %s: a whole number is needed", option, text);
}

/* The lines of an array job's number; of the last group what there is. */
static dp_code job_span(span *out, const array_job *job, size_t n, dp_error *err)
{
	size_t number = 0;
	dp_code rc = job_number(&number, err);
	if (rc != DP_OK)
		return rc;
	if (number > SIZE_MAX - job->offset || number + job->offset > SIZE_MAX / job->group - 1)
		return dp_fail(err, DP_EINVAL, "--slice auto: %zu is too large", number);
	out->first = (number + job->offset) * job->group;
	out->last = out->first + job->group - 1;
	if (out->first < n && out->last >= n)
		out->last = n - 1;
	return DP_OK;
}

dp_code tokens_span(span *out, const char *text, const array_job *job, size_t n, dp_error *err)
{
	const char *dots = strstr(text, "..");
	dp_code rc = DP_OK;
	if (strcmp(text, "auto") == 0) {
		rc = job_span(out, job, n, err);
	} else if (!take_number(text, dots ? (size_t)(dots - text) : strlen(text), &out->first) ||
		   (dots && !take_number(dots + 2, strlen(dots + 2), &out->last))) {
		rc = dp_fail(err, DP_EINVAL, "--slice %s: neither N, N..M nor auto", text);
	} else if (!dots) {
		out->last = out->first;
	}
	if (rc == DP_OK && out->last < out->first)
		rc = dp_fail(err, DP_EINVAL, "--slice %s: from high to low", text);
	if (rc == DP_OK && out->last >= n)
		rc = dp_fail(err, DP_EINVAL, "--slice %s: slice %zu of %zu, counted from 0", text,
			     out->first < n ? out->last : out->first, n);
	return rc;
}
