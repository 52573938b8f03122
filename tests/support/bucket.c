/* bucket.c - buckets on the real S3 server that tests/with-s3 runs beside a test. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/io/store.h"
#include "support/bucket.h"
#include "support/folder.h"
#include "support/suffer.h"

#define SETTINGS_MAX 16

const char *bucket_begin(const char *prefix)
{
	static char name[64];
	if (getenv("DATAPLUG_TEST_S3") == NULL)
		cr_skip_test("DATAPLUG_TEST_S3 is not set");
	suffer_environment();
	snprintf(name, sizeof name, "%s-%ld-%ld", prefix, (long)getpid(), (long)time(NULL));
	return name;
}

dp_session *bucket_session(const char *const *more)
{
	char endpoint[256], access[256], secret[256];
	const char *all[SETTINGS_MAX + 1] = { endpoint, access, secret };
	dp_session *session = NULL;
	dp_error err = { 0 };
	size_t n = 3;
	snprintf(endpoint, sizeof endpoint, "endpoint=%s", getenv("DATAPLUG_TEST_S3"));
	snprintf(access, sizeof access, "access-key=%s", getenv("DATAPLUG_TEST_S3_ACCESS_KEY"));
	snprintf(secret, sizeof secret, "secret-key=%s", getenv("DATAPLUG_TEST_S3_SECRET_KEY"));
	for (; more && *more; more++) {
		size_t len = strcspn(*more, "=") + 1, at = 0;
		while (at < n && strncmp(all[at], *more, len) != 0)
			at++;
		cr_assert_lt(at, SETTINGS_MAX);
		all[at] = *more;
		n += at == n;
	}
	cr_assert_eq(dp_session_open(&session, all, &err), DP_OK, "%s", err.msg);
	return session;
}

dp_code bucket_make(dp_session *session, const char *name, dp_error *err)
{
	char url[128];
	dp_place where = { .url = url };
	dp_call call = dp__call_begin(session);
	dp__site site = { 0 };
	snprintf(url, sizeof url, "s3://%s", name);
	dp_code rc = dp__site_open(&site, session, &where, err);
	if (rc == DP_OK)
		rc = dp__site_prepare(&site, &call, true, err);
	dp__site_close(&site);
	return rc;
}

dp_code bucket_put(dp_session *session, const char *url, const void *data, size_t len,
		   dp_error *err)
{
	dp_place where = { .url = url };
	dp_call call = dp__call_begin(session);
	dp__site site = { 0 };
	int fd = folder_unnamed(data, len);
	dp_code rc = dp__site_open(&site, session, &where, err);
	if (rc == DP_OK)
		rc = dp__site_put(&site, &call, fd, len, err);
	dp__site_close(&site);
	close(fd);
	return rc;
}
