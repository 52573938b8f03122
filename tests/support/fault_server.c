/* fault_server.c - a web server on loopback that fails as it is told to, and tells what it saw. */
#include "support/fault_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/fault_reply.h"

#define HEAD_MAX    ((size_t)64 << 10)
#define BODY_KEPT   ((size_t)4096)
#define CLIENTS_MAX 16384
#define RULES_MAX   64

/* One connection and its thread. */
typedef struct client {
	fault_server *server;
	pthread_t thread;
	int fd;
	char *head; /* the request at hand */
	bool open;
} client;

/* A fault_rule of the server's own; left: requests that it is still for, SIZE_MAX = all. */
typedef struct rule {
	char *head, *holds, *lacks, *answer;
	size_t left;
} rule;

struct fault_server {
	int fd;
	pthread_t thread;
	char base[64];
	uint8_t *data;
	size_t len;
	pthread_mutex_t lock; /* of all below */
	char etag[256], modified[64], lead[FAULT_TEXT_MAX];
	fault what;
	uint64_t skip, times;
	unsigned delay;
	rule rule[RULES_MAX];
	size_t nrules;
	char **seen;
	size_t nseen, connections, waiting, parallel;
	client client[CLIENTS_MAX];
	bool stop;
};

static char *copy_of(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

/* The value of a header in a request's head, "" if there is none. */
static void header_of(char *out, size_t cap, const char *head, const char *name)
{
	size_t n = strlen(name);

	out[0] = '\0';
	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
			line += n + 1 + strspn(line + n + 1, " ");
			snprintf(out, cap, "%.*s", (int)strcspn(line, "\r\n"), line);
			return;
		}
	}
}

/* Reads a request's head into one->head, and drops its body but for the first bytes. */
static bool read_request(client *one)
{
	size_t len = 0, body = 0, have;
	char text[64], dropped[4096];
	char *end = NULL;

	while (end == NULL) {
		ssize_t n = len < HEAD_MAX ? recv(one->fd, one->head + len, HEAD_MAX - len, 0) : 0;

		if (n <= 0)
			return false;
		len += (size_t)n;
		one->head[len] = '\0';
		end = strstr(one->head, "\r\n\r\n");
	}
	header_of(text, sizeof(text), one->head, "Content-Length");
	body = (size_t)strtoull(text, NULL, 10);
	have = len - (size_t)(end + 4 - one->head);
	while (have < body) {
		bool keep = have < BODY_KEPT && len < HEAD_MAX;
		size_t room = keep ? HEAD_MAX - len : sizeof(dropped);
		ssize_t n = recv(one->fd, keep ? one->head + len : dropped,
				 room < body - have ? room : body - have, 0);

		if (n <= 0)
			return false;
		have += (size_t)n;
		len += keep ? (size_t)n : 0;
		one->head[len] = '\0';
	}
	return true;
}

static void parse_range(fault_reply *to, const char *head)
{
	char text[128];
	unsigned long long from, last;

	header_of(text, sizeof(text), head, "Range");
	to->ranged = sscanf(text, "bytes=%llu-%llu", &from, &last) == 2;
	if (!to->ranged)
		return;
	to->first = from;
	to->last = (uint64_t)last + 1 < to->total ? (uint64_t)last + 1 : to->total;
}

/* RFC 9110 13.2.2 */
static bool has_changed(const fault_reply *to, const char *head)
{
	char text[256];

	header_of(text, sizeof(text), head, "If-Match");
	if (text[0] != '\0')
		return strcmp(text, to->etag) != 0 || strncmp(text, "W/", 2) == 0;
	header_of(text, sizeof(text), head, "If-Unmodified-Since");
	return text[0] != '\0' && strcmp(text, to->modified) != 0;
}

static bool holds(const char *all, const char *text)
{
	for (; *all != '\0'; all++)
		if (strncasecmp(all, text, strlen(text)) == 0)
			return true;
	return false;
}

/* The last rule for a request; NULL: none. Locked. */
static rule *find_rule(fault_server *server, const char *head)
{
	for (size_t i = server->nrules; i > 0; i--) {
		rule *one = &server->rule[i - 1];

		if (one->left > 0 &&
		    (one->head == NULL || strncmp(head, one->head, strlen(one->head)) == 0) &&
		    (one->holds == NULL || holds(head, one->holds)) &&
		    (one->lacks == NULL || !holds(head, one->lacks)))
			return one;
	}
	return NULL;
}

/* Notes the request, and says how to answer it; *text: with this, which the caller frees. */
static void take_request(client *one, fault_reply *to, char **text)
{
	fault_server *server = one->server;
	rule *found;
	char **more;

	*to = (fault_reply){ .total = server->len, .last = server->len };
	*text = NULL;
	pthread_mutex_lock(&server->lock);
	more = realloc(server->seen, (server->nseen + 1) * sizeof(*more));
	if (more != NULL) {
		server->seen = more;
		more[server->nseen++] = strdup(one->head);
	}
	memcpy(to->etag, server->etag, sizeof(to->etag));
	memcpy(to->modified, server->modified, sizeof(to->modified));
	memcpy(to->lead, server->lead, sizeof(to->lead));
	to->delay = server->delay;
	found = find_rule(server, one->head);
	if (found != NULL) {
		*text = copy_of(found->answer);
		found->left -= found->left != SIZE_MAX ? 1 : 0;
	}
	if (*text == NULL && server->skip > 0) {
		server->skip--;
	} else if (*text == NULL && server->times > 0) {
		to->what = server->what;
		server->times -= server->times != UINT64_MAX ? 1 : 0;
	}
	if (++server->waiting > server->parallel)
		server->parallel = server->waiting;
	pthread_mutex_unlock(&server->lock);
	parse_range(to, one->head);
}

/* From now on the request does not wait for its answer any more. */
static void end_wait(fault_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->waiting--;
	pthread_mutex_unlock(&server->lock);
}

/* Whether the connection goes on. */
static bool answer_request(client *one)
{
	char *text;
	fault_reply to;
	bool good;

	take_request(one, &to, &text);
	if (to.delay > 0)
		poll(NULL, 0, (int)to.delay);
	end_wait(one->server);
	if (text != NULL)
		good = fault_reply_text(one->fd, text);
	else
		good = fault_reply_send(one->fd, &to, has_changed(&to, one->head),
					strncmp(one->head, "HEAD ", 5) == 0, one->server->data);
	free(text);
	return good;
}

static void *serve_client(void *user)
{
	client *one = user;
	bool more = true;

	while (more && read_request(one))
		more = answer_request(one);
	pthread_mutex_lock(&one->server->lock);
	close(one->fd);
	one->open = false;
	pthread_mutex_unlock(&one->server->lock);
	free(one->head);
	return NULL;
}

static void add_client(fault_server *server, int fd)
{
	client *one;
	int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	pthread_mutex_lock(&server->lock);
	one = &server->client[server->connections];
	if (server->stop || server->connections == CLIENTS_MAX) {
		close(fd);
	} else {
		*one = (client){ .server = server, .fd = fd, .head = malloc(HEAD_MAX + 1) };
		one->open = pthread_create(&one->thread, NULL, serve_client, one) == 0;
		server->connections++;
	}
	pthread_mutex_unlock(&server->lock);
}

static void *accept_clients(void *user)
{
	fault_server *server = user;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0)
		add_client(server, fd);
	return NULL;
}

fault_server *fault_server_start(const void *data, size_t len)
{
	fault_server *server = calloc(1, sizeof(*server));
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);

	server->data = malloc(len + 1);
	memcpy(server->data, data, len);
	server->len = len;
	server->fd = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pthread_mutex_init(&server->lock, NULL);
	snprintf(server->etag, sizeof(server->etag), "\"first\"");
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(server->fd, 128) != 0 ||
	    getsockname(server->fd, (struct sockaddr *)&at, &size) != 0 ||
	    pthread_create(&server->thread, NULL, accept_clients, server) != 0) {
		free(server->data);
		free(server);
		return NULL;
	}
	snprintf(server->base, sizeof(server->base), "http://127.0.0.1:%u",
		 (unsigned)ntohs(at.sin_port));
	return server;
}

void fault_server_stop(fault_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->stop = true;
	shutdown(server->fd, SHUT_RDWR);
	for (size_t i = 0; i < server->connections; i++)
		if (server->client[i].open)
			shutdown(server->client[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&server->lock);
	pthread_join(server->thread, NULL);
	for (size_t i = 0; i < server->connections; i++)
		pthread_join(server->client[i].thread, NULL);
	close(server->fd);
	fault_server_forget(server);
	free(server->seen);
	for (size_t i = 0; i < server->nrules; i++) {
		free(server->rule[i].head);
		free(server->rule[i].holds);
		free(server->rule[i].lacks);
		free(server->rule[i].answer);
	}
	pthread_mutex_destroy(&server->lock);
	free(server->data);
	free(server);
}

const char *fault_server_base(const fault_server *server)
{
	return server->base;
}

void fault_server_identify(fault_server *server, const char *etag, const char *modified)
{
	pthread_mutex_lock(&server->lock);
	snprintf(server->etag, sizeof(server->etag), "%s", etag);
	snprintf(server->modified, sizeof(server->modified), "%s", modified);
	pthread_mutex_unlock(&server->lock);
}

void fault_server_fail(fault_server *server, fault what, uint64_t skip, uint64_t times)
{
	pthread_mutex_lock(&server->lock);
	server->what = what;
	server->skip = skip;
	server->times = times;
	pthread_mutex_unlock(&server->lock);
}

void fault_server_lead(fault_server *server, const char *location)
{
	pthread_mutex_lock(&server->lock);
	snprintf(server->lead, sizeof(server->lead), "%s", location);
	pthread_mutex_unlock(&server->lock);
}

void fault_server_rule(fault_server *server, const fault_rule *made)
{
	pthread_mutex_lock(&server->lock);
	if (server->nrules < RULES_MAX)
		server->rule[server->nrules++] =
			(rule){ copy_of(made->head), copy_of(made->holds), copy_of(made->lacks),
				copy_of(made->answer), made->times > 0 ? made->times : SIZE_MAX };
	pthread_mutex_unlock(&server->lock);
}

void fault_server_reply(fault_server *server, const fault_rule *made, const char *status,
			const char *body)
{
	size_t cap = strlen(status) + strlen(body) + 100;
	fault_rule all = *made;
	char *text = malloc(cap);

	if (text == NULL)
		return;
	snprintf(text, cap, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status,
		 all.close ? "Connection: close\r\n" : "", strlen(body), body);
	all.answer = text;
	fault_server_rule(server, &all);
	free(text);
}

void fault_server_delay(fault_server *server, unsigned ms)
{
	pthread_mutex_lock(&server->lock);
	server->delay = ms;
	pthread_mutex_unlock(&server->lock);
}

size_t fault_server_count(fault_server *server)
{
	size_t n;

	pthread_mutex_lock(&server->lock);
	n = server->nseen;
	pthread_mutex_unlock(&server->lock);
	return n;
}

char *fault_server_seen(fault_server *server, size_t i)
{
	char *text = NULL;

	pthread_mutex_lock(&server->lock);
	if (i < server->nseen)
		text = strdup(server->seen[i]);
	pthread_mutex_unlock(&server->lock);
	return text;
}

size_t fault_server_holds(fault_server *server, const char *text)
{
	size_t n = 0;

	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < server->nseen; i++)
		n += holds(server->seen[i], text) ? 1 : 0;
	pthread_mutex_unlock(&server->lock);
	return n;
}

void fault_server_forget(fault_server *server)
{
	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < server->nseen; i++)
		free(server->seen[i]);
	server->nseen = server->parallel = 0;
	pthread_mutex_unlock(&server->lock);
}

void fault_server_settle(fault_server *server)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char c;

	/* They are accepted in the order in which they came: this one is the last. */
	if (getsockname(server->fd, (struct sockaddr *)&at, &size) == 0 &&
	    connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && shutdown(fd, SHUT_WR) == 0)
		while (read(fd, &c, 1) > 0)
			;
	close(fd);
}

size_t fault_server_connections(fault_server *server)
{
	size_t n;

	pthread_mutex_lock(&server->lock);
	n = server->connections;
	pthread_mutex_unlock(&server->lock);
	return n;
}

size_t fault_server_parallel(fault_server *server)
{
	size_t n;

	pthread_mutex_lock(&server->lock);
	n = server->parallel;
	pthread_mutex_unlock(&server->lock);
	return n;
}
