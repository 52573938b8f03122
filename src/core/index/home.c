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
#include "core/io/store.h"
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
		code = dp__buf_take(out, &text, err);
	dp__buf_fini(&text);
	return code;
}

/* "SCHEME/HOST-OR-BUCKET/KEY" of url, behind the host of the endpoint that the scheme stands for.
 */
static dp_code layout_of(char **out, dp_session *session, const char *url, dp_error *err)
{
	char *own = NULL, *front = NULL;
	dp__site site = { 0 };
	dp_place where;
	dp_code code = dp__site_open(&site, session, &(dp_place){ .url = url }, err);
	if (code != DP_OK)
		return code;
	dp__site_where(&site, &where);
	code = dp__url_layout(&own, url, err);
	if (code == DP_OK && where.endpoint)
		code = dp__url_layout(&front, where.endpoint, err);
	const char *host = front ? strchr(front, '/') + 1 : "";
	if (code == DP_OK)
		code = join(out, (const char *const[]){ host, front ? "/" : "", own, "" }, err);
	dp__site_close(&site);
	free(own);
	free(front);
	return code;
}

/* The index of an object with that layout under base, which is a folder or a URL. */
static dp_code home_under(char **out, const char *base, const char *layout, dp_error *err)
{
	char *root = NULL, *folder = NULL, *path = NULL;
	dp_code code = dp__url_of(&root, base, err);
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

dp_code dp__home_of(dp__home *out, dp_session *session, const char *url, dp_error *err)
{
	const char *meta = session->set.meta;
	char *layout = NULL;
	memset(out, 0, sizeof(*out));
	dp_code code = layout_of(&layout, session, url, err);
	if (code == DP_OK && meta && *meta) {
		code = home_under(&out->url[0], meta, layout, err);
		out->n = code == DP_OK;
		goto out;
	}
	out->beside = is_scheme(url, "file") || is_scheme(url, "mem");
	if (code == DP_OK && out->beside) {
		code = join(&out->url[0], (const char *const[]){ url, ".dpx", "", "" }, err);
		out->n = code == DP_OK;
	}
	if (code == DP_OK && !is_scheme(url, "mem"))
		code = cache_folder(&out->cache, err);
	if (code == DP_OK && out->cache) {
		code = home_under(&out->url[out->n], out->cache, layout, err);
		out->n += code == DP_OK;
	}
out:
	free(layout);
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

/* Whether the folder of a file, or the one that it would be made in, lets it be written. */
static dp_code check_folder(const char *url, dp_error *err)
{
	char *path = NULL, *slash;
	dp_code code = dp__url_path(&path, url, err);
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

static dp_code check_bucket(const char *url, const dp_call *call, dp_error *err)
{
	bool create = call->session->set.create_meta;
	dp__site site = { 0 };
	dp_error why = { 0 };
	dp_code code = dp__site_open(&site, call->session, &(dp_place){ .url = url }, &why);
	if (code == DP_OK)
		code = dp__site_prepare(&site, call, create, &why);
	dp__site_close(&site);
	if (code == DP_ENOTFOUND)
		return dp_fail(err, DP_EWRITE,
			       "index %s: %s; --create-meta (setting create-meta=yes) makes it",
			       url, why.msg);
	if (code == DP_EUNSUPPORTED)
		code = DP_EWRITE;
	return code == DP_OK ? DP_OK : dp_fail(err, code, "index %s: %s", url, why.msg);
}

dp_code dp__home_choose(const char **out, const dp__home *home, const dp_call *call, dp_error *err)
{
	dp_error why = { 0 };
	dp_code code = DP_EWRITE;
	for (size_t i = 0; i < home->n && code != DP_OK; i++) {
		if (home->cache && i == home->n - 1)
			folder_make(home->cache);
		code = is_scheme(home->url[i], "file") ? check_folder(home->url[i], &why)
						       : check_bucket(home->url[i], call, &why);
		*out = home->url[i];
	}
	if (code == DP_OK)
		return DP_OK;
	return dp_fail(err, code, "%s",
		       why.msg[0] ? why.msg : "no folder for the index: set DATAPLUG_META");
}

void dp__home_fini(dp__home *home)
{
	for (size_t i = 0; i < 2; i++)
		free(home->url[i]);
	free(home->cache);
	memset(home, 0, sizeof(*home));
}
