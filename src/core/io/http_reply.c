/* http_reply.c - what came back: its headers, and whether it is the answer to what was asked. */
#include "core/io/http_reply.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/num.h"
#include "core/base/text.h"

#define RETRY_MAX 30.0 /* seconds that a server may ask for */

void dp__http_reply_reset(dp__http_reply *reply)
{
	dp__buf body = reply->body;
	char *moved = reply->moved;

	body.len = 0;
	*reply = (dp__http_reply){
		.body = body, .moved = moved, .total = UINT64_MAX, .length = UINT64_MAX
	};
}

void dp__http_reply_fini(dp__http_reply *reply)
{
	dp__buf_fini(&reply->body);
	free(reply->moved);
	*reply = (dp__http_reply){ 0 };
}

/* Keeps a value that fits and is printable; half of one would be another one. */
static void keep(char *to, size_t cap, const char *value, size_t n)
{
	to[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)value[i] < 0x20 || (unsigned char)value[i] > 0x7e)
			return;
	if (n < cap) {
		memcpy(to, value, n);
		to[n] = '\0';
	}
}

bool dp__http_reply_range(const char *text, uint64_t *first, uint64_t *last, uint64_t *total)
{
	const char *slash = strchr(text, '/'), *dash;
	uint64_t end;

	*first = *last = 0;
	*total = UINT64_MAX;
	if (strncasecmp(text, "bytes ", 6) != 0 || slash == NULL)
		return false;
	text += 6;
	if (strcmp(slash, "/*") != 0 && !dp__digits(slash + 1, strlen(slash + 1), total))
		return false;
	if (slash - text == 1 && text[0] == '*')
		return *total != UINT64_MAX;
	dash = memchr(text, '-', (size_t)(slash - text));
	if (dash == NULL || !dp__digits(text, (size_t)(dash - text), first) ||
	    !dp__digits(dash + 1, (size_t)(slash - dash - 1), &end) || end < *first ||
	    end >= *total)
		return false;
	*last = end + 1;
	return true;
}

static void take_range(dp__http_reply *reply, const char *value, size_t n)
{
	char text[128];

	keep(text, sizeof(text), value, n);
	reply->ranges = dp__http_reply_range(text, &reply->first, &reply->last, &reply->total);
	if (!reply->ranges) {
		reply->first = reply->last = 0;
		reply->total = UINT64_MAX;
	}
}

/* Seconds, or a date (RFC 9110 10.2.3); by a clock that may be wrong, so bounded. */
static void take_retry(dp__http_reply *reply, const char *value, size_t n, double unit)
{
	char text[64];
	uint64_t whole;
	time_t then;
	double wait = 0;

	keep(text, sizeof(text), value, n);
	if (dp__digits(text, strlen(text), &whole))
		wait = (double)whole * unit;
	else if ((then = curl_getdate(text, NULL)) > 0)
		wait = difftime(then, time(NULL));
	if (wait > RETRY_MAX)
		wait = RETRY_MAX;
	if (wait > reply->retry_s)
		reply->retry_s = wait;
}

static void take_length(dp__http_reply *reply, const char *value, size_t n)
{
	uint64_t length;

	if (!dp__digits(value, n, &length))
		return;
	reply->torn = reply->torn || (reply->length != UINT64_MAX && reply->length != length);
	reply->length = length;
	if (reply->status == 200)
		reply->total = length;
}

static bool is_name(const char *name, size_t n, const char *header)
{
	return n == strlen(header) && strncasecmp(name, header, n) == 0;
}

static void take_text(dp__http_reply *reply, const char *name, size_t n, const char *value,
		      size_t len)
{
	const struct {
		const char *name;
		char *to;
		size_t cap;
	} row[] = {
		{ "ETag", reply->etag, sizeof(reply->etag) },
		{ "Last-Modified", reply->last_modified, sizeof(reply->last_modified) },
		{ "Date", reply->date, sizeof(reply->date) },
		{ "Content-Type", reply->content_type, sizeof(reply->content_type) },
		{ "Content-Encoding", reply->content_encoding, sizeof(reply->content_encoding) },
		{ "x-amz-bucket-region", reply->region, sizeof(reply->region) },
		{ "x-amz-request-id", reply->request_id, sizeof(reply->request_id) },
		{ "Location", reply->location, sizeof(reply->location) },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (is_name(name, n, row[i].name))
			keep(row[i].to, row[i].cap, value, len);
}

static void take_status(dp__http_reply *reply, const char *line, const char *end)
{
	const char *space = memchr(line, ' ', (size_t)(end - line));
	uint64_t status = 0;

	dp__http_reply_reset(reply);
	if (space != NULL && end - space >= 4 && dp__digits(space + 1, 3, &status))
		reply->status = (long)status;
}

static void take_field(dp__http_reply *reply, const char *name, size_t n, const char *value,
		       size_t len)
{
	if (is_name(name, n, "Content-Range"))
		take_range(reply, value, len);
	else if (is_name(name, n, "Content-Length"))
		take_length(reply, value, len);
	else if (is_name(name, n, "Retry-After"))
		take_retry(reply, value, len, 1);
	else if (is_name(name, n, "x-amz-retry-after"))
		take_retry(reply, value, len, 0.001);
	else
		take_text(reply, name, n, value, len);
}

void dp__http_reply_line(dp__http_reply *reply, const char *line, size_t len)
{
	const char *colon, *value, *end = line + len;

	while (end > line && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	if (end - line >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		take_status(reply, line, end);
		return;
	}
	colon = end > line ? memchr(line, ':', (size_t)(end - line)) : NULL;
	if (colon == NULL)
		return;
	for (value = colon + 1; value < end && (*value == ' ' || *value == '\t');)
		value++;
	take_field(reply, line, (size_t)(colon - line), value, (size_t)(end - value));
}

void dp__http_reply_code(dp__http_reply *reply)
{
	const char *text = (const char *)reply->body.data, *from, *to;

	/* A good answer may be an object that reads like an error. */
	if (reply->status / 100 == 2 || reply->body.len == 0 || strstr(text, "<Error") == NULL)
		return;
	from = strstr(text, "<Code>");
	to = from != NULL ? strchr(from + 6, '<') : NULL;
	if (to != NULL)
		keep(reply->code, sizeof(reply->code), from + 6, (size_t)(to - from - 6));
}

/* The part of an entity tag that weak comparison looks at (RFC 9110 8.8.3.2). */
static const char *opaque(const char *etag)
{
	return strncmp(etag, "W/", 2) == 0 ? etag + 2 : etag;
}

static dp_code check_pin(const dp__http_reply *reply, const char *pin, dp_error *err)
{
	const char *now = reply->etag;

	if (strncmp(pin, "lm:", 3) == 0) {
		pin += 3;
		now = reply->last_modified;
	} else if (strncmp(pin, "W/", 2) == 0) {
		pin = opaque(pin);
		now = opaque(now);
	}
	if (now[0] == '\0')
		return dp_fail(err, DP_EIO, "the answer does not say which state of the object");
	return strcmp(now, pin) == 0 ? DP_OK : dp_fail(err, DP_ESTALE, "the object was changed");
}

/* A stored encoding is the object's own where it is known to be the same bytes as before. */
static dp_code check_encoding(const dp__http_reply *reply, const dp__http_want *want, dp_error *err)
{
	const char *name = reply->content_encoding;
	bool pinned = want->size > 0 || (want->pin != NULL && want->pin[0] == '"');

	if (name[0] == '\0' || strcasecmp(name, "identity") == 0 ||
	    (reply->status == 206 && (pinned || !want->exact)))
		return DP_OK;
	return dp_fail(err, DP_EUNSUPPORTED, "the server sends the object encoded (%.32s)", name);
}

static dp_code check_range(const dp__http_reply *reply, const dp__http_want *want, dp_error *err)
{
	uint64_t end = want->off + want->len, cut = dp__min_u64(end, reply->total);

	if (!reply->ranges)
		return dp_fail(err, DP_EIO, "an answer without a good Content-Range");
	if (strncasecmp(reply->content_type, "multipart/", 10) == 0)
		return dp_fail(err, DP_EIO, "an answer in parts to one range");
	if (want->exact && cut < end)
		return dp_fail(err, DP_ESTALE, "the object ends at byte %" PRIu64, reply->total);
	if (reply->first != want->off || reply->last != cut)
		return dp_fail(err, DP_EIO,
			       "bytes [%" PRIu64 ", %" PRIu64 ") for [%" PRIu64 ", %" PRIu64 ")",
			       reply->first, reply->last, want->off, end);
	return DP_OK;
}

dp_code dp__http_reply_check(const dp__http_reply *reply, const dp__http_want *want, dp_error *err)
{
	dp_code code = DP_OK;

	if (want->pin != NULL)
		code = check_pin(reply, want->pin, err);
	if (code == DP_OK && want->size > 0 && reply->total != UINT64_MAX &&
	    reply->total != want->size)
		code = dp_fail(err, DP_ESTALE, "the object has %" PRIu64 " bytes, not %" PRIu64,
			       reply->total, want->size);
	if (code == DP_OK)
		code = check_encoding(reply, want, err);
	if (code != DP_OK || want->len == 0)
		return code;
	if (reply->status == 206)
		return check_range(reply, want, err);
	/* RFC 9110 14.2: a server may give the whole instead, and then it must be just this. */
	if (want->exact && (want->off > 0 || reply->total != want->len))
		return dp_fail(err, DP_EUNSUPPORTED, "the server does not serve ranges");
	return DP_OK;
}

void dp__http_reply_identity(const dp__http_reply *reply, char out[256])
{
	out[0] = '\0';
	if (reply->etag[0] != '\0')
		memcpy(out, reply->etag, sizeof(reply->etag));
	else if (reply->last_modified[0] != '\0')
		snprintf(out, 256, "lm:%s", reply->last_modified);
}

dp_code dp__http_reply_agree(const dp__http_reply *replies, size_t n, bool pinned, dp_error *err)
{
	char first[256], other[256];

	for (size_t i = 1; i < n; i++) {
		dp__http_reply_identity(&replies[0], first);
		dp__http_reply_identity(&replies[i], other);
		if ((!pinned && strcmp(first, other) != 0) || replies[i].total != replies[0].total)
			return dp_fail(err, DP_ESTALE, "the object was changed while it was read");
	}
	return DP_OK;
}

void dp__http_reply_describe(const dp__http_reply *reply, char *out, size_t cap)
{
	snprintf(out, cap, "HTTP status %ld%s%s%s%s%s", reply->status,
		 reply->code[0] != '\0' ? " " : "", reply->code,
		 reply->request_id[0] != '\0' ? " (request " : "", reply->request_id,
		 reply->request_id[0] != '\0' ? ")" : "");
}
