/* http_try.c - one attempt at a request: what is sent, where the answer goes, when it is given up.
 */
#include "core/io/http_try.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/num.h"
#include "core/base/text.h"
#include "core/io/http_url.h"

#define HEADERS_MAX 48
#define LINE_CAP    ((size_t)16 << 10)
#define SPEED_MIN   1024.0 /* bytes a second */
/* What curl reads at once. As many as there are connections must fit into a core's cache, where
 * their bytes wait to be copied. */
#define BUFFER 65536L

/* The headers of one attempt while they are gathered; names and values owned. */
typedef struct headers {
	dp__http_header at[HEADERS_MAX];
	size_t n;
} headers;

static void free_headers(headers *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free((char *)(uintptr_t)all->at[i].name);
		free((char *)(uintptr_t)all->at[i].value);
	}
	all->n = 0;
}

static dp_code add_header(void *self, const char *name, const char *value, dp_error *err)
{
	headers *all = self;
	size_t i = 0;
	char *own_name, *own_value;

	/* A line end would begin a header, or a request, of someone else's choice. */
	if (name[0] == '\0' || strpbrk(name, ": \t\r\n") != NULL || strpbrk(value, "\r\n") != NULL)
		return dp_fail(err, DP_EINVAL, "a header that is not NAME:VALUE");
	while (i < all->n && strcasecmp(all->at[i].name, name) != 0)
		i++;
	if (i == HEADERS_MAX)
		return dp_fail(err, DP_EINVAL, "more than %d headers", HEADERS_MAX);
	own_name = dp__strdup(name);
	own_value = dp__strdup(value);
	if (own_name == NULL || own_value == NULL) {
		free(own_name);
		free(own_value);
		return dp_fail(err, DP_ENOMEM, "no memory for a header");
	}
	if (i < all->n) {
		free((char *)(uintptr_t)all->at[i].name);
		free((char *)(uintptr_t)all->at[i].value);
	} else {
		all->n++;
	}
	all->at[i] = (dp__http_header){ own_name, own_value };
	return DP_OK;
}

/* What keeps the object the same from one range to the next. */
static dp_code add_conditions(headers *all, const dp__http_try *one, dp_error *err)
{
	const char *pin = one->order.pin;
	dp_code code = DP_OK;
	char text[64];

	if (one->want.len > 0) {
		snprintf(text, sizeof(text), "bytes=%" PRIu64 "-%" PRIu64, one->want.off,
			 one->want.off + one->want.len - 1);
		code = add_header(all, "Range", text, err);
	}
	if (code != DP_OK || pin == NULL)
		return code;
	if (strncmp(pin, "lm:", 3) == 0)
		return add_header(all, "If-Unmodified-Since", pin + 3, err);
	/* A weak tag never matches in If-Match (RFC 9110 13.1.1). */
	return strncmp(pin, "W/", 2) != 0 ? add_header(all, "If-Match", pin, err) : DP_OK;
}

/* Google's stores undo the encoding of a stored object, and with it ranges, unless told so. */
static bool is_google(const char *url)
{
	size_t host = strcspn(url, ":") + 3;

	return strncasecmp(url, "http", 4) == 0 && strlen(url) > host &&
	       strncmp(url + host, "storage.googleapis.com", 22) == 0;
}

static dp_code sign(headers *all, const dp__http_try *one, dp_error *err)
{
	const dp__http_request *request = one->order.request;
	dp__http_attempt attempt = {
		.method = request->method,
		.url = one->order.url,
		.header = all->at,
		.nheaders = all->n,
		.body = request->body,
		.body_len = request->body_len,
		.now = (int64_t)((double)time(NULL) + one->session->set.clock),
		.number = one->order.number,
		.add = add_header,
		.self = all,
	};

	return request->sign != NULL ? request->sign(request->user, &attempt, err) : DP_OK;
}

static dp_code gather_headers(headers *all, const dp__http_try *one, dp_error *err)
{
	const dp__http_request *request = one->order.request;
	char agent[32];
	dp_code code;

	snprintf(agent, sizeof(agent), "dataplug/%s", dp_version());
	code = add_header(all, "User-Agent", agent, err);
	if (code == DP_OK)
		code = add_header(all, "Accept-Encoding",
				  is_google(one->order.url) ? "gzip" : "identity", err);
	for (size_t i = 0; code == DP_OK && !one->order.away && i < request->nheaders; i++)
		code = add_header(all, request->header[i].name, request->header[i].value, err);
	if (code == DP_OK)
		code = add_conditions(all, one, err);
	return code == DP_OK ? sign(all, one, err) : code;
}

/* As curl wants them; "Expect" and "Transfer-Encoding" are its own ideas, which servers differ on.
 */
static dp_code make_list(dp__http_try *one, const headers *all, dp_error *err)
{
	struct curl_slist *more = curl_slist_append(NULL, "Expect:");
	char *line = malloc(LINE_CAP);
	dp_code code = DP_OK;

	one->list = more;
	for (size_t i = 0; code == DP_OK && more != NULL && line != NULL && i < all->n; i++) {
		const dp__http_header *at = &all->at[i];
		int n = snprintf(line, LINE_CAP, at->value[0] != '\0' ? "%s: %s" : "%s;%s",
				 at->name, at->value);

		if (n < 0 || (size_t)n >= LINE_CAP)
			code = dp_fail(err, DP_EINVAL, "the header %.64s is too long", at->name);
		else
			more = curl_slist_append(one->list, line);
	}
	if (code == DP_OK && (more == NULL || line == NULL))
		code = dp_fail(err, DP_ENOMEM, "no memory for headers");
	free(line);
	return code;
}

static size_t on_header(char *data, size_t size, size_t n, void *user)
{
	dp__http_try *one = user;

	one->active = dp__now();
	if (one->first == 0)
		one->first = one->mark = one->active;
	one->bytes += size * n;
	one->head += size * n;
	/* What follows a body is no news about it. */
	if (!one->begun)
		dp__http_reply_line(one->reply, data, size * n);
	return one->head <= DP__HTTP_HEAD_MAX && !one->reply->torn ? size * n : 0;
}

/* Once, before the first byte of a body goes anywhere. */
static bool begin_body(dp__http_try *one)
{
	dp__http_reply *reply = one->reply;
	long status = reply->status;

	one->begun = true;
	/* The end of such a body is not where the connection takes it to be. */
	if (status == 206 && reply->ranges && reply->length != UINT64_MAX &&
	    reply->length != reply->last - reply->first)
		reply->torn = true;
	if (reply->torn)
		return false;
	return (status != 200 && status != 206) || strcmp(one->order.request->method, "GET") != 0 ||
	       dp__http_reply_check(one->reply, &one->want, &one->why) == DP_OK;
}

static bool is_range(const dp__http_try *one)
{
	return one->order.request->buf != NULL &&
	       (one->reply->status == 206 || one->reply->status == 200);
}

/* How much of a body is of use: of an error its beginning. */
static size_t body_max(const dp__http_try *one)
{
	const dp__http_request *request = one->order.request;
	long status = one->reply->status;

	if (status < 200 || status > 299 || request->buf != NULL)
		return DP__HTTP_ERROR_MAX;
	return request->max_body;
}

static bool keep_body(dp__http_try *one, const char *data, size_t n)
{
	size_t max = body_max(one), room;
	dp__buf *body = &one->reply->body;

	/* One byte more for the zero that makes it a string. */
	body->max = max + 1;
	room = max - (body->len < max ? body->len : max);
	one->cut = n > room;
	if (dp__buf_add(body, data, n < room ? n : room, &one->why) != DP_OK)
		return false;
	return !one->cut;
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
	dp__http_try *one = user;

	n *= size;
	one->active = dp__now();
	one->bytes += n;
	if (!one->begun && !begin_body(one))
		return CURL_WRITEFUNC_ERROR;
	if (!is_range(one)) {
		bool more = keep_body(one, data, n);

		one->got = one->reply->body.len;
		return more ? n : CURL_WRITEFUNC_ERROR;
	}
	if (n > one->want.len - one->got) {
		dp_fail(&one->why, DP_EIO, "more bytes came than were asked for");
		return CURL_WRITEFUNC_ERROR;
	}
	uint8_t *to = (uint8_t *)one->order.request->buf + one->order.done + one->got;
	memcpy(to, data, n);
	one->got += n;
	/* Without an ETag the next try may have to begin again. */
	if (one->order.request->etag != NULL)
		dp__call_arrived(one->order.call, to + n);
	return n;
}

static size_t on_send(char *data, size_t size, size_t n, void *user)
{
	dp__http_try *one = user;
	const dp__http_request *request = one->order.request;
	size_t len = (size_t)dp__min_u64(size * n, request->body_len - one->sent);
	ssize_t got = (ssize_t)len;

	one->active = dp__now();
	if (request->body != NULL && len > 0)
		memcpy(data, request->body + one->sent, len);
	else if (len > 0)
		do
			got = pread(request->body_fd, data, len, (off_t)one->sent);
		while (got < 0 && errno == EINTR);
	if (got < 0 || (got == 0 && len > 0)) {
		dp_fail(&one->why, DP_EIO, "what is to be sent ends at byte %" PRIu64, one->sent);
		return CURL_READFUNC_ABORT;
	}
	one->sent += (size_t)got;
	one->bytes += (size_t)got;
	return (size_t)got;
}

static int on_seek(void *user, curl_off_t off, int origin)
{
	dp__http_try *one = user;

	if (origin != SEEK_SET || off < 0 || (uint64_t)off > one->order.request->body_len)
		return CURL_SEEKFUNC_CANTSEEK;
	one->sent = (uint64_t)off;
	return CURL_SEEKFUNC_OK;
}

/* After look-up: a name may lead anywhere. */
static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	dp__http_try *one = user;
	int fd, flags;

	(void)purpose;
	if (!one->order.request->credentials && dp__http_is_link_local(&address->addr)) {
		one->local = true;
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype, address->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	flags = fcntl(fd, F_GETFD);
	if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0 ||
	    !dp__http_line_opened(one->line, fd)) {
		close(fd);
		return CURL_SOCKET_BAD;
	}
	return fd;
}

static int on_close(void *user, curl_socket_t fd)
{
	dp__http_line_closed(user, fd);
	return close(fd);
}

/* The connection is there: what it took does not count against the answer. */
static int on_ready(void *user, char *there, char *here, int port_there, int port_here)
{
	dp__http_try *one = user;

	(void)there, (void)here, (void)port_there, (void)port_here;
	one->active = dp__now();
	return CURL_PREREQFUNC_OK;
}

static const char *environment(const char *const *names)
{
	for (; *names != NULL; names++) {
		const char *value = getenv(*names);

		if (value != NULL && value[0] != '\0')
			return value;
	}
	return NULL;
}

/*
 * What the environment names is all that is trusted. Curl's own folder would only be read besides,
 * by GnuTLS all of it for each connection: 22 ms with the certificates that Debian has there.
 */
static void set_trust(CURL *easy)
{
	static const char *const files[] = { "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_FILE",
					     NULL };
	static const char *const folders[] = { "SSL_CERT_DIR", NULL };
	const char *file = environment(files), *folder = environment(folders);

	if (file == NULL && folder == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
}

static void set_connection(dp__http_try *one)
{
	const dp__http_request *request = one->order.request;
	const dp__settings *set = &one->session->set;
	double wait = set->connect_timeout;
	CURL *easy = one->easy;

	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 15L);
	curl_easy_setopt(easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 60L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, one->order.fresh ? 1L : 0L);
	if (request->timeout > 0 && request->timeout < wait)
		wait = request->timeout;
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 wait > 0 && wait < 1e6 ? (long)(wait * 1000) + 1 : 0L);
	if (request->credentials && strncasecmp(one->order.url, "http:", 5) == 0)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (request->netrc && !one->order.away)
		curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, one);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, one->line);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, one);
	set_trust(easy);
}

static void set_request(dp__http_try *one)
{
	const dp__http_request *request = one->order.request;
	CURL *easy = one->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, one);
	curl_easy_setopt(easy, CURLOPT_URL, one->order.url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, one->list);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, one);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, one);
	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(request->method, "PUT") == 0 || strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
		curl_easy_setopt(easy, CURLOPT_READDATA, one);
		curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(easy, CURLOPT_SEEKDATA, one);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	} else if (strcmp(request->method, "GET") != 0) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	}
}

static void reset(dp__http_try *one, const dp__http_order *order)
{
	const dp__http_request *request = order->request;
	dp_session *session = one->session;
	dp__http_line *line = one->line;
	dp__http_reply *reply = one->reply;

	*one = (dp__http_try){ .session = session, .line = line, .reply = reply, .order = *order };
	dp__http_reply_reset(reply);
	one->want = (dp__http_want){ .off = request->off + order->done,
				     .len = request->len - order->done,
				     .size = request->size,
				     .pin = order->pin,
				     .exact = request->buf != NULL };
	one->start = one->active = dp__now();
}

dp_code dp__http_try_start(dp__http_try *one, const dp__http_order *order, dp_error *err)
{
	headers all = { .n = 0 };
	dp_code code;

	reset(one, order);
	if (!order->request->credentials && dp__http_url_is_link_local(order->url))
		return dp_fail(err, DP_EAUTH, "an address of the link is refused");
	code = gather_headers(&all, one, err);
	if (code == DP_OK)
		code = make_list(one, &all, err);
	free_headers(&all);
	if (code == DP_OK) {
		one->easy = dp__http_line_easy(one->line);
		if (one->easy != NULL) {
			set_connection(one);
			set_request(one);
		}
		/* Signing may have taken a request of its own. */
		one->start = one->active = dp__now();
		if (one->easy == NULL ||
		    curl_multi_add_handle(one->line->multi, one->easy) != CURLM_OK)
			code = dp_fail(err, DP_ENOMEM, "no memory for a request");
	}
	if (code != DP_OK) {
		dp__http_line_drop(one->line, one->easy);
		curl_slist_free_all(one->list);
		one->easy = NULL;
		one->list = NULL;
	}
	return code;
}

bool dp__http_try_is_late(dp__http_try *one, double now)
{
	const dp__settings *set = &one->session->set;
	double limit = one->order.request->timeout, window = set->low_speed_time;

	if (limit > 0 && now - one->start > limit)
		one->late = true;
	if (one->first == 0 && set->first_byte > 0) {
		/* Connecting has a limit of its own, after which curl gives up by itself. */
		curl_off_t connected = 0;

		curl_easy_getinfo(one->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
		if (now - one->active >
		    set->first_byte + (connected > 0 ? 0 : set->connect_timeout))
			one->late = true;
	} else if (one->first > 0 && window > 0 && now - one->mark > window) {
		if ((double)(one->bytes - one->marked) < SPEED_MIN * window)
			one->late = true;
		one->mark = now;
		one->marked = one->bytes;
	}
	return one->late;
}

static void log_end(const dp__http_try *one, int curl_code)
{
	const dp__http_request *request = one->order.request;
	char url[512], range[64] = "", end[160];

	dp__http_redact(url, sizeof(url), one->order.url);
	if (one->want.len > 0)
		snprintf(range, sizeof(range), " [%" PRIu64 ", %" PRIu64 ")", one->want.off,
			 one->want.off + one->want.len);
	if (one->why.code != DP_OK)
		snprintf(end, sizeof(end), "%ld, refused", one->reply->status);
	else if (one->late)
		snprintf(end, sizeof(end), "%ld, too slow", one->reply->status);
	else if (curl_code > 0 && !one->cut)
		snprintf(end, sizeof(end), "%ld, %s", one->reply->status,
			 curl_easy_strerror((CURLcode)curl_code));
	else
		snprintf(end, sizeof(end), "%ld %s", one->reply->status, one->reply->code);
	dp__session_log(one->session, DP_LOG_DEBUG, "%s %s%s: %s, %" PRIu64 " bytes, %.0f ms",
			request->method, url, range, end, one->got + one->sent,
			(dp__now() - one->start) * 1e3);
}

static void count(const dp__http_try *one)
{
	dp__traffic *traffic = &one->session->traffic;

	atomic_fetch_add(&traffic->requests, 1);
	atomic_fetch_add(&traffic->retries, one->order.number > 0 ? 1 : 0);
	atomic_fetch_add(&traffic->bytes, one->got);
	if (one->first <= 0)
		return;
	atomic_fetch_add(&traffic->answers, 1);
	atomic_fetch_add(&traffic->first_byte_us, (uint_fast64_t)((one->first - one->start) * 1e6));
}

void dp__http_try_end(dp__http_try *one, int curl_code)
{
	curl_multi_remove_handle(one->line->multi, one->easy);
	dp__http_line_drop(one->line, one->easy);
	curl_slist_free_all(one->list);
	one->easy = NULL;
	one->list = NULL;
	/* An answer without a body has been checked by no one yet. */
	if (curl_code == CURLE_OK && !one->begun)
		begin_body(one);
	one->reply->body.max = one->reply->body.len + 1;
	if (dp__buf_close(&one->reply->body, NULL) == DP_OK)
		dp__http_reply_code(one->reply);
	count(one);
	if (curl_code >= 0)
		log_end(one, curl_code);
}
