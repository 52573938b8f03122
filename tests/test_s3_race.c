/* test_s3_race.c - slices of an object that is overwritten while they are read, on a real server.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/io/store.h"
#include "support/bucket.h"
#include "support/folder.h"

#define ROUNDS  1000
#define RECORDS 3000
#define LINE    64
#define PARTS   4

static dp_session *session;
static char object[128];
static char text[2][RECORDS * LINE];

static void fill_text(char *out, char letter)
{
	for (size_t i = 0; i < RECORDS; i++) {
		char line[LINE + 1];

		snprintf(line, sizeof(line), "%06zu", i);
		memset(line + 6, letter, LINE - 7);
		line[LINE - 1] = '\n';
		memcpy(out + i * LINE, line, LINE);
	}
}

static dp_code put(const char *data)
{
	return bucket_put(session, object, data, sizeof(text[0]), NULL);
}

static void set_up(void)
{
	const char *bucket = bucket_begin("race");

	session = bucket_session(NULL);
	cr_assert_eq(bucket_make(session, bucket, NULL), DP_OK);
	snprintf(object, sizeof(object), "s3://%s/text", bucket);
	fill_text(text[0], 'a');
	fill_text(text[1], 'b');
}

static void tear_down(void)
{
	dp_session_free(session);
	folder_remove();
}

TestSuite(s3_race, .init = set_up, .fini = tear_down, .timeout = 600);

static void wait_us(unsigned us)
{
	const struct timespec wait = { 0, us * 1000L };

	nanosleep(&wait, NULL);
}

static void *overwrite(void *user)
{
	wait_us(*(const unsigned *)user);
	cr_assert_eq(put(text[1]), DP_OK);
	return NULL;
}

/* As a slice is read: several ranges at once, all of the state that was indexed. */
static dp_code read_parts(char *to, const char *etag, dp_error *err)
{
	const dp_place where = { .url = object };
	const size_t part = sizeof(text[0]) / PARTS;
	dp_call call = dp__call_begin(session);
	dp_read reads[PARTS];
	dp__site site;
	dp_code code;

	for (size_t i = 0; i < PARTS; i++)
		reads[i] = (dp_read){ i * part, part, to + i * part };
	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	code = dp__site_read(&site, &call, etag, reads, PARTS, err);
	dp__site_close(&site);
	return code;
}

static void take_etag(char etag[256])
{
	const dp_place where = { .url = object };
	dp_call call = dp__call_begin(session);
	dp_stat stat = { 0 };
	dp__site site;

	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_OK);
	memcpy(etag, stat.etag, sizeof(stat.etag));
	dp__site_close(&site);
}

/* The same bytes have the same ETag, so one serves all rounds. */
Test(s3_race, overwritten_object_is_read_whole_or_not_at_all)
{
	static char got[sizeof(text[0])];
	size_t whole = 0, stale = 0;
	char etag[256];

	cr_assert_eq(put(text[0]), DP_OK);
	take_etag(etag);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned delay = i * 37 % 4000;
		dp_error err = { 0 };
		pthread_t writer;
		dp_code code;

		cr_assert_eq(put(text[0]), DP_OK);
		cr_assert_eq(pthread_create(&writer, NULL, overwrite, &delay), 0);
		/* Now the reader is late, now the writer, however long each takes here. */
		wait_us(i % 2 == 0 ? 0 : i * 53 % 20000);
		code = read_parts(got, etag, &err);
		pthread_join(writer, NULL);
		cr_assert(code == DP_OK || code == DP_ESTALE, "round %u: %s", i, err.msg);
		if (code == DP_OK)
			cr_assert_eq(memcmp(got, text[0], sizeof(got)), 0, "round %u is torn", i);
		whole += code == DP_OK;
		stale += code == DP_ESTALE;
	}
	/* Else the writer never came between. */
	cr_assert_gt(whole, 0);
	cr_assert_gt(stale, 0);
}
