/* window.c - packs the window of a point: what the text behind it refers to is found by decoding it
 * to marks. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "formats/window.h"

#define LEVEL 6

struct dp__packer {
	struct libdeflate_compressor *deflate;
	dp__inflate *inflate;
	dp__marks marks;
	uint8_t used[256 + DP__WINDOW]; /* 1 where there is a cell of that value */
	uint8_t sparse[DP__WINDOW], packed[DP__WINDOW + 1024];
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

dp_code dp__window_pack(dp__packer *packer, const dp__window *window, dp__buf *out, dp_error *err)
{
	size_t n = 0;
	dp_code rc = find_used(packer, window, err);
	if (rc != DP_OK)
		return rc;
	for (size_t j = 0; j < window->len; j++)
		packer->sparse[j] = packer->used[256 + j] ? window->text[j] : 0;
	if (window->len) {
		n = libdeflate_deflate_compress(packer->deflate, packer->sparse, window->len,
						packer->packed, sizeof packer->packed);
		if (n == 0)
			return dp_fail(err, DP_ENOMEM, "a window does not fit its buffer");
	}
	rc = dp__put_varint(out, window->len, err);
	if (rc == DP_OK)
		rc = dp__put_varint(out, n, err);
	return rc == DP_OK ? dp__buf_add(out, packer->packed, n, err) : rc;
}

dp_code dp__window_unpack(dp__cur *cur, uint8_t *text, size_t *len, dp_error *err)
{
	uint64_t want = dp__cur_varint(cur), packed = dp__cur_varint(cur);
	const uint8_t *bytes = dp__cur_bytes(cur, packed);
	size_t got = 0;
	if (cur->bad || want > DP__WINDOW || (want == 0) != (packed == 0))
		return dp_fail(err, DP_EFORMAT, "a damaged window");
	*len = (size_t)want;
	if (want == 0)
		return DP_OK;
	struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
	if (!inflate)
		return dp_fail(err, DP_ENOMEM, "no memory to unpack a window");
	enum libdeflate_result result =
		libdeflate_deflate_decompress(inflate, bytes, packed, text, want, &got);
	libdeflate_free_decompressor(inflate);
	if (result != LIBDEFLATE_SUCCESS || got != want)
		return dp_fail(err, DP_EFORMAT, "a damaged window");
	return DP_OK;
}
