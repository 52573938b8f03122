/* test_bytes.c - the buffer, the cursor, digests and failures. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/digest.h"

Test(buf, holds_what_was_added)
{
	dp__buf buf = dp__buf_of(100);

	cr_assert_eq(dp__buf_add(&buf, "abc", 3, NULL), DP_OK);
	cr_assert_eq(dp__buf_printf(&buf, NULL, "-%d", 42), DP_OK);
	cr_assert_eq(dp__buf_write(&buf, "!", 1, NULL), DP_OK);
	cr_assert_eq(dp__buf_close(&buf, NULL), DP_OK);
	cr_assert_str_eq((char *)buf.data, "abc-42!");
	cr_assert_eq(buf.len, 7);
	dp__buf_fini(&buf);
}

Test(buf, takes_no_byte_more_than_its_limit)
{
	dp__buf buf = dp__buf_of(4);

	cr_assert_eq(dp__buf_add(&buf, "abcd", 4, NULL), DP_OK);
	cr_assert_eq(dp__buf_add(&buf, "e", 1, NULL), DP_ENOMEM);
	cr_assert_eq(dp__buf_printf(&buf, NULL, "e"), DP_ENOMEM);
	cr_assert_eq(dp__buf_reserve(&buf, SIZE_MAX, NULL), DP_ENOMEM);
	cr_assert_eq(buf.len, 4);
	dp__buf_fini(&buf);
}

Test(buf, closes_when_full)
{
	dp__buf buf = dp__buf_of(4);

	cr_assert_eq(dp__buf_add(&buf, "abcd", 4, NULL), DP_OK);
	cr_assert_eq(dp__buf_close(&buf, NULL), DP_OK);
	cr_assert_str_eq((char *)buf.data, "abcd");
	dp__buf_fini(&buf);
}

Test(buf, hands_out_its_string_and_goes_on)
{
	dp__buf buf = dp__buf_of(4);
	char *first = NULL, *second = NULL;

	cr_assert_eq(dp__buf_add(&buf, "abcd", 4, NULL), DP_OK);
	cr_assert_eq(dp__buf_take(&first, &buf, NULL), DP_OK);
	cr_assert_eq(dp__buf_add(&buf, "ef", 2, NULL), DP_OK);
	cr_assert_eq(dp__buf_take(&second, &buf, NULL), DP_OK);
	dp__buf_fini(&buf);
	cr_assert_str_eq(first, "abcd");
	cr_assert_str_eq(second, "ef");
	free(first);
	free(second);
}

Test(buf, empty_hands_out_an_empty_string)
{
	dp__buf buf = dp__buf_of(4);
	char *text = NULL;

	cr_assert_eq(dp__buf_take(&text, &buf, NULL), DP_OK);
	cr_assert_str_eq(text, "");
	free(text);
	dp__buf_fini(&buf);
}

Test(buf, zeroed_takes_nothing)
{
	dp__buf buf = { 0 };

	cr_assert_eq(dp__buf_add(&buf, NULL, 0, NULL), DP_OK);
	cr_assert_eq(dp__buf_add(&buf, "a", 1, NULL), DP_ENOMEM);
	dp__buf_fini(&buf);
}

Test(buf, grows_over_many_appends)
{
	dp__buf buf = dp__buf_of(1 << 20);

	for (unsigned i = 0; i < 100000; i++) {
		uint8_t byte = (uint8_t)(i % 251);

		cr_assert_eq(dp__buf_add(&buf, &byte, 1, NULL), DP_OK);
	}
	for (unsigned i = 0; i < 100000; i++)
		cr_assert_eq(buf.data[i], i % 251);
	dp__buf_fini(&buf);
}

Test(bytes, cursor_reads_little_endian)
{
	static const uint8_t data[] = { 1, 0x34, 0x12, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f };
	dp__cur cur = dp__cur_of(data, sizeof(data));

	cr_assert_eq(dp__cur_u8(&cur), 1);
	cr_assert_eq(dp__cur_le16(&cur), 0x1234);
	cr_assert_eq(dp__cur_le32(&cur), 0x01020304);
	cr_assert_eq(dp__cur_f64(&cur), 1.5);
	cr_assert_eq(dp__cur_left(&cur), 0);
	cr_assert(!cur.bad);
}

Test(bytes, cursor_past_the_end_stays_bad)
{
	static const uint8_t data[] = { 1, 2, 3 };
	dp__cur cur = dp__cur_of(data, sizeof(data));

	cr_assert_eq(dp__cur_le32(&cur), 0);
	cr_assert(cur.bad);
	cr_assert_eq(dp__cur_u8(&cur), 0);
	cr_assert_null(dp__cur_bytes(&cur, 0));
}

Test(bytes, cursor_lends_no_more_than_there_is)
{
	dp__cur cur = dp__cur_of("abc", 3);

	cr_assert_not_null(dp__cur_bytes(&cur, 3));
	cr_assert_null(dp__cur_bytes(&cur, UINT64_MAX));
}

Test(bytes, cursor_over_nothing)
{
	dp__cur cur = dp__cur_of(NULL, 0);

	cr_assert_eq(dp__cur_left(&cur), 0);
	cr_assert_eq(dp__cur_u8(&cur), 0);
	cr_assert(cur.bad);
}

static uint64_t varint_of(const char *bytes, size_t len, bool *bad)
{
	dp__cur cur = dp__cur_of(bytes, len);
	uint64_t v = dp__cur_varint(&cur);

	*bad = cur.bad;
	return v;
}

Test(bytes, varint_reads_leb128)
{
	bool bad;

	cr_assert_eq(varint_of("\x00", 1, &bad), 0);
	cr_assert_eq(varint_of("\x7f", 1, &bad), 127);
	cr_assert_eq(varint_of("\xe5\x8e\x26", 3, &bad), 624485);
	cr_assert_eq(varint_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, &bad), UINT64_MAX);
	cr_assert(!bad);
}

Test(bytes, varint_of_ten_bytes_does_not_overflow)
{
	bool bad;

	cr_assert_eq(varint_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, &bad), 0);
	cr_assert(bad);
	varint_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, &bad);
	cr_assert(bad);
}

Test(bytes, varint_has_one_form)
{
	bool bad;

	varint_of("\x80\x00", 2, &bad);
	cr_assert(bad);
}

Test(bytes, varint_cut_off_is_bad)
{
	bool bad;

	varint_of("\x80", 1, &bad);
	cr_assert(bad);
}

Test(bytes, appenders_write_little_endian)
{
	static const uint8_t want[] = { 4, 3, 2,    1,    0,    0,    0,    0,
					0, 0, 0xf8, 0x3f, 0xe5, 0x8e, 0x26, 0 };
	dp__buf buf = dp__buf_of(64);

	dp__put_le32(&buf, 0x01020304, NULL);
	dp__put_f64(&buf, 1.5, NULL);
	dp__put_varint(&buf, 624485, NULL);
	dp__put_varint(&buf, 0, NULL);
	cr_assert_eq(buf.len, sizeof(want));
	cr_assert_arr_eq(buf.data, want, sizeof(want));
	dp__buf_fini(&buf);
}

Test(bytes, largest_varint_comes_back)
{
	dp__buf buf = dp__buf_of(64);
	dp__cur cur;

	dp__put_varint(&buf, UINT64_MAX, NULL);
	cr_assert_eq(buf.len, 10);
	cur = dp__cur_of(buf.data, buf.len);
	cr_assert_eq(dp__cur_varint(&cur), UINT64_MAX);
	dp__buf_fini(&buf);
}

/* "123456789" is the check input of every CRC catalogue. */
Test(digest, crc32_of_the_check_input)
{
	cr_assert_eq(dp__crc32(0, "123456789", 9), 0xcbf43926);
	cr_assert_eq(dp__crc32(dp__crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	cr_assert_eq(dp__crc32(7, NULL, 0), 7);
}

Test(digest, crc32_join_is_that_of_both)
{
	uint32_t a = dp__crc32(0, "1234", 4), b = dp__crc32(0, "56789", 5);

	cr_assert_eq(dp__crc32_join(a, b, 5), 0xcbf43926);
	cr_assert_eq(dp__crc32_join(a, 0, 0), a);
}

/* 2^32 - 1 zero bytes change no CRC, so 5 bytes and 5 + (2^32 - 1) * 2^31 do the same. */
Test(digest, crc32_join_of_huge_lengths)
{
	uint32_t a = dp__crc32(0, "1234", 4), b = dp__crc32(0, "56789", 5);

	cr_assert_eq(dp__crc32_join(a, b, 5 + ((uint64_t)UINT32_MAX << 31)), 0xcbf43926);
	cr_assert_eq(dp__crc32_join(a, b, 5 + ((uint64_t)UINT32_MAX << 31) * 2), 0xcbf43926);
}

/* FIPS 180-2, appendix B.1 */
Test(digest, sha256_of_abc)
{
	dp__sha256 *sha = NULL;
	char hex[65];

	cr_assert_eq(dp__sha256_open(&sha, NULL), DP_OK);
	dp__sha256_add(sha, "a", 1, NULL);
	dp__sha256_add(sha, "bc", 2, NULL);
	cr_assert_eq(dp__sha256_hex(sha, hex, NULL), DP_OK);
	cr_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	dp__sha256_free(sha);
	dp__sha256_free(NULL);
}

Test(error, fail_fills_and_returns)
{
	dp_error err;

	cr_assert_eq(dp_fail(&err, DP_EFORMAT, "unit %d", 7), DP_EFORMAT);
	cr_assert_eq(err.code, DP_EFORMAT);
	cr_assert_eq(err.http, 0);
	cr_assert_str_eq(err.msg, "unit 7");
	cr_assert_eq(dp_fail(NULL, DP_EIO, "unread"), DP_EIO);
}

Test(error, message_stays_one_line)
{
	dp_error err;

	dp_fail(&err, DP_EFORMAT, "%s", "a\nb\x1b[0m\x7f\xc3\xa4");
	cr_assert_str_eq(err.msg, "a?b?[0m?\xc3\xa4");
}

Test(error, long_message_is_cut)
{
	char text[5000];
	dp_error err;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	dp_fail(&err, DP_EFORMAT, "%s", text);
	cr_assert_eq(strlen(err.msg), sizeof(err.msg) - 1);
}

Test(error, message_may_be_wrapped)
{
	dp_error err;

	dp_fail(&err, DP_EFORMAT, "inner");
	dp_fail(&err, DP_EFORMAT, "outer: %s", err.msg);
	cr_assert_str_eq(err.msg, "outer: inner");
}

Test(error, codes_have_names)
{
	cr_assert_str_eq(dp_code_name(DP_OK), "DP_OK");
	cr_assert_str_eq(dp_code_name(DP_ESTALE), "DP_ESTALE");
	cr_assert_str_eq(dp_code_name(DP_ETASK), "DP_ETASK");
	cr_assert_str_eq(dp_code_name(1), "DP_E?");
	cr_assert_str_eq(dp_code_name(-13), "DP_E?");
	cr_assert_str_eq(dp_code_name(INT32_MIN), "DP_E?");
}

Test(error, version_is_that_of_the_header)
{
	char want[32];

	snprintf(want, sizeof(want), "%d.%d.%d", DP_VERSION_MAJOR, DP_VERSION_MINOR,
		 DP_VERSION_PATCH);
	cr_assert_str_eq(dp_version(), want);
}
