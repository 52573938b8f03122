/* url.c - what users call an object (a path or URL) and where that is. */
#include "core/io/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/text.h"

#define URL_MAX    (1u << 20)
#define PATH_FIRST 1024
#define LETTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS     "0123456789"
/* RFC 3986 3.3: what a path may hold as it is. */
#define PATH_CHARS LETTERS DIGITS "-._~!$&'()*+,;=:@/"

static bool begins_with(const char *text, const char *head)
{
	return strncasecmp(text, head, strlen(head)) == 0;
}

static bool is_url(const char *typed)
{
	size_t scheme = dp__url_scheme(typed);

	return begins_with(typed, "mem:") || begins_with(typed, "file:") ||
	       (scheme > 0 && strncmp(typed + scheme, "://", 3) == 0);
}

static int hex_value(char c)
{
	static const char digit[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digit, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at != NULL ? (int)(at - digit) : -1;
}

static dp_code add_current_folder(dp__buf *out, dp_error *err)
{
	dp_code code = DP_OK;

	for (size_t room = PATH_FIRST; code == DP_OK; room *= 2) {
		code = dp__buf_reserve(out, room, err);
		if (code != DP_OK)
			return code;
		if (getcwd((char *)out->data, room) != NULL) {
			out->len = strlen((char *)out->data);
			return DP_OK;
		}
		if (errno != ERANGE)
			return dp_fail(err, DP_EIO, "the current folder cannot be told");
	}
	return code;
}

/*
 * Appends the segments of path to an absolute path without a slash at its end; ".." takes one away.
 */
static dp_code fold_path(dp__buf *out, const char *path, dp_error *err)
{
	dp_code code = DP_OK;

	while (code == DP_OK && *path != '\0') {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0) {
			while (out->len > 0 && out->data[--out->len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			code = dp__buf_add(out, "/", 1, err);
			if (code == DP_OK)
				code = dp__buf_add(out, path, n, err);
		}
		path += path[n] == '/' ? n + 1 : n;
	}
	return code;
}

static dp_code add_encoded(dp__buf *out, const uint8_t *text, size_t len, dp_error *err)
{
	dp_code code = DP_OK;

	for (size_t i = 0; code == DP_OK && i < len; i++) {
		if (text[i] != 0 && strchr(PATH_CHARS, text[i]) != NULL)
			code = dp__buf_add(out, text + i, 1, err);
		else
			code = dp__buf_printf(out, err, "%%%02X", text[i]);
	}
	return code;
}

static dp_code url_of_path(char **out, const char *path, dp_error *err)
{
	dp__buf folded = dp__buf_of(URL_MAX), url = dp__buf_of(URL_MAX);
	dp_code code = DP_OK;

	if (path[0] != '/')
		code = add_current_folder(&folded, err);
	/* The root alone is "/": without it every segment brings its own slash. */
	if (code == DP_OK && folded.len == 1)
		folded.len = 0;
	if (code == DP_OK)
		code = fold_path(&folded, path, err);
	if (code == DP_OK)
		code = dp__buf_printf(&url, err, "file://%s", folded.len == 0 ? "/" : "");
	if (code == DP_OK)
		code = add_encoded(&url, folded.data, folded.len, err);
	if (code == DP_OK)
		code = dp__buf_take(out, &url, err);
	dp__buf_fini(&folded);
	dp__buf_fini(&url);
	return code;
}

dp_code dp__url_of(char **out, const char *typed, dp_error *err)
{
	char *path = NULL;
	const char *rest;
	dp_code code;

	if (typed[0] == '\0')
		return dp_fail(err, DP_EINVAL, "the name of the object is empty");
	if (!is_url(typed))
		return url_of_path(out, typed, err);
	if (begins_with(typed, "file:")) {
		code = dp__url_path(&path, typed, err);
		if (code == DP_OK)
			code = url_of_path(out, path, err);
		free(path);
		return code;
	}
	rest = typed + dp__url_scheme(typed) + 1;
	if (rest[strspn(rest, "/")] == '\0')
		return dp_fail(err, DP_EINVAL, "'%s' names no object", typed);
	*out = dp__strdup(typed);
	return *out != NULL ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a URL");
}

/* Where the path of a file: URL begins; NULL if it has none or lies on a host (RFC 8089 2). */
static const char *path_of_file(const char *url)
{
	const char *rest = url + strlen("file:");

	if (!begins_with(url, "file:"))
		return NULL;
	if (strncmp(rest, "//", 2) == 0) {
		rest += 2;
		if (begins_with(rest, "localhost/"))
			rest += strlen("localhost");
	}
	return rest[0] == '/' ? rest : NULL;
}

dp_code dp__url_path(char **out, const char *url, dp_error *err)
{
	const char *from = path_of_file(url);
	char *path, *to;

	if (from == NULL)
		return dp_fail(err, DP_EINVAL, "'%s' is not file:///PATH", url);
	path = to = dp__strdup(from);
	if (path == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for a path");
	for (; *from != '\0'; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		high = hex_value(from[1]);
		low = high < 0 ? -1 : hex_value(from[2]);
		if (low < 0 || high + low == 0) {
			free(path);
			return dp_fail(err, DP_EINVAL, "'%s': bad %%-code", url);
		}
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	*out = path;
	return DP_OK;
}

size_t dp__url_scheme(const char *url)
{
	/* RFC 3986 3.1 */
	size_t len = strspn(url, LETTERS DIGITS "+.-");

	return len > 0 && url[len] == ':' && strchr(LETTERS, url[0]) != NULL ? len : 0;
}

/* What stands behind the scheme and its slashes: the host or bucket, or the path. */
static const char *behind_scheme(const char *url)
{
	size_t scheme = dp__url_scheme(url);

	if (scheme == 0)
		return url;
	url += scheme + 1;
	return strncmp(url, "//", 2) == 0 ? url + 2 : url;
}

/*
 * Where a query or fragment begins, else the end. Only web URLs have one: keys of stores may hold
 * any character.
 */
static size_t query_at(const char *url)
{
	return begins_with(url, "http") ? strcspn(url, "?#") : strlen(url);
}

const char *dp__url_key(const char *url)
{
	const char *end = url + query_at(url), *key = behind_scheme(url);
	bool has_host = key - url > 2 && key[-1] == '/' && key[-2] == '/';
	const char *p = has_host ? key + strcspn(key, "/") : key;

	/* A host alone is no key. */
	key = p > end ? end : p;
	for (; p < end; p++)
		if (*p == '/')
			key = p + 1;
	return key;
}

static dp_code add_segment(dp__buf *out, const char *segment, size_t n, dp_error *err)
{
	if (n == 0)
		return dp__buf_printf(out, err, "%%2F");
	if (n == 1 && segment[0] == '.')
		return dp__buf_printf(out, err, "%%2E");
	if (n == 2 && segment[0] == '.' && segment[1] == '.')
		return dp__buf_printf(out, err, "%%2E%%2E");
	return dp__buf_add(out, segment, n, err);
}

/* The query belongs to the last segment, so its slashes are no separators. */
static dp_code add_query(dp__buf *out, const char *query, dp_error *err)
{
	dp_code code = DP_OK;

	for (; code == DP_OK && *query != '\0'; query++) {
		if (strchr("?#/", *query) != NULL)
			code = dp__buf_printf(out, err, "%%%02X", (unsigned)*query);
		else
			code = dp__buf_add(out, query, 1, err);
	}
	return code;
}

dp_code dp__url_layout(char **out, const char *url, dp_error *err)
{
	const char *p = behind_scheme(url), *query = url + query_at(url);
	dp__buf layout = dp__buf_of(URL_MAX);
	dp_code code = DP_OK;

	for (const char *c = url; code == DP_OK && c < url + dp__url_scheme(url); c++) {
		char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;

		code = dp__buf_add(&layout, &lower, 1, err);
	}
	if (begins_with(url, "file:") && *p == '/')
		p++;
	for (bool more = true; code == DP_OK && more;) {
		size_t n = strcspn(p, "/");

		if (p + n > query)
			n = (size_t)(query - p);
		code = dp__buf_add(&layout, "/", 1, err);
		if (code == DP_OK)
			code = add_segment(&layout, p, n, err);
		p += n;
		more = p < query;
		p += more ? 1 : 0;
	}
	if (code == DP_OK)
		code = add_query(&layout, query, err);
	if (code == DP_OK)
		code = dp__buf_take(out, &layout, err);
	dp__buf_fini(&layout);
	return code;
}

/* "https" and "http" alone: what else begins so is another scheme. */
static bool is_web(const char *url)
{
	size_t scheme = dp__url_scheme(url);

	return (scheme == 4 || scheme == 5) && strncasecmp(url, "https", scheme) == 0 &&
	       strncmp(url + scheme, "://", 3) == 0;
}

static bool is_one_of(const char *const *list, const char *name, size_t n)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == n && strncasecmp(*list, name, n) == 0)
			return true;
	return false;
}

/*
 * Whether the parameter signs the URL. Azure's names are short, so they count only beside its
 * "sig", as do CloudFront's and the older ones of AWS beside "Signature".
 */
static bool is_signature(const char *name, size_t n, bool has_sig, bool has_signature)
{
	static const char *const azure[] = { "sv",    "ss",    "srt",   "sp",  "se",  "st",
					     "sip",   "spr",   "sig",   "sr",  "si",  "sdd",
					     "skv",   "skoid", "sktid", "skt", "ske", "sks",
					     "saoid", "suoid", "scid",  NULL };
	static const char *const old[] = { "Signature", "Expires",        "Key-Pair-Id",
					   "Policy",    "AWSAccessKeyId", "GoogleAccessId",
					   NULL };

	if (n > 6 && (strncasecmp(name, "X-Amz-", 6) == 0))
		return true;
	if (n > 7 && strncasecmp(name, "X-Goog-", 7) == 0)
		return true;
	return (has_sig && is_one_of(azure, name, n)) || (has_signature && is_one_of(old, name, n));
}

static bool has_parameter(const char *query, const char *end, const char *name)
{
	const char *const one[] = { name, NULL };

	while (query < end) {
		size_t n = strcspn(query, "&#");

		if (is_one_of(one, query, n < strcspn(query, "=") ? n : strcspn(query, "=")))
			return true;
		query += n + 1;
	}
	return false;
}

/* Appends the query in [from, end), which begins behind its "?", without what signs. */
static dp_code add_public_query(dp__buf *out, const char *from, const char *end, dp_error *err)
{
	bool has_sig = has_parameter(from, end, "sig");
	bool has_signature = has_parameter(from, end, "Signature");
	const char *mark = "?";
	dp_code code = DP_OK;

	while (code == DP_OK && from < end) {
		size_t n = strcspn(from, "&#"), name = strcspn(from, "=&#");

		if (!is_signature(from, name, has_sig, has_signature)) {
			code = dp__buf_add(out, mark, 1, err);
			if (code == DP_OK)
				code = dp__buf_add(out, from, n, err);
			mark = "&";
		}
		from += n + 1;
	}
	return code;
}

dp_code dp__url_public(char **out, const char *url, dp_error *err)
{
	dp__buf text = dp__buf_of(URL_MAX);
	const char *host, *user, *query, *end;
	dp_code code;

	if (!is_web(url)) {
		*out = dp__strdup(url);
		return *out != NULL ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a URL");
	}
	host = behind_scheme(url);
	end = url + strcspn(url, "#");
	query = url + strcspn(url, "?#");
	code = dp__buf_add(&text, url, (size_t)(host - url), err);
	/* RFC 3986 3.2.1: what stands before the last "@" of the authority. */
	for (user = host + strcspn(host, "/?#"); user > host && user[-1] != '@';)
		user--;
	if (code == DP_OK)
		code = dp__buf_add(&text, user, (size_t)(query - user), err);
	if (code == DP_OK && query < end)
		code = add_public_query(&text, query + 1, end, err);
	if (code == DP_OK)
		code = dp__buf_take(out, &text, err);
	dp__buf_fini(&text);
	return code;
}
