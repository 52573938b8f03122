/* file_list.c - names every file under a folder. */
#include "core/io/file_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/text.h"
#include "core/io/url.h"

#define MAX_DEPTH 64
#define MAX_PATH  ((size_t)64 << 10)

/* Names of one folder; those of folders end with "/", so that their order is that of whole paths.
 */
typedef struct names {
	char **at;
	size_t n, cap;
} names;

typedef struct lister {
	const dp_call *call;
	dp_code (*key)(void *user, const char *url, const dp_stat *stat);
	void *user;
	dp_error *err;
} lister;

static void free_names(names *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->at[i]);
	free(list->at);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static dp_code join(dp__buf *out, const char *folder, const char *name, dp_error *err)
{
	size_t n = strlen(folder);
	bool slash = n > 0 && folder[n - 1] == '/';
	out->len = 0;
	dp_code rc = dp__buf_printf(out, err, "%s%s%s", folder, slash ? "" : "/", name);
	return rc == DP_OK ? dp__buf_close(out, err) : rc;
}

static dp_code no_memory(dp_error *err)
{
	return dp_fail(err, DP_ENOMEM, "no memory for a list of files");
}

static dp_code add_name(names *list, const char *name, bool folder, dp_error *err)
{
	size_t len = strlen(name);
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		char **at = realloc(list->at, cap * sizeof *at);
		if (!at)
			return no_memory(err);
		list->at = at;
		list->cap = cap;
	}
	char *copy = malloc(len + 2);
	if (!copy)
		return no_memory(err);
	memcpy(copy, name, len + 1);
	if (folder)
		memcpy(copy + len, "/", 2);
	list->at[list->n++] = copy;
	return DP_OK;
}

/* What a name in a folder is: a file, a folder that is no link, or neither. */
static void look_at(const char *path, bool *file, bool *folder)
{
	struct stat st;
	*folder = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
	*file = !*folder && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static dp_code code_now(void)
{
	return errno == ENOENT ? DP_ENOTFOUND : errno == EACCES ? DP_EAUTH : DP_EIO;
}

static dp_code fail_at(const char *path, dp_error *err)
{
	return dp_fail(err, code_now(), "%s: %s", path, strerror(errno));
}

static dp_code read_names(names *list, const char *folder, dp_error *err)
{
	dp__buf path = dp__buf_of(MAX_PATH);
	struct dirent *entry;
	dp_code rc = DP_OK;
	DIR *dir = opendir(folder);
	if (!dir)
		return fail_at(folder, err);
	while (rc == DP_OK && (errno = 0, entry = readdir(dir))) {
		bool is_file, is_folder;
		if (entry->d_name[0] == '.')
			continue;
		rc = join(&path, folder, entry->d_name, err);
		if (rc != DP_OK)
			break;
		look_at((char *)path.data, &is_file, &is_folder);
		if (is_file || is_folder)
			rc = add_name(list, entry->d_name, is_folder, err);
	}
	if (rc == DP_OK && errno)
		rc = fail_at(folder, err);
	closedir(dir);
	dp__buf_fini(&path);
	if (rc == DP_OK && list->n)
		qsort(list->at, list->n, sizeof *list->at, by_bytes);
	return rc;
}

static dp_code tell_file(const lister *to, const char *path)
{
	struct stat st;
	dp_stat stat_of = { 0 };
	char *url = NULL;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? DP_OK : fail_at(path, to->err); /* gone since */
	stat_of.size = (uint64_t)st.st_size;
	dp_code rc = dp__url_of(&url, path, to->err);
	if (rc == DP_OK)
		rc = to->key(to->user, url, &stat_of);
	free(url);
	return rc;
}

static dp_code walk(const lister *to, const char *folder, unsigned depth)
{
	names list = { 0 };
	dp__buf path = dp__buf_of(MAX_PATH);
	dp_code rc = depth < MAX_DEPTH ? read_names(&list, folder, to->err)
				       : dp_fail(to->err, DP_EUNSUPPORTED,
						 "folders nested more than %d deep", MAX_DEPTH);
	for (size_t i = 0; rc == DP_OK && i < list.n; i++) {
		rc = dp_call_check(to->call, to->err);
		if (rc == DP_OK)
			rc = join(&path, folder, list.at[i], to->err);
		if (rc != DP_OK)
			break;
		bool is_folder = path.data[path.len - 1] == '/';
		rc = is_folder ? walk(to, (char *)path.data, depth + 1)
			       : tell_file(to, (char *)path.data);
	}
	free_names(&list);
	dp__buf_fini(&path);
	return rc;
}

dp_code dp__file_list(const char *path, const dp_call *call,
		      dp_code (*key)(void *user, const char *url, const dp_stat *stat), void *user,
		      dp_error *err)
{
	lister to = { call, key, user, err };
	struct stat st;
	if (stat(path, &st) != 0)
		return dp_fail(err, code_now(), "%s", strerror(errno));
	return S_ISDIR(st.st_mode) ? walk(&to, path, 0) : tell_file(&to, path);
}
