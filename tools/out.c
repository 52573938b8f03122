/* out.c - buffered output with the errors kept: full disks, closed pipes, files that appear whole.
 */
#define _XOPEN_SOURCE 700 /* realpath() */

#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "signals.h"

struct out {
	int fd;
	char *path;       /* where the file goes; NULL = written in place */
	char *temp;       /* where it is meanwhile */
	const char *name; /* for messages */
	bool closed;
	size_t len;
	char buf[1 << 16];
};

static dp_code fail(const struct out *to, dp_error *err)
{
	return dp_fail(err, DP_EWRITE, "cannot write %s: %s", to->name, strerror(errno));
}

/* The mode of a new file, or of the one that is replaced. */
static mode_t mode_for(const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0)
		return st.st_mode & 07777;
	mode_t mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* A new file beside path, which is the one that it will replace: links are followed. */
static dp_code open_temp(struct out *to, const char *path, dp_error *err)
{
	const char *slash;
	size_t room;
	to->path = realpath(path, NULL);
	if (!to->path)
		to->path = strdup(path);
	if (!to->path)
		return dp_fail(err, DP_ENOMEM, "no memory for a path");
	room = strlen(to->path) + sizeof ".dataplug.XXXXXX";
	to->temp = malloc(room);
	if (!to->temp)
		return dp_fail(err, DP_ENOMEM, "no memory for a path");
	slash = strrchr(to->path, '/');
	slash = slash ? slash + 1 : to->path;
	snprintf(to->temp, room, "%.*s.dataplug.XXXXXX", (int)(slash - to->path), to->path);
	to->fd = mkstemp(to->temp);
	if (to->fd < 0) {
		free(to->temp);
		to->temp = NULL;
		return fail(to, err);
	}
	signals_temp(to->temp);
	return fchmod(to->fd, mode_for(to->path)) == 0 ? DP_OK : fail(to, err);
}

dp_code out_open(struct out **result, const char *path, dp_error *err)
{
	struct stat st;
	dp_code rc = DP_OK;
	struct out *to = calloc(1, sizeof *to);
	if (!to)
		return dp_fail(err, DP_ENOMEM, "no memory for output");
	to->fd = STDOUT_FILENO;
	to->name = "the output";
	if (path && strcmp(path, "-") != 0) {
		to->name = path;
		if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
			to->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
			rc = to->fd < 0 ? fail(to, err) : DP_OK;
		} else {
			rc = open_temp(to, path, err);
		}
	}
	if (rc == DP_OK)
		*result = to;
	else
		out_free(to);
	return rc;
}

static dp_code write_all(struct out *to, const char *data, size_t len, dp_error *err)
{
	while (len > 0) {
		ssize_t n = write(to->fd, data, len);
		if (n < 0 && errno == EINTR) {
			dp_code rc = signals_check(err);
			if (rc != DP_OK)
				return rc;
			continue;
		}
		if (n < 0) {
			to->closed = errno == EPIPE;
			return fail(to, err);
		}
		data += n;
		len -= (size_t)n;
	}
	return DP_OK;
}

dp_code out_flush(struct out *to, dp_error *err)
{
	dp_code rc = write_all(to, to->buf, to->len, err);
	to->len = 0;
	return rc;
}

dp_code out_write(void *user, const void *data, size_t len, dp_error *err)
{
	struct out *to = user;
	if (len > sizeof to->buf - to->len) {
		dp_code rc = out_flush(to, err);
		if (rc != DP_OK)
			return rc;
	}
	if (len > sizeof to->buf)
		return write_all(to, data, len, err);
	if (len > 0)
		memcpy(to->buf + to->len, data, len);
	to->len += len;
	return DP_OK;
}

dp_code out_print(struct out *to, dp_error *err, const char *fmt, ...)
{
	char text[8192];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text)
		return dp_fail(err, DP_EWRITE, "a line is too long for %s", to->name);
	return out_write(to, text, (size_t)n, err);
}

dp_code out_text(struct out *to, void (*fill)(FILE *text, const void *user), const void *user,
		 dp_error *err)
{
	char *data = NULL;
	size_t len = 0;
	FILE *text = open_memstream(&data, &len);
	if (!text)
		return dp_fail(err, DP_ENOMEM, "no memory for text");
	fill(text, user);
	bool full = ferror(text) != 0;
	full = fclose(text) != 0 || full;
	dp_code rc = full ? dp_fail(err, DP_ENOMEM, "no memory for text")
			  : out_write(to, data, len, err);
	free(data);
	return rc;
}

dp_code out_commit(struct out *to, dp_error *err)
{
	dp_code rc = out_flush(to, err);
	if (rc != DP_OK || to->fd == STDOUT_FILENO)
		return rc;
	int closed = close(to->fd);
	to->fd = STDOUT_FILENO;
	if (closed != 0)
		return fail(to, err);
	if (!to->temp)
		return DP_OK;
	if (rename(to->temp, to->path) != 0)
		return fail(to, err);
	signals_temp(NULL);
	free(to->temp);
	to->temp = NULL;
	return DP_OK;
}

bool out_closed(const struct out *to)
{
	return to->closed;
}

void out_free(struct out *to)
{
	if (!to)
		return;
	if (to->fd != STDOUT_FILENO && to->fd >= 0)
		close(to->fd);
	if (to->temp) {
		unlink(to->temp);
		signals_temp(NULL);
	}
	free(to->temp);
	free(to->path);
	free(to);
}

int out_report(const struct out *to, const char *object, dp_code code, const dp_error *err)
{
	if (code != DP_OK && to && to->closed)
		return EXIT_FINE;
	return exit_report(object, code, err);
}

int out_page(void (*fill)(FILE *text, const void *user), const void *user)
{
	dp_error err = { 0 };
	struct out *to = NULL;
	dp_code rc = out_open(&to, NULL, &err);
	if (rc == DP_OK)
		rc = out_text(to, fill, user, &err);
	if (rc == DP_OK)
		rc = out_commit(to, &err);
	int code = out_report(to, NULL, rc, &err);
	out_free(to);
	return code;
}
