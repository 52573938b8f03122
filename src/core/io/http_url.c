/* http_url.c - web addresses: origins, redirects, what a log may show, hosts of the link. */
#include "core/io/http_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/text.h"
#include "core/io/http.h"
#include "core/io/url.h"

/* One part of a URL, curl_free() it; NULL if there is none. */
static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;

	return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static CURLU *parse(const char *url)
{
	CURLU *parsed = curl_url();

	if (parsed != NULL &&
	    curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
		curl_url_cleanup(parsed);
		parsed = NULL;
	}
	return parsed;
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

dp_code dp__http_url_origin(char **out, const char *url, dp_error *err)
{
	CURLU *parsed = parse(url);
	char *scheme = NULL, *host = NULL, *port = NULL;
	dp_code code = DP_EINVAL;
	dp__buf text = dp__buf_of(4096);

	if (parsed != NULL) {
		scheme = part_of(parsed, CURLUPART_SCHEME, 0);
		host = part_of(parsed, CURLUPART_HOST, 0);
		port = part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	}
	if (scheme != NULL && host != NULL && port != NULL && strncmp(scheme, "http", 4) == 0 &&
	    dp__buf_printf(&text, NULL, "%s://%s:%s", scheme, host, port) == DP_OK &&
	    dp__buf_take(out, &text, NULL) == DP_OK) {
		lower(*out);
		code = DP_OK;
	}
	dp__buf_fini(&text);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parsed);
	return code == DP_OK ? code : dp_fail(err, code, "no address of the web");
}

bool dp__http_url_same_origin(const char *a, const char *b)
{
	char *of_a = NULL, *of_b = NULL;
	bool same = dp__http_url_origin(&of_a, a, NULL) == DP_OK &&
		    dp__http_url_origin(&of_b, b, NULL) == DP_OK && strcmp(of_a, of_b) == 0;

	free(of_a);
	free(of_b);
	return same;
}

dp_code dp__http_url_follow(char **out, const char *url, const char *location, dp_error *err)
{
	CURLU *parsed = parse(url);
	char *was = NULL, *now = NULL, *text = NULL;
	dp_code code = DP_OK;

	if (parsed != NULL)
		was = part_of(parsed, CURLUPART_SCHEME, 0);
	if (was == NULL || location[0] == '\0' ||
	    curl_url_set(parsed, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    (now = part_of(parsed, CURLUPART_SCHEME, 0)) == NULL ||
	    (text = part_of(parsed, CURLUPART_URL, 0)) == NULL)
		code = dp_fail(err, DP_EIO, "a redirect that leads nowhere");
	else if (strcmp(now, "http") != 0 && strcmp(now, "https") != 0)
		code = dp_fail(err, DP_EIO, "a redirect to %.16s: is refused", now);
	else if (strcmp(was, "https") == 0 && strcmp(now, "http") == 0)
		code = dp_fail(err, DP_EIO, "a redirect from https to http is refused");
	else if ((*out = dp__strdup(text)) == NULL)
		code = dp_fail(err, DP_ENOMEM, "no memory for a URL");
	curl_free(was);
	curl_free(now);
	curl_free(text);
	curl_url_cleanup(parsed);
	return code;
}

static bool is_link_local_4(const uint8_t *at)
{
	return at[0] == 169 && at[1] == 254;
}

static bool is_link_local_6(const uint8_t *at)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	static const uint8_t compatible[12] = { 0 };
	static const uint8_t metadata[4] = { 0xfd, 0x00, 0x0e, 0xc2 };

	if (memcmp(at, mapped, 12) == 0 || memcmp(at, nat64, 12) == 0 ||
	    memcmp(at, compatible, 12) == 0)
		return is_link_local_4(at + 12);
	return (at[0] == 0xfe && (at[1] & 0xc0) == 0x80) || memcmp(at, metadata, 4) == 0;
}

bool dp__http_is_link_local(const void *sockaddr)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
	sa_family_t family;

	memcpy(&family, (const char *)sockaddr + offsetof(struct sockaddr, sa_family),
	       sizeof(family));
	if (family == AF_INET) {
		memcpy(&in4, sockaddr, sizeof(in4));
		return is_link_local_4((const uint8_t *)&in4.sin_addr);
	}
	if (family == AF_INET6) {
		memcpy(&in6, sockaddr, sizeof(in6));
		return is_link_local_6((const uint8_t *)&in6.sin6_addr);
	}
	return false;
}

bool dp__http_url_is_link_local(const char *url)
{
	CURLU *parsed = parse(url);
	char *host = parsed != NULL ? part_of(parsed, CURLUPART_HOST, 0) : NULL;
	size_t n = host != NULL ? strlen(host) : 0;
	uint8_t at[16];
	bool is = false;

	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		is = inet_pton(AF_INET6, host + 1, at) == 1 && is_link_local_6(at);
	} else if (n > 0) {
		is = inet_pton(AF_INET, host, at) == 1 && is_link_local_4(at);
	}
	curl_free(host);
	curl_url_cleanup(parsed);
	return is;
}

void dp__http_redact(char *out, size_t cap, const char *url)
{
	char *shown = NULL;
	const char *query;

	if (cap == 0)
		return;
	if (dp__url_public(&shown, url, NULL) != DP_OK) {
		snprintf(out, cap, "?");
		return;
	}
	/* Of other queries only the names are known to be harmless: a portal's may hold a key. */
	query = strchr(shown, '?');
	snprintf(out, cap, "%.*s%s", query != NULL ? (int)(query - shown) : (int)strlen(shown),
		 shown, query != NULL || strchr(url, '?') != NULL ? "?..." : "");
	dp__one_line(out);
	free(shown);
}
