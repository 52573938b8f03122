/* http_store.c - the http: and https: store: objects of any web server that serves ranges. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/num.h"
#include "core/base/text.h"
#include "core/io/http_object.h"
#include "core/io/http_reply.h"
#include "core/io/object.h"
#include "core/io/store.h"
#include "core/io/url.h"

#define GAP  ((uint64_t)1 << 20)
#define PART ((uint64_t)8 << 20)

typedef struct place {
	dp_session *session;
	char *url;  /* with its signature, where the session has one for it */
	char *text; /* of the headers: what they point into */
	dp__http_header *header;
	size_t nheaders;
	dp__http_object known;
	char *moved; /* under known.lock: where redirects led last; NULL: nowhere else */
} place;

/* Cuts "NAME:VALUE" lines, in place. Messages do not show values: they may be secret. */
static dp_code split_headers(place *at, dp_error *err)
{
	size_t n = 1;
	char *line = at->text;

	for (const char *p = line; *p != '\0'; p++)
		n += *p == '\n' ? 1 : 0;
	at->header = calloc(n, sizeof(*at->header));
	if (at->header == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for headers");
	while (*line != '\0') {
		char *end = line + strcspn(line, "\r\n"), *colon = strchr(line, ':');
		bool more = *end != '\0';

		*end = '\0';
		if (line != end && (colon == NULL || colon > end || colon == line))
			return dp_fail(err, DP_EINVAL, "setting header: not NAME:VALUE");
		if (line != end) {
			*colon = '\0';
			at->header[at->nheaders++] =
				(dp__http_header){ line, colon + 1 + strspn(colon + 1, " \t") };
		}
		line = end + (more ? 1 : 0);
	}
	return DP_OK;
}

static void http_close(void *self)
{
	place *at = self;

	if (at == NULL)
		return;
	dp__http_object_fini(&at->known);
	free(at->url);
	free(at->text);
	free(at->header);
	free(at->moved);
	free(at);
}

static dp_code http_open(void **self, dp_session *session, const dp_place *where, dp_error *err)
{
	place *at = calloc(1, sizeof(*at));
	dp_code code;

	if (at == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for a place");
	code = dp__http_object_init(&at->known, where->size, err);
	if (code != DP_OK) {
		free(at);
		return code;
	}
	at->session = session;
	at->text = dp__strdup(session->set.header);
	code = at->text != NULL ? dp__object_full(&at->url, session, where->url, err)
				: dp_fail(err, DP_ENOMEM, "no memory for headers");
	if (code == DP_OK)
		code = split_headers(at, err);
	if (code == DP_OK)
		*self = at;
	else
		http_close(at);
	return code;
}

/* A GET of the place; *via, which the caller frees, is what it begins with. */
static dp__http_request get_of(place *at, char **via)
{
	pthread_mutex_lock(&at->known.lock);
	*via = at->moved != NULL ? dp__strdup(at->moved) : NULL;
	pthread_mutex_unlock(&at->known.lock);
	return (dp__http_request){ .method = "GET",
				   .url = at->url,
				   .via = *via,
				   .header = at->header,
				   .nheaders = at->nheaders,
				   .body_fd = -1,
				   .netrc = true };
}

/* Takes note of where the answer came from. */
static void note_moved(place *at, dp__http_reply *reply)
{
	pthread_mutex_lock(&at->known.lock);
	free(at->moved);
	at->moved = reply->moved;
	reply->moved = NULL;
	pthread_mutex_unlock(&at->known.lock);
}

/* Servers say of an empty object only that no range of it can be had, and not which state it is. */
static dp_code stat_whole(place *at, const dp_call *call, dp__http_reply *reply, dp_error *err)
{
	char *via = NULL;
	dp__http_request request = get_of(at, &via);
	dp_code code;

	request.max_body = 1;
	code = dp__http_perform(at->session, call, &request, reply, 1, err);
	free(via);
	if (code == DP_OK && (reply->status != 200 || reply->body.len > 0))
		code = dp_fail(err, DP_EIO, "the server gives the object, but no range of it");
	reply->total = 0;
	return code;
}

static dp_code http_stat(void *self, const dp_call *call, dp_stat *out, dp_error *err)
{
	place *at = self;
	char *via = NULL;
	dp__http_request request = get_of(at, &via);
	dp__http_reply reply = { 0 };
	dp_code code;

	request.max_body = out->cap > 0 ? out->cap : 1;
	request.len = request.max_body;
	code = dp__http_perform(at->session, call, &request, &reply, 1, err);
	free(via);
	if (code == DP_OK)
		note_moved(at, &reply);
	if (code == DP_OK && reply.status == 416)
		code = stat_whole(at, call, &reply, err);
	if (code == DP_OK && reply.total == UINT64_MAX)
		code = dp_fail(err, DP_EUNSUPPORTED, "the server does not tell the object's size");
	if (code == DP_OK) {
		dp__http_reply_identity(&reply, out->etag);
		dp__http_object_stat(&at->known, &reply, out);
		if (out->etag[0] != '"')
			dp_call_log(call, DP_LOG_INFO,
				    "the server gives no strong ETag: a change "
				    "of the object may go unseen");
	}
	dp__http_reply_fini(&reply);
	return code;
}

static dp_code read_all(place *at, const dp_call *call, dp__http_request *requests,
			dp__http_reply *replies, size_t n, dp_error *err)
{
	dp_code code = dp__http_perform(at->session, call, requests, replies, n, err);

	if (code == DP_OK && n > 0) {
		note_moved(at, &replies[0]);
		code = dp__http_reply_agree(replies, n, requests[0].etag != NULL, err);
	}
	for (size_t i = 0; i < n; i++)
		dp__http_reply_fini(&replies[i]);
	return code;
}

static dp_code http_read(void *self, const dp_call *call, const char *etag, const dp_read *reads,
			 size_t n, dp_error *err)
{
	place *at = self;
	char *via = NULL;
	dp__http_request get = get_of(at, &via);
	dp__http_request *requests = calloc(n, sizeof(*requests));
	dp__http_reply *replies = calloc(n, sizeof(*replies));
	size_t used = 0;
	dp_code code = DP_OK;

	get.etag = etag != NULL && etag[0] != '\0' ? etag : NULL;
	get.size = dp__http_object_size(&at->known, get.etag);
	for (size_t i = 0; requests != NULL && i < n; i++) {
		uint64_t end;

		if (!dp__add_u64(reads[i].off, reads[i].len, &end))
			code = dp_fail(err, DP_ESTALE, "the object ends before byte %" PRIu64,
				       reads[i].off);
		if (reads[i].len == 0)
			continue;
		requests[used] = get;
		requests[used].off = reads[i].off;
		requests[used].len = reads[i].len;
		requests[used++].buf = reads[i].buf;
	}
	if (requests == NULL || replies == NULL)
		code = dp_fail(err, DP_ENOMEM, "no memory for %zu reads", n);
	else if (code == DP_OK)
		code = read_all(at, call, requests, replies, used, err);
	free(requests);
	free(replies);
	free(via);
	return code;
}

const dp_store dp__http_store = {
	.schemes = "http|https",
	.gap = GAP,
	.part = PART,
	.open = http_open,
	.stat = http_stat,
	.read = http_read,
	.close = http_close,
};
