/* test_home.c - where the index of an object lives. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/index/home.h"

static dp_session *session;

/* Opens the session too, which ends with end(). */
static dp__home home_of(const char *meta, const char *url)
{
	char setting[256];
	const char *settings[] = { setting, NULL };
	dp__home home;
	dp_error err = { 0 };
	unsetenv("DATAPLUG_META");
	snprintf(setting, sizeof(setting), "meta=%s", meta);
	cr_assert_eq(dp_session_open(&session, settings, NULL), DP_OK);
	cr_assert_eq(dp__home_of(&home, session, url, &err), DP_OK, "%s", err.msg);
	return home;
}

static void end(dp__home *home)
{
	dp__home_fini(home);
	dp_session_free(session);
}

static dp_code choose(const char **to, const dp__home *home, dp_error *err)
{
	dp_call call = dp__call_begin(session);
	return dp__home_choose(to, home, &call, err);
}

/* All homes, one a line. */
static void expect_homes(const char *meta, const char *url, const char *expected)
{
	dp__home home = home_of(meta, url);
	char got[4096] = "";
	for (size_t i = 0; i < home.n; i++) {
		strcat(got, home.url[i]);
		strcat(got, "\n");
	}
	cr_expect_str_eq(got, expected);
	end(&home);
}

static void cache_is(const char *xdg, const char *home)
{
	if (xdg)
		setenv("XDG_CACHE_HOME", xdg, 1);
	else
		unsetenv("XDG_CACHE_HOME");
	if (home)
		setenv("HOME", home, 1);
	else
		unsetenv("HOME");
}

Test(home, of_a_file_is_beside_it_then_the_cache)
{
	cache_is("/xdg", "/home/me");
	expect_homes("", "file:///a/x.gz",
		     "file:///a/x.gz.dpx\nfile:///xdg/dataplug/file/a/x.gz.dpx\n");
}

Test(home, of_a_web_object_is_the_cache)
{
	cache_is("/xdg", "/home/me");
	expect_homes("", "https://h.org/a/x.gz", "file:///xdg/dataplug/https/h.org/a/x.gz.dpx\n");
}

Test(home, without_xdg_is_under_the_home_folder)
{
	cache_is(NULL, "/home/me");
	expect_homes("", "https://h.org/x", "file:///home/me/.cache/dataplug/https/h.org/x.dpx\n");
}

Test(home, ignores_a_relative_xdg_folder)
{
	cache_is("xdg", "/home/me");
	expect_homes("", "https://h.org/x", "file:///home/me/.cache/dataplug/https/h.org/x.dpx\n");
}

Test(home, without_any_cache_is_beside_alone)
{
	cache_is(NULL, NULL);
	expect_homes("", "file:///a/x", "file:///a/x.dpx\n");
}

Test(home, of_a_web_object_without_any_cache_is_none)
{
	cache_is(NULL, NULL);
	expect_homes("", "https://h.org/x", "");
}

Test(home, of_a_mem_object_is_beside_it)
{
	expect_homes("", "mem:x", "mem:x.dpx\n");
}

Test(home, with_meta_folder_is_there_alone)
{
	expect_homes("/meta/", "file:///a/x", "file:///meta/file/a/x.dpx\n");
}

Test(home, with_meta_url_is_there_alone)
{
	expect_homes("s3://bucket/prefix/", "s3://data/a/x",
		     "s3://bucket/prefix/s3/data/a/x.dpx\n");
}

Test(home, custom_endpoint_stands_in_front)
{
	setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000", 1);
	expect_homes("/meta", "s3://data/a/x", "file:///meta/127.0.0.1:9000/s3/data/a/x.dpx\n");
	expect_homes("s3://bucket", "s3://data/a/x",
		     "s3://bucket/127.0.0.1:9000/s3/data/a/x.dpx\n");
	unsetenv("AWS_ENDPOINT_URL_S3");
}

Test(home, on_a_web_server_can_only_be_read)
{
	const char *to = NULL;
	dp_error err = { 0 };
	dp__home home = home_of("https://h.org/meta", "file:///a/x");
	cr_expect_str_eq(home.url[0], "https://h.org/meta/file/a/x.dpx");
	cr_expect_eq(choose(&to, &home, &err), DP_EWRITE);
	end(&home);
}

Test(home, cannot_be_left_by_dots_in_a_key)
{
	expect_homes("/meta", "https://h.org/../../x",
		     "file:///meta/https/h.org/%252E%252E/%252E%252E/x.dpx\n");
}

Test(home, keeps_what_is_encoded_in_a_name)
{
	expect_homes("/meta", "file:///a/b%20c", "file:///meta/file/a/b%2520c.dpx\n");
}

Test(home, folder_to_be_made_counts_as_the_one_above)
{
	const char *to = NULL;
	char folder[] = "/tmp/dataplug-test-XXXXXX", meta[64];
	cr_assert_not_null(mkdtemp(folder));
	snprintf(meta, sizeof(meta), "%s/new/er", folder);
	dp__home home = home_of(meta, "file:///a/x");
	cr_expect_eq(choose(&to, &home, NULL), DP_OK);
	cr_expect_eq(to, home.url[0]);
	cr_expect_eq(rmdir(folder), 0, "nothing was made");
	end(&home);
}

Test(home, cache_is_for_the_user_alone)
{
	const char *to = NULL;
	char folder[] = "/tmp/dataplug-test-XXXXXX", made[64];
	struct stat st = { 0 };
	cr_assert_not_null(mkdtemp(folder));
	cache_is(folder, NULL);
	snprintf(made, sizeof(made), "%s/dataplug", folder);
	dp__home home = home_of("", "https://h.org/x");
	cr_expect_eq(choose(&to, &home, NULL), DP_OK);
	cr_expect_eq(to, home.url[0]);
	cr_expect_eq(stat(made, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0700);
	end(&home);
	rmdir(made);
	rmdir(folder);
}

/* Root may write anywhere, so it becomes somebody else first. */
Test(home, read_only_folder_cannot_be_written)
{
	const char *to = NULL;
	char folder[] = "/tmp/dataplug-test-XXXXXX", url[64];
	dp_error err = { 0 };
	if (geteuid() == 0)
		cr_assert_eq(setuid(65534), 0);
	cr_assert_not_null(mkdtemp(folder));
	chmod(folder, 0555);
	snprintf(url, sizeof(url), "file://%s/x", folder);
	cache_is(NULL, NULL);
	dp__home home = home_of("", url);
	cr_expect_eq(choose(&to, &home, &err), DP_EWRITE);
	cr_expect(strstr(err.msg, folder), "%s", err.msg);
	end(&home);
	rmdir(folder);
}
