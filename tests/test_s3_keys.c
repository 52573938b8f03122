/* test_s3_keys.c - keys of objects as they are, however hostile, on a real server: tests/with-s3.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/io/store.h"
#include "dataplug/dataplug.h"
#include "support/bucket.h"
#include "support/folder.h"
#include "support/make.h"

#define KEYS   200
#define PIECES 12
#define CAP    256

static dp_session *session;
static dp_call call;
static const char *bucket;
static char keys[KEYS][CAP];

/* What signatures, paths, queries, listings and file systems each read differently. */
static const char *const pieces[] = {
	" ",
	"+",
	"%",
	"%2F",
	"%2f",
	"%25",
	"%20",
	"%00",
	"%zz",
	"\xc3\xa9",
	"e\xcc\x81",
	"\xe6\x97\xa5",
	"\xf0\x9f\x98\x80",
	"\xef\xbb\xbf",
	"/",
	"//",
	"/./",
	"/../",
	"..",
	".",
	"=",
	"&",
	"?",
	"#",
	"'",
	"\"",
	"\\",
	"<",
	">",
	"&amp;",
	"`",
	"~",
	"!",
	"*",
	"(",
	")",
	"$",
	",",
	";",
	":",
	"@",
	"[",
	"]",
	"{",
	"}",
	"|",
	"^",
	"_",
	"-",
	"a",
	"Z",
	"0",
	"?list-type=2",
	"s3://",
	"http://",
	"\xc2\xa0",
	"\xe2\x80\xae",
	"]]>",
};
#define NPIECES (sizeof(pieces) / sizeof(pieces[0]))

static bool is_new(size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i], keys[n]) == 0)
			return false;
	return keys[n][0] != '\0';
}

/* Every piece is a key, begins one and ends one; the rest is by chance. */
static void make_keys(uint64_t seed)
{
	uint64_t state = seed;

	for (size_t n = 0; n < KEYS; n += is_new(n) ? 1 : 0) {
		size_t len = n < NPIECES ? 0 : 1 + make_random(&state) % PIECES;

		keys[n][0] = '\0';
		if (n < 2 * NPIECES)
			strcat(keys[n], pieces[n % NPIECES]);
		for (size_t k = 0; k < len; k++)
			strcat(keys[n], pieces[make_random(&state) % NPIECES]);
		if (n >= 2 * NPIECES && n < 3 * NPIECES)
			strcat(keys[n], pieces[n % NPIECES]);
	}
}

static const char *url_of(const char *key)
{
	static char url[CAP + 128];

	snprintf(url, sizeof(url), "s3://%s/%s", bucket, key);
	return url;
}

static dp__site open_at(const char *key)
{
	dp_place where = { .url = url_of(key) };
	dp__site site = { 0 };
	dp_error err = { 0 };

	cr_assert_eq(dp__site_open(&site, session, &where, &err), DP_OK, "'%s': %s", key, err.msg);
	return site;
}

static void set_up(void)
{
	char meta[128];
	dp_error err = { 0 };

	bucket = bucket_begin("keys");
	snprintf(meta, sizeof(meta), "meta=s3://%s/meta", bucket);
	session = bucket_session((const char *const[]){ meta, NULL });
	call = dp__call_begin(session);
	cr_assert_eq(bucket_make(session, bucket, &err), DP_OK, "%s", err.msg);
}

static void tear_down(void)
{
	dp_session_free(session);
	folder_remove();
}

TestSuite(s3_keys, .init = set_up, .fini = tear_down, .timeout = 120);

static void put(const char *key, const char *text)
{
	dp_error err = { 0 };

	cr_assert_eq(bucket_put(session, url_of(key), text, strlen(text), &err), DP_OK, "'%s': %s",
		     key, err.msg);
}

/* The object of a key holds the key. */
static void expect_there(const char *key)
{
	dp__site site = open_at(key);
	char head[CAP] = "", tail[CAP] = "";
	dp_stat stat = { .head = (uint8_t *)head, .cap = CAP };
	dp_read read = { 1, strlen(key) - 1, tail };
	dp_error err = { 0 };

	cr_assert_eq(dp__site_stat(&site, &call, &stat, &err), DP_OK, "'%s': %s", key, err.msg);
	cr_assert_eq(stat.size, strlen(key));
	cr_assert_str_eq(head, key);
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, &read, 1, &err), DP_OK, "'%s': %s", key,
		     err.msg);
	cr_assert_str_eq(tail, key + 1);
	dp__site_close(&site);
}

static void expect_removed(const char *key)
{
	dp__site site = open_at(key);
	dp_stat stat = { .cap = 0 };
	dp_error err = { 0 };

	cr_assert_eq(dp__site_remove(&site, &call, &err), DP_OK, "'%s': %s", key, err.msg);
	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_ENOTFOUND, "'%s'", key);
	dp__site_close(&site);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The next key in order, as its URL. */
static dp_code take_next(void *user, const char *url, uint64_t size, dp_error *err)
{
	size_t *n = user;
	char expected[CAP + 128];

	(void)err;
	cr_assert_lt(*n, KEYS, "'%s' is one too many", url);
	snprintf(expected, sizeof(expected), "s3://%s/%s", bucket, keys[*n]);
	cr_assert_str_eq(url, expected);
	cr_assert_eq(size, strlen(keys[*n]));
	++*n;
	return DP_OK;
}

static size_t list(void)
{
	dp_error err = { 0 };
	size_t n = 0;

	cr_assert_eq(dp_list(session, url_of(""), take_next, &n, &err), DP_OK, "%s", err.msg);
	return n;
}

Test(s3_keys, hostile_ones_are_put_read_listed_and_removed_as_they_are)
{
	make_keys(20240229);
	for (size_t i = 0; i < KEYS; i++)
		put(keys[i], keys[i]);
	for (size_t i = 0; i < KEYS; i++)
		expect_there(keys[i]);
	/* S3 lists in the order of bytes. */
	qsort(keys, KEYS, CAP, compare_keys);
	cr_assert_eq(list(), KEYS);
	for (size_t i = 0; i < KEYS; i++)
		expect_removed(keys[i]);
	cr_assert_eq(list(), 0);
}

#define HOSTILE "a b+c%20d?e=f&g#h/..//'i'.txt"

/* The index, which lies in the bucket too, the token and the slice name it raw. */
Test(s3_keys, hostile_one_is_indexed_and_read_by_its_token)
{
	dp__buf token = dp__buf_of(65536), out = dp__buf_of(65536);
	dp_slices *slices = NULL, *loaded = NULL;
	dp_index *index = NULL, *again = NULL;
	const char *url = url_of(HOSTILE);
	dp_error err = { 0 };

	put(HOSTILE, "one\ntwo\nthree\n");
	cr_assert_eq(dp_index_build(&index, session, url, NULL, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(dp_index_open(&again, session, url, &err), DP_OK, "%s", err.msg);
	cr_assert_eq(strncmp(dp_index_url(again), "s3://keys-", 10), 0, "%s", dp_index_url(again));
	cr_assert_eq(dp_partition(&slices, (const dp_index *const *)&index, 1, "count",
				  (const char *const[]){ "n=2", NULL }, &err),
		     DP_OK, "%s", err.msg);
	cr_assert_eq(dp_slices_save(slices, dp__buf_write, &token, NULL), DP_OK);
	cr_assert_eq(dp_slices_load(&loaded, session, (char *)token.data, token.len, &err), DP_OK);
	cr_assert_str_eq(dp_slice_url(dp_slices_at(loaded, 1)), url);
	cr_assert_eq(dp_slice_get(dp_slices_at(loaded, 1), 0, dp__buf_write, &out, &err), DP_OK,
		     "%s", err.msg);
	cr_assert_eq(out.len, strlen("three\n"));
	cr_assert_arr_eq(out.data, "three\n", out.len);
	dp_slices_free(loaded);
	dp_slices_free(slices);
	dp_index_free(again);
	dp_index_free(index);
	dp__buf_fini(&token);
	dp__buf_fini(&out);
}
