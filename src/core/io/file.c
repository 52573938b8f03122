/* file.c - the file: store: objects are files, pinned by their time of change in nanoseconds. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/num.h"
#include "core/base/session.h"
#include "core/base/text.h"
#include "core/io/file_list.h"
#include "core/io/store.h"
#include "core/io/url.h"

#define GAP   ((uint64_t)64 << 10)
#define PART  ((uint64_t)8 << 20)
#define PIECE ((size_t)1 << 20) /* between two looks at whether to go on */
#define TRIES 100               /* names for a temporary file */

/*
 * Holds no descriptor: each batch of reads opens the path anew, and so sees a file that was put in
 * its place.
 */
typedef struct place {
	char *path;
} place;

static dp_code code_of(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return DP_ENOTFOUND;
	case EACCES:
	case EPERM:
		return DP_EAUTH;
	case ENOMEM:
		return DP_ENOMEM;
	case EROFS:
		return DP_EWRITE;
	default:
		return DP_EIO;
	}
}

/* The text of a number that errno had. */
static const char *text_of(int number, char out[128])
{
	if (strerror_r(number, out, 128) != 0)
		snprintf(out, 128, "error %d", number);
	return out;
}

static dp_code fail_errno(dp_error *err, dp_code code, int number)
{
	char text[128];

	return dp_fail(err, code, "%s", text_of(number, text));
}

/* A failure to write, which says where: it may be another file than the user named. */
static dp_code fail_write(dp_error *err, const char *path, int number)
{
	char text[128];

	return dp_fail(err, number == ENOMEM ? DP_ENOMEM : DP_EWRITE, "%s: %s", path,
		       text_of(number, text));
}

static dp_code check_kind(const struct stat *st, dp_error *err)
{
	const char *kind = "no regular file";

	if (S_ISREG(st->st_mode))
		return DP_OK;
	if (S_ISDIR(st->st_mode))
		kind = "a folder";
	else if (S_ISFIFO(st->st_mode))
		kind = "a named pipe";
	else if (S_ISSOCK(st->st_mode))
		kind = "a socket";
	else if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		kind = "a device";
	return dp_fail(err, DP_EUNSUPPORTED, "is %s", kind);
}

/* Times before 1970 and after 2262 wrap around: only sameness matters. */
static uint64_t time_of(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
}

static dp_code stat_path(const char *path, struct stat *st, dp_error *err)
{
	if (stat(path, st) != 0)
		return fail_errno(err, code_of(errno), errno);
	return check_kind(st, err);
}

/*
 * Looks before it opens, since opening a device may do something, and never waits for a pipe's
 * other end.
 */
static dp_code open_path(const char *path, int *fd, struct stat *st, dp_error *err)
{
	dp_code code = stat_path(path, st, err);

	if (code != DP_OK)
		return code;
	do
		*fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	while (*fd < 0 && errno == EINTR);
	if (*fd < 0)
		return fail_errno(err, code_of(errno), errno);
	code = fstat(*fd, st) != 0 ? fail_errno(err, DP_EIO, errno) : check_kind(st, err);
	if (code != DP_OK) {
		close(*fd);
		*fd = -1;
	}
	return code;
}

/* Reads until len bytes are there or the file ends; *got says how many. */
static dp_code read_fully(int fd, uint64_t off, void *buf, size_t len, size_t *got, dp_error *err)
{
	uint8_t *to = buf;

	*got = 0;
	while (*got < len) {
		ssize_t n = pread(fd, to + *got, len - *got, (off_t)(off + *got));

		if (n == 0)
			break;
		if (n > 0)
			*got += (size_t)n;
		else if (errno != EINTR)
			return fail_errno(err, DP_EIO, errno);
	}
	return DP_OK;
}

static dp_code file_open(void **self, dp_session *session, const dp_place *where, dp_error *err)
{
	place *file = calloc(1, sizeof(*file));
	dp_code code;

	(void)session;
	if (file == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for a place");
	code = dp__url_path(&file->path, where->url, err);
	if (code == DP_OK)
		*self = file;
	else
		free(file);
	return code;
}

static void file_close(void *self)
{
	place *file = self;

	if (file == NULL)
		return;
	free(file->path);
	free(file);
}

static dp_code file_stat(void *self, const dp_call *call, dp_stat *out, dp_error *err)
{
	const place *file = self;
	struct stat st;
	dp_code code;
	int fd = -1;

	if (out->cap == 0)
		code = stat_path(file->path, &st, err);
	else
		code = open_path(file->path, &fd, &st, err);
	if (code == DP_OK && fd >= 0)
		code = read_fully(fd, 0, out->head, out->cap, &out->len, err);
	if (fd >= 0)
		close(fd);
	if (code != DP_OK)
		return code;
	if (out->cap > 0)
		dp__session_count(call->session, 1, out->len);
	out->size = (uint64_t)st.st_size;
	snprintf(out->etag, sizeof(out->etag), "%" PRIu64, time_of(&st));
	return DP_OK;
}

static dp_code fail_stale(dp_error *err)
{
	return dp_fail(err, DP_ESTALE, "the file was changed");
}

static dp_code read_one(int fd, const dp_call *call, const char *etag, const dp_read *read,
			dp_error *err)
{
	dp_code code = DP_OK;
	size_t done = 0, got;
	uint64_t end;

	if (!dp__add_u64(read->off, read->len, &end) || end > INT64_MAX)
		return dp_fail(err, DP_EINVAL, "no file has a byte %" PRIu64, read->off);
	for (; code == DP_OK && done < read->len; done += got) {
		size_t len = read->len - done < PIECE ? read->len - done : PIECE;

		code = dp_call_check(call, err);
		if (code == DP_OK)
			code = read_fully(fd, read->off + done, (uint8_t *)read->buf + done, len,
					  &got, err);
		if (code == DP_OK && got < len)
			return etag != NULL
				       ? fail_stale(err)
				       : dp_fail(err, DP_ESTALE, "the file ends at byte %" PRIu64,
						 read->off + done + got);
		if (code != DP_OK)
			return code;
		dp__call_arrived(call, (uint8_t *)read->buf + done + got);
	}
	dp__session_count(call->session, 1, read->len);
	return code;
}

static dp_code file_read(void *self, const dp_call *call, const char *etag, const dp_read *reads,
			 size_t n, dp_error *err)
{
	const place *file = self;
	struct stat before, after;
	char now[24];
	int fd = -1;
	dp_code code = open_path(file->path, &fd, &before, err);

	if (code != DP_OK)
		return code;
	snprintf(now, sizeof(now), "%" PRIu64, time_of(&before));
	if (etag != NULL && strcmp(etag, now) != 0)
		code = fail_stale(err);
	for (size_t i = 0; code == DP_OK && i < n; i++)
		code = read_one(fd, call, etag, &reads[i], err);
	/* A file that is written to while it is read may give bytes of both. */
	if (code == DP_OK && etag != NULL) {
		if (fstat(fd, &after) != 0)
			code = fail_errno(err, DP_EIO, errno);
		else if (time_of(&after) != time_of(&before) || after.st_size != before.st_size)
			code = fail_stale(err);
	}
	close(fd);
	return code;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static dp_code make_folder(const char *path, dp_error *err)
{
	int number = mkdir(path, 0777) == 0 ? 0 : errno;

	/* What is there already may not say EEXIST: on a read-only disk, for one. */
	if (number == 0 || is_folder(path))
		return DP_OK;
	return fail_write(err, path, number);
}

/* Makes the folder that the first len bytes of path name, and those that it lies in. */
static dp_code make_folders(const char *path, size_t len, dp_error *err)
{
	char *folder = dp__strndup(path, len);
	dp_code code = DP_OK;

	if (folder == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for a path");
	for (size_t i = 1; code == DP_OK && i <= len; i++) {
		if (folder[i] != '/' && i < len)
			continue;
		folder[i] = '\0';
		code = make_folder(folder, err);
		folder[i] = path[i];
	}
	free(folder);
	return code;
}

/* How many bytes of path name the folder that it lies in; its slash is the next. */
static size_t folder_len(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

/* Opens a new file of a name of its own beside path; -1 and errno if that fails. */
static int open_beside(const char *path, char *name, size_t cap)
{
	size_t folder = folder_len(path);
	int fd = -1;

	for (unsigned try = 0; fd < 0 && try < TRIES; try++) {
		struct timespec now = { 0 };
		int len;

		clock_gettime(CLOCK_REALTIME, &now);
		len = snprintf(name, cap, "%.*s/.%.200s.%lx%lx%x", (int)folder, path,
			       path + folder + 1, (unsigned long)getpid(),
			       (unsigned long)now.tv_nsec, try);
		if (len < 0 || (size_t)len >= cap) {
			errno = ENAMETOOLONG;
			return -1;
		}
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST && errno != EINTR)
			return -1;
	}
	return fd;
}

static dp_code write_fully(int fd, const uint8_t *data, size_t len, const char *path, dp_error *err)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return fail_write(err, path, errno);
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return DP_OK;
}

/* Copies bytes [0, size) of from to the end of to, and sees that they are on the disk. */
static dp_code copy_file(int to, int from, uint64_t size, const dp_call *call, const char *path,
			 dp_error *err)
{
	uint8_t *piece = malloc(PIECE);
	dp_code code = DP_OK;
	size_t got;

	if (piece == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu bytes", PIECE);
	for (uint64_t off = 0; code == DP_OK && off < size; off += got) {
		size_t len = (size_t)dp__min_u64(size - off, PIECE);

		got = 0;
		code = dp_call_check(call, err);
		if (code == DP_OK)
			code = read_fully(from, off, piece, len, &got, err);
		if (code == DP_OK && got < len)
			code = dp_fail(err, DP_EIO, "what is to be written ends at byte %" PRIu64,
				       off + got);
		if (code == DP_OK)
			code = write_fully(to, piece, len, path, err);
	}
	/* EINVAL: this file system has nothing to sync. */
	if (code == DP_OK && fsync(to) != 0 && errno != EINVAL)
		code = fail_write(err, path, errno);
	free(piece);
	return code;
}

/* So that the new name outlives a crash of the machine; not every file system can. */
static void sync_folder(const char *path)
{
	char *folder = dp__strndup(path, folder_len(path) + 1);
	int fd = folder != NULL ? open(folder, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

static dp_code file_put(void *self, const dp_call *call, int from, uint64_t size, dp_error *err)
{
	const place *file = self;
	size_t cap = strlen(file->path) + 64;
	char *temp = malloc(cap);
	dp_code code = DP_OK;
	int fd;

	if (temp == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for a name");
	fd = open_beside(file->path, temp, cap);
	if (fd < 0 && errno == ENOENT) {
		code = make_folders(file->path, folder_len(file->path), err);
		fd = code == DP_OK ? open_beside(file->path, temp, cap) : -1;
	}
	if (code == DP_OK && fd < 0)
		code = fail_write(err, file->path, errno);
	if (code == DP_OK) {
		code = copy_file(fd, from, size, call, file->path, err);
		if (close(fd) != 0 && code == DP_OK)
			code = fail_write(err, file->path, errno);
		if (code == DP_OK && rename(temp, file->path) != 0)
			code = fail_write(err, file->path, errno);
		if (code == DP_OK)
			sync_folder(file->path);
		else
			unlink(temp);
	}
	free(temp);
	return code;
}

static dp_code file_remove(void *self, const dp_call *call, dp_error *err)
{
	const place *file = self;

	(void)call;
	return unlink(file->path) == 0 ? DP_OK : fail_errno(err, code_of(errno), errno);
}

static dp_code file_list(void *self, const dp_call *call,
			 dp_code (*key)(void *user, const char *url, const dp_stat *stat),
			 void *user, dp_error *err)
{
	const place *file = self;

	return dp__file_list(file->path, call, key, user, err);
}

const dp_store dp__file_store = {
	.schemes = "file",
	.gap = GAP,
	.part = PART,
	.open = file_open,
	.stat = file_stat,
	.read = file_read,
	.put = file_put,
	.remove = file_remove,
	.list = file_list,
	.close = file_close,
};
