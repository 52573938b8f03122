/* ahead.c - reads queued ranges of one object in the background, within a memory budget. */
#include "core/io/ahead.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/num.h"
#include "core/base/thread.h"

#define BATCH_MAX 64                  /* reads that go to the store together */
#define SPARE_MIN ((uint64_t)1 << 20) /* of a buffer that is kept for the next read */
/* So much that follows what is asked for makes it worth a thread to read it meanwhile. */
#define REST_MIN ((uint64_t)128 << 10)

typedef enum node_state { QUEUED, RUNNING, DONE } node_state;

/* One queued read. */
typedef struct node {
	struct node *next;
	uint64_t off, len;
	uint8_t *buf;
	uint64_t here; /* bytes that may be lent */
	node_state state;
} node;

struct dp__ahead {
	const dp__site *site;
	dp_call call; /* the caller's, but that it tells of what arrives */
	const char *etag;
	uint64_t budget;
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t change;
	node *first,
		*last;   /* in order: those that are done, one batch that is running, queued ones */
	node *spare;     /* with buffers that wait for the next reads, all of one length */
	uint64_t spared; /* bytes of them */
	uint64_t held;   /* bytes of buffers in use */
	const node *awaited; /* where what the consumer waits for begins; NULL: it does not */
	uint64_t wanted;     /* and where that ends; 0 = nowhere */
	uint64_t released, requests, bytes;
	uint64_t begin, end; /* of all that was read */
	bool stop;
	dp_error failure; /* of the first failed batch; code DP_OK: none */
};

/* Reads that go to the store at once. */
typedef struct batch {
	node *node[BATCH_MAX];
	dp_read read[BATCH_MAX];
	size_t n;
	uint64_t bytes;
} batch;

/*
 * Whether a queued read may join the batch: up to half of the budget, and whatever the consumer
 * waits for.
 */
static bool may_read(const dp__ahead *ahead, const batch *all, const node *one)
{
	if (one->off < ahead->wanted)
		return true;
	if (one->len > ahead->budget - dp__min_u64(ahead->budget, ahead->held))
		return false;
	return all->n == 0 || all->bytes + one->len <= ahead->budget / 2;
}

static void drop_spares(dp__ahead *ahead)
{
	while (ahead->spare != NULL) {
		node *one = ahead->spare;

		ahead->spare = one->next;
		free(one->buf);
		free(one);
	}
	ahead->spared = 0;
}

/* Frees one that no one needs, or keeps its buffer, where the budget has room for it. Locked. */
static void drop(dp__ahead *ahead, node *one)
{
	if (one->buf != NULL)
		ahead->held -= one->len;
	if (one->buf == NULL || one->len < SPARE_MIN ||
	    ahead->held + ahead->spared + one->len > ahead->budget ||
	    (ahead->spare != NULL && ahead->spare->len != one->len)) {
		free(one->buf);
		free(one);
		return;
	}
	one->next = ahead->spare;
	ahead->spare = one;
	ahead->spared += one->len;
}

/*
 * A spare one, or a new one. A new one of this size is memory that the system has to clear, page by
 * page, at its first use: that may take as long as to receive its bytes. Locked.
 */
static uint8_t *take_buffer(dp__ahead *ahead, uint64_t len)
{
	node *one = ahead->spare;
	uint8_t *buf;

	if (one == NULL || one->len != len) {
		drop_spares(ahead);
		return malloc((size_t)len);
	}
	ahead->spare = one->next;
	ahead->spared -= len;
	buf = one->buf;
	free(one);
	return buf;
}

/* Takes the next queued reads that may be made now, and gives them buffers. Locked. */
static void take_batch(dp__ahead *ahead, batch *all)
{
	node *one = ahead->first;

	all->n = 0;
	all->bytes = 0;
	while (one != NULL && one->state != QUEUED)
		one = one->next;
	while (one != NULL && all->n < BATCH_MAX && may_read(ahead, all, one)) {
		one->buf = take_buffer(ahead, one->len);
		if (one->buf == NULL) {
			if (all->n == 0)
				dp_fail(&ahead->failure, DP_ENOMEM,
					"no memory for a read of %" PRIu64, one->len);
			return;
		}
		one->state = RUNNING;
		all->node[all->n] = one;
		all->read[all->n] = (dp_read){ one->off, (size_t)one->len, one->buf };
		all->n++;
		all->bytes += one->len;
		ahead->held += one->len;
		one = one->next;
	}
}

/* Frees what was released and is not being read. Locked. */
static void drop_released(dp__ahead *ahead)
{
	node *one = ahead->first;

	while (one != NULL && one->off + one->len <= ahead->released && one->state != RUNNING) {
		ahead->first = one->next;
		if (ahead->first == NULL)
			ahead->last = NULL;
		drop(ahead, one);
		one = ahead->first;
	}
}

/* Makes one batch of reads; false if there was nothing to do. Locked, but not while it reads. */
static bool run_batch(dp__ahead *ahead)
{
	dp_error err = { 0 };
	dp_code code;
	batch all;

	if (ahead->failure.code != DP_OK)
		return false;
	take_batch(ahead, &all);
	if (all.n == 0)
		return ahead->failure.code != DP_OK;
	pthread_mutex_unlock(&ahead->lock);
	code = dp__site_read(ahead->site, &ahead->call, ahead->etag, all.read, all.n, &err);
	pthread_mutex_lock(&ahead->lock);
	for (size_t i = 0; i < all.n; i++) {
		all.node[i]->state = code == DP_OK ? DONE : QUEUED;
		all.node[i]->here = code == DP_OK ? all.node[i]->len : 0;
	}
	if (code == DP_OK) {
		/* Reads are queued in order, so the first one lies before all others. */
		ahead->begin = ahead->requests ? ahead->begin : all.read[0].off;
		ahead->end = all.read[all.n - 1].off + all.read[all.n - 1].len;
		ahead->requests += all.n;
		ahead->bytes += all.bytes;
	} else {
		ahead->failure = err;
		ahead->failure.code = code;
	}
	drop_released(ahead);
	return true;
}

static void *read_queued(void *user)
{
	dp__ahead *ahead = user;

	pthread_mutex_lock(&ahead->lock);
	while (!ahead->stop) {
		if (run_batch(ahead))
			pthread_cond_broadcast(&ahead->change);
		else
			pthread_cond_wait(&ahead->change, &ahead->lock);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

/* Without a thread (the system may have none left) whoever asks reads. */
static void start_thread(dp__ahead *ahead)
{
	ahead->has_thread = dp__thread_start(&ahead->thread, read_queued, ahead);
}

/* Whether the bytes of the reads from one on, up to end, may be lent. */
static bool all_here(const node *one, uint64_t end)
{
	for (; one != NULL && one->off < end; one = one->next)
		if (one->here < dp__min_u64(one->len, end - one->off))
			return false;
	return true;
}

/* The last byte counts when the read is over: whether it was good is not known before. */
static void note_arrival(void *user, const uint8_t *end)
{
	dp__ahead *ahead = user;
	node *one;

	pthread_mutex_lock(&ahead->lock);
	for (one = ahead->first; one != NULL; one = one->next) {
		uintptr_t here = (uintptr_t)end - (uintptr_t)one->buf;

		if (one->state == RUNNING && here > 0 && here <= one->len)
			one->here = dp__min_u64(here, one->len - 1);
	}
	if (ahead->awaited != NULL && all_here(ahead->awaited, ahead->wanted))
		pthread_cond_broadcast(&ahead->change);
	pthread_mutex_unlock(&ahead->lock);
}

dp_code dp__ahead_open(dp__ahead **out, const dp__site *site, const dp_call *call, const char *etag,
		       uint64_t budget, dp_error *err)
{
	dp__ahead *ahead = calloc(1, sizeof(*ahead));

	if (ahead == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for reading ahead");
	if (pthread_mutex_init(&ahead->lock, NULL) != 0) {
		free(ahead);
		return dp_fail(err, DP_ENOMEM, "no lock for reading ahead");
	}
	if (pthread_cond_init(&ahead->change, NULL) != 0) {
		pthread_mutex_destroy(&ahead->lock);
		free(ahead);
		return dp_fail(err, DP_ENOMEM, "no condition for reading ahead");
	}
	ahead->site = site;
	ahead->call = *call;
	ahead->call.arrived = note_arrival;
	ahead->call.user = ahead;
	ahead->etag = etag;
	ahead->budget = budget;
	*out = ahead;
	return DP_OK;
}

dp_code dp__ahead_push(dp__ahead *ahead, uint64_t off, uint64_t len, dp_error *err)
{
	dp_code code = DP_OK;
	uint64_t end;
	node *one;

	if (len == 0)
		return DP_OK;
	if (!dp__add_u64(off, len, &end) || len > SIZE_MAX)
		return dp_fail(err, DP_EINVAL, "a read of %" PRIu64 " bytes at %" PRIu64, len, off);
	one = calloc(1, sizeof(*one));
	if (one == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for a queue");
	one->off = off;
	one->len = len;
	pthread_mutex_lock(&ahead->lock);
	if (ahead->last != NULL && off < ahead->last->off + ahead->last->len) {
		code = dp_fail(err, DP_EINVAL,
			       "a read at %" PRIu64 " behind one that ends at %" PRIu64, off,
			       ahead->last->off + ahead->last->len);
		free(one);
	} else {
		if (ahead->last == NULL)
			ahead->first = one;
		else
			ahead->last->next = one;
		if (!ahead->has_thread && ahead->last != NULL && ahead->last->state == QUEUED)
			start_thread(ahead);
		ahead->last = one;
		pthread_cond_broadcast(&ahead->change);
	}
	pthread_mutex_unlock(&ahead->lock);
	return code;
}

/* The first read that holds a byte of [off, end); NULL if reads do not cover all of it. */
static node *find_cover(const dp__ahead *ahead, uint64_t off, uint64_t end)
{
	node *one = ahead->first, *found;

	while (one != NULL && one->off + one->len <= off)
		one = one->next;
	found = one;
	while (one != NULL && one->off <= off && one->off + one->len < end) {
		off = one->off + one->len;
		one = one->next;
	}
	return one != NULL && one->off <= off ? found : NULL;
}

/* Whether it is a read that no thread makes, and there is much to do before it is over. */
static bool may_overlap(const dp__ahead *ahead, const node *one, uint64_t end)
{
	return !ahead->has_thread && one->state == QUEUED && ahead->failure.code == DP_OK &&
	       end < one->off + one->len && one->off + one->len - end >= REST_MIN;
}

/* Waits until the bytes of the reads from one on, up to end, are here; or reads them. Locked. */
static dp_code wait_for(dp__ahead *ahead, const node *one, uint64_t end, dp_error *err)
{
	dp_code code = DP_OK;

	ahead->awaited = one;
	ahead->wanted = end;
	if (may_overlap(ahead, one, end))
		start_thread(ahead);
	while (!all_here(one, end) && code == DP_OK) {
		if (ahead->failure.code != DP_OK) {
			code = ahead->failure.code;
			if (err != NULL)
				*err = ahead->failure;
		} else if (ahead->has_thread) {
			pthread_cond_broadcast(&ahead->change);
			pthread_cond_wait(&ahead->change, &ahead->lock);
		} else {
			run_batch(ahead);
		}
	}
	ahead->awaited = NULL;
	ahead->wanted = 0;
	return code;
}

/* Copies [off, end) out of the reads from one on. */
static dp_code gather(const node *one, uint64_t off, uint64_t end, dp__buf *scratch, dp_error *err)
{
	dp_code code = DP_OK;

	scratch->len = 0;
	for (; code == DP_OK && off < end; one = one->next) {
		uint64_t stop = dp__min_u64(end, one->off + one->len);

		code = dp__buf_add(scratch, one->buf + (off - one->off), (size_t)(stop - off), err);
		off = stop;
	}
	return code;
}

/* Finds the reads that cover [off, off + len), and waits until these bytes are here. Locked. */
static dp_code await_bytes(dp__ahead *ahead, uint64_t off, uint64_t len, node **out, dp_error *err)
{
	uint64_t end;

	*out = dp__add_u64(off, len, &end) ? find_cover(ahead, off, end) : NULL;
	if (*out == NULL)
		return dp_fail(err, DP_EINVAL, "%" PRIu64 " bytes at %" PRIu64 " were not queued",
			       len, off);
	return wait_for(ahead, *out, end, err);
}

static const uint8_t none[1] = { 0 };

dp_code dp__ahead_bytes(dp__ahead *ahead, uint64_t off, uint64_t len, dp__buf *scratch,
			const uint8_t **out, dp_error *err)
{
	uint64_t end = off + len;
	dp_code code;
	node *one;

	*out = none;
	if (len == 0)
		return DP_OK;
	pthread_mutex_lock(&ahead->lock);
	code = await_bytes(ahead, off, len, &one, err);
	if (code == DP_OK && end <= one->off + one->len) {
		*out = one->buf + (off - one->off);
	} else if (code == DP_OK) {
		code = gather(one, off, end, scratch, err);
		*out = scratch->data;
	}
	pthread_mutex_unlock(&ahead->lock);
	return code;
}

dp_code dp__ahead_some(dp__ahead *ahead, uint64_t off, uint64_t max, const uint8_t **out,
		       size_t *len, dp_error *err)
{
	dp_code code;
	node *one;

	*out = none;
	*len = 0;
	if (max == 0)
		return DP_OK;
	pthread_mutex_lock(&ahead->lock);
	code = await_bytes(ahead, off, 1, &one, err);
	if (code == DP_OK) {
		*out = one->buf + (off - one->off);
		*len = (size_t)dp__min_u64(one->here - (off - one->off), max);
	}
	pthread_mutex_unlock(&ahead->lock);
	return code;
}

dp_code dp__ahead_await(dp__ahead *ahead, uint64_t off, uint64_t len, dp_error *err)
{
	dp_code code;
	node *one;

	if (len == 0)
		return DP_OK;
	pthread_mutex_lock(&ahead->lock);
	code = await_bytes(ahead, off, len, &one, err);
	pthread_mutex_unlock(&ahead->lock);
	return code;
}

void dp__ahead_release(dp__ahead *ahead, uint64_t off)
{
	uint64_t held;

	pthread_mutex_lock(&ahead->lock);
	held = ahead->held;
	ahead->released = dp__max_u64(ahead->released, off);
	drop_released(ahead);
	/* Without more room there is nothing to wake the thread for. */
	if (ahead->held != held)
		pthread_cond_broadcast(&ahead->change);
	pthread_mutex_unlock(&ahead->lock);
}

void dp__ahead_paid(dp__ahead *ahead, uint64_t *requests, uint64_t *bytes)
{
	pthread_mutex_lock(&ahead->lock);
	*requests = ahead->requests;
	*bytes = ahead->bytes;
	pthread_mutex_unlock(&ahead->lock);
}

dp_extent dp__ahead_read(dp__ahead *ahead)
{
	dp_extent read;

	pthread_mutex_lock(&ahead->lock);
	read = (dp_extent){ .off = ahead->begin, .len = ahead->end - ahead->begin };
	pthread_mutex_unlock(&ahead->lock);
	return read;
}

void dp__ahead_free(dp__ahead *ahead)
{
	if (ahead == NULL)
		return;
	if (ahead->has_thread) {
		pthread_mutex_lock(&ahead->lock);
		ahead->stop = true;
		pthread_cond_broadcast(&ahead->change);
		pthread_mutex_unlock(&ahead->lock);
		pthread_join(ahead->thread, NULL);
	}
	ahead->released = UINT64_MAX;
	drop_released(ahead);
	drop_spares(ahead);
	pthread_cond_destroy(&ahead->change);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}
