/* test_sigv4.c - signatures that AWS has published (S3's documentation, the aws4 test suite). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/io/aws_time.h"
#include "core/io/sigv4.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* 2013-05-24T00:00:00Z and the keys of S3's examples. */
static const dp__sigv4 s3 = { "AKIAIOSFODNN7EXAMPLE",
			      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
			      NULL,
			      "us-east-1",
			      "s3",
			      1369353600 };
/* 2015-08-30T12:36:00Z and the keys of the suite. */
static const dp__sigv4 suite = { "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
				 NULL,          "us-east-1",
				 "service",     1440938160 };

static void expect_signature(const dp__sigv4 *signer, const dp__sigv4_request *request,
			     const char *names, const char *signature)
{
	dp__buf got = dp__buf_of(4096), want = dp__buf_of(4096);
	char day[17];

	dp__aws_time_stamp(day, signer->now);
	cr_assert_eq(dp__sigv4_sign(&got, NULL, signer, request, NULL), DP_OK);
	cr_assert_eq(dp__buf_close(&got, NULL), DP_OK);
	cr_assert_eq(dp__buf_printf(&want, NULL,
				    "AWS4-HMAC-SHA256 Credential=%s/%.8s/us-east-1/%s/aws4_request,"
				    " SignedHeaders=%s, Signature=%s",
				    signer->access_key, day, signer->service, names, signature),
		     DP_OK);
	cr_assert_eq(dp__buf_close(&want, NULL), DP_OK);
	cr_assert_str_eq((char *)got.data, (char *)want.data);
	dp__buf_fini(&got);
	dp__buf_fini(&want);
}

Test(sigv4, s3_get_of_a_range)
{
	const dp__http_header header[] = {
		{ "Host", "examplebucket.s3.amazonaws.com" },
		{ "Range", "bytes=0-9" },
		{ "x-amz-content-sha256", EMPTY },
		{ "x-amz-date", "20130524T000000Z" },
	};

	expect_signature(&s3, &(dp__sigv4_request){ "GET", "/test.txt", "", header, 4, EMPTY },
			 "host;range;x-amz-content-sha256;x-amz-date",
			 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

Test(sigv4, s3_put_of_an_encoded_key)
{
	const char *sum = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
	const dp__http_header header[] = {
		{ "Date", "Fri, 24 May 2013 00:00:00 GMT" },
		{ "Host", "examplebucket.s3.amazonaws.com" },
		{ "x-amz-date", "20130524T000000Z" },
		{ "x-amz-storage-class", "REDUCED_REDUNDANCY" },
		{ "x-amz-content-sha256", sum },
	};

	expect_signature(&s3,
			 &(dp__sigv4_request){ "PUT", "/test%24file.text", "", header, 5, sum },
			 "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
			 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

Test(sigv4, s3_query_without_value)
{
	const dp__http_header header[] = {
		{ "Host", "examplebucket.s3.amazonaws.com" },
		{ "x-amz-date", "20130524T000000Z" },
		{ "x-amz-content-sha256", EMPTY },
	};

	expect_signature(&s3, &(dp__sigv4_request){ "GET", "/", "lifecycle", header, 3, EMPTY },
			 "host;x-amz-content-sha256;x-amz-date",
			 "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

Test(sigv4, s3_listing_with_query_in_any_order)
{
	const dp__http_header header[] = {
		{ "x-amz-content-sha256", EMPTY },
		{ "Host", "examplebucket.s3.amazonaws.com" },
		{ "x-amz-date", "20130524T000000Z" },
	};

	expect_signature(&s3,
			 &(dp__sigv4_request){ "GET", "", "prefix=J&max-keys=2", header, 3, EMPTY },
			 "host;x-amz-content-sha256;x-amz-date",
			 "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static const dp__http_header plain[] = { { "Host", "example.amazonaws.com" },
					 { "X-Amz-Date", "20150830T123600Z" } };

Test(sigv4, get_vanilla)
{
	expect_signature(&suite, &(dp__sigv4_request){ "GET", "/", "", plain, 2, EMPTY },
			 "host;x-amz-date",
			 "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

Test(sigv4, post_vanilla)
{
	expect_signature(&suite, &(dp__sigv4_request){ "POST", "/", "", plain, 2, EMPTY },
			 "host;x-amz-date",
			 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

Test(sigv4, get_vanilla_query_order_key_case)
{
	expect_signature(
		&suite,
		&(dp__sigv4_request){ "GET", "/", "Param2=value2&Param1=value1", plain, 2, EMPTY },
		"host;x-amz-date",
		"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

Test(sigv4, get_header_value_trim)
{
	const dp__http_header header[] = {
		{ "Host", "example.amazonaws.com" },
		{ "My-Header1", " value1" },
		{ "My-Header2", " \"a   b   c\"" },
		{ "X-Amz-Date", "20150830T123600Z" },
	};

	expect_signature(&suite, &(dp__sigv4_request){ "GET", "/", "", header, 4, EMPTY },
			 "host;my-header1;my-header2;x-amz-date",
			 "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

Test(sigv4, post_with_security_token)
{
	const dp__http_header header[] = {
		{ "Host", "example.amazonaws.com" },
		{ "X-Amz-Date", "20150830T123600Z" },
		{ "X-Amz-Security-Token",
		  "AQoDYXdzEPT//////////"
		  "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeM"
		  "icRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
		  "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZa"
		  "mpKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
		  "xo0rKwT38xVqr"
		  "7ZD0u0iPPkUL64lIZbqBAz+"
		  "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR"
		  "/oLxBA==" },
	};

	expect_signature(&suite, &(dp__sigv4_request){ "POST", "/", "", header, 3, EMPTY },
			 "host;x-amz-date;x-amz-security-token",
			 "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

Test(sigv4, canonical_request_for_a_log_has_no_token)
{
	const dp__http_header header[] = { { "Host", "h" }, { "X-Amz-Security-Token", "SECRET" } };
	dp__buf got = dp__buf_of(4096), canonical = dp__buf_of(4096);

	cr_assert_eq(dp__sigv4_sign(&got, &canonical, &suite,
				    &(dp__sigv4_request){ "GET", "/", "b&a=1", header, 2, EMPTY },
				    NULL),
		     DP_OK);
	cr_assert_eq(dp__buf_close(&canonical, NULL), DP_OK);
	cr_assert_str_eq((char *)canonical.data,
			 "GET\n/\na=1&b=\nhost:h\nx-amz-security-token:...\n\n"
			 "host;x-amz-security-token\n" EMPTY);
	dp__buf_fini(&got);
	dp__buf_fini(&canonical);
}

Test(sigv4, encoder_keeps_the_unreserved)
{
	static const char text[] = "a/B-._~ +=:%\xc3\xa9";
	dp__buf path = dp__buf_of(100), query = dp__buf_of(100);

	cr_assert_eq(dp__sigv4_encode(&path, text, sizeof(text) - 1, true, NULL), DP_OK);
	cr_assert_eq(dp__sigv4_encode(&query, text, sizeof(text) - 1, false, NULL), DP_OK);
	cr_assert_eq(dp__buf_close(&path, NULL), DP_OK);
	cr_assert_eq(dp__buf_close(&query, NULL), DP_OK);
	cr_assert_str_eq((char *)path.data, "a/B-._~%20%2B%3D%3A%25%C3%A9");
	cr_assert_str_eq((char *)query.data, "a%2FB-._~%20%2B%3D%3A%25%C3%A9");
	dp__buf_fini(&path);
	dp__buf_fini(&query);
}

/* What an attempt is given. */
typedef struct given {
	char date[64], token[64], authorization[512];
} given;

static dp_code take_header(void *self, const char *name, const char *value, dp_error *err)
{
	given *to = self;

	(void)err;
	if (strcasecmp(name, "x-amz-date") == 0)
		strncpy(to->date, value, sizeof(to->date) - 1);
	else if (strcasecmp(name, "x-amz-security-token") == 0)
		strncpy(to->token, value, sizeof(to->token) - 1);
	else if (strcasecmp(name, "authorization") == 0)
		strncpy(to->authorization, value, sizeof(to->authorization) - 1);
	return DP_OK;
}

/* The same signature as in s3_get_of_a_range, whose User-Agent and port were not signed. */
Test(sigv4, attempt_signs_what_proxies_leave_alone)
{
	const dp__http_header header[] = { { "User-Agent", "x" },
					   { "X-Amz-Date", "of an earlier try" },
					   { "range", "bytes=0-9" },
					   { "x-amz-content-sha256", EMPTY } };
	given got = { "", "", "" };
	dp__http_attempt attempt = { .method = "GET",
				     .url = "https://examplebucket.s3.amazonaws.com:443/test.txt",
				     .header = header,
				     .nheaders = 4,
				     .add = take_header,
				     .self = &got };

	cr_assert_eq(dp__sigv4_attempt(&s3, &attempt, NULL), DP_OK);
	cr_assert_str_eq(got.date, "20130524T000000Z");
	cr_assert_str_empty(got.token);
	cr_assert_not_null(
		strstr(got.authorization,
		       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

Test(sigv4, attempt_with_too_many_headers_fails)
{
	dp__http_header header[80];
	given got = { "", "", "" };
	dp__http_attempt attempt = { .method = "GET",
				     .url = "https://h/",
				     .header = header,
				     .nheaders = 80,
				     .add = take_header,
				     .self = &got };

	for (size_t i = 0; i < 80; i++)
		header[i] = (dp__http_header){ "x-amz-meta-a", "b" };
	cr_assert_eq(dp__sigv4_attempt(&s3, &attempt, NULL), DP_EINVAL);
}

static int64_t time_of(const char *text)
{
	int64_t out = -1;

	return dp__aws_time_parse(&out, text) ? out : -1;
}

/* By date -u -d TEXT +%s. */
Test(aws_time, reads_both_forms)
{
	cr_assert_eq(time_of("Fri, 24 May 2013 00:00:00 GMT"), 1369353600);
	cr_assert_eq(time_of("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199);
	cr_assert_eq(time_of("2013-05-24T00:00:00Z"), 1369353600);
	cr_assert_eq(time_of("2013-05-24T00:00:00.123Z"), 1369353600);
	cr_assert_eq(time_of("2013-05-24T02:00:00+02:00"), 1369353600);
	cr_assert_eq(time_of("2013-05-23T19:00:00-05:00"), 1369353600);
	cr_assert_eq(time_of("1970-01-01T00:00:00Z"), 0);
}

Test(aws_time, refuses_others)
{
	static const char *const bad[] = { "",
					   "2013-05-24",
					   "2013-05-24T00:00:00",
					   "2013-13-24T00:00:00Z",
					   "Fri, 24 Mai 2013 00:00:00 GMT",
					   "Fri, 24 May 2013 00:00:00",
					   "1369353600",
					   NULL };

	for (size_t i = 0; bad[i] != NULL; i++)
		cr_expect_eq(time_of(bad[i]), -1, "%s", bad[i]);
}

/* By date -u -d @SECONDS +%Y%m%dT%H%M%SZ. */
Test(aws_time, writes_stamps)
{
	char text[17];

	dp__aws_time_stamp(text, 1709251199);
	cr_assert_str_eq(text, "20240229T235959Z");
	dp__aws_time_stamp(text, 951782400);
	cr_assert_str_eq(text, "20000229T000000Z");
	dp__aws_time_stamp(text, INT64_MAX);
	cr_assert_str_eq(text, "99991231T235959Z");
}
