/* aws.c - what a session knows of AWS: its credentials while they last, regions and clocks that
 * hosts have told. */
#include "core/io/aws.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/io/aws_credentials.h"

#define MARGIN    300  /* seconds before their end that keys are looked for anew */
#define PATIENCE  30   /* seconds between attempts while the old ones hold */
#define GRACE     10.0 /* seconds that a failure, or a renewal after a refusal, is believed */
#define HOSTS_MAX 1024
#define LOOK_NS   100000000L /* between two looks at whether to go on */

typedef struct host {
	char *name;
	dp__aws_learned learned;
} host;

struct dp__aws {
	pid_t pid;
	pthread_mutex_t lock; /* of all below; never held while the network is asked */
	pthread_cond_t found;
	bool busy; /* a thread is looking for keys */
	dp__aws_keys keys;
	int64_t renew_at;   /* seconds since 1970 */
	double renewed_at;  /* after a refusal, on dp__now(); 0 = never */
	double failed_till; /* until then failure is believed */
	dp_error failure;
	host *hosts;
	size_t nhosts;
};

static struct dp__aws *make_aws(void)
{
	struct dp__aws *aws = calloc(1, sizeof(*aws));

	if (aws == NULL)
		return NULL;
	aws->pid = getpid();
	pthread_mutex_init(&aws->lock, NULL);
	pthread_cond_init(&aws->found, NULL);
	return aws;
}

/*
 * In a child the parent's is left as it is: a thread that is not here any more may have been
 * changing it.
 */
static struct dp__aws *aws_of(dp_session *session)
{
	struct dp__aws *aws;

	pthread_mutex_lock(&session->lock);
	if (session->aws == NULL || session->aws->pid != getpid())
		session->aws = make_aws();
	aws = session->aws;
	pthread_mutex_unlock(&session->lock);
	return aws;
}

void dp__aws_free(struct dp__aws *aws)
{
	if (aws == NULL || aws->pid != getpid())
		return;
	for (size_t i = 0; i < aws->nhosts; i++)
		free(aws->hosts[i].name);
	free(aws->hosts);
	dp__aws_keys_fini(&aws->keys);
	pthread_cond_destroy(&aws->found);
	pthread_mutex_destroy(&aws->lock);
	free(aws);
}

static int64_t clock_of(const dp_session *session)
{
	return (int64_t)time(NULL) + (int64_t)session->set.clock;
}

static bool is_valid(const struct dp__aws *aws, int64_t now)
{
	return aws->keys.access_key != NULL && now < aws->keys.expires;
}

/* When to look for others. */
static int64_t renewal_of(int64_t expires, int64_t now)
{
	if (expires == INT64_MAX)
		return INT64_MAX;
	if (expires - now > 2 * MARGIN)
		return expires - MARGIN;
	return now + (expires - now) / 2;
}

/* Looks for keys; the lock is held before and after, not meanwhile. */
static dp_code look(struct dp__aws *aws, dp_session *session, const dp_call *call, dp_error *err)
{
	dp__aws_keys got = { 0 };
	dp_error why = { .code = DP_OK };
	int64_t now;
	dp_code code;

	aws->busy = true;
	pthread_mutex_unlock(&aws->lock);
	code = dp__aws_credentials_find(&got, session, call, &why);
	pthread_mutex_lock(&aws->lock);
	aws->busy = false;
	now = clock_of(session);
	if (code == DP_OK && got.expires <= now) {
		code = dp_fail(&why, DP_EAUTH, "the credentials that were found have expired");
		dp__aws_keys_fini(&got);
	}
	if (code == DP_OK) {
		dp__aws_keys_fini(&aws->keys);
		aws->keys = got;
		aws->renew_at = renewal_of(got.expires, now);
		aws->failed_till = 0;
	} else {
		dp_fail(err, code, "%s", why.msg);
		if (err != NULL)
			err->http = why.http;
		aws->renew_at = now + PATIENCE;
		/* What was cut short says nothing to others. */
		if (code == DP_EAUTH || code == DP_EINVAL || code == DP_EUNSUPPORTED) {
			aws->failed_till = dp__now() + GRACE;
			aws->failure = why;
		}
	}
	pthread_cond_broadcast(&aws->found);
	return code;
}

/* Waits a moment for the thread that looks. */
static void wait_a_moment(struct dp__aws *aws)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&aws->found, &aws->lock, &until);
}

/* Looks for keys, and goes on with the old ones if that fails while they hold. */
static dp_code look_or_keep(struct dp__aws *aws, dp_session *session, const dp_call *call,
			    dp_error *err)
{
	dp_error why = { .code = DP_OK };
	dp_code code = look(aws, session, call, &why);

	if (code == DP_OK)
		return DP_OK;
	if (!is_valid(aws, clock_of(session))) {
		dp_fail(err, code, "%s", why.msg);
		return code;
	}
	dp__session_log(session, DP_LOG_WARN, "credentials could not be renewed yet: %s", why.msg);
	return DP_OK;
}

/* Whether this thread has to look for keys; *ready: there are some that can be used. Neither: wait.
 */
static bool need_look(const struct dp__aws *aws, int64_t now, bool *ready)
{
	bool valid = is_valid(aws, now);

	*ready = valid && (aws->busy || now < aws->renew_at);
	return !*ready && !aws->busy;
}

dp_code dp__aws_keys_get(dp__aws_keys *out, dp_session *session, const dp_call *call, dp_error *err)
{
	struct dp__aws *aws = aws_of(session);
	bool ready = false;
	dp_code code = DP_OK;

	if (aws == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for credentials");
	pthread_mutex_lock(&aws->lock);
	while (code == DP_OK && !ready) {
		if (need_look(aws, clock_of(session), &ready)) {
			if (!is_valid(aws, clock_of(session)) && dp__now() < aws->failed_till)
				code = dp_fail(err, aws->failure.code, "%s", aws->failure.msg);
			else
				code = look_or_keep(aws, session, call, err);
			ready = true;
		} else if (!ready) {
			wait_a_moment(aws);
			code = dp_call_check(call, err);
		}
	}
	if (code == DP_OK)
		code = dp__aws_keys_copy(out, &aws->keys, err);
	pthread_mutex_unlock(&aws->lock);
	return code;
}

bool dp__aws_keys_renew(dp_session *session, const dp_call *call, const dp__aws_keys *refused)
{
	struct dp__aws *aws = aws_of(session);
	bool changed;

	if (aws == NULL)
		return false;
	pthread_mutex_lock(&aws->lock);
	while (aws->busy && dp_call_check(call, NULL) == DP_OK)
		wait_a_moment(aws);
	if (!aws->busy && dp__aws_keys_equal(&aws->keys, refused) &&
	    (aws->renewed_at <= 0 || dp__now() > aws->renewed_at + GRACE)) {
		aws->renewed_at = dp__now();
		look(aws, session, call, NULL);
	}
	changed = aws->keys.access_key != NULL && !dp__aws_keys_equal(&aws->keys, refused);
	pthread_mutex_unlock(&aws->lock);
	return changed;
}

static host *find_host(struct dp__aws *aws, const char *name)
{
	for (size_t i = 0; i < aws->nhosts; i++)
		if (strcmp(aws->hosts[i].name, name) == 0)
			return &aws->hosts[i];
	return NULL;
}

dp__aws_learned dp__aws_learned_of(dp_session *session, const char *name)
{
	struct dp__aws *aws = aws_of(session);
	dp__aws_learned learned = { "", 0 };
	const host *found;

	if (aws == NULL)
		return learned;
	pthread_mutex_lock(&aws->lock);
	found = find_host(aws, name);
	if (found != NULL)
		learned = found->learned;
	pthread_mutex_unlock(&aws->lock);
	return learned;
}

/* A new host; NULL if there are enough, or no memory: then it will be learned again. */
static host *add_host(struct dp__aws *aws, const char *name)
{
	host *hosts;
	char *copy;

	if (aws->nhosts == HOSTS_MAX)
		return NULL;
	hosts = realloc(aws->hosts, (aws->nhosts + 1) * sizeof(*hosts));
	if (hosts == NULL)
		return NULL;
	aws->hosts = hosts;
	copy = dp__strdup(name);
	if (copy == NULL)
		return NULL;
	hosts[aws->nhosts].name = copy;
	return &hosts[aws->nhosts++];
}

void dp__aws_learn(dp_session *session, const char *name, const dp__aws_learned *learned)
{
	struct dp__aws *aws = aws_of(session);
	host *to;

	if (aws == NULL)
		return;
	pthread_mutex_lock(&aws->lock);
	to = find_host(aws, name);
	if (to == NULL)
		to = add_host(aws, name);
	if (to != NULL)
		to->learned = *learned;
	pthread_mutex_unlock(&aws->lock);
}
