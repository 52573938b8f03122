/* test_text.c - JSON strings, base64, numbers, near names. */
#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/near.h"
#include "core/base/text.h"

static void expect_json(const char *text, size_t len, const char *want)
{
	dp__buf buf = dp__buf_of(1000);

	cr_assert_eq(dp__json_string(&buf, text, len, NULL), DP_OK);
	dp__buf_close(&buf, NULL);
	cr_assert_str_eq((char *)buf.data, want);
	dp__buf_fini(&buf);
}

Test(text, json_escapes_what_it_must)
{
	expect_json("a\"b\\c\n\0d\x7f", 9, "\"a\\\"b\\\\c\\u000a\\u0000d\\u007f\"");
}

Test(text, json_of_utf8_is_ascii)
{
	expect_json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\\u00e4\\u20ac\\ud83d\\ude00\"");
}

/* A lone continuation, a cut sequence, overlong "/", a surrogate, above U+10FFFF: RFC 3629 3. */
Test(text, json_of_stray_bytes_is_replacement)
{
	expect_json("\x80", 1, "\"\\ufffd\"");
	expect_json("\xe2\x82", 2, "\"\\ufffd\\ufffd\"");
	expect_json("\xc0\xaf", 2, "\"\\ufffd\\ufffd\"");
	expect_json("\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"");
	expect_json("\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	expect_json("\xff", 1, "\"\\ufffd\"");
}

static void expect_base64(const char *plain, const char *coded)
{
	dp__buf buf = dp__buf_of(1000);

	cr_assert_eq(dp__base64_add(&buf, plain, strlen(plain), NULL), DP_OK);
	cr_assert_eq(buf.len, strlen(coded));
	cr_assert(buf.len == 0 || memcmp(buf.data, coded, buf.len) == 0);
	buf.len = 0;
	cr_assert_eq(dp__base64_decode(&buf, coded, strlen(coded), NULL), DP_OK);
	cr_assert_eq(buf.len, strlen(plain));
	cr_assert(buf.len == 0 || memcmp(buf.data, plain, buf.len) == 0);
	dp__buf_fini(&buf);
}

/* RFC 4648 10 */
Test(text, base64_of_the_rfc)
{
	expect_base64("", "");
	expect_base64("f", "Zg==");
	expect_base64("fo", "Zm8=");
	expect_base64("foo", "Zm9v");
	expect_base64("foob", "Zm9vYg==");
	expect_base64("fooba", "Zm9vYmE=");
	expect_base64("foobar", "Zm9vYmFy");
	expect_base64("\xff\xef\xbe\xfb", "/+++"
					  "+w==");
}

Test(text, base64_decodes_nothing_else)
{
	static const char *const bad[] = { "Zg",   "Zg=",  "Zg===", "Zm9v\n",   "Zm 9",      "=Zg=",
					   "Zh==", "Zm9=", "====",  "Zg==Zg==", "Z\xc3\xa4=" };
	dp__buf buf = dp__buf_of(1000);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(dp__base64_decode(&buf, bad[i], strlen(bad[i]), NULL), DP_EFORMAT,
			     "%s", bad[i]);
	dp__buf_fini(&buf);
}

Test(text, number_reads_decimals)
{
	double v;

	cr_assert(dp__number("12", &v) && v == 12);
	cr_assert(dp__number("-0.5", &v) && v == -0.5);
	cr_assert(dp__number("+2.5e-3", &v) && v == 0.0025);
	cr_assert(dp__number("1E6", &v) && v == 1000000);
	cr_assert(dp__number("inf", &v) && v == INFINITY);
	cr_assert(dp__number("-inf", &v) && v == -INFINITY);
}

Test(text, number_refuses_the_rest)
{
	static const char *const bad[] = { "",    " 1",       "1 ",    "0x10",  "nan",
					   "1,5", "1.",       ".5",    "1e",    "1e+",
					   "--1", "infinity", "1e999", "1.5.2", "e5" };
	double v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!dp__number(bad[i], &v), "%s", bad[i]);
}

Test(text, digits_are_bounded)
{
	uint64_t v;

	cr_assert(dp__digits("18446744073709551615", 20, &v) && v == UINT64_MAX);
	cr_assert(!dp__digits("18446744073709551616", 20, &v));
	cr_assert(!dp__digits("", 0, &v));
	cr_assert(!dp__digits("1a", 2, &v));
	cr_assert(dp__digits("1a", 1, &v) && v == 1);
}

static void expect_printed(double v, const char *want)
{
	dp__buf buf = dp__buf_of(100);

	cr_assert_eq(dp__number_add(&buf, v, NULL), DP_OK);
	dp__buf_close(&buf, NULL);
	cr_assert_str_eq((char *)buf.data, want);
	dp__buf_fini(&buf);
}

Test(text, numbers_are_printed_short)
{
	expect_printed(0, "0");
	expect_printed(1000000, "1000000");
	expect_printed(0.1, "0.1");
	expect_printed(-2.5, "-2.5");
	expect_printed(9007199254740993.0, "9007199254740992");
	expect_printed(INFINITY, "inf");
	expect_printed(-INFINITY, "-inf");
}

Test(text, numbers_come_back_the_same)
{
	static const double number[] = { 1.0 / 3,   5e-324, 1.7976931348623157e308,
					 0.1 + 0.2, -1e17,  123456789012345678.0,
					 1e-7 };

	for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++) {
		dp__buf buf = dp__buf_of(100);
		double back;

		dp__number_add(&buf, number[i], NULL);
		dp__buf_close(&buf, NULL);
		cr_assert(dp__number((char *)buf.data, &back));
		cr_assert(memcmp(&back, &number[i], sizeof(back)) == 0, "%s", (char *)buf.data);
		dp__buf_fini(&buf);
	}
}

Test(text, copies_end_with_zero)
{
	char *all = dp__strdup("abc"), *some = dp__strndup("abc", 2);

	cr_assert_str_eq(all, "abc");
	cr_assert_str_eq(some, "ab");
	free(all);
	free(some);
}

static const char *name_at(const void *user, size_t i)
{
	const char *const *names = user;

	return names[i];
}

static const char *const names[] = { "count", "chunks", "bytes", "box", NULL };

Test(text, near_names_are_offered)
{
	char out[100];

	dp__names_near(out, sizeof(out), "chunk", name_at, names);
	cr_assert_str_eq(out, " (did you mean chunks?)");
	dp__names_near(out, sizeof(out), "cuont", name_at, names);
	cr_assert_str_eq(out, " (did you mean count?)");
	dp__names_near(out, sizeof(out), "Count", name_at, names);
	cr_assert_str_eq(out, " (did you mean count?)");
}

Test(text, several_near_names_are_all_offered)
{
	static const char *const alike[] = { "x", "y", "record", NULL };
	char out[100];

	dp__names_near(out, sizeof(out), "z", name_at, alike);
	cr_assert_str_eq(out, " (did you mean x, y?)");
}

Test(text, far_names_are_not_offered)
{
	char out[100];

	dp__names_near(out, sizeof(out), "zebra", name_at, names);
	cr_assert_str_eq(out, "");
}

Test(text, near_names_fit_their_room)
{
	char out[24] = "";

	dp__names_near(out, 23, "chunk", name_at, names);
	cr_assert_str_eq(out, "");
	dp__names_near(out, 24, "chunk", name_at, names);
	cr_assert_str_eq(out, " (did you mean chunks?)");
}
