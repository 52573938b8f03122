/* mem.c - the mem: store, for tests: named bytes that count their reads and fail on demand. */
#include "core/io/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/num.h"
#include "core/base/text.h"
#include "core/io/store.h"

#define GAP  ((uint64_t)64 << 10)
#define PART ((uint64_t)8 << 20)

typedef struct object {
	struct object *next;
	char *url;
	uint8_t *data;
	size_t len;
	uint64_t stamp; /* of the last put */
	dp__mem_counts counts;
	dp__mem_fault fault;
	dp_extent *allowed; /* NULL: all bytes */
	size_t nallowed;
} object;

struct dp__mem {
	pthread_mutex_t lock; /* of all below */
	object *first;
	uint64_t stamp;
};

typedef struct place {
	struct dp__mem *mem;
	char *url;
} place;

/* What the session holds, made at its first use; NULL if there is no memory. */
static struct dp__mem *mem_of(dp_session *session)
{
	struct dp__mem *mem;

	pthread_mutex_lock(&session->lock);
	mem = session->mem;
	if (mem == NULL && (mem = calloc(1, sizeof(*mem))) != NULL) {
		if (pthread_mutex_init(&mem->lock, NULL) != 0) {
			free(mem);
			mem = NULL;
		}
		session->mem = mem;
	}
	pthread_mutex_unlock(&session->lock);
	return mem;
}

static object *find_object(struct dp__mem *mem, const char *url)
{
	object *one = mem->first;

	while (one != NULL && strcmp(one->url, url) != 0)
		one = one->next;
	return one;
}

static void free_object(object *one)
{
	free(one->url);
	free(one->data);
	free(one->allowed);
	free(one);
}

static dp_code no_memory(dp_error *err)
{
	return dp_fail(err, DP_ENOMEM, "no memory for an object");
}

static dp_code not_found(dp_error *err)
{
	return dp_fail(err, DP_ENOTFOUND, "no such object");
}

/* Gives the object at url new bytes, and takes data; makes the object if there is none. */
static dp_code replace(struct dp__mem *mem, const char *url, uint8_t *data, size_t len,
		       dp_error *err)
{
	object *one = find_object(mem, url);

	if (one == NULL) {
		one = calloc(1, sizeof(*one));
		if (one == NULL || (one->url = dp__strdup(url)) == NULL) {
			free(one);
			free(data);
			return no_memory(err);
		}
		one->next = mem->first;
		mem->first = one;
	}
	free(one->data);
	one->data = data;
	one->len = len;
	one->stamp = ++mem->stamp;
	return DP_OK;
}

/* Locks what the session holds and finds the object; on success the caller unlocks (*mem)->lock. */
static dp_code lock_object(dp_session *session, const char *url, struct dp__mem **mem, object **out,
			   dp_error *err)
{
	*mem = mem_of(session);
	if (*mem == NULL)
		return no_memory(err);
	pthread_mutex_lock(&(*mem)->lock);
	*out = find_object(*mem, url);
	if (*out != NULL)
		return DP_OK;
	pthread_mutex_unlock(&(*mem)->lock);
	return not_found(err);
}

dp_code dp__mem_put(dp_session *session, const char *url, const void *data, size_t len,
		    dp_error *err)
{
	struct dp__mem *mem = mem_of(session);
	uint8_t *copy = malloc(len > 0 ? len : 1);
	dp_code code;

	if (mem == NULL || copy == NULL) {
		free(copy);
		return no_memory(err);
	}
	if (len > 0)
		memcpy(copy, data, len);
	pthread_mutex_lock(&mem->lock);
	code = replace(mem, url, copy, len, err);
	if (code == DP_OK)
		find_object(mem, url)->counts = (dp__mem_counts){ 0 };
	pthread_mutex_unlock(&mem->lock);
	return code;
}

const uint8_t *dp__mem_get(dp_session *session, const char *url, size_t *len)
{
	struct dp__mem *mem;
	const uint8_t *data;
	object *one;

	if (lock_object(session, url, &mem, &one, NULL) != DP_OK)
		return NULL;
	data = one->data;
	*len = one->len;
	pthread_mutex_unlock(&mem->lock);
	return data;
}

dp_code dp__mem_counts_of(dp_session *session, const char *url, dp__mem_counts *out, dp_error *err)
{
	struct dp__mem *mem;
	object *one;
	dp_code code = lock_object(session, url, &mem, &one, err);

	if (code != DP_OK)
		return code;
	*out = one->counts;
	pthread_mutex_unlock(&mem->lock);
	return DP_OK;
}

dp_code dp__mem_fail(dp_session *session, const char *url, dp__mem_fault fault, dp_error *err)
{
	struct dp__mem *mem;
	object *one;
	dp_code code = lock_object(session, url, &mem, &one, err);

	if (code != DP_OK)
		return code;
	one->fault = fault;
	pthread_mutex_unlock(&mem->lock);
	return DP_OK;
}

dp_code dp__mem_allow(dp_session *session, const char *url, const dp_extent *ranges, size_t n,
		      dp_error *err)
{
	struct dp__mem *mem;
	object *one;
	dp_extent *copy = NULL;
	dp_code code;

	if (ranges != NULL) {
		/* An empty list allows nothing, which NULL would not. */
		copy = calloc(n + 1, sizeof(*copy));
		if (copy == NULL)
			return no_memory(err);
		memcpy(copy, ranges, n * sizeof(*copy));
	}
	code = lock_object(session, url, &mem, &one, err);
	if (code != DP_OK) {
		free(copy);
		return code;
	}
	free(one->allowed);
	one->allowed = copy;
	one->nallowed = n;
	pthread_mutex_unlock(&mem->lock);
	return DP_OK;
}

void dp__mem_free(struct dp__mem *mem)
{
	if (mem == NULL)
		return;
	while (mem->first != NULL) {
		object *one = mem->first;

		mem->first = one->next;
		free_object(one);
	}
	pthread_mutex_destroy(&mem->lock);
	free(mem);
}

static dp_code mem_open(void **self, dp_session *session, const dp_place *where, dp_error *err)
{
	place *at = calloc(1, sizeof(*at));

	if (at == NULL || (at->mem = mem_of(session)) == NULL ||
	    (at->url = dp__strdup(where->url)) == NULL) {
		free(at);
		return no_memory(err);
	}
	*self = at;
	return DP_OK;
}

static void mem_close(void *self)
{
	place *at = self;

	if (at == NULL)
		return;
	free(at->url);
	free(at);
}

static void print_etag(const object *one, char *out, size_t cap)
{
	snprintf(out, cap, "put-%" PRIu64, one->stamp);
}

static dp_code mem_stat(void *self, const dp_call *call, dp_stat *out, dp_error *err)
{
	place *at = self;
	object *one;

	(void)call;
	pthread_mutex_lock(&at->mem->lock);
	one = find_object(at->mem, at->url);
	if (one != NULL) {
		one->counts.stats++;
		out->size = one->len;
		print_etag(one, out->etag, sizeof(out->etag));
		out->len = out->cap < one->len ? out->cap : one->len;
		if (out->len > 0)
			memcpy(out->head, one->data, out->len);
	}
	pthread_mutex_unlock(&at->mem->lock);
	return one != NULL ? DP_OK : not_found(err);
}

/* The first byte of [off, end) that may not be read; end if all may. */
static uint64_t first_forbidden(const object *one, uint64_t off, uint64_t end)
{
	size_t i = 0;

	if (one->allowed == NULL)
		return end;
	while (i < one->nallowed && off < end) {
		const dp_extent *range = &one->allowed[i++];

		if (range->off > off || off - range->off >= range->len)
			continue;
		off = range->off + range->len;
		i = 0;
	}
	return dp__min_u64(off, end);
}

static dp_code read_range(object *one, const dp_read *read, dp_error *err)
{
	uint8_t *to = read->buf;
	uint64_t end, bad;
	bool faulty;

	if (!dp__add_u64(read->off, read->len, &end) || end > one->len)
		return dp_fail(err, DP_ESTALE, "the object ends at byte %zu", one->len);
	one->counts.reads++;
	one->counts.bytes += read->len;
	faulty = one->fault.skip == 0 && one->fault.times > 0;
	if (one->fault.skip > 0)
		one->fault.skip--;
	else if (faulty && one->fault.times != UINT64_MAX)
		one->fault.times--;
	if (faulty && one->fault.code != DP_OK)
		return dp_fail(err, one->fault.code, "a fault was asked for at byte %" PRIu64,
			       read->off);
	bad = first_forbidden(one, read->off, end);
	if (bad < end)
		return dp_fail(err, DP_EIO,
			       "byte %" PRIu64 " of [%" PRIu64 ", %" PRIu64 ") is forbidden", bad,
			       read->off, end);
	if (read->len > 0)
		memcpy(to, one->data + read->off, read->len);
	if (faulty && read->len > 0)
		to[read->len / 2] ^= 1;
	return DP_OK;
}

static dp_code mem_read(void *self, const dp_call *call, const char *etag, const dp_read *reads,
			size_t n, dp_error *err)
{
	place *at = self;
	dp_code code = DP_OK;
	char now[32];
	object *one;

	pthread_mutex_lock(&at->mem->lock);
	one = find_object(at->mem, at->url);
	if (one == NULL) {
		code = not_found(err);
	} else if (etag != NULL) {
		print_etag(one, now, sizeof(now));
		if (strcmp(now, etag) != 0)
			code = dp_fail(err, DP_ESTALE, "the object was changed");
	}
	for (size_t i = 0; code == DP_OK && i < n; i++) {
		code = dp_call_check(call, err);
		if (code == DP_OK)
			code = read_range(one, &reads[i], err);
		if (code == DP_OK)
			dp__session_count(call->session, 1, reads[i].len);
	}
	pthread_mutex_unlock(&at->mem->lock);
	return code;
}

/* Reads all of [0, size) of fd. */
static dp_code read_file(int fd, uint8_t *to, size_t size, const dp_call *call, dp_error *err)
{
	for (size_t off = 0; off < size;) {
		ssize_t n = pread(fd, to + off, size - off, (off_t)off);
		dp_code code = dp_call_check(call, err);

		if (code != DP_OK)
			return code;
		if (n <= 0)
			return dp_fail(err, DP_EIO, "what is to be written ends at byte %zu", off);
		off += (size_t)n;
	}
	return DP_OK;
}

static dp_code mem_put(void *self, const dp_call *call, int fd, uint64_t size, dp_error *err)
{
	place *at = self;
	uint8_t *data = size < SIZE_MAX ? malloc((size_t)size + 1) : NULL;
	dp_code code;

	if (data == NULL)
		return no_memory(err);
	code = read_file(fd, data, (size_t)size, call, err);
	if (code != DP_OK) {
		free(data);
		return code;
	}
	pthread_mutex_lock(&at->mem->lock);
	code = replace(at->mem, at->url, data, (size_t)size, err);
	if (code == DP_OK)
		find_object(at->mem, at->url)->counts.puts++;
	pthread_mutex_unlock(&at->mem->lock);
	return code;
}

static dp_code mem_remove(void *self, const dp_call *call, dp_error *err)
{
	place *at = self;
	object **link, *one;

	(void)call;
	pthread_mutex_lock(&at->mem->lock);
	link = &at->mem->first;
	while (*link != NULL && strcmp((*link)->url, at->url) != 0)
		link = &(*link)->next;
	one = *link;
	if (one != NULL) {
		*link = one->next;
		free_object(one);
	}
	pthread_mutex_unlock(&at->mem->lock);
	return one != NULL ? DP_OK : not_found(err);
}

/* The object of the least URL behind `after` that begins with prefix; NULL. Locked. */
static const object *next_object(const struct dp__mem *mem, const char *prefix, const char *after)
{
	const object *least = NULL;

	for (const object *one = mem->first; one != NULL; one = one->next)
		if (strncmp(one->url, prefix, strlen(prefix)) == 0 && strcmp(one->url, after) > 0 &&
		    (least == NULL || strcmp(one->url, least->url) < 0))
			least = one;
	return least;
}

static dp_code mem_list(void *self, const dp_call *call,
			dp_code (*key)(void *user, const char *url, const dp_stat *stat),
			void *user, dp_error *err)
{
	const place *at = self;
	char *last = dp__strdup("");
	dp_code code = last != NULL ? dp_call_check(call, err) : no_memory(err);

	while (code == DP_OK) {
		dp_stat stat = { 0 };
		const object *one;
		char *url;

		pthread_mutex_lock(&at->mem->lock);
		one = next_object(at->mem, at->url, last);
		url = one != NULL ? dp__strdup(one->url) : NULL;
		stat.size = one != NULL ? one->len : 0;
		pthread_mutex_unlock(&at->mem->lock);
		if (url == NULL)
			break;
		free(last);
		last = url;
		code = key(user, url, &stat);
	}
	free(last);
	return code;
}

const dp_store dp__mem_store = {
	.schemes = "mem",
	.gap = GAP,
	.part = PART,
	.open = mem_open,
	.stat = mem_stat,
	.read = mem_read,
	.put = mem_put,
	.remove = mem_remove,
	.list = mem_list,
	.close = mem_close,
};
