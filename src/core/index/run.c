/* run.c - the units' run while it is built: the oldest bytes in a temporary file, the newest in
 * memory. */
#include "core/index/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/base/num.h"

#define PIECE 65536

struct dp__run {
	int fd;           /* -1 until memory was full once */
	uint64_t flushed; /* bytes in the file; those of tail come behind them */
	dp__buf tail;
};

dp_code dp__run_temp(int *fd, dp_error *err)
{
	dp__buf path = dp__buf_of(4096);
	const char *dir = getenv("TMPDIR");
	if (!dir || !*dir)
		dir = "/tmp";
	*fd = -1;
	dp_code code = dp__buf_printf(&path, err, "%s/dataplug-XXXXXX", dir);
	if (code == DP_OK)
		code = dp__buf_close(&path, err);
	if (code != DP_OK)
		goto out;
	char *name = (char *)path.data;
	*fd = mkstemp(name);
	if (*fd < 0) {
		code = dp_fail(err, DP_EWRITE, "temporary file in %s: %s", dir, strerror(errno));
		goto out;
	}
	unlink(name);
	(void)fcntl(*fd, F_SETFD, FD_CLOEXEC);
out:
	dp__buf_fini(&path);
	return code;
}

dp_code dp__run_write(int fd, const void *data, size_t len, dp_error *err)
{
	const uint8_t *p = data;
	while (len > 0) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return dp_fail(err, DP_EWRITE, "temporary file: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
	}
	return DP_OK;
}

dp_code dp__run_open(dp__run **out, size_t memory, dp_error *err)
{
	dp__run *run = calloc(1, sizeof(*run));
	*out = run;
	if (!run)
		return dp_fail(err, DP_ENOMEM, "no memory for the units' run");
	run->fd = -1;
	run->tail = dp__buf_of(memory);
	return DP_OK;
}

static dp_code run_flush(dp__run *run, dp_error *err)
{
	dp_code code = DP_OK;
	if (run->fd < 0)
		code = dp__run_temp(&run->fd, err);
	if (code == DP_OK)
		code = dp__run_write(run->fd, run->tail.data, run->tail.len, err);
	if (code != DP_OK)
		return code;
	run->flushed += run->tail.len;
	run->tail.len = 0;
	return DP_OK;
}

dp_code dp__run_add(dp__run *run, const void *data, size_t len, dp_error *err)
{
	if (len <= run->tail.max - run->tail.len)
		return dp__buf_add(&run->tail, data, len, err);
	dp_code code = run_flush(run, err);
	if (code != DP_OK)
		return code;
	if (len <= run->tail.max)
		return dp__buf_add(&run->tail, data, len, err);
	code = dp__run_write(run->fd, data, len, err);
	if (code == DP_OK)
		run->flushed += len;
	return code;
}

uint64_t dp__run_size(const dp__run *run)
{
	return run->flushed + run->tail.len;
}

static dp_code file_read(int fd, uint64_t off, size_t len, uint8_t *buf, dp_error *err)
{
	while (len > 0) {
		ssize_t n = pread(fd, buf, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return dp_fail(err, DP_EIO, "temporary file: %s",
				       n < 0 ? strerror(errno) : "shorter than written");
		buf += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return DP_OK;
}

dp_code dp__run_copy(const dp__run *run, dp_write_fn out, void *user, dp_error *err)
{
	uint8_t piece[PIECE];
	for (uint64_t off = 0; off < run->flushed;) {
		size_t n = (size_t)dp__min_u64(sizeof(piece), run->flushed - off);
		dp_code code = file_read(run->fd, off, n, piece, err);
		if (code == DP_OK)
			code = out(user, piece, n, err);
		if (code != DP_OK)
			return code;
		off += n;
	}
	return run->tail.len > 0 ? out(user, run->tail.data, run->tail.len, err) : DP_OK;
}

void dp__run_free(dp__run *run)
{
	if (!run)
		return;
	if (run->fd >= 0)
		close(run->fd);
	dp__buf_fini(&run->tail);
	free(run);
}
