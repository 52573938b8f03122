/* test_aws_endpoint.c - where S3 is reached, in the order of AWS' own tools. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/aws_endpoint.h"

static dp__settings set;
static dp__aws_config config;
static dp__aws_endpoint got;

static void set_up(void)
{
	static const char *const variables[] = {
		"AWS_ENDPOINT_URL_S3",  "AWS_ENDPOINT_URL",
		"AWS_ENDPOINT_URL_STS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
		"AWS_PROFILE",          "AWS_DEFAULT_PROFILE",
		"AWS_REGION",           "AWS_DEFAULT_REGION",
		"AWS_NO_SIGN_REQUEST",  NULL
	};

	for (size_t i = 0; variables[i] != NULL; i++)
		unsetenv(variables[i]);
	set = (dp__settings){ .endpoint = "",
			      .region = "",
			      .profile = "",
			      .access_key = "",
			      .secret_key = "",
			      .session_token = "" };
}

static void tear_down(void)
{
	dp__aws_endpoint_fini(&got);
	dp__aws_config_fini(&config);
}

TestSuite(aws_endpoint, .init = set_up, .fini = tear_down);

static void configure(const char *text)
{
	cr_assert_eq(dp__aws_config_parse(&config, text, strlen(text), "FILE", false, NULL), DP_OK);
}

static dp_code find_in(const dp_place *place, dp_error *err)
{
	dp__aws_endpoint_fini(&got);
	return dp__aws_endpoint_s3(&got, &set, &config, place, err);
}

static void find(void)
{
	dp_error err = { 0 };

	cr_assert_eq(find_in(&(dp_place){ .url = "s3://b/k" }, &err), DP_OK, "%s", err.msg);
}

static void expect_url(const char *bucket, const char *key, const char *query, const char *url)
{
	const dp__aws_target target = { bucket, key, query };
	char *made = NULL;

	cr_assert_eq(dp__aws_endpoint_url(&made, &got, got.region, &target, NULL), DP_OK);
	cr_assert_str_eq(made, url);
	free(made);
}

Test(aws_endpoint, aws_itself_has_the_bucket_in_the_host)
{
	find();
	expect_url("bucket", "a b/c", "", "https://bucket.s3.us-east-1.amazonaws.com/a%20b/c");
	expect_url("bucket", "", "list-type=2",
		   "https://bucket.s3.us-east-1.amazonaws.com/?list-type=2");
	set.region = "cn-north-1";
	find();
	expect_url("bucket", "k", "", "https://bucket.s3.cn-north-1.amazonaws.com.cn/k");
}

Test(aws_endpoint, buckets_that_fit_no_certificate_are_in_the_path)
{
	find();
	expect_url("with.dot", "k", "", "https://s3.us-east-1.amazonaws.com/with.dot/k");
	expect_url("UPPER_case", "k", "", "https://s3.us-east-1.amazonaws.com/UPPER_case/k");
	expect_url("with.dot", "", "", "https://s3.us-east-1.amazonaws.com/with.dot");
}

Test(aws_endpoint, own_endpoints_have_the_bucket_in_the_path)
{
	set.endpoint = "http://127.0.0.1:9000/base/";
	find();
	expect_url("bucket", "k", "", "http://127.0.0.1:9000/base/bucket/k");
	expect_url("bucket", "/k", "", "http://127.0.0.1:9000/base/bucket//k");
	set.addressing = DP__ADDRESSING_VIRTUAL;
	find();
	expect_url("bucket", "k", "", "http://bucket.127.0.0.1:9000/base/k");
	expect_url("with.dot", "k", "", "http://127.0.0.1:9000/base/with.dot/k");
}

Test(aws_endpoint, style_is_told_by_the_profile_too)
{
	configure("[default]\ns3 =\n  addressing_style = path\n");
	find();
	expect_url("bucket", "k", "", "https://s3.us-east-1.amazonaws.com/bucket/k");
}

/* Each step is taken away from the front of the order. */
Test(aws_endpoint, order_of_endpoints)
{
	configure("[default]\nendpoint_url = http://e\nservices = mine\n"
		  "[services mine]\ns3 =\n  endpoint_url = http://d\n");
	set.endpoint = "http://a";
	setenv("AWS_ENDPOINT_URL_S3", "http://b", 1);
	setenv("AWS_ENDPOINT_URL", "http://c", 1);
	find();
	cr_assert_str_eq(got.url, "http://a");
	set.endpoint = "";
	find();
	cr_assert_str_eq(got.url, "http://b");
	unsetenv("AWS_ENDPOINT_URL_S3");
	find();
	cr_assert_str_eq(got.url, "http://c");
	unsetenv("AWS_ENDPOINT_URL");
	find();
	cr_assert_str_eq(got.url, "http://d");
	configure("[default]\nservices = none\n");
	find();
	cr_assert_str_eq(got.url, "http://e");
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	find();
	cr_assert_null(got.url);
}

Test(aws_endpoint, order_of_regions)
{
	configure("[default]\nregion = e\n");
	set.region = "b";
	setenv("AWS_REGION", "c", 1);
	setenv("AWS_DEFAULT_REGION", "d", 1);
	cr_assert_eq(find_in(&(dp_place){ .url = "s3://b/k", .region = "a" }, NULL), DP_OK);
	cr_assert_str_eq(got.region, "a");
	find();
	cr_assert_str_eq(got.region, "b");
	set.region = "";
	find();
	cr_assert_str_eq(got.region, "c");
	unsetenv("AWS_REGION");
	find();
	cr_assert_str_eq(got.region, "d");
	unsetenv("AWS_DEFAULT_REGION");
	find();
	cr_assert_str_eq(got.region, "e");
}

Test(aws_endpoint, sts_has_its_own)
{
	setenv("AWS_REGION", "eu-west-1", 1);
	cr_assert_eq(dp__aws_endpoint_sts(&got, &set, &config, "default", NULL), DP_OK);
	cr_assert_str_eq(got.url, "https://sts.eu-west-1.amazonaws.com");
	dp__aws_endpoint_fini(&got);
	setenv("AWS_ENDPOINT_URL_S3", "http://s3", 1);
	setenv("AWS_ENDPOINT_URL_STS", "http://sts/", 1);
	cr_assert_eq(dp__aws_endpoint_sts(&got, &set, &config, "default", NULL), DP_OK);
	cr_assert_str_eq(got.url, "http://sts");
}

Test(aws_endpoint, what_is_none_is_refused)
{
	static const char *const urls[] = { "ftp://h",       "http://",    "h:9000",
					    "http://user@h", "http://h?x", "http://h/\n",
					    "http://h/ x",   "https:///x", NULL };
	static const char *const regions[] = { "a.b", "A", "x/y", "-a", "a\n", "@evil", NULL };

	for (size_t i = 0; regions[i] != NULL; i++) {
		set.region = regions[i];
		cr_expect_eq(find_in(&(dp_place){ .url = "" }, NULL), DP_EINVAL, "%s", regions[i]);
	}
	set.region = "";
	for (size_t i = 0; urls[i] != NULL; i++) {
		set.endpoint = urls[i];
		cr_expect_eq(find_in(&(dp_place){ .url = "" }, NULL), DP_EINVAL, "%s", urls[i]);
	}
}

Test(aws_endpoint, places_are_trusted_no_further_than_the_environment_goes)
{
	const dp_place evil = { .url = "s3://b/k", .endpoint = "https://evil.example" };
	const dp_place gateway = { .url = "s3://b/k",
				   .endpoint = "https://x.execute-api.us-east-1.amazonaws.com" };
	const dp_place plain = { .url = "s3://b/k",
				 .endpoint = "http://s3.us-east-1.amazonaws.com" };
	const dp_place path = { .url = "s3://b/k",
				.endpoint = "https://evil.example/s3.us-east-1.amazonaws.com" };

	cr_assert_eq(find_in(&evil, NULL), DP_EAUTH);
	cr_assert_eq(find_in(&gateway, NULL), DP_EAUTH);
	cr_assert_eq(find_in(&plain, NULL), DP_EAUTH);
	cr_assert_eq(find_in(&path, NULL), DP_EAUTH);
	setenv("AWS_ENDPOINT_URL_S3", "https://mine.example", 1);
	cr_assert_eq(find_in(&evil, NULL), DP_EAUTH);
	setenv("AWS_ENDPOINT_URL_S3", "https://evil.example/", 1);
	cr_assert_eq(find_in(&evil, NULL), DP_OK);
}

Test(aws_endpoint, places_may_name_aws_itself)
{
	const dp_place aws = { .url = "s3://b/k",
			       .endpoint = "https://s3.eu-west-1.amazonaws.com" };

	cr_assert_eq(find_in(&aws, NULL), DP_OK);
	cr_assert_str_eq(got.url, "https://s3.eu-west-1.amazonaws.com");
}

Test(aws_endpoint, without_credentials_any_place_will_do)
{
	const dp_place other = { .url = "s3://b/k", .endpoint = "https://other.example" };

	setenv("AWS_NO_SIGN_REQUEST", "YES", 1);
	cr_assert_eq(find_in(&other, NULL), DP_OK);
	cr_assert(got.anonymous);
}

Test(aws_endpoint, profile_is_named_by_session_or_environment)
{
	setenv("AWS_PROFILE", "prod", 1);
	find();
	cr_assert_str_eq(got.profile, "prod");
	cr_assert_not(got.named);
	set.profile = "prod";
	unsetenv("AWS_PROFILE");
	find();
	cr_assert(got.named);
}

Test(aws_endpoint, payer_is_told_by_session_or_place)
{
	find();
	cr_assert_not(got.requester_pays);
	cr_assert_eq(find_in(&(dp_place){ .url = "", .requester_pays = true }, NULL), DP_OK);
	cr_assert(got.requester_pays);
	set.requester_pays = true;
	find();
	cr_assert(got.requester_pays);
}
