/* home.c - where the index of an object lives: under the setting meta, beside the object, or in the
 * cache. */
#include "core/index/home.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/io/url.h"

#define MAX_URL (1u << 20)

static bool is_scheme(const char *url, const char *scheme)
{
	size_t n = dp__url_scheme(url);
	return n == strlen(scheme) && strncmp(url, scheme, n) == 0;
}

/* *out = a + b + c + d, a new string. */
static dp_code join(char **out, const char *const part[4], dp_error *err)
{
	dp__buf text = dp__buf_of(MAX_URL);
	dp_code code = dp__buf_printf(&text, err, "%s%s%s%s", part[0], part[1], part[2], part[3]);
	if (code == DP_OK)
		code = dp__buf_close(&text, err);
	if (code == DP_OK)
		*out = (char *)text.data;
	else
		dp__buf_fini(&text);
	return code;
}

/* The index of url in that layout under base, which is a folder or a URL. */
static dp_code home_under(char **out, const char *base, const char *url, dp_error *err)
{
	char *root = NULL, *folder = NULL, *layout = NULL, *path = NULL;
	dp_code code = dp__url_of(&root, base, err);
	if (code == DP_OK)
		code = dp__url_layout(&layout, url, err);
	if (code != DP_OK)
		goto out;
	for (size_t n = strlen(root); n > 0 && root[n - 1] == '/' && !is_scheme(root, "file");)
		root[--n] = '\0';
	if (!is_scheme(root, "file")) {
		code = join(out, (const char *const[]){ root, "/", layout, ".dpx" }, err);
		goto out;
	}
	/* By way of the path: a "%2E" of the layout must not become a dot of the file's name. */
	code = dp__url_path(&folder, root, err);
	if (code == DP_OK)
		code = join(&path, (const char *const[]){ folder, "/", layout, ".dpx" }, err);
	if (code == DP_OK)
		code = dp__url_of(out, path, err);
out:
	free(root);
	free(folder);
	free(layout);
	free(path);
	return code;
}

/* XDG Base Directory Specification 0.8: a relative path is ignored. Leaves *out NULL if there is no
 * such folder. */
static dp_code cache_folder(char **out, dp_error *err)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (cache && cache[0] == '/')
		return join(out, (const char *const[]){ cache, "/dataplug", "", "" }, err);
	if (home && home[0] == '/')
		return join(out, (const char *const[]){ home, "/.cache", "/dataplug", "" }, err);
	return DP_OK;
}

dp_code dp__home_of(dp__home *out, const dp_session *session, const char *url, dp_error *err)
{
	dp_code code = DP_OK;
	const char *meta = session->set.meta;
	memset(out, 0, sizeof(*out));
	if (meta && *meta) {
		code = home_under(&out->url[0], meta, url, err);
		out->n = code == DP_OK;
		return code;
	}
	out->beside = is_scheme(url, "file") || is_scheme(url, "mem");
	if (out->beside) {
		code = join(&out->url[0], (const char *const[]){ url, ".dpx", "", "" }, err);
		out->n = code == DP_OK;
	}
	if (code == DP_OK && !is_scheme(url, "mem"))
		code = cache_folder(&out->cache, err);
	if (code == DP_OK && out->cache) {
		code = home_under(&out->url[out->n], out->cache, url, err);
		out->n += code == DP_OK;
	}
	if (code != DP_OK)
		dp__home_fini(out);
	return code;
}

/* Makes path, and one folder above it, for the user alone; what fails is found when it is written
 * to. */
static void folder_make(const char *path)
{
	char *above = dp__strndup(path, (size_t)(strrchr(path, '/') - path));
	if (above)
		(void)mkdir(above, 0700);
	(void)mkdir(path, 0700);
	free(above);
}

dp_code dp__home_prepare(const dp__home *home, size_t i, dp_error *err)
{
	char *path = NULL, *slash;
	dp_code code = DP_OK;
	if (home->cache && i == home->n - 1)
		folder_make(home->cache);
	if (!is_scheme(home->url[i], "file"))
		return DP_OK;
	code = dp__url_path(&path, home->url[i], err);
	if (code != DP_OK)
		return code;
	errno = ENOENT;
	while (errno == ENOENT && (slash = strrchr(path, '/')) != NULL && slash > path) {
		*slash = '\0';
		errno = 0;
		(void)access(path, W_OK | X_OK);
	}
	if (errno == EACCES || errno == EROFS)
		code = dp_fail(err, DP_EWRITE, "folder %s: %s", path, strerror(errno));
	free(path);
	return code;
}

void dp__home_fini(dp__home *home)
{
	for (size_t i = 0; i < 2; i++)
		free(home->url[i]);
	free(home->cache);
	memset(home, 0, sizeof(*home));
}
