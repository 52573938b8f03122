/* test_token.c - tokens are untrusted: what is damaged gets an error, at load or at get, and never
 * a crash. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/digest.h"
#include "core/engine/slice.h"
#include "core/index/row.h"
#include "support/make.h"
#include "support/scene.h"

#define MAX ((size_t)16 << 20)

static scene make_scene(size_t nreads, const char *count)
{
	bytes text = make_reads(nreads, 150, 1), gz = make_gzip(text.data, text.len, 6, 0);
	scene s = scene_of("mem:x.fastq.gz", gz.data, gz.len,
			   (const char *const[]){ "span=4K", NULL });
	cr_assert_eq(scene_cut(&s, "chunks", (const char *const[]){ count, NULL }), DP_OK);
	free(text.data);
	free(gz.data);
	return s;
}

static char *token_of(const dp_slice *slice)
{
	dp__buf buf = dp__buf_of(MAX);
	cr_assert_eq(dp_slice_save(slice, dp__buf_write, &buf, NULL), DP_OK);
	cr_assert_eq(dp__buf_close(&buf, NULL), DP_OK);
	return (char *)buf.data;
}

/* Loads and gets; DP_OK only if both go well. */
static dp_code use_token(dp_session *session, const char *token, dp_error *err)
{
	dp_slice *slice = NULL;
	dp__buf out = dp__buf_of(MAX);
	dp_code rc = dp_slice_load(&slice, session, token, strlen(token), err);
	if (rc == DP_OK)
		rc = dp_slice_get(slice, 0, dp__buf_write, &out, err);
	dp__buf_fini(&out);
	dp_slice_free(slice);
	return rc;
}

/* The token that a changed object makes, its checksum right again. */
static char *seal(const json_t *token)
{
	char *text = json_dumps(token, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
	char *end = strstr(text, ",\"crc\":");
	size_t len = strlen(text);
	char *out = malloc(len + 64);
	cr_assert(out && text);
	if (end)
		len = (size_t)(end - text);
	snprintf(out, len + 64, "%.*s,\"crc\":\"%08" PRIx32 "\"}", (int)len, text,
		 dp__crc32(0, text, len));
	free(text);
	return out;
}

static void must_fail(scene *s, const json_t *token, const char *what)
{
	dp_error err = { 0 };
	char *text = seal(token);
	dp_code rc = use_token(s->session, text, &err);
	cr_expect_neq(rc, DP_OK, "%s was taken: %s", what, text);
	if (rc != DP_OK)
		cr_expect_neq(err.msg[0], 0, "%s: no message", what);
	free(text);
}

static json_t *const_replacement(int kind)
{
	switch (kind) {
	case 0:
		return json_integer(-1);
	case 1:
		return json_integer(INT64_MAX);
	case 2:
		return json_real(1e300);
	case 3:
		return json_string("?");
	case 4:
		return json_true();
	case 5:
		return json_pack("[i]", 1);
	case 6:
		return json_pack("{s:i}", "a", 1);
	default:
		return json_pack("[[i,i],[i,i]]", 1, 2, 3, 4);
	}
}
#define NKINDS 8

/* Every field, and every element of its arrays, becomes something else. */
static void spoil_elements(scene *s, json_t *token, const char *key, json_t *array)
{
	char what[100];
	for (size_t i = 0; i < json_array_size(array); i++) {
		json_t *old = json_deep_copy(json_array_get(array, i));
		for (int kind = 0; kind < NKINDS; kind++) {
			json_array_set_new(array, i, const_replacement(kind));
			snprintf(what, sizeof what, "%s[%zu] kind %d", key, i, kind);
			must_fail(s, token, what);
		}
		json_array_set_new(array, i, old);
		if (json_is_array(old))
			spoil_elements(s, token, key, json_array_get(array, i));
	}
}

static void spoil_fields(scene *s, const char *text)
{
	json_t *token = json_loads(text, 0, NULL);
	char what[100];
	const char *key;
	json_t *value;
	void *next;
	cr_assert(token);
	json_object_foreach_safe(token, next, key, value)
	{
		if (strcmp(key, "crc") == 0)
			continue;
		json_t *copy = json_deep_copy(token);
		json_object_del(copy, key);
		snprintf(what, sizeof what, "%s dropped", key);
		must_fail(s, copy, what);
		for (int kind = 0; kind < NKINDS; kind++) {
			json_decref(copy);
			copy = json_deep_copy(token);
			json_object_set_new(copy, key, const_replacement(kind));
			snprintf(what, sizeof what, "%s kind %d", key, kind);
			must_fail(s, copy, what);
		}
		json_decref(copy);
		copy = json_deep_copy(token);
		spoil_elements(s, copy, key, json_object_get(copy, key));
		json_decref(copy);
	}
	json_decref(token);
}

Test(token, fields_of_another_kind_are_refused)
{
	scene s = make_scene(400, "n=3");
	char *text = token_of(dp_slices_at(s.slices, 1));
	cr_assert_eq(use_token(s.session, text, NULL), DP_OK);
	spoil_fields(&s, text);
	free(text);
	scene_free(&s);
}

/* Rows by reference: more slices than may carry theirs. */
Test(token, fields_of_references_are_refused)
{
	scene s = make_scene(16000, "n=1");
	char *text = token_of(dp_slices_at(s.slices, 0));
	cr_assert(strstr(text, "\"rows\":["), "%s", text);
	cr_assert_eq(use_token(s.session, text, NULL), DP_OK);
	spoil_fields(&s, text);
	free(text);
	scene_free(&s);
}

/* A token as it is made of an object at some place of an S3 service. */
static char *placed(const char *text, json_t *place)
{
	json_t *token = json_loads(text, 0, NULL);
	char *sealed;
	cr_assert_eq(json_object_set_new(token, "object", json_string("s3://bucket/x.fastq.gz")),
		     0);
	cr_assert_eq(json_object_set_new(token, "place", place), 0);
	sealed = seal(token);
	json_decref(token);
	return sealed;
}

Test(token, place_survives_and_bad_ones_are_refused)
{
	static const char *const good[] = { "[\"http://127.0.0.1:9000\",null,false]",
					    "[null,\"eu-west-3\",true]", "[null,null,true]" };
	static const char *const bad[] = { "[]",
					   "[null,null,false]",
					   "[null,null]",
					   "[1,null,true]",
					   "[null,null,1]",
					   "[null,null,true,null]",
					   "{}",
					   "\"x\"" };
	scene s = make_scene(100, "n=1");
	char *text = token_of(dp_slices_at(s.slices, 0));
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		char *token = placed(text, json_loads(good[i], 0, NULL)), *again;
		dp_slice *slice = NULL;
		cr_assert_eq(dp_slice_load(&slice, s.session, token, strlen(token), NULL), DP_OK);
		again = token_of(slice);
		cr_expect_str_eq(again, token);
		dp_slice_free(slice);
		free(token);
		free(again);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *token = placed(text, json_loads(bad[i], JSON_DECODE_ANY, NULL));
		dp_slice *slice = NULL;
		cr_expect_eq(dp_slice_load(&slice, s.session, token, strlen(token), NULL),
			     DP_EFORMAT, "%s", bad[i]);
		free(token);
	}
	free(text);
	scene_free(&s);
}

/* Its endpoint may be an enemy's: no key goes there, nor to the machine's own services. */
Test(token, foreign_endpoints_get_no_credentials)
{
	static const char *const places[] = { "[\"http://127.0.0.1:1\",null,false]",
					      "[\"http://169.254.169.254\",null,false]",
					      "[\"https://s3.evil.example\",null,false]" };
	scene s = make_scene(100, "n=1");
	char *text = token_of(dp_slices_at(s.slices, 0));
	setenv("AWS_ACCESS_KEY_ID", "AKIA", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char *token = placed(text, json_loads(places[i], 0, NULL));
		dp_error err = { 0 };
		cr_expect_eq(use_token(s.session, token, &err), DP_EAUTH, "%s: %s", places[i],
			     err.msg);
		free(token);
	}
	free(text);
	scene_free(&s);
}

Test(token, doubled_fields_are_refused)
{
	scene s = make_scene(100, "n=1");
	char *text = token_of(dp_slices_at(s.slices, 0));
	json_t *token = json_loads(text, 0, NULL);
	const char *key;
	json_t *value;
	json_object_foreach(token, key, value)
	{
		char *one = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		char *doubled = malloc(strlen(text) + strlen(one) + 200);
		char *cut = strstr(text, ",\"crc\":");
		size_t len = (size_t)sprintf(doubled, "%.*s,\"%s\":%s", (int)(cut - text), text,
					     key, one);
		sprintf(doubled + len, ",\"crc\":\"%08" PRIx32 "\"}", dp__crc32(0, doubled, len));
		cr_expect_neq(use_token(s.session, doubled, NULL), DP_OK, "%s", doubled);
		free(doubled);
		free(one);
	}
	json_decref(token);
	free(text);
	scene_free(&s);
}

Test(token, every_flipped_bit_is_refused)
{
	scene s = make_scene(200, "n=2");
	char *text = token_of(dp_slices_at(s.slices, 0));
	size_t len = strlen(text);
	for (size_t i = 0; i < len * 8; i++) {
		dp_slice *slice = NULL;
		text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
		cr_expect_neq(dp_slice_load(&slice, s.session, text, len, NULL), DP_OK, "bit %zu",
			      i);
		dp_slice_free(slice);
		text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
	}
	free(text);
	scene_free(&s);
}

Test(token, every_cut_is_refused)
{
	scene s = make_scene(200, "n=2");
	char *text = token_of(dp_slices_at(s.slices, 0));
	for (size_t len = 0; len < strlen(text); len++) {
		dp_slice *slice = NULL;
		cr_expect_neq(dp_slice_load(&slice, s.session, text, len, NULL), DP_OK);
		dp_slice_free(slice);
	}
	free(text);
	scene_free(&s);
}

Test(token, is_short_by_reference)
{
	scene s = make_scene(16000, "n=1");
	char *text = token_of(dp_slices_at(s.slices, 0));
	cr_expect_leq(strlen(text), 340, "%zu bytes: %s", strlen(text), text);
	free(text);
	scene_free(&s);
}

Test(token, a_bad_one_fails_alone)
{
	scene s = make_scene(100, "n=2");
	dp__buf text = dp__buf_of(MAX);
	dp_slices *slices = NULL;
	dp_reader *reader = NULL;
	dp__buf again = dp__buf_of(MAX);
	cr_assert_eq(dp__buf_add(&text, "{\"v\":1}\n", 8, NULL), DP_OK);
	cr_assert_eq(dp_slices_save(s.slices, dp__buf_write, &text, NULL), DP_OK);
	cr_assert_eq(dp_slices_load(&slices, s.session, (char *)text.data, text.len, NULL), DP_OK);
	cr_assert_eq(dp_slices_count(slices), 3);
	cr_expect_eq(dp_reader_open(&reader, dp_slices_at(slices, 0), NULL), DP_EFORMAT);
	cr_expect_eq(dp_slice_get(dp_slices_at(slices, 1), 0, dp__buf_write, &again, NULL), DP_OK);
	again.len = 0;
	cr_assert_eq(dp_slices_save(slices, dp__buf_write, &again, NULL), DP_OK);
	cr_expect(again.len == text.len && !memcmp(again.data, text.data, text.len));
	dp_slices_free(slices);
	dp__buf_fini(&text);
	dp__buf_fini(&again);
	scene_free(&s);
}

Test(token, rows_of_another_index_are_stale)
{
	scene s = make_scene(16000, "n=1");
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_index *other = NULL;
	char *text = token_of(dp_slices_at(s.slices, 0));
	opts.args = (const char *const[]){ "span=8K", NULL };
	cr_assert_eq(dp_index_build(&other, s.session, "mem:x.fastq.gz", &opts, NULL), DP_OK);
	cr_expect_eq(use_token(s.session, text, NULL), DP_ESTALE);
	dp_index_free(other);
	free(text);
	scene_free(&s);
}

/* Whether the rows of a slice, without their number i, still give its records. */
static dp_code get_without_row(const scene *s, const char *token, size_t i, dp_error *err)
{
	dp_slice *slice = NULL;
	dp__buf out = dp__buf_of(MAX);
	cr_assert_eq(dp_slice_load(&slice, s->session, token, strlen(token), NULL), DP_OK);
	cr_assert(slice->rows);
	dp__cur cur = dp__cur_of(slice->rows, slice->rows_len);
	size_t from = 0, end = 0;
	for (size_t k = 0; k <= i; k++) {
		const uint8_t *state;
		dp_unit unit;
		bool more = true;
		from = end;
		cr_assert_eq(dp__row_take(&cur, &unit, &state, 0, &more, NULL), DP_OK);
		cr_assert_not(more);
		cr_assert_leq(unit.state_len, 16);
		end = (size_t)(cur.p - slice->rows);
	}
	memmove(slice->rows + from, slice->rows + end, slice->rows_len - end);
	slice->rows_len -= end - from;
	dp_code rc = dp_slice_get(slice, 0, dp__buf_write, &out, err);
	dp__buf_fini(&out);
	dp_slice_free(slice);
	return rc;
}

/* Rows inside a token have no points but the first: a decoder comes to the other units by itself.
 */
Test(token, row_without_a_point_needs_the_row_before)
{
	scene s = make_scene(400, "n=3");
	char *text = token_of(dp_slices_at(s.slices, 0));
	for (size_t i = 0; i < 2; i++) {
		dp_error err = { 0 };
		cr_expect_eq(get_without_row(&s, text, i, &err), DP_EFORMAT);
		cr_expect(strstr(err.msg, "a unit without its point"), "%s", err.msg);
	}
	free(text);
	scene_free(&s);
}
