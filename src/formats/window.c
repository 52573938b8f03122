/* window.c - packs the window of a point: what the text behind it refers to is found by decoding it
 * to marks. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "formats/window.h"

#define LEVEL 6
/* So many unused bytes between used ones cost less than to pass over them. */
#define NEAR 2
/* A run of each kind has a byte of the window at least. */
#define LIST_MAX (2 * (size_t)DP__WINDOW + 16)

struct dp__packer {
	struct libdeflate_compressor *deflate;
	dp__inflate *inflate;
	dp__marks marks;
	uint8_t used[256 + DP__WINDOW]; /* 1 where there is a cell of that value */
	uint8_t list[LIST_MAX], kept[DP__WINDOW], packed[LIST_MAX + 1024];
};

dp_code dp__packer_open(dp__packer **out, dp_error *err)
{
	dp_code rc = DP_OK;
	dp__packer *packer = calloc(1, sizeof *packer);
	if (packer)
		packer->deflate = libdeflate_alloc_compressor(LEVEL);
	if (!packer || !packer->deflate)
		rc = dp_fail(err, DP_ENOMEM, "no memory to pack windows");
	if (rc == DP_OK)
		rc = dp__inflate_open(&packer->inflate, err);
	if (rc == DP_OK)
		*out = packer;
	else
		dp__packer_free(packer);
	return rc;
}

void dp__packer_free(dp__packer *packer)
{
	if (!packer)
		return;
	libdeflate_free_compressor(packer->deflate);
	dp__inflate_free(packer->inflate);
	free(packer);
}

/* Which bytes of the window the text behind the point refers to. */
static dp_code find_used(dp__packer *packer, const dp__window *window, dp_error *err)
{
	dp__marks *marks = &packer->marks;
	marks->in = window->stored;
	marks->in_len = window->stored_len;
	marks->window = window->len;
	dp_code rc = dp__inflate_marks(packer->inflate, window->point, marks, err);
	if (rc != DP_OK)
		return rc;
	memset(packer->used, 0, sizeof packer->used);
	const uint16_t *cell = marks->cell + window->len;
	for (size_t i = 0; i < marks->got; i++)
		packer->used[cell[i]] = 1;
	if (marks->end == DP__INFLATE_END)
		return DP_OK;
	/* What was not decoded may reach DP__WINDOW back from where it begins. */
	size_t known = window->len + marks->got;
	for (size_t j = known > DP__WINDOW ? known - DP__WINDOW : 0; j < window->len; j++)
		packer->used[256 + j] = 1;
	return DP_OK;
}

/* Writes numbers of up to 16 bits as varints. */
static uint8_t *put_number(uint8_t *p, size_t v)
{
	for (; v >= 128; v >>= 7)
		*p++ = (uint8_t)(v | 128);
	*p++ = (uint8_t)v;
	return p;
}

/* The end of the run of used or of unused bytes that begins at j. */
static size_t run_end(const uint8_t *used, size_t j, size_t len)
{
	const uint8_t *end = memchr(used + j, !used[j], len - j);
	return end ? (size_t)(end - used) : len;
}

/*
 * Lists the used bytes: runs, each as how many bytes are passed over and how many are kept; 0, 0;
 * then the bytes. Gives its length.
 */
static size_t list_used(dp__packer *packer, const dp__window *window)
{
	uint8_t *p = packer->list, *text = packer->kept;
	const uint8_t *used = packer->used + 256;
	for (size_t j = 0, from = 0; j < window->len; from = j) {
		if (!used[j])
			j = run_end(used, j, window->len);
		size_t begin = j;
		while (j < window->len && (used[j] || run_end(used, j, window->len) - j <= NEAR))
			j = run_end(used, j, window->len);
		if (begin == j)
			break;
		p = put_number(put_number(p, begin - from), j - begin);
		memcpy(text, window->text + begin, j - begin);
		text += j - begin;
	}
	p = put_number(put_number(p, 0), 0);
	memcpy(p, packer->kept, (size_t)(text - packer->kept));
	return (size_t)(p - packer->list) + (size_t)(text - packer->kept);
}

dp_code dp__window_pack(dp__packer *packer, const dp__window *window, dp__buf *out, dp_error *err)
{
	dp_code rc = find_used(packer, window, err);
	if (rc != DP_OK)
		return rc;
	size_t len = list_used(packer, window);
	size_t n = libdeflate_deflate_compress(packer->deflate, packer->list, len, packer->packed,
					       sizeof packer->packed);
	if (n == 0)
		return dp_fail(err, DP_ENOMEM, "a window does not fit its buffer");
	rc = dp__put_varint(out, window->len, err);
	if (rc == DP_OK)
		rc = dp__put_varint(out, len, err);
	if (rc == DP_OK)
		rc = dp__put_varint(out, n, err);
	return rc == DP_OK ? dp__buf_add(out, packer->packed, n, err) : rc;
}

static dp_code fail_damaged(dp_error *err)
{
	return dp_fail(err, DP_EFORMAT, "a damaged window");
}

/* Puts the listed bytes where they were, and 0 elsewhere. */
static dp_code place_used(const uint8_t *list, size_t n, uint8_t *text, size_t len, dp_error *err)
{
	dp__cur runs = dp__cur_of(list, n), kept = runs;
	uint64_t skip = 1, keep = 0;
	while (!kept.bad && (skip || keep)) {
		skip = dp__cur_varint(&kept);
		keep = dp__cur_varint(&kept);
	}
	memset(text, 0, len);
	for (size_t at = 0; !kept.bad; at += (size_t)keep) {
		skip = dp__cur_varint(&runs);
		keep = dp__cur_varint(&runs);
		if (!skip && !keep)
			return dp__cur_left(&kept) == 0 ? DP_OK : fail_damaged(err);
		if (skip > len - at || keep > len - at - skip)
			break;
		at += (size_t)skip;
		const uint8_t *bytes = dp__cur_bytes(&kept, keep);
		if (bytes)
			memcpy(text + at, bytes, (size_t)keep);
	}
	return fail_damaged(err);
}

dp_code dp__window_unpack(dp__cur *cur, uint8_t *text, size_t *len, dp_error *err)
{
	uint64_t want = dp__cur_varint(cur), listed = dp__cur_varint(cur);
	uint64_t packed = dp__cur_varint(cur);
	const uint8_t *bytes = dp__cur_bytes(cur, packed);
	size_t got = 0;
	if (cur->bad || want > DP__WINDOW || listed > LIST_MAX)
		return fail_damaged(err);
	*len = (size_t)want;
	uint8_t *list = malloc(LIST_MAX);
	struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
	dp_code rc = DP_OK;
	if (!list || !inflate)
		rc = dp_fail(err, DP_ENOMEM, "no memory to unpack a window");
	else if (libdeflate_deflate_decompress(inflate, bytes, packed, list, listed, &got) !=
			 LIBDEFLATE_SUCCESS ||
		 got != listed)
		rc = fail_damaged(err);
	else
		rc = place_used(list, got, text, *len, err);
	libdeflate_free_decompressor(inflate);
	free(list);
	return rc;
}

dp_code dp__window_to_zlib(dp__packer *packer, const uint8_t *text, size_t len,
			   uint8_t out[DP__WINDOW_ZLIB_MAX], size_t *n, dp_error *err)
{
	*n = libdeflate_zlib_compress(packer->deflate, text, len, out, DP__WINDOW_ZLIB_MAX);
	return *n ? DP_OK : dp_fail(err, DP_ENOMEM, "a window does not fit its buffer");
}

dp_code dp__window_from_zlib(const uint8_t *zlib, size_t n, uint8_t text[DP__WINDOW], size_t *len,
			     dp_error *err)
{
	struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
	if (!inflate)
		return dp_fail(err, DP_ENOMEM, "no memory to unpack a window");
	enum libdeflate_result got =
		libdeflate_zlib_decompress(inflate, zlib, n, text, DP__WINDOW, len);
	libdeflate_free_decompressor(inflate);
	return got == LIBDEFLATE_SUCCESS ? DP_OK : fail_damaged(err);
}
