/* object.c - what a user calls an object, with the signature that may stand in its URL. */
#include "core/io/object.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/io/url.h"

/* One for each object that was typed with a signature, the last one first. */
struct dp__signed {
	struct dp__signed *next;
	char *shown, *full;
};

static void free_signed(struct dp__signed *one)
{
	if (!one)
		return;
	free(one->shown);
	free(one->full);
	free(one);
}

/* The kept one of an object; NULL. Locked. */
static struct dp__signed *find_signed(const dp_session *session, const char *shown)
{
	struct dp__signed *one = session->signed_urls;
	while (one && strcmp(one->shown, shown) != 0)
		one = one->next;
	return one;
}

static dp_code keep_signed(dp_session *session, const char *shown, const char *full, dp_error *err)
{
	struct dp__signed *made = calloc(1, sizeof *made);
	if (made) {
		made->shown = dp__strdup(shown);
		made->full = dp__strdup(full);
	}
	if (!made || !made->shown || !made->full) {
		free_signed(made);
		return dp_fail(err, DP_ENOMEM, "no memory for a URL");
	}
	pthread_mutex_lock(&session->lock);
	struct dp__signed *old = find_signed(session, shown);
	if (old) {
		char *full_before = old->full;
		old->full = made->full;
		made->full = full_before;
	} else {
		made->next = session->signed_urls;
		session->signed_urls = made;
	}
	pthread_mutex_unlock(&session->lock);
	if (old)
		free_signed(made);
	return DP_OK;
}

dp_code dp__object_url(char **out, dp_session *session, const char *typed, dp_error *err)
{
	char *full = NULL, *shown = NULL;
	dp_code rc = dp__url_of(&full, typed, err);
	if (rc == DP_OK)
		rc = dp__url_public(&shown, full, err);
	if (rc == DP_OK && strcmp(shown, full) != 0)
		rc = keep_signed(session, shown, full, err);
	if (rc == DP_OK) {
		*out = shown;
		shown = NULL;
	}
	free(full);
	free(shown);
	return rc;
}

dp_code dp__object_full(char **out, dp_session *session, const char *url, dp_error *err)
{
	const char *set = session->set.url ? session->set.url : "";
	char *shown = NULL;
	dp_code rc = *set ? dp__url_public(&shown, set, err) : DP_OK;
	if (rc != DP_OK)
		return rc;
	if (shown && strcmp(shown, url) == 0) {
		*out = dp__strdup(set);
	} else {
		pthread_mutex_lock(&session->lock);
		const struct dp__signed *one = find_signed(session, url);
		*out = dp__strdup(one ? one->full : url);
		pthread_mutex_unlock(&session->lock);
	}
	free(shown);
	return *out ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a URL");
}

void dp__object_forget(dp_session *session)
{
	while (session->signed_urls) {
		struct dp__signed *first = session->signed_urls;
		session->signed_urls = first->next;
		free_signed(first);
	}
}
