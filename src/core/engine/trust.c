/* trust.c - which URLs a token may name. */
#include "core/engine/trust.h"

#include <stdlib.h>
#include <string.h>

#include "core/io/url.h"

#define BLANKS " \t\r\n"

static bool begins_with(const char *url, const char *prefix, size_t len)
{
	return strncmp(url, prefix, len) == 0 &&
	       (prefix[len - 1] == '/' || url[len] == '/' || url[len] == '\0');
}

static bool is_allowed(const char *allow, const char *url)
{
	const char *p = allow + strspn(allow, BLANKS);
	if (!*p)
		return true;
	while (*p) {
		size_t len = strcspn(p, BLANKS);
		if (begins_with(url, p, len))
			return true;
		p += len;
		p += strspn(p, BLANKS);
	}
	return false;
}

/* A dot as it is, or percent-encoded; gives how many bytes that are, 0 for another. */
static size_t dot_len(const char *p)
{
	if (*p == '.')
		return 1;
	return p[0] == '%' && p[1] == '2' && (p[2] == 'e' || p[2] == 'E') ? 3 : 0;
}

/* Whether a segment is "." or "..": some servers fold them. */
static bool has_dots(const char *url)
{
	for (const char *p = strchr(url, '/'); p; p = strchr(p + 1, '/')) {
		const char *end = p + 1;
		for (int i = 0; i < 2; i++)
			end += dot_len(end);
		if (end > p + 1 && (*end == '\0' || strchr("/?#", *end)))
			return true;
	}
	return false;
}

dp_code dp__trust_url(const dp_session *session, const char *url, dp_error *err)
{
	char *canonical = NULL;
	const char *allow = session->set.allow ? session->set.allow : "";
	dp_code rc = dp__url_of(&canonical, url, err);
	if (rc == DP_ENOMEM)
		return rc;
	if (rc != DP_OK || strcmp(canonical, url) != 0)
		rc = dp_fail(err, DP_EFORMAT, "token: %.256s is no URL in its plain form", url);
	else if (*allow && has_dots(url))
		rc = dp_fail(err, DP_EAUTH, "token: %.256s has \"..\" in its path", url);
	else if (!is_allowed(allow, url))
		rc = dp_fail(err, DP_EAUTH,
			     "token: %.256s is not under what \"allow\" (DATAPLUG_ALLOW) names",
			     url);
	free(canonical);
	return rc;
}
