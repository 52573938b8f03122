/* bgzip.c - compresses an output in BGZF (SAM specification 4.1). */
#include "bgzip.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL  6
#define RAW    0xff00 /* bytes of a block, as bgzip has them: stored ones fit too */
#define HEADER 18
#define TAIL   8
#define BLOCK  65536 /* BSIZE is 16 bits, less one */

struct bgzip {
	dp_write_fn out;
	void *user;
	struct libdeflate_compressor *fast, *stored;
	size_t len;
	uint8_t raw[RAW], block[BLOCK];
};

dp_code bgzip_open(struct bgzip **made, dp_write_fn out, void *user, dp_error *err)
{
	struct bgzip *bgzip = calloc(1, sizeof *bgzip);
	if (bgzip) {
		bgzip->out = out;
		bgzip->user = user;
		bgzip->fast = libdeflate_alloc_compressor(LEVEL);
		bgzip->stored = libdeflate_alloc_compressor(0);
	}
	if (!bgzip || !bgzip->fast || !bgzip->stored) {
		bgzip_free(bgzip);
		return dp_fail(err, DP_ENOMEM, "no memory to compress");
	}
	*made = bgzip;
	return DP_OK;
}

void bgzip_free(struct bgzip *bgzip)
{
	if (!bgzip)
		return;
	libdeflate_free_compressor(bgzip->fast);
	libdeflate_free_compressor(bgzip->stored);
	free(bgzip);
}

static void put_le(uint8_t *to, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

/* Writes what is in raw as one block. */
static dp_code flush(struct bgzip *bgzip, dp_error *err)
{
	static const uint8_t head[HEADER] = { 31, 139, 8, 4, 0,   0,   0, 0,
					      0,  255, 6, 0, 'B', 'C', 2, 0 };
	uint8_t *to = bgzip->block;
	size_t room = BLOCK - HEADER - TAIL;
	size_t n =
		libdeflate_deflate_compress(bgzip->fast, bgzip->raw, bgzip->len, to + HEADER, room);
	/* What cannot be compressed is stored. */
	if (n == 0)
		n = libdeflate_deflate_compress(bgzip->stored, bgzip->raw, bgzip->len, to + HEADER,
						room);
	if (n == 0)
		return dp_fail(err, DP_EUNSUPPORTED, "a block could not be compressed");
	memcpy(to, head, HEADER);
	put_le(to + 16, (uint32_t)(HEADER + n + TAIL - 1), 2);
	put_le(to + HEADER + n, libdeflate_crc32(0, bgzip->raw, bgzip->len), 4);
	put_le(to + HEADER + n + 4, (uint32_t)bgzip->len, 4);
	bgzip->len = 0;
	return bgzip->out(bgzip->user, to, HEADER + n + TAIL, err);
}

dp_code bgzip_write(void *user, const void *data, size_t len, dp_error *err)
{
	struct bgzip *bgzip = user;
	const uint8_t *from = data;
	dp_code rc = DP_OK;
	while (rc == DP_OK && len > 0) {
		size_t n = len < RAW - bgzip->len ? len : RAW - bgzip->len;
		memcpy(bgzip->raw + bgzip->len, from, n);
		bgzip->len += n;
		from += n;
		len -= n;
		if (bgzip->len == RAW)
			rc = flush(bgzip, err);
	}
	return rc;
}

dp_code bgzip_end(struct bgzip *bgzip, dp_error *err)
{
	/* SAM 4.1.2 */
	static const uint8_t eof[28] = { 31, 139, 8,  4, 0, 0, 0, 0, 0, 255, 6, 0, 66, 67,
					 2,  0,   27, 0, 3, 0, 0, 0, 0, 0,   0, 0, 0,  0 };
	dp_code rc = bgzip->len > 0 ? flush(bgzip, err) : DP_OK;
	return rc == DP_OK ? bgzip->out(bgzip->user, eof, sizeof eof, err) : rc;
}
