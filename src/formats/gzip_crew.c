/*
 * gzip_crew.c - stored bytes in chunks, and the threads that decode the members that begin in each.
 *
 * A member may end in the next chunk, so a chunk is work once the next one is there. The decoder's
 * thread fills chunks, and where it needs one that is not decoded yet it does what the others do.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "core/base/thread.h"
#include "formats/gzip_crew.h"
#include "formats/inflate.h"

#define HELPERS 8
/* One that is handed out, one that waits for the next, and some for helpers to go on with. */
#define CHUNKS (HELPERS + 4)
/* The text of a chunk is to be in the processor's cache still when it is handed out. */
#define STORED     ((size_t)128 << 10)
#define STORED_MIN ((size_t)64 << 10) /* a BGZF block */
#define TEXT       ((size_t)1 << 20)
#define MEMBERS    4096
/* What begins as a member does and is none may be long, and there may be many of it: so many bytes
 * of a chunk are decoded in vain, and to begin costs as much as some. */
#define VAIN  TEXT
#define TRIAL 4096
/* So many chunks in a row without a member that was taken, and the crew is idle. */
#define IDLE 4
/* How often it is asked to join before it is at work again grows so fast, and no more than that. */
#define NEED_GROWTH 4
#define NEED_MAX    (1u << 20)

typedef enum state { WAITING, RUNNING, DONE } state;

/* What a job decoded. */
typedef struct found {
	uint32_t off, stored, bsize; /* off: in the chunk */
	uint32_t text, len, crc;
} found;

typedef struct chunk {
	uint64_t off;
	size_t len;
	state state;
	bool taken;    /* a member of it was */
	size_t passed; /* members that begin before the decoder's place */
	size_t nmembers, text_len;
	found member[MEMBERS];
	uint8_t stored[STORED], text[TEXT];
} chunk;

typedef struct helper {
	dp__crew *crew;
	dp__inflate *inflate;
	pthread_t thread;
} helper;

struct dp__crew {
	/* Of the decoder's thread alone. */
	dp__source up; /* where stored bytes come from */
	bool joined, works;
	bool lent;             /* the first chunk was, */
	bool ready;            /* and is decoded */
	unsigned vain;         /* chunks without a member that was taken, in a row */
	unsigned asked, need;  /* how often it was asked to join, and must be */
	uint64_t stored, text; /* bytes of all that were taken */
	dp__decoded decoded;
	dp__inflate *inflate;
	dp_code late_code; /* why no more bytes come */
	dp_error late;
	size_t nhelpers, room; /* room: chunks there may be */
	helper helper[HELPERS];

	bool has_lock;
	pthread_mutex_t lock; /* of what follows, and of state in chunks */
	pthread_cond_t work, done;
	chunk *ring[CHUNKS];
	uint64_t first, n; /* number of the decoder's chunk, and how many there are */
	bool ended;        /* no more bytes come */
	bool stop;
};

/* Chunk number i, counted from the first one ever. */
static chunk *chunk_at(const dp__crew *crew, uint64_t i)
{
	return crew->ring[i % crew->room];
}

/* ---- one chunk ---- */

/* Lends the chunk behind the one that is decoded, once. */
static dp_code lend_next(void *user, const uint8_t **bytes, size_t *len, dp_error *err)
{
	const chunk **next = user;
	(void)err;
	*bytes = *next ? (*next)->stored : NULL;
	*len = *next ? (*next)->len : 0;
	*next = NULL;
	return DP_OK;
}

/* Decodes a deflate stream into at most cap bytes; false if it is none, or longer. */
static bool inflate_all(dp__inflate *inflate, dp__source *src, uint8_t *out, size_t cap,
			uint64_t *len)
{
	dp__inflate_io io = { .end = DP__INFLATE_INPUT };
	dp_code rc = dp__inflate_start(inflate, NULL);
	*len = 0;
	while (rc == DP_OK && io.end == DP__INFLATE_INPUT) {
		rc = dp__source_lend(src, NULL);
		if (rc != DP_OK || src->len == 0)
			return false;
		io.in = src->in;
		io.in_len = src->len;
		io.out = out + *len;
		io.cap = cap - *len;
		rc = dp__inflate_run(inflate, &io, NULL);
		dp__source_pass(src, io.used);
		*len += io.got;
	}
	return rc == DP_OK && io.end == DP__INFLATE_END;
}

/* Decodes the member that begins there, if a whole one does; *cost: in bytes, if not. */
static bool try_member(dp__inflate *inflate, chunk *c, const chunk *next, size_t at, uint64_t *cost)
{
	dp__source src = { .stored = { .more = lend_next, .user = &next },
			   .in = c->stored + at,
			   .len = c->len - at,
			   .off = c->off + at };
	dp__member member;
	dp__magic magic;
	uint8_t *text = c->text + c->text_len;
	size_t cap = (size_t)dp__min_u64(TEXT - c->text_len, DP__SMALL_TEXT);
	bool good = dp__member_begin(&src, &member, &magic, NULL) == DP_OK;
	*cost = magic.gzip ? TRIAL + src.off - member.off : 0;
	if (!good || !magic.gzip)
		return false;
	good = inflate_all(inflate, &src, text, cap, &member.text);
	*cost += member.text;
	if (!good)
		return false;
	uint32_t crc = dp__crc32(0, text, (size_t)member.text);
	if (dp__member_end(&src, &member, &crc, NULL) != DP_OK)
		return false;
	c->member[c->nmembers++] = (found){ .off = (uint32_t)at,
					    .stored = (uint32_t)(src.off - member.off),
					    .bsize = (uint32_t)member.bsize,
					    .text = (uint32_t)c->text_len,
					    .len = (uint32_t)member.text,
					    .crc = crc };
	c->text_len += (size_t)member.text;
	return true;
}

/* Finds and decodes the whole members that begin in the chunk. */
static void decode_chunk(dp__inflate *inflate, chunk *c, const chunk *next)
{
	uint64_t cost, vain = 0;
	size_t at = 0;
	while (at < c->len && c->nmembers < MEMBERS && vain < VAIN) {
		const uint8_t *id = memchr(c->stored + at, DP__GZIP_ID1, c->len - at);
		if (!id)
			return;
		at = (size_t)(id - c->stored);
		if (try_member(inflate, c, next, at, &cost)) {
			at += c->member[c->nmembers - 1].stored;
		} else {
			vain += cost;
			at++;
		}
	}
}

/* ---- the threads ---- */

/* A chunk that waits, and whose next one is there; *next: NULL behind the last. Locked. */
static chunk *find_job(const dp__crew *crew, const chunk **next)
{
	uint64_t end = crew->first + crew->n;
	for (uint64_t i = crew->first; i < end; i++) {
		chunk *c = chunk_at(crew, i);
		if (c->state != WAITING)
			continue;
		*next = i + 1 < end ? chunk_at(crew, i + 1) : NULL;
		return *next || crew->ended ? c : NULL;
	}
	return NULL;
}

/* Decodes a chunk; false if there is none to do. Locked, but not while it decodes. */
static bool run_job(dp__crew *crew, dp__inflate *inflate)
{
	const chunk *next = NULL;
	chunk *c = find_job(crew, &next);
	if (!c)
		return false;
	c->state = RUNNING;
	pthread_mutex_unlock(&crew->lock);
	decode_chunk(inflate, c, next);
	pthread_mutex_lock(&crew->lock);
	c->state = DONE;
	return true;
}

static void *help(void *user)
{
	const helper *self = user;
	dp__crew *crew = self->crew;
	pthread_mutex_lock(&crew->lock);
	while (!crew->stop) {
		if (run_job(crew, self->inflate))
			pthread_cond_signal(&crew->done);
		else
			pthread_cond_wait(&crew->work, &crew->lock);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* Waits until the chunk is decoded, and decodes others meanwhile. Locked. */
static void wait_for(dp__crew *crew, const chunk *c)
{
	while (c->state != DONE) {
		if (!run_job(crew, crew->inflate))
			pthread_cond_wait(&crew->done, &crew->lock);
	}
}

static void start_helpers(dp__crew *crew, size_t n)
{
	for (; crew->nhelpers < n; crew->nhelpers++) {
		helper *one = &crew->helper[crew->nhelpers];
		one->crew = crew;
		if (dp__inflate_open(&one->inflate, NULL) != DP_OK)
			break;
		if (!dp__thread_start(&one->thread, help, one)) {
			dp__inflate_free(one->inflate);
			break;
		}
	}
}

/* ---- the decoder's side ---- */

/* So many stored bytes that their text fits, if it is like what came before. */
static size_t chunk_len(const dp__crew *crew)
{
	if (crew->text == 0)
		return STORED;
	uint64_t fit = TEXT / 4 * 3 * crew->stored / crew->text;
	return (size_t)dp__min_u64(dp__max_u64(fit, STORED_MIN), STORED);
}

/* Fills one more chunk, as far as there are bytes. */
static void fill_chunk(dp__crew *crew)
{
	chunk *c = chunk_at(crew, crew->first + crew->n);
	size_t len = chunk_len(crew);
	bool ended = false;
	c->off = crew->up.off;
	c->len = 0;
	while (c->len < len && !ended) {
		crew->late_code = dp__source_lend(&crew->up, &crew->late);
		size_t some = (size_t)dp__min_u64(crew->up.len, len - c->len);
		ended = some == 0;
		if (some)
			memcpy(c->stored + c->len, crew->up.in, some);
		dp__source_pass(&crew->up, some);
		c->len += some;
	}
	c->taken = false;
	c->passed = c->nmembers = c->text_len = 0;
	c->state = WAITING;
	pthread_mutex_lock(&crew->lock);
	crew->n += c->len > 0;
	crew->ended = ended;
	/* The chunk before it is work now; the last one is at once. */
	if (ended)
		pthread_cond_broadcast(&crew->work);
	else
		pthread_cond_signal(&crew->work);
	pthread_mutex_unlock(&crew->lock);
}

/* No more chunks are filled; those that wait are passed on as they are. */
static void go_idle(dp__crew *crew)
{
	crew->works = false;
	crew->vain = 0;
	crew->need = crew->need < NEED_MAX ? crew->need * NEED_GROWTH : NEED_MAX;
	pthread_mutex_lock(&crew->lock);
	for (uint64_t i = crew->first; i < crew->first + crew->n; i++) {
		chunk *c = chunk_at(crew, i);
		c->state = c->state == WAITING ? DONE : c->state;
	}
	pthread_mutex_unlock(&crew->lock);
}

/* The decoder is behind its chunk. */
static void drop_chunk(dp__crew *crew)
{
	chunk *c = chunk_at(crew, crew->first);
	pthread_mutex_lock(&crew->lock);
	c->state = c->state == WAITING ? DONE : c->state;
	wait_for(crew, c);
	crew->first++;
	crew->n--;
	pthread_mutex_unlock(&crew->lock);
	crew->lent = crew->ready = false;
	crew->vain = c->taken ? 0 : crew->vain + 1;
	if (crew->works && crew->vain >= IDLE)
		go_idle(crew);
}

/* What comes behind the last chunk: nothing, or while the crew is idle what it is lent. */
static dp_code lend_rest(dp__crew *crew, const uint8_t **bytes, size_t *len, dp_error *err)
{
	dp_code rc = crew->late_code;
	if (!crew->ended)
		rc = dp__source_lend(&crew->up, err);
	else if (rc != DP_OK && err)
		*err = crew->late;
	*len = rc == DP_OK && !crew->ended ? crew->up.len : 0;
	*bytes = crew->up.in;
	dp__source_pass(&crew->up, *len);
	return rc;
}

/* The crew as a dp__stored. */
static dp_code lend_chunk(void *user, const uint8_t **bytes, size_t *len, dp_error *err)
{
	dp__crew *crew = user;
	if (crew->lent)
		drop_chunk(crew);
	while (crew->works && !crew->ended && crew->n < crew->room)
		fill_chunk(crew);
	if (crew->n == 0)
		return lend_rest(crew, bytes, len, err);
	const chunk *c = chunk_at(crew, crew->first);
	crew->lent = true;
	*bytes = c->stored;
	*len = c->len;
	return DP_OK;
}

void dp__crew_join(dp__crew *crew, dp__source *src)
{
	if (crew->works || crew->ended || ++crew->asked < crew->need)
		return;
	crew->asked = 0;
	crew->works = true;
	if (crew->n) /* the chunks that were filled go first */
		return;
	if (!crew->joined)
		crew->up.stored = src->stored;
	crew->joined = true;
	crew->up.in = src->in;
	crew->up.len = src->len;
	crew->up.off = src->off;
	src->len = 0;
	src->stored.more = lend_chunk;
	src->stored.user = crew;
}

const dp__decoded *dp__crew_find(dp__crew *crew, uint64_t off, uint64_t less)
{
	if (!crew->lent)
		return NULL;
	chunk *c = chunk_at(crew, crew->first);
	if (!crew->ready) {
		pthread_mutex_lock(&crew->lock);
		wait_for(crew, c);
		pthread_mutex_unlock(&crew->lock);
		crew->ready = true;
	}
	while (c->passed < c->nmembers && c->off + c->member[c->passed].off < off)
		c->passed++;
	const found *one = &c->member[c->passed];
	if (c->passed == c->nmembers || c->off + one->off != off || one->len >= less)
		return NULL;
	c->taken = true;
	crew->stored += one->stored;
	crew->text += one->len;
	crew->decoded = (dp__decoded){ .member = { off, one->bsize, one->len },
				       .stored = one->stored,
				       .crc = one->crc,
				       .text = c->text + one->text };
	return &crew->decoded;
}

/* ---- the whole ---- */

static bool init_locks(dp__crew *crew)
{
	bool lock = pthread_mutex_init(&crew->lock, NULL) == 0;
	bool work = lock && pthread_cond_init(&crew->work, NULL) == 0;
	crew->has_lock = work && pthread_cond_init(&crew->done, NULL) == 0;
	if (work && !crew->has_lock)
		pthread_cond_destroy(&crew->work);
	if (lock && !crew->has_lock)
		pthread_mutex_destroy(&crew->lock);
	return crew->has_lock;
}

dp__crew *dp__crew_open(unsigned threads)
{
	dp__crew *crew = calloc(1, sizeof *crew);
	size_t n = threads - 1 < HELPERS ? threads - 1 : HELPERS;
	bool good = crew && init_locks(crew) && dp__inflate_open(&crew->inflate, NULL) == DP_OK;
	while (good && crew->room < n + CHUNKS - HELPERS) {
		crew->ring[crew->room] = malloc(sizeof(chunk));
		good = crew->ring[crew->room++] != NULL;
	}
	if (good)
		start_helpers(crew, n);
	if (good && crew->nhelpers > 0) {
		crew->need = 1;
		return crew;
	}
	dp__crew_free(crew);
	return NULL;
}

void dp__crew_free(dp__crew *crew)
{
	if (!crew)
		return;
	if (crew->has_lock) {
		pthread_mutex_lock(&crew->lock);
		crew->stop = true;
		pthread_cond_broadcast(&crew->work);
		pthread_mutex_unlock(&crew->lock);
	}
	for (size_t i = 0; i < crew->nhelpers; i++) {
		pthread_join(crew->helper[i].thread, NULL);
		dp__inflate_free(crew->helper[i].inflate);
	}
	if (crew->has_lock) {
		pthread_cond_destroy(&crew->work);
		pthread_cond_destroy(&crew->done);
		pthread_mutex_destroy(&crew->lock);
	}
	for (size_t i = 0; i < crew->room; i++)
		free(crew->ring[i]);
	dp__inflate_free(crew->inflate);
	free(crew);
}
