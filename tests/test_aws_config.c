/* test_aws_config.c - the ini files of AWS' tools. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/aws_config.h"
#include "support/folder.h"

static dp__aws_config config;

static void tear_down(void)
{
	dp__aws_config_fini(&config);
}

TestSuite(aws_config, .fini = tear_down);

static dp_code parse(const char *text, bool credentials, dp_error *err)
{
	return dp__aws_config_parse(&config, text, strlen(text), "FILE", credentials, err);
}

static void expect(const char *kind, const char *section, const char *name, const char *value)
{
	const char *got = dp__aws_config_get(&config, kind, section, name);

	cr_assert_not_null(got, "%s %s: %s", kind, section, name);
	cr_assert_str_eq(got, value);
}

Test(aws_config, profiles_have_prefixes_in_config)
{
	cr_assert_eq(parse("[default]\nregion = eu-west-1\n"
			   "[profile a b]\nregion=us-east-2\n"
			   "[profile \"q\"]\nregion=us-west-1\n"
			   "[other]\nregion=nowhere\n",
			   false, NULL),
		     DP_OK);
	expect("profile", "default", "region", "eu-west-1");
	expect("profile", "a b", "region", "us-east-2");
	expect("profile", "q", "region", "us-west-1");
	cr_assert_not(dp__aws_config_has(&config, "profile", "other"));
}

Test(aws_config, sections_are_profiles_in_credentials)
{
	cr_assert_eq(parse("[other]\naws_access_key_id = A\n", true, NULL), DP_OK);
	expect("profile", "other", "aws_access_key_id", "A");
}

Test(aws_config, what_is_read_last_wins)
{
	cr_assert_eq(parse("[default]\nregion = a\nregion = b\n", false, NULL), DP_OK);
	expect("profile", "default", "region", "b");
	cr_assert_eq(parse("[default]\nregion = c\n", true, NULL), DP_OK);
	expect("profile", "default", "region", "c");
}

Test(aws_config, nested_entries_have_dotted_names)
{
	cr_assert_eq(parse("[services mine]\ns3 =\n  endpoint_url = http://a\n"
			   "  # comment\n\tother = 1\nsts =\n  endpoint_url = http://b\n"
			   "[profile p]\nservices = mine\n",
			   false, NULL),
		     DP_OK);
	expect("services", "mine", "s3.endpoint_url", "http://a");
	expect("services", "mine", "s3.other", "1");
	expect("services", "mine", "sts.endpoint_url", "http://b");
	expect("profile", "p", "services", "mine");
}

Test(aws_config, comments_blanks_and_windows_ends)
{
	cr_assert_eq(parse("\xef\xbb\xbf# c\r\n; d\r\n\r\n[default]\r\n Region\t=  x # y\r\n"
			   "credential_process = a ; b=c\r\n",
			   false, NULL),
		     DP_OK);
	expect("profile", "default", "region", "x # y");
	expect("profile", "default", "credential_process", "a ; b=c");
}

Test(aws_config, no_end_of_line_at_the_end)
{
	cr_assert_eq(parse("[default]\nregion=x", false, NULL), DP_OK);
	expect("profile", "default", "region", "x");
}

Test(aws_config, values_that_go_on_are_cut)
{
	cr_assert_eq(parse("[default]\na = 1\n  more\nb = 2\n", false, NULL), DP_OK);
	expect("profile", "default", "a", "1");
	expect("profile", "default", "b", "2");
}

Test(aws_config, empty_values_are_none)
{
	cr_assert_eq(parse("[default]\nregion =\n[profile x]\n", false, NULL), DP_OK);
	cr_assert_null(dp__aws_config_get(&config, "profile", "default", "region"));
}

Test(aws_config, bad_lines_are_told_without_their_text)
{
	static const char *const bad[] = { "[default]\nSECRET\n", "[default\nSECRET=1\n",
					   "\nSECRET = 1\n", "[default]\n=SECRET\n", NULL };

	for (size_t i = 0; bad[i] != NULL; i++) {
		dp_error err = { 0 };

		cr_expect_eq(parse(bad[i], false, &err), DP_EINVAL, "%s", bad[i]);
		cr_expect_not_null(strstr(err.msg, "FILE line "), "%s", err.msg);
		cr_expect_null(strstr(err.msg, "SECRET"));
	}
}

Test(aws_config, zero_bytes_are_refused)
{
	cr_assert_eq(dp__aws_config_parse(&config, "[default]\na=\0b\n", 15, "FILE", false, NULL),
		     DP_EINVAL);
}

Test(aws_config, too_much_is_refused)
{
	size_t len = (size_t)2 << 20;
	char *text = malloc(len);

	cr_assert_not_null(text);
	memset(text, '\n', len);
	cr_assert_eq(dp__aws_config_parse(&config, text, len, "FILE", false, NULL), DP_EINVAL);
	memcpy(text, "[a]\n", 4);
	for (size_t at = 4; at + 4 <= 100000; at += 4)
		memcpy(text + at, "a=1\n", 4);
	cr_assert_eq(dp__aws_config_parse(&config, text, 100000, "FILE", true, NULL), DP_EINVAL);
	free(text);
}

Test(aws_config, any_beginning_of_a_file_is_taken_or_refused)
{
	static const char text[] = "[profile a]\ns3 =\n  b = c\nd = e\n[default]\n x";

	for (size_t len = 0; len < sizeof(text); len++) {
		/* Of its own size, so that a sanitizer sees what is read behind it. */
		char *part = malloc(len + (len == 0));

		memcpy(part, text, len);
		dp__aws_config_parse(&config, part, len, "FILE", false, NULL);
		free(part);
	}
}

Test(aws_config, files_are_found_by_the_environment)
{
	setenv("HOME", folder_make(), 1);
	folder_write("c", "[default]\nregion = here\n");
	setenv("AWS_CONFIG_FILE", "~/c", 1);
	unsetenv("AWS_SHARED_CREDENTIALS_FILE");
	cr_assert_eq(dp__aws_config_load(&config, NULL), DP_OK);
	expect("profile", "default", "region", "here");
	folder_remove();
}
