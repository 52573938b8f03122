/* http_pool.c - a session's connections: who may open how many, and what retries it can afford. */
#include "core/io/http_pool.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/text.h"

#define BUCKET    500u /* what retries may cost before successes have to earn more */
#define HOSTS_MAX 256  /* origins that are told apart */
#define IDLE_MAX  8    /* lines that are kept for the next caller */
#define GOOD_RUN  16   /* good answers that allow a throttled host one request more */

struct dp__http_host {
	dp__http_host *next;
	char *origin;
	unsigned active, target, good;
};

struct dp__http {
	pid_t pid;            /* whose sockets they are */
	pthread_mutex_t lock; /* of all below and of the lists and flags of lines */
	dp__http_line *lines, *idle;
	size_t nidle;
	dp__http_host *hosts;
	size_t nhosts;
	unsigned most, active, bucket;
	uint64_t seed;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void free_line(dp__http_line *line)
{
	for (size_t i = 0; i < line->neasy; i++)
		curl_easy_cleanup(line->easy[i]);
	/* Closes the connections, which still tell the line of it. */
	if (line->multi != NULL)
		curl_multi_cleanup(line->multi);
	free(line->fd);
	free(line);
}

static void free_hosts(dp__http *http)
{
	while (http->hosts != NULL) {
		dp__http_host *host = http->hosts;

		http->hosts = host->next;
		free(host->origin);
		free(host);
	}
}

void dp__http_free(dp__http *http)
{
	if (http == NULL)
		return;
	while (http->lines != NULL) {
		dp__http_line *line = http->lines;

		http->lines = line->next;
		free_line(line);
	}
	free_hosts(http);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

/*
 * Lets go of what a parent process made. Its connections go on there, so nothing may be sent over
 * them, not even a farewell of TLS: each is put aside for a socket without a peer. What was in use
 * then may be half changed and is left as it is, but for its sockets.
 */
static void abandon(dp__http *http)
{
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);

	while (http->lines != NULL) {
		dp__http_line *line = http->lines;

		http->lines = line->next;
		for (size_t i = 0; i < line->nfds; i++) {
			if (!line->idle || dead < 0 || dup2(dead, line->fd[i]) < 0)
				close(line->fd[i]);
		}
		if (line->idle && dead >= 0)
			free_line(line);
	}
	if (dead >= 0)
		close(dead);
	free_hosts(http);
	free(http);
}

static dp__http *make_pool(const dp_session *session)
{
	dp__http *http = calloc(1, sizeof(*http));
	uint64_t most = session->set.connections;

	if (http == NULL)
		return NULL;
	if (pthread_mutex_init(&http->lock, NULL) != 0) {
		free(http);
		return NULL;
	}
	http->pid = getpid();
	http->most = most > 0 && most < 1024 ? (unsigned)most : most > 0 ? 1024 : 1;
	http->bucket = BUCKET;
	http->seed =
		((uint64_t)time(NULL) << 20 ^ (uint64_t)getpid() ^ (uint64_t)(uintptr_t)http) | 1;
	return http;
}

/* The session's, of this process; NULL if there is no memory. */
static dp__http *pool_of(dp_session *session)
{
	dp__http *http;

	pthread_once(&once, init_curl);
	pthread_mutex_lock(&session->lock);
	if (session->http != NULL && session->http->pid != getpid()) {
		abandon(session->http);
		session->http = NULL;
	}
	if (session->http == NULL)
		session->http = make_pool(session);
	http = session->http;
	pthread_mutex_unlock(&session->lock);
	return http;
}

static dp__http_line *make_line(dp__http *http)
{
	dp__http_line *line = calloc(1, sizeof(*line));

	if (line == NULL || (line->multi = curl_multi_init()) == NULL) {
		free(line);
		return NULL;
	}
	line->http = http;
	curl_multi_setopt(line->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(line->multi, CURLMOPT_MAXCONNECTS, (long)http->most);
	return line;
}

dp_code dp__http_line_take(dp__http_line **out, dp_session *session, dp_error *err)
{
	dp__http *http = pool_of(session);
	dp__http_line *line = NULL;

	if (http == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for connections");
	pthread_mutex_lock(&http->lock);
	if (http->idle != NULL) {
		line = http->idle;
		http->idle = line->next_idle;
		http->nidle--;
		line->idle = false;
	}
	pthread_mutex_unlock(&http->lock);
	if (line == NULL) {
		line = make_line(http);
		if (line == NULL)
			return dp_fail(err, DP_ENOMEM, "no memory for connections");
		pthread_mutex_lock(&http->lock);
		line->next = http->lines;
		http->lines = line;
		pthread_mutex_unlock(&http->lock);
	}
	*out = line;
	return DP_OK;
}

void dp__http_line_give(dp__http_line *line)
{
	dp__http *http = line->http;
	dp__http_line **link = &http->lines;

	pthread_mutex_lock(&http->lock);
	line->waits = false;
	if (http->nidle < IDLE_MAX) {
		line->next_idle = http->idle;
		http->idle = line;
		http->nidle++;
		line->idle = true;
		line = NULL;
	} else {
		while (*link != line)
			link = &(*link)->next;
		*link = line->next;
	}
	pthread_mutex_unlock(&http->lock);
	if (line != NULL)
		free_line(line);
}

void *dp__http_line_easy(dp__http_line *line)
{
	return line->neasy > 0 ? line->easy[--line->neasy] : curl_easy_init();
}

void dp__http_line_drop(dp__http_line *line, void *easy)
{
	if (easy == NULL)
		return;
	curl_easy_reset(easy);
	if (line->neasy < DP__HTTP_EASY_MAX)
		line->easy[line->neasy++] = easy;
	else
		curl_easy_cleanup(easy);
}

bool dp__http_line_opened(dp__http_line *line, int fd)
{
	if (line->nfds == line->cap) {
		size_t cap = line->cap > 0 ? line->cap * 2 : 32;
		int *more = realloc(line->fd, cap * sizeof(*more));

		if (more == NULL)
			return false;
		line->fd = more;
		line->cap = cap;
	}
	line->fd[line->nfds++] = fd;
	return true;
}

void dp__http_line_closed(dp__http_line *line, int fd)
{
	for (size_t i = 0; i < line->nfds; i++) {
		if (line->fd[i] == fd) {
			line->fd[i] = line->fd[--line->nfds];
			return;
		}
	}
}

static dp__http_host *add_host(dp__http *http, const char *origin)
{
	dp__http_host *host = calloc(1, sizeof(*host));

	if (host == NULL || (host->origin = dp__strdup(origin)) == NULL) {
		free(host);
		return NULL;
	}
	host->target = http->most;
	host->next = http->hosts;
	http->hosts = host;
	http->nhosts++;
	return host;
}

dp__http_host *dp__http_host_of(dp__http *http, const char *origin)
{
	dp__http_host *host;

	pthread_mutex_lock(&http->lock);
	host = http->hosts;
	while (host != NULL && strcmp(host->origin, origin) != 0)
		host = host->next;
	/* With more hosts than anyone needs, new ones share the latest's place. */
	if (host == NULL)
		host = http->nhosts < HOSTS_MAX ? add_host(http, origin) : http->hosts;
	pthread_mutex_unlock(&http->lock);
	return host;
}

bool dp__http_host_enter(dp__http_line *line, dp__http_host *host)
{
	dp__http *http = line->http;
	bool may;

	pthread_mutex_lock(&http->lock);
	may = host->active < host->target && http->active < 4 * http->most;
	if (may) {
		host->active++;
		http->active++;
	}
	line->waits = !may;
	pthread_mutex_unlock(&http->lock);
	return may;
}

void dp__http_host_leave(dp__http_line *line, dp__http_host *host, bool throttled)
{
	dp__http *http = line->http;

	pthread_mutex_lock(&http->lock);
	host->active--;
	http->active--;
	if (throttled) {
		host->target = host->target > 1 ? host->target / 2 : 1;
		host->good = 0;
	} else if (++host->good >= GOOD_RUN) {
		host->good = 0;
		host->target += host->target < http->most ? 1 : 0;
	}
	for (dp__http_line *one = http->lines; one != NULL; one = one->next)
		if (one->waits && one != line)
			curl_multi_wakeup(one->multi);
	pthread_mutex_unlock(&http->lock);
}

bool dp__http_pay(dp__http *http, unsigned cost)
{
	bool can;

	pthread_mutex_lock(&http->lock);
	can = http->bucket >= cost;
	if (can)
		http->bucket -= cost;
	pthread_mutex_unlock(&http->lock);
	return can;
}

void dp__http_earn(dp__http *http)
{
	pthread_mutex_lock(&http->lock);
	http->bucket += http->bucket < BUCKET ? 1 : 0;
	pthread_mutex_unlock(&http->lock);
}

double dp__http_random(dp__http *http)
{
	uint64_t x;

	pthread_mutex_lock(&http->lock);
	x = http->seed; /* Marsaglia's xorshift */
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	http->seed = x;
	pthread_mutex_unlock(&http->lock);
	return (double)(x >> 11) / 9007199254740992.0;
}
