/* look.c - what can be told of an object before it is indexed: its size, and where its index lies.
 */
#include <stdlib.h>
#include <string.h>

#include "core/index/home.h"
#include "core/io/object.h"
#include "core/io/store.h"
#include "dataplug/dataplug.h"

dp_code dp_object_size(dp_session *session, const char *url, uint64_t *size, dp_error *err)
{
	dp_call call = dp__call_begin(session);
	dp__site site = { 0 };
	dp_stat stat = { 0 };
	char *canonical = NULL;
	dp_code rc = dp__object_url(&canonical, session, url, err);
	if (rc == DP_OK)
		rc = dp__site_open(&site, session, &(dp_place){ .url = canonical }, err);
	if (rc == DP_OK)
		rc = dp__site_stat(&site, &call, &stat, err);
	if (rc == DP_OK)
		*size = stat.size;
	dp__site_close(&site);
	free(canonical);
	return rc;
}

dp_code dp_index_home(dp_session *session, const char *url, dp_write_fn out, void *user,
		      dp_error *err)
{
	dp__home home = { 0 };
	char *canonical = NULL;
	dp_code rc = dp__object_url(&canonical, session, url, err);
	if (rc == DP_OK)
		rc = dp__home_of(&home, session, canonical, err);
	if (rc == DP_OK && home.n == 0)
		rc = dp_fail(err, DP_EWRITE, "no folder for the index: set DATAPLUG_META");
	if (rc == DP_OK)
		rc = out(user, home.url[0], strlen(home.url[0]), err);
	dp__home_fini(&home);
	free(canonical);
	return rc;
}
