/* sigv4.c - signs requests as AWS Signature Version 4 asks, for services that encode paths once. */
#include "core/io/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/io/aws_time.h"

#define MAX_TEXT    ((size_t)256 << 10)
#define MAX_HEADERS 64
#define MAX_PARTS   64 /* of a query */
#define ALGORITHM   "AWS4-HMAC-SHA256"
#define TOKEN       "x-amz-security-token"

/* A part of a text. */
typedef struct piece {
	const char *at;
	size_t len;
} piece;

/* Parts of a query by name, then value: "=" must sort before all else that names may hold. */
typedef struct query_part {
	piece name, value;
} query_part;

dp_code dp__sigv4_encode(dp__buf *out, const char *text, size_t len, bool keep_slash, dp_error *err)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	dp_code code = DP_OK;

	for (size_t i = 0; code == DP_OK && i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c != 0 && (strchr(plain, c) != NULL || (keep_slash && c == '/')))
			code = dp__buf_add(out, &c, 1, err);
		else
			code = dp__buf_printf(out, err, "%%%02X", c);
	}
	return code;
}

static int compare_pieces(piece a, piece b)
{
	int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_parts(const void *a, const void *b)
{
	const query_part *x = a, *y = b;
	int order = compare_pieces(x->name, y->name);

	return order != 0 ? order : compare_pieces(x->value, y->value);
}

static dp_code add_query(dp__buf *out, const char *query, dp_error *err)
{
	query_part part[MAX_PARTS];
	size_t n = 0;
	dp_code code = DP_OK;

	while (*query != '\0') {
		size_t len = strcspn(query, "&"), name = strcspn(query, "=&");

		if (n == MAX_PARTS)
			return dp_fail(err, DP_EINVAL, "a query of more than %d parts", MAX_PARTS);
		part[n].name = (piece){ query, name };
		part[n].value = (piece){ query + name + (name < len), len - name - (name < len) };
		n += len > 0;
		query += len + (query[len] == '&');
	}
	qsort(part, n, sizeof(part[0]), compare_parts);
	for (size_t i = 0; code == DP_OK && i < n; i++)
		code = dp__buf_printf(out, err, "%s%.*s=%.*s", i > 0 ? "&" : "",
				      (int)part[i].name.len, part[i].name.at,
				      (int)part[i].value.len, part[i].value.at);
	return code;
}

static int compare_headers(const void *a, const void *b)
{
	const dp__http_header *x = a, *y = b;

	return strcasecmp(x->name, y->name);
}

static dp_code add_lower(dp__buf *out, const char *text, dp_error *err)
{
	dp_code code = DP_OK;

	for (; code == DP_OK && *text != '\0'; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

		code = dp__buf_add(out, &c, 1, err);
	}
	return code;
}

/* A header's value without blanks around it, inner runs of them made one. */
static dp_code add_value(dp__buf *out, const char *value, dp_error *err)
{
	bool first = true;
	dp_code code = DP_OK;

	while (code == DP_OK) {
		size_t len;

		value += strspn(value, " \t");
		len = strcspn(value, " \t");
		if (len == 0)
			return DP_OK;
		if (!first)
			code = dp__buf_add(out, " ", 1, err);
		if (code == DP_OK)
			code = dp__buf_add(out, value, len, err);
		first = false;
		value += len;
	}
	return code;
}

static dp_code add_names(dp__buf *out, const dp__http_header *header, size_t n, dp_error *err)
{
	dp_code code = DP_OK;

	for (size_t i = 0; code == DP_OK && i < n; i++) {
		if (i > 0)
			code = dp__buf_add(out, ";", 1, err);
		if (code == DP_OK)
			code = add_lower(out, header[i].name, err);
	}
	return code;
}

/* The canonical request; header is in order. */
static dp_code add_canonical(dp__buf *out, const dp__sigv4_request *request,
			     const dp__http_header *header, bool quiet, dp_error *err)
{
	dp_code code = dp__buf_printf(out, err, "%s\n%s\n", request->method,
				      request->path[0] != '\0' ? request->path : "/");

	if (code == DP_OK)
		code = add_query(out, request->query, err);
	if (code == DP_OK)
		code = dp__buf_add(out, "\n", 1, err);
	for (size_t i = 0; code == DP_OK && i < request->nheaders; i++) {
		bool hide = quiet && strcasecmp(header[i].name, TOKEN) == 0;

		code = add_lower(out, header[i].name, err);
		if (code == DP_OK)
			code = dp__buf_add(out, ":", 1, err);
		if (code == DP_OK)
			code = add_value(out, hide ? "..." : header[i].value, err);
		if (code == DP_OK)
			code = dp__buf_add(out, "\n", 1, err);
	}
	if (code == DP_OK)
		code = dp__buf_add(out, "\n", 1, err);
	if (code == DP_OK)
		code = add_names(out, header, request->nheaders, err);
	return code == DP_OK ? dp__buf_printf(out, err, "\n%s", request->payload) : code;
}

/* The key that signs on one day in one region for one service. */
static dp_code derive_key(uint8_t key[DP__HMAC_LEN], const dp__sigv4 *signer, const char *day,
			  dp_error *err)
{
	const char *step[] = { signer->region, signer->service, "aws4_request" };
	dp__buf first = dp__buf_of(1024);
	dp_code code = dp__buf_printf(&first, err, "AWS4%s", signer->secret_key);

	if (code == DP_OK)
		code = dp__hmac_sha256(key, first.data, first.len, day, 8, err);
	for (size_t i = 0; code == DP_OK && i < 3; i++) {
		uint8_t next[DP__HMAC_LEN];

		code = dp__hmac_sha256(next, key, DP__HMAC_LEN, step[i], strlen(step[i]), err);
		memcpy(key, next, sizeof(next));
		dp__wipe(next, sizeof(next));
	}
	dp__wipe(first.data, first.cap);
	dp__buf_fini(&first);
	return code;
}

/* The signature of a canonical request, in hexadecimal. */
static dp_code sign_text(char out[65], const dp__sigv4 *signer, const char *stamp,
			 const dp__buf *canonical, dp_error *err)
{
	uint8_t key[DP__HMAC_LEN] = { 0 }, sum[DP__HMAC_LEN];
	dp__buf text = dp__buf_of(1024);
	char digest[65];
	dp_code code = dp__sha256_of(digest, canonical->data, canonical->len, err);

	if (code == DP_OK)
		code = dp__buf_printf(&text, err, ALGORITHM "\n%s\n%.8s/%s/%s/aws4_request\n%s",
				      stamp, stamp, signer->region, signer->service, digest);
	if (code == DP_OK)
		code = derive_key(key, signer, stamp, err);
	if (code == DP_OK)
		code = dp__hmac_sha256(sum, key, sizeof(key), text.data, text.len, err);
	if (code == DP_OK)
		dp__hex(out, sum, sizeof(sum));
	dp__wipe(key, sizeof(key));
	dp__buf_fini(&text);
	return code;
}

dp_code dp__sigv4_sign(dp__buf *authorization, dp__buf *canonical, const dp__sigv4 *signer,
		       const dp__sigv4_request *request, dp_error *err)
{
	dp__http_header header[MAX_HEADERS];
	dp__buf whole = dp__buf_of(MAX_TEXT);
	char stamp[17], signature[65];
	dp_code code;

	if (request->nheaders == 0 || request->nheaders > MAX_HEADERS)
		return dp_fail(err, DP_EINVAL, "%zu headers cannot be signed", request->nheaders);
	memcpy(header, request->header, request->nheaders * sizeof(header[0]));
	qsort(header, request->nheaders, sizeof(header[0]), compare_headers);
	dp__aws_time_stamp(stamp, signer->now);
	code = add_canonical(&whole, request, header, false, err);
	if (code == DP_OK)
		code = sign_text(signature, signer, stamp, &whole, err);
	if (code == DP_OK)
		code = dp__buf_printf(authorization, err,
				      ALGORITHM " Credential=%s/%.8s/%s/%s/aws4_request, "
						"SignedHeaders=",
				      signer->access_key, stamp, signer->region, signer->service);
	if (code == DP_OK)
		code = add_names(authorization, header, request->nheaders, err);
	if (code == DP_OK)
		code = dp__buf_printf(authorization, err, ", Signature=%s", signature);
	if (code == DP_OK && canonical != NULL)
		code = add_canonical(canonical, request, header, true, err);
	dp__wipe(whole.data, whole.cap);
	dp__buf_fini(&whole);
	return code;
}

/* The parts of a URL that are signed; the host without the port that its scheme has anyway. */
typedef struct target {
	char *host, *path;
	const char *query;
} target;

static dp_code split_url(target *out, const char *url, dp_error *err)
{
	const char *rest = strstr(url, "://"), *query;
	bool secure = strncasecmp(url, "https:", 6) == 0;
	const char *port = secure ? ":443" : ":80";
	size_t host, path;

	if (rest == NULL)
		return dp_fail(err, DP_EINVAL, "only a URL can be signed");
	rest += 3;
	host = strcspn(rest, "/?#");
	path = strcspn(rest + host, "?#");
	query = rest + host + path;
	out->path = dp__strndup(rest + host, path);
	out->query = *query == '?' ? query + 1 : "";
	if (host > strlen(port) && memcmp(rest + host - strlen(port), port, strlen(port)) == 0)
		host -= strlen(port);
	out->host = dp__strndup(rest, host);
	return out->host != NULL && out->path != NULL
		       ? DP_OK
		       : dp_fail(err, DP_ENOMEM, "no memory for a URL");
}

static bool is_signed(const char *name)
{
	static const char *const names[] = { "range",    "content-type",  "content-md5",
					     "if-match", "if-none-match", NULL };

	/* The ones of an earlier try are made anew. */
	if (strcasecmp(name, "x-amz-date") == 0 || strcasecmp(name, TOKEN) == 0)
		return false;
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return strncasecmp(name, "x-amz-", 6) == 0;
}

/* Chooses which of an attempt's headers are signed; tells the payload's digest, NULL if none does.
 */
static dp_code choose_headers(dp__http_header *out, size_t *n, const char **payload,
			      const dp__http_attempt *attempt, dp_error *err)
{
	*payload = NULL;
	for (size_t i = 0; i < attempt->nheaders; i++) {
		if (!is_signed(attempt->header[i].name))
			continue;
		if (*n == MAX_HEADERS)
			return dp_fail(err, DP_EINVAL, "more than %d headers", MAX_HEADERS);
		out[(*n)++] = attempt->header[i];
		if (strcasecmp(attempt->header[i].name, "x-amz-content-sha256") == 0)
			*payload = attempt->header[i].value;
	}
	return DP_OK;
}

dp_code dp__sigv4_attempt(const dp__sigv4 *signer, const dp__http_attempt *attempt, dp_error *err)
{
	bool has_token = signer->token != NULL && signer->token[0] != '\0';
	dp__http_header header[MAX_HEADERS];
	dp__buf authorization = dp__buf_of(MAX_TEXT);
	char stamp[17], digest[65];
	const char *payload;
	target to = { 0 };
	size_t n = 0;
	dp_code code = split_url(&to, attempt->url, err);

	dp__aws_time_stamp(stamp, signer->now);
	header[n++] = (dp__http_header){ "host", to.host };
	header[n++] = (dp__http_header){ "x-amz-date", stamp };
	if (has_token)
		header[n++] = (dp__http_header){ TOKEN, signer->token };
	if (code == DP_OK)
		code = choose_headers(header, &n, &payload, attempt, err);
	if (code == DP_OK && payload == NULL) {
		code = dp__sha256_of(digest, attempt->body != NULL ? attempt->body : "",
				     attempt->body != NULL ? (size_t)attempt->body_len : 0, err);
		payload = digest;
	}
	if (code == DP_OK)
		code = dp__sigv4_sign(&authorization, NULL, signer,
				      &(dp__sigv4_request){ attempt->method, to.path, to.query,
							    header, n, payload },
				      err);
	if (code == DP_OK)
		code = dp__buf_close(&authorization, err);
	if (code == DP_OK)
		code = attempt->add(attempt->self, "x-amz-date", stamp, err);
	if (code == DP_OK && has_token)
		code = attempt->add(attempt->self, TOKEN, signer->token, err);
	if (code == DP_OK)
		code = attempt->add(attempt->self, "Authorization", (char *)authorization.data,
				    err);
	dp__buf_fini(&authorization);
	free(to.host);
	free(to.path);
	return code;
}
