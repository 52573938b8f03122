/* test_url.c - names of objects. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io/url.h"

static void expect_url(const char *typed, const char *want)
{
	char *url = NULL;

	cr_assert_eq(dp__url_of(&url, typed, NULL), DP_OK, "%s", typed);
	cr_assert_str_eq(url, want);
	free(url);
}

Test(url, absolute_paths_become_file_urls)
{
	expect_url("/a/b.gz", "file:///a/b.gz");
	expect_url("/", "file:///");
}

Test(url, paths_are_folded_as_text)
{
	expect_url("/a/./b//../c/", "file:///a/c");
	expect_url("/../../a", "file:///a");
	expect_url("/a/..", "file:///");
	expect_url("/...", "file:///...");
}

Test(url, strange_bytes_are_encoded)
{
	expect_url("/a b/100%#?\xc3\xa4", "file:///a%20b/100%25%23%3F%C3%A4");
	expect_url("/it's,(ok)=@a:b", "file:///it's,(ok)=@a:b");
}

Test(url, relative_paths_begin_at_the_current_folder)
{
	cr_assert_eq(chdir("/usr"), 0);
	expect_url("x.gz", "file:///usr/x.gz");
	expect_url("../x.gz", "file:///x.gz");
	expect_url("a:b", "file:///usr/a:b");
	expect_url("a:/b", "file:///usr/a:/b");
	expect_url("1a://b", "file:///usr/1a:/b");
	cr_assert_eq(chdir("/"), 0);
	expect_url("x", "file:///x");
}

Test(url, urls_stay_as_typed)
{
	expect_url("s3://bucket/a//b?c", "s3://bucket/a//b?c");
	expect_url("https://h/x?y=%20", "https://h/x?y=%20");
	expect_url("mem:x", "mem:x");
}

Test(url, file_urls_have_one_form)
{
	expect_url("file:/a/b", "file:///a/b");
	expect_url("file://localhost/a/../b", "file:///b");
	expect_url("file:///a%20b", "file:///a%20b");
}

Test(url, what_names_nothing_is_refused)
{
	static const char *const bad[] = { "",     "http://", "s3:///",
					   "mem:", "file:x",  "file://host/x" };
	char *url = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(dp__url_of(&url, bad[i], NULL), DP_EINVAL, "%s", bad[i]);
}

static void expect_path(const char *url, const char *want)
{
	char *path = NULL;

	cr_assert_eq(dp__url_path(&path, url, NULL), DP_OK, "%s", url);
	cr_assert_str_eq(path, want);
	free(path);
}

Test(url, paths_are_decoded)
{
	expect_path("file:///a%20b/100%25%C3%a4", "/a b/100%\xc3\xa4");
	expect_path("file:/a", "/a");
	expect_path("file://localhost/a", "/a");
	expect_path("FILE:///a", "/a");
}

Test(url, bad_paths_are_refused)
{
	static const char *const bad[] = { "http://h/x", "file://host/x",   "file:x",
					   "file:",      "file:///a%00",    "file:///a%2",
					   "file:///a%", "file:///a%zz",    "/a",
					   "file://",    "file://localhost" };
	char *path = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(dp__url_path(&path, bad[i], NULL), DP_EINVAL, "%s", bad[i]);
}

Test(url, scheme_has_a_length)
{
	cr_assert_eq(dp__url_scheme("file:///x"), 4);
	cr_assert_eq(dp__url_scheme("mem:x"), 3);
	cr_assert_eq(dp__url_scheme("/a:b"), 0);
	cr_assert_eq(dp__url_scheme("abc"), 0);
	cr_assert_eq(dp__url_scheme("3s://x"), 0);
	cr_assert_eq(dp__url_scheme(""), 0);
}

Test(url, key_is_the_last_segment)
{
	cr_assert_str_eq(dp__url_key("file:///a/x.gz"), "x.gz");
	cr_assert_str_eq(dp__url_key("s3://b/x.gz"), "x.gz");
	cr_assert_str_eq(dp__url_key("mem:x.gz"), "x.gz");
	cr_assert_str_eq(dp__url_key("https://h/a/x.gz?sig=a/b"), "x.gz?sig=a/b");
	cr_assert_str_eq(dp__url_key("https://host"), "");
	cr_assert_str_eq(dp__url_key("s3://b/a/"), "");
}

static void expect_layout(const char *url, const char *want)
{
	char *layout = NULL;

	cr_assert_eq(dp__url_layout(&layout, url, NULL), DP_OK, "%s", url);
	cr_assert_str_eq(layout, want);
	free(layout);
}

Test(url, layout_is_scheme_host_key)
{
	expect_layout("s3://bucket/a/b.gz", "s3/bucket/a/b.gz");
	expect_layout("HTTPS://h:81/b.gz", "https/h:81/b.gz");
	expect_layout("file:///abs/x%20y", "file/abs/x%20y");
	expect_layout("mem:x", "mem/x");
}

Test(url, layout_cannot_leave_its_folder)
{
	expect_layout("s3://../../etc/./x", "s3/%2E%2E/%2E%2E/etc/%2E/x");
	expect_layout("s3://b//x/", "s3/b/%2F/x/%2F");
	expect_layout("http://h/..?/../..", "http/h/%2E%2E%3F%2F..%2F..");
	expect_layout("file:////etc", "file/%2F/etc");
	expect_layout("mem:..", "mem/%2E%2E");
}

Test(url, layout_keeps_a_query_in_its_segment)
{
	expect_layout("https://h/x.gz?a=b/c#d", "https/h/x.gz%3Fa=b%2Fc%23d");
	expect_layout("https://h?a", "https/h%3Fa");
}

static void check_public(const char *url, const char *expected)
{
	char *shown = NULL;

	cr_assert_eq(dp__url_public(&shown, url, NULL), DP_OK);
	cr_assert_str_eq(shown, expected);
	free(shown);
}

Test(url, public_form_is_without_what_signs)
{
	check_public("https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=C%2F&"
		     "X-Amz-Date=D&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=S",
		     "https://b.s3.amazonaws.com/k");
	check_public("https://b.s3.amazonaws.com/k?versionId=7&AWSAccessKeyId=A&Signature=S&"
		     "Expires=1",
		     "https://b.s3.amazonaws.com/k?versionId=7");
	check_public("https://d.cloudfront.net/k?Policy=P&Signature=S&Key-Pair-Id=K",
		     "https://d.cloudfront.net/k");
	check_public("https://storage.googleapis.com/b/k?X-Goog-Signature=S&X-Goog-Date=D&a=1",
		     "https://storage.googleapis.com/b/k?a=1");
	check_public("https://a.blob.core.windows.net/c/k?sv=2022&sr=b&sig=S&se=T&sp=r&snapshot=9",
		     "https://a.blob.core.windows.net/c/k?snapshot=9");
}

Test(url, public_form_keeps_what_only_looks_like_a_signature)
{
	check_public("https://a.org/k?sv=1&sp=2&Expires=3", "https://a.org/k?sv=1&sp=2&Expires=3");
	check_public("s3://b/k?X-Amz-Signature=S", "s3://b/k?X-Amz-Signature=S");
	check_public("https://a.org/k?", "https://a.org/k");
}

Test(url, public_form_has_no_password_and_no_fragment)
{
	check_public("https://me:pw@a.org/k?a=b#part", "https://a.org/k?a=b");
	check_public("https://a.org/k@1?b=c@d", "https://a.org/k@1?b=c@d");
}
