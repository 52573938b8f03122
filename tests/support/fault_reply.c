/* fault_reply.c - one answer of the fault server, right or wrong as it was told. */
#include "support/fault_reply.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool send_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool fault_reply_text(int fd, const char *text)
{
	return send_all(fd, text, strlen(text));
}

/* An error with an XML body, "" = none. */
static bool send_error(int fd, const char *status, const char *code)
{
	char body[256] = "", text[512];

	if (code[0] != '\0')
		snprintf(body, sizeof(body),
			 "<?xml "
			 "version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message></Error>",
			 code);
	snprintf(text, sizeof(text),
		 "HTTP/1.1 %s\r\nx-amz-request-id: REQ7\r\nContent-Length: %zu\r\n\r\n%s", status,
		 strlen(body), body);
	return fault_reply_text(fd, text);
}

/* RST instead of FIN. */
static bool reset(int fd)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return false;
}

/* Until the client, or the server, has enough. */
static bool wait_for_close(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	poll(&one, 1, 60000);
	return false;
}

/* Faults that give no range at all; *done: it was one of them. */
static bool answer_without_range(int fd, const fault_reply *to, bool *done)
{
	static const struct {
		fault what;
		const char *status, *code;
	} row[] = {
		{ FAULT_500, "500 Internal Server Error", "" },
		{ FAULT_503, "503 Service Unavailable", "" },
		{ FAULT_429, "429 Too Many Requests\r\nRetry-After: 0", "" },
		{ FAULT_SLOW_DOWN, "503 Slow Down", "SlowDown" },
		{ FAULT_TIMEOUT_400, "400 Bad Request", "RequestTimeout" },
		{ FAULT_EXPIRED_400, "400 Bad Request", "ExpiredToken" },
		{ FAULT_SKEW_403, "403 Forbidden", "RequestTimeTooSkewed" },
		{ FAULT_403, "403 Forbidden", "AccessDenied" },
		{ FAULT_404, "404 Not Found", "NoSuchKey" },
		{ FAULT_412, "412 Precondition Failed", "PreconditionFailed" },
		{ FAULT_416, "416 Range Not Satisfiable\r\nContent-Range: bytes */5", "" },
		{ FAULT_NO_LOCATION, "301 Moved Permanently", "" },
	};
	char text[FAULT_TEXT_MAX + 64];

	*done = true;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (row[i].what == to->what)
			return send_error(fd, row[i].status, row[i].code);
	switch (to->what) {
	case FAULT_RESET_FIRST:
		return reset(fd);
	case FAULT_EMPTY:
		return false;
	case FAULT_SILENT:
		return wait_for_close(fd);
	case FAULT_GARBAGE:
		fault_reply_text(fd, "\x16\x03 this is no web server\r\n\r\nbut another one\r\n");
		return false;
	case FAULT_REDIRECT:
		snprintf(text, sizeof(text), "302 Found\r\nLocation: %s", to->lead);
		return send_error(fd, text, "");
	case FAULT_HEADERS:
		if (fault_reply_text(fd, "HTTP/1.1 206 Partial Content\r\n"))
			for (size_t i = 0; i < 65536; i++)
				if (!fault_reply_text(
					    fd, "X-Filler: 0123456789012345678901234567890123456789"
						"0123456\r\n"))
					break;
		return false;
	default:
		*done = false;
		return true;
	}
}

/* Changes what a range's headers say. */
static void bend_range(fault_reply *to)
{
	switch (to->what) {
	case FAULT_SHIFTED:
		to->first++;
		to->last++;
		break;
	case FAULT_SHORTER:
		to->last--;
		break;
	case FAULT_OTHER_TOTAL:
		to->total++;
		break;
	case FAULT_WHOLE:
		to->ranged = false;
		to->first = 0;
		to->last = to->total;
		break;
	case FAULT_OTHER_ETAG:
		snprintf(to->etag, sizeof(to->etag), "\"another\"");
		break;
	case FAULT_NO_ETAG:
		to->etag[0] = to->modified[0] = '\0';
		break;
	default:
		break;
	}
}

static bool send_head(int fd, const fault_reply *to)
{
	char text[2048], length[128];
	uint64_t len = to->last - to->first;
	int n;

	snprintf(length, sizeof(length), "Content-Length: %" PRIu64 "\r\n",
		 len + (to->what == FAULT_LONGER ? 10 : 0));
	if (to->what == FAULT_CUT_UNSIZED)
		length[0] = '\0';
	else if (to->what == FAULT_CUT_CHUNKS)
		snprintf(length, sizeof(length), "Transfer-Encoding: chunked\r\n");
	else if (to->what == FAULT_LENGTH_HUGE)
		snprintf(length, sizeof(length), "Content-Length: 9223372036854775807\r\n");
	else if (to->what == FAULT_LENGTH_MINUS)
		snprintf(length, sizeof(length), "Content-Length: -1\r\n");
	else if (to->what == FAULT_LENGTH_TWICE)
		snprintf(length, sizeof(length),
			 "Content-Length: %" PRIu64 "\r\nContent-Length: %" PRIu64 "\r\n", len,
			 len / 2);
	n = snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nAccept-Ranges: bytes\r\n%s",
		     to->ranged ? "206 Partial Content" : "200 OK", length);
	if (to->ranged && to->what != FAULT_NO_RANGE && to->what != FAULT_MULTIPART)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
			      to->first, to->last - 1, to->total);
	if (to->what == FAULT_MULTIPART)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "Content-Type: multipart/byteranges; boundary=x\r\n");
	if (to->what == FAULT_ENCODED)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Content-Encoding: gzip\r\n");
	if (to->etag[0] != '\0')
		n += snprintf(text + n, sizeof(text) - (size_t)n, "ETag: %s\r\n", to->etag);
	if (to->modified[0] != '\0')
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Last-Modified: %s\r\n",
			      to->modified);
	snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
	return fault_reply_text(fd, text);
}

static bool drip(int fd, const uint8_t *at, size_t len)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	while (len-- > 0)
		if (!send_all(fd, at++, 1) || poll(&one, 1, 50) != 0)
			return false;
	return true;
}

static bool send_body(int fd, const fault_reply *to, const uint8_t *data)
{
	const uint8_t *at = data + to->first;
	size_t len = (size_t)(to->last - to->first), half = len / 2;
	char size[32];

	switch (to->what) {
	case FAULT_RESET_BODY:
		send_all(fd, at, half);
		/* What was sent must be there before the reset takes it away. */
		poll(NULL, 0, 20);
		return reset(fd);
	case FAULT_CUT_BODY:
	case FAULT_CUT_UNSIZED:
		send_all(fd, at, half);
		return false;
	case FAULT_CUT_CHUNKS:
		snprintf(size, sizeof(size), "%zx\r\n", len);
		if (fault_reply_text(fd, size))
			send_all(fd, at, half);
		return false;
	case FAULT_STALL:
		return send_all(fd, at, half) && wait_for_close(fd);
	case FAULT_DRIP:
		return drip(fd, at, len);
	case FAULT_LONGER:
		return send_all(fd, at, len) && fault_reply_text(fd, "0123456789");
	case FAULT_WRONG_BYTES:
		return send_all(fd, at, half) &&
		       send_all(fd, &(uint8_t){ (uint8_t)(at[half] ^ 1) }, 1) &&
		       send_all(fd, at + half + 1, len - half - 1);
	case FAULT_LENGTH_HUGE:
	case FAULT_CLOSE:
		send_all(fd, at, len);
		return false;
	default:
		return send_all(fd, at, len);
	}
}

bool fault_reply_send(int fd, fault_reply *to, bool changed, bool headless, const uint8_t *data)
{
	uint64_t size = to->total;
	bool done, good = answer_without_range(fd, to, &done);
	char status[96];

	if (done)
		return good;
	if (changed)
		return send_error(fd, "412 Precondition Failed", "PreconditionFailed");
	if (to->ranged && to->first >= to->total) {
		snprintf(status, sizeof(status),
			 "416 Range Not Satisfiable\r\nContent-Range: bytes */%" PRIu64, to->total);
		return send_error(fd, status, "InvalidRange");
	}
	bend_range(to);
	if (!send_head(fd, to))
		return false;
	to->last = to->last < size ? to->last : size;
	return headless || send_body(fd, to, data);
}
