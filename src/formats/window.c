/*
 * window.c - packs the window of a point.
 *
 * Which of its bytes matter is found without a decoder of our own: what follows the point is
 * decoded three times, with windows in which byte j is the low half of j, the high half, and the
 * low half inverted. Where the first and the third text differ, the byte came from the window, and
 * the first two say from where, however often it was copied on.
 */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "formats/window.h"

#define LEVEL 8

struct dp__packer {
	struct libdeflate_compressor *deflate;
	dp__inflate *inflate;
	uint8_t probe[DP__WINDOW], text[3][DP__WINDOW];
	bool used[DP__WINDOW];
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

/* Decodes with the probing window number k into text[k]. */
static dp_code decode_probe(dp__packer *packer, const dp__window *window, int k, dp__inflate_io *io,
			    dp_error *err)
{
	for (size_t j = 0; j < window->len; j++) {
		size_t v = k == 0 ? j & 255 : k == 1 ? j >> 8 : ~j & 255;
		packer->probe[j] = (uint8_t)v;
	}
	*io = (dp__inflate_io){ .in = window->stored,
				.in_len = window->stored_len,
				.out = packer->text[k],
				.cap = DP__WINDOW };
	dp_code rc =
		dp__inflate_resume(packer->inflate, window->point, packer->probe, window->len, err);
	return rc == DP_OK ? dp__inflate_run(packer->inflate, io, err) : rc;
}

static dp_code find_used(dp__packer *packer, const dp__window *window, dp_error *err)
{
	dp__inflate_io io = { 0 };
	memset(packer->used, 0, sizeof packer->used);
	for (int k = 0; k < 3; k++) {
		dp_code rc = decode_probe(packer, window, k, &io, err);
		if (rc != DP_OK)
			return rc;
	}
	for (size_t i = 0; i < io.got; i++) {
		if (packer->text[0][i] != packer->text[2][i])
			packer->used[packer->text[0][i] | (size_t)packer->text[1][i] << 8] = true;
	}
	if (io.end == DP__INFLATE_END)
		return DP_OK;
	/* What was not decoded may reach DP__WINDOW back from where it begins. */
	size_t known = window->len + io.got;
	for (size_t j = known > DP__WINDOW ? known - DP__WINDOW : 0; j < window->len; j++)
		packer->used[j] = true;
	return DP_OK;
}

dp_code dp__window_pack(dp__packer *packer, const dp__window *window, dp__buf *out, dp_error *err)
{
	size_t n = 0;
	dp_code rc = find_used(packer, window, err);
	if (rc != DP_OK)
		return rc;
	for (size_t j = 0; j < window->len; j++)
		packer->sparse[j] = packer->used[j] ? window->text[j] : 0;
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
