/* store.c - opens a place in the store of its scheme, and checks what every store needs checked. */
#include "core/io/store.h"

#include <string.h>
#include <strings.h>

#include "core/io/url.h"

/* Whether scheme is one of "http|https". */
static bool has_scheme(const char *schemes, const char *scheme, size_t len)
{
	while (*schemes != '\0') {
		size_t n = strcspn(schemes, "|");

		if (n == len && strncasecmp(schemes, scheme, len) == 0)
			return true;
		schemes += schemes[n] == '|' ? n + 1 : n;
	}
	return false;
}

static dp_code no_store(const dp_session *session, const char *url, size_t scheme, dp_error *err)
{
	char known[256] = "";

	for (size_t i = 0; i < session->stores.n; i++) {
		const dp_store *store = session->stores.at[i];
		size_t room = sizeof(known) - strlen(known) - 1;

		if (strlen(store->schemes) + 1 > room)
			break;
		strcat(known, i > 0 ? " " : "");
		strcat(known, store->schemes);
	}
	return dp_fail(err, DP_EUNSUPPORTED, "no store for '%.*s:' (there are: %s)",
		       scheme < 64 ? (int)scheme : 64, url, known);
}

dp_code dp__site_open(dp__site *out, dp_session *session, const dp_place *where, dp_error *err)
{
	size_t scheme = dp__url_scheme(where->url);
	void *self = NULL;
	dp_code code;

	for (size_t i = 0; i < session->stores.n; i++) {
		const dp_store *store = session->stores.at[i];

		if (!has_scheme(store->schemes, where->url, scheme))
			continue;
		code = store->open(&self, session, where, err);
		if (code == DP_OK)
			*out = (dp__site){ store, self };
		return code;
	}
	return no_store(session, where->url, scheme, err);
}

void dp__site_close(dp__site *site)
{
	if (site->store != NULL)
		site->store->close(site->self);
	*site = (dp__site){ 0 };
}

dp_code dp__site_stat(const dp__site *site, const dp_call *call, dp_stat *stat, dp_error *err)
{
	dp_code code = dp_call_check(call, err);

	stat->size = 0;
	stat->etag[0] = '\0';
	stat->len = 0;
	return code == DP_OK ? site->store->stat(site->self, call, stat, err) : code;
}

dp_code dp__site_read(const dp__site *site, const dp_call *call, const char *etag,
		      const dp_read *reads, size_t n, dp_error *err)
{
	dp_code code = dp_call_check(call, err);

	if (code != DP_OK || n == 0)
		return code;
	return site->store->read(site->self, call, etag, reads, n, err);
}

dp_code dp__site_put(const dp__site *site, const dp_call *call, int fd, uint64_t size,
		     dp_error *err)
{
	dp_code code = dp_call_check(call, err);

	if (code != DP_OK)
		return code;
	if (site->store->put == NULL)
		return dp_fail(err, DP_EUNSUPPORTED, "nothing can be written there");
	return site->store->put(site->self, call, fd, size, err);
}

dp_code dp__site_remove(const dp__site *site, const dp_call *call, dp_error *err)
{
	dp_code code = dp_call_check(call, err);

	if (code != DP_OK)
		return code;
	if (site->store->remove == NULL)
		return dp_fail(err, DP_EUNSUPPORTED, "nothing can be removed there");
	return site->store->remove(site->self, call, err);
}

dp_code dp__site_prepare(const dp__site *site, const dp_call *call, bool create, dp_error *err)
{
	dp_code code = dp_call_check(call, err);

	if (code != DP_OK)
		return code;
	if (site->store->put == NULL)
		return dp_fail(err, DP_EUNSUPPORTED, "nothing can be written there");
	if (site->store->prepare == NULL)
		return DP_OK;
	return site->store->prepare(site->self, call, create, err);
}

void dp__site_where(const dp__site *site, dp_place *where)
{
	*where = (dp_place){ 0 };
	if (site->store->where != NULL)
		site->store->where(site->self, where);
}

dp_code dp__site_list(const dp__site *site, const dp_call *call,
		      dp_code (*key)(void *user, const char *url, const dp_stat *stat), void *user,
		      dp_error *err)
{
	dp_code code = dp_call_check(call, err);

	if (code != DP_OK)
		return code;
	if (site->store->list == NULL)
		return dp_fail(err, DP_EUNSUPPORTED, "nothing can be listed there");
	return site->store->list(site->self, call, key, user, err);
}

const dp_store *const dp__stores[] = { &dp__file_store, &dp__http_store, &dp__mem_store,
				       &dp__s3_store, NULL };
