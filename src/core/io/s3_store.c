/* s3_store.c - the s3: store: objects of Amazon S3 and of what speaks like it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "core/base/text.h"
#include "core/io/http_object.h"
#include "core/io/http_reply.h"
#include "core/io/s3_list.h"
#include "core/io/store.h"
#include "core/io/url.h"

#define GAP     ((uint64_t)1 << 20)
#define PART    ((uint64_t)8 << 20)
#define PUT_MAX ((uint64_t)5 << 30) /* of one PUT, as AWS limits it */
#define KEY_MAX 1024
#define PIECE   ((size_t)1 << 20)
#define NS      "http://s3.amazonaws.com/doc/2006-03-01/"

typedef struct object {
	dp__s3_place at;
	dp__http_object known;
} object;

static void s3_close(void *self)
{
	object *one = self;

	if (one == NULL)
		return;
	dp__http_object_fini(&one->known);
	dp__aws_endpoint_fini(&one->at.endpoint);
	free(one->at.bucket);
	free(one->at.key);
	free(one->at.host);
	free(one);
}

/* Buckets' names go into hosts, paths and headers: nothing else may come with them. */
static bool is_bucket(const char *name, size_t len)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789.-_";

	return len >= 3 && len <= 255 && strspn(name, plain) >= len && name[0] != '.' &&
	       name[0] != '-' && name[len - 1] != '.' && name[len - 1] != '-';
}

/* Keys are raw: what looks percent-encoded is not. */
static dp_code split_url(dp__s3_place *at, const char *url, dp_error *err)
{
	const char *rest = url + dp__url_scheme(url);
	size_t len;

	if (strncmp(rest, "://", 3) != 0)
		return dp_fail(err, DP_EINVAL, "not s3://BUCKET/KEY");
	rest += 3;
	len = strcspn(rest, "/");
	if (!is_bucket(rest, len))
		return dp_fail(err, DP_EINVAL, "not s3://BUCKET/KEY: that is no bucket's name");
	at->bucket = dp__strndup(rest, len);
	rest += len + (rest[len] == '/');
	if (strlen(rest) > KEY_MAX)
		return dp_fail(err, DP_EINVAL, "a key of more than %d bytes", KEY_MAX);
	at->key = dp__strdup(rest);
	return at->bucket != NULL && at->key != NULL
		       ? DP_OK
		       : dp_fail(err, DP_ENOMEM, "no memory for a place");
}

/* The name under which is kept what its answers teach. */
static dp_code name_host(dp__s3_place *at, dp_error *err)
{
	dp__buf name = dp__buf_of((size_t)16 << 10);
	dp_code code =
		dp__buf_printf(&name, err, "%s %s",
			       at->endpoint.url != NULL ? at->endpoint.url : "aws", at->bucket);

	if (code == DP_OK)
		code = dp__buf_take(&at->host, &name, err);
	dp__buf_fini(&name);
	return code;
}

static dp_code s3_open(void **self, dp_session *session, const dp_place *where, dp_error *err)
{
	object *one = calloc(1, sizeof(*one));
	dp__aws_config config = { 0 };
	dp__s3_place *at;
	dp_code code;

	if (one == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for a place");
	at = &one->at;
	code = dp__http_object_init(&one->known, where->size, err);
	if (code != DP_OK) {
		free(one);
		return code;
	}
	at->session = session;
	code = split_url(at, where->url, err);
	if (code == DP_OK)
		code = dp__aws_config_load(&config, err);
	if (code == DP_OK)
		code = dp__aws_endpoint_s3(&at->endpoint, &session->set, &config, where, err);
	if (code == DP_OK)
		code = name_host(at, err);
	if (code == DP_OK) {
		dp__aws_learned learned = dp__aws_learned_of(session, at->host);

		snprintf(at->region, sizeof(at->region), "%s",
			 learned.region[0] != '\0' ? learned.region : at->endpoint.region);
	}
	dp__aws_config_fini(&config);
	if (code != DP_OK) {
		s3_close(one);
		return code;
	}
	*self = one;
	return DP_OK;
}

/* One request about the place's object. */
static dp_code perform(dp__http_reply *reply, const dp__s3_place *at, const dp_call *call,
		       const dp__s3_ask *ask, const dp__http_request *more, dp_error *err)
{
	dp__http_request request = { 0 };
	dp__s3_try attempt = { 0 };
	dp_code code = dp__s3_try_init(&attempt, &request, at, call, ask, err);

	request.len = more->len;
	request.max_body = more->max_body;
	request.body_fd = more->body_fd;
	request.body = more->body;
	request.body_len = more->body_len;
	if (code == DP_OK)
		code = dp__http_perform(at->session, call, &request, reply, 1, err);
	dp__s3_try_fini(&attempt);
	return code;
}

static dp_code check_key(const dp__s3_place *at, dp_error *err)
{
	if (at->key[0] == '\0')
		return dp_fail(err, DP_EINVAL, "a bucket is no object");
	return DP_OK;
}

static dp_code s3_stat(void *self, const dp_call *call, dp_stat *out, dp_error *err)
{
	object *one = self;
	const dp__s3_place *at = &one->at;
	const dp__s3_ask ask = { .method = "GET", .key = at->key, .query = "" };
	dp__http_request more = { .body_fd = -1, .max_body = out->cap > 0 ? out->cap : 1 };
	dp__http_reply reply = { 0 };
	dp_code code = check_key(at, err);

	more.len = more.max_body;
	if (code == DP_OK)
		code = perform(&reply, at, call, &ask, &more, err);
	/* Of an empty object no range can be had; but which one it is, is told with the whole. */
	if (code == DP_OK && reply.status == 416) {
		more.len = 0;
		code = perform(&reply, at, call, &ask, &more, err);
	}
	if (code == DP_OK && reply.total == UINT64_MAX)
		code = dp_fail(err, DP_EIO, "the server does not tell the object's size");
	if (code == DP_OK) {
		memcpy(out->etag, reply.etag, sizeof(out->etag));
		dp__http_object_stat(&one->known, &reply, out);
	}
	dp__http_reply_fini(&reply);
	return code;
}

/* One batch of reads as it is performed. */
typedef struct batch {
	dp__http_request *request;
	dp__http_reply *reply;
	dp__s3_try *attempt;
	size_t n;
} batch;

static void drop_batch(batch *all)
{
	for (size_t i = 0; i < all->n; i++) {
		dp__http_reply_fini(&all->reply[i]);
		dp__s3_try_fini(&all->attempt[i]);
	}
	free(all->request);
	free(all->reply);
	free(all->attempt);
}

/* get: what all reads of the batch have in common. */
static dp_code add_read(batch *all, const dp__s3_place *at, const dp_call *call,
			const dp__http_request *get, const dp_read *read, dp_error *err)
{
	const dp__s3_ask ask = { .method = "GET", .key = at->key, .query = "" };
	dp__http_request *request = &all->request[all->n];
	uint64_t end;
	dp_code code;

	if (read->len == 0)
		return DP_OK;
	if (!dp__add_u64(read->off, read->len, &end))
		return dp_fail(err, DP_ESTALE, "the object ends before byte %" PRIu64, read->off);
	code = dp__s3_try_init(&all->attempt[all->n++], request, at, call, &ask, err);
	request->off = read->off;
	request->len = read->len;
	request->buf = read->buf;
	request->etag = get->etag;
	request->size = get->size;
	return code;
}

static dp_code s3_read(void *self, const dp_call *call, const char *etag, const dp_read *reads,
		       size_t n, dp_error *err)
{
	object *one = self;
	const dp__s3_place *at = &one->at;
	dp__http_request get = { .etag = etag != NULL && etag[0] != '\0' ? etag : NULL };
	batch all = { calloc(n, sizeof(*all.request)), calloc(n, sizeof(*all.reply)),
		      calloc(n, sizeof(*all.attempt)), 0 };
	dp_code code = check_key(at, err);

	get.size = dp__http_object_size(&one->known, get.etag);
	if (all.request == NULL || all.reply == NULL || all.attempt == NULL)
		code = dp_fail(err, DP_ENOMEM, "no memory for %zu reads", n);
	for (size_t i = 0; code == DP_OK && i < n; i++)
		code = add_read(&all, at, call, &get, &reads[i], err);
	if (code == DP_OK && all.n > 0)
		code = dp__http_perform(at->session, call, all.request, all.reply, all.n, err);
	if (code == DP_OK)
		code = dp__http_reply_agree(all.reply, all.n, get.etag != NULL, err);
	drop_batch(&all);
	return code;
}

/* The digest of what is to be written, which S3 then compares with what it got. */
static dp_code digest_file(char out[65], int fd, uint64_t size, const dp_call *call, dp_error *err)
{
	uint8_t *piece = malloc(PIECE);
	dp__sha256 *sha = NULL;
	dp_code code = piece != NULL ? dp__sha256_open(&sha, err)
				     : dp_fail(err, DP_ENOMEM, "no memory for %zu bytes", PIECE);
	uint64_t off = 0;

	while (code == DP_OK && off < size) {
		ssize_t n = pread(fd, piece, (size_t)dp__min_u64(size - off, PIECE), (off_t)off);

		if (n > 0) {
			code = dp__sha256_add(sha, piece, (size_t)n, err);
			off += (uint64_t)n;
		} else if (n == 0 || errno != EINTR) {
			code = dp_fail(err, DP_EIO, "what is to be written ends at byte %" PRIu64,
				       off);
		}
		if (code == DP_OK)
			code = dp_call_check(call, err);
	}
	if (code == DP_OK)
		code = dp__sha256_hex(sha, out, err);
	dp__sha256_free(sha);
	free(piece);
	return code;
}

static dp_code s3_put(void *self, const dp_call *call, int fd, uint64_t size, dp_error *err)
{
	const dp__s3_place *at = &((const object *)self)->at;
	char digest[65] = "";
	const dp__s3_ask ask = { .method = "PUT", .key = at->key, .query = "", .payload = digest };
	const dp__http_request more = { .body_fd = fd, .body_len = size, .max_body = PIECE };
	dp__http_reply reply = { 0 };
	dp_code code = check_key(at, err);

	if (code == DP_OK && size > PUT_MAX)
		code = dp_fail(err, DP_EUNSUPPORTED,
			       "%" PRIu64 " bytes are more than one PUT may write", size);
	if (code == DP_OK && !at->endpoint.anonymous)
		code = digest_file(digest, fd, size, call, err);
	if (code == DP_OK)
		code = perform(&reply, at, call, &ask, &more, err);
	dp__http_reply_fini(&reply);
	return code;
}

static dp_code s3_remove(void *self, const dp_call *call, dp_error *err)
{
	const dp__s3_place *at = &((const object *)self)->at;
	const dp__s3_ask ask = { .method = "DELETE", .key = at->key, .query = "" };
	const dp__http_request more = { .body_fd = -1, .max_body = PIECE };
	dp__http_reply reply = { 0 };
	dp_code code = check_key(at, err);

	if (code == DP_OK)
		code = perform(&reply, at, call, &ask, &more, err);
	dp__http_reply_fini(&reply);
	return code;
}

/* Only AWS itself wants to be told the region, and only if it is not the first one. */
static dp_code make_constraint(dp__buf *out, const dp__s3_place *at, dp_error *err)
{
	if (at->endpoint.url == NULL && strcmp(at->endpoint.region, DP__AWS_REGION) != 0) {
		dp_code code = dp__buf_printf(out, err,
					      "<CreateBucketConfiguration xmlns=\"" NS
					      "\"><LocationConstraint>%s"
					      "</LocationConstraint></CreateBucketConfiguration>",
					      at->endpoint.region);

		if (code != DP_OK)
			return code;
	}
	return dp__buf_close(out, err);
}

static dp_code create_bucket(const dp__s3_place *at, const dp_call *call, dp_error *err)
{
	char digest[65] = "";
	const dp__s3_ask ask = { .method = "PUT", .key = "", .query = "", .payload = digest };
	dp__http_request more = { .body_fd = -1, .max_body = PIECE };
	dp__http_reply reply = { 0 };
	dp__buf body = dp__buf_of(4096);
	dp_code code = make_constraint(&body, at, err);

	if (code == DP_OK)
		code = dp__sha256_of(digest, body.data, body.len, err);
	more.body = (char *)body.data;
	more.body_len = body.len;
	if (code == DP_OK)
		code = perform(&reply, at, call, &ask, &more, err);
	if (code != DP_OK && reply.status == 409 &&
	    strcmp(reply.code, "BucketAlreadyOwnedByYou") == 0)
		code = DP_OK;
	dp__http_reply_fini(&reply);
	dp__buf_fini(&body);
	return code;
}

/* Who may write to a bucket need not be allowed to look at it: then the write will tell. */
static dp_code s3_prepare(void *self, const dp_call *call, bool create, dp_error *err)
{
	const dp__s3_place *at = &((const object *)self)->at;
	const dp__s3_ask ask = { .method = "HEAD", .key = "", .query = "" };
	const dp__http_request more = { .body_fd = -1, .max_body = PIECE };
	dp__http_reply reply = { 0 };
	dp_error why = { 0 };
	dp_code code = perform(&reply, at, call, &ask, &more, &why);
	long status = reply.status;

	dp__http_reply_fini(&reply);
	if (code == DP_OK || status == 403)
		return DP_OK;
	if (code != DP_ENOTFOUND)
		return dp_fail(err, code, "%s", why.msg);
	if (create)
		return create_bucket(at, call, err);
	return dp_fail(err, code, "there is no bucket %s", at->bucket);
}

static void s3_where(void *self, dp_place *where)
{
	const dp__s3_place *at = &((const object *)self)->at;
	const dp__aws_endpoint *endpoint = &at->endpoint;
	bool usual = strcmp(at->region, DP__AWS_REGION) == 0;

	where->endpoint = endpoint->url;
	/* What AWS' own hosts have told is worth a request to each worker; others rarely care. */
	where->region = endpoint->url == NULL || !usual ? at->region : NULL;
	where->requester_pays = endpoint->requester_pays;
}

static dp_code s3_list(void *self, const dp_call *call,
		       dp_code (*key)(void *user, const char *url, const dp_stat *stat), void *user,
		       dp_error *err)
{
	return dp__s3_list(&((const object *)self)->at, call, key, user, err);
}

const dp_store dp__s3_store = {
	.schemes = "s3",
	.gap = GAP,
	.part = PART,
	.open = s3_open,
	.stat = s3_stat,
	.read = s3_read,
	.put = s3_put,
	.remove = s3_remove,
	.prepare = s3_prepare,
	.where = s3_where,
	.list = s3_list,
	.close = s3_close,
};
