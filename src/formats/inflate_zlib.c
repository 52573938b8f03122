/*
 * inflate_zlib.c - the decoder behind inflate.h, made of zlib's.
 *
 * zlib stops where a block begins (Z_TREES, data_type bit 7) and where its header ends (bit 8).
 * Between these two the input is copied, so that a point inside the block can carry the header;
 * inflateMark() tells where the last symbol began.
 */
#define ZLIB_CONST
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/inflate.h"

#define AT_BLOCK   128 /* in data_type */
#define AT_SYMBOLS 256
#define LAST_BLOCK 64
#define BITS_HELD  63
/* A stored block's header (RFC 1951 3.2.4): three bits, padding, LEN, NLEN. */
#define STORED_BITS 40

struct dp__inflate {
	z_stream strm;
	bool open;
	uint64_t taken; /* bytes of input since the start or the point */
	unsigned prime; /* so many low bits of the next byte are not ours */
	uint8_t byte;   /* the last one taken */
	bool in_header; /* no symbol of the block in hand was decoded yet */
	uint64_t block; /* the bit where that block begins, counted like taken */
	uint8_t copy[DP__BLOCK_HEADER + 8]; /* its bytes, from the one that holds that bit */
	size_t copied;
	uint8_t header[DP__BLOCK_HEADER]; /* the same from bit 0 on, when it is whole */
	unsigned header_bits;
	bool last; /* the block in hand is the stream's last one */
	long mark; /* inflateMark() after the last run */
};

static dp_code fail_zlib(const dp__inflate *self, int ret, dp_error *err)
{
	if (ret == Z_MEM_ERROR)
		return dp_fail(err, DP_ENOMEM, "no memory to inflate");
	return dp_fail(err, DP_EFORMAT, "%s",
		       self->strm.msg ? self->strm.msg : "not a deflate stream");
}

/* Bits of input that are decoded. */
static uint64_t bits_used(const dp__inflate *self)
{
	return self->taken * 8 + self->prime - (uint64_t)(self->strm.data_type & BITS_HELD);
}

static void begin_block(dp__inflate *self)
{
	self->block = bits_used(self);
	self->in_header = true;
	self->copied = 0;
	if (self->block % 8)
		self->copy[self->copied++] = self->byte;
}

static dp_code copy_header(dp__inflate *self, const uint8_t *in, size_t len, dp_error *err)
{
	if (len > sizeof self->copy - self->copied)
		return dp_fail(err, DP_EFORMAT, "a block header too long");
	memcpy(self->copy + self->copied, in, len);
	self->copied += len;
	return DP_OK;
}

static dp_code end_header(dp__inflate *self, dp_error *err)
{
	unsigned shift = (unsigned)(self->block % 8);
	uint64_t bits = bits_used(self) - self->block;
	if (bits > sizeof self->header * 8)
		return dp_fail(err, DP_EFORMAT, "a block header too long");
	self->header_bits = (unsigned)bits;
	memset(self->header, 0, sizeof self->header);
	for (size_t i = 0; i * 8 < bits; i++) {
		unsigned two = self->copy[i];
		if (i + 1 < self->copied)
			two |= (unsigned)self->copy[i + 1] << 8;
		self->header[i] = (uint8_t)(two >> shift);
	}
	if (bits % 8)
		self->header[bits / 8] &= (uint8_t)((1u << bits % 8) - 1);
	self->in_header = false;
	return DP_OK;
}

/* Notes that so many bytes were taken. */
static dp_code take_bytes(dp__inflate *self, dp__inflate_io *io, size_t n, dp_error *err)
{
	dp_code rc = DP_OK;
	if (n == 0)
		return DP_OK;
	if (self->in_header)
		rc = copy_header(self, io->in + io->used, n, err);
	io->used += n;
	self->taken += n;
	self->byte = io->in[io->used - 1];
	return rc;
}

/* The byte that holds a point: its low bits belong to what came before. */
static dp_code prime_byte(dp__inflate *self, dp__inflate_io *io, dp_error *err)
{
	int skip = (int)self->prime;
	dp_code rc = take_bytes(self, io, 1, err);
	self->prime = 0;
	self->strm.data_type = 8 - skip;
	if (rc == DP_OK && inflatePrime(&self->strm, 8 - skip, self->byte >> skip) != Z_OK)
		rc = dp_fail(err, DP_EFORMAT, "cannot begin at bit %d", skip);
	return rc;
}

/* One call of zlib's, which ends at the next block or header end at the latest. */
static dp_code step(dp__inflate *self, dp__inflate_io *io, int *ret, dp_error *err)
{
	z_stream *strm = &self->strm;
	size_t in = io->in_len - io->used, out = io->cap - io->got;
	in = in < INT_MAX ? in : INT_MAX;
	out = out < INT_MAX ? out : INT_MAX;
	strm->next_in = in ? io->in + io->used : NULL; /* at the end, io->in may be NULL too */
	strm->avail_in = (uInt)in;
	strm->next_out = io->out + io->got;
	strm->avail_out = (uInt)out;
	*ret = inflate(strm, Z_TREES);
	io->got += out - strm->avail_out;
	return take_bytes(self, io, in - strm->avail_in, err);
}

/* Whether the run is over, and why. */
static dp_code judge(dp__inflate *self, dp__inflate_io *io, int ret, bool *over, dp_error *err)
{
	int type = self->strm.data_type;
	*over = true;
	if (ret == Z_STREAM_END) {
		io->end = DP__INFLATE_END;
		return DP_OK;
	}
	if (ret != Z_OK && ret != Z_BUF_ERROR)
		return fail_zlib(self, ret, err);
	self->last = (type & LAST_BLOCK) != 0;
	if (type & AT_BLOCK) {
		begin_block(self);
		io->end = DP__INFLATE_BORDER;
		*over = io->border && !self->last;
		return DP_OK;
	}
	if ((type & AT_SYMBOLS) && self->in_header) {
		*over = false;
		return end_header(self, err);
	}
	io->end = self->strm.avail_out ? DP__INFLATE_INPUT : DP__INFLATE_OUTPUT;
	*over = io->got == io->cap || io->used == io->in_len;
	return DP_OK;
}

dp_code dp__inflate_run(dp__inflate *self, dp__inflate_io *io, dp_error *err)
{
	bool over = false;
	dp_code rc = DP_OK;
	io->used = 0;
	io->got = 0;
	if (self->prime) {
		io->end = DP__INFLATE_INPUT;
		if (io->in_len == 0)
			return DP_OK;
		rc = prime_byte(self, io, err);
	}
	while (rc == DP_OK && !over) {
		int ret = Z_OK;
		rc = step(self, io, &ret, err);
		if (rc == DP_OK)
			rc = judge(self, io, ret, &over, err);
	}
	self->mark = inflateMark(&self->strm);
	return rc;
}

static dp_code reset(dp__inflate *self, dp_error *err)
{
	int ret = self->open ? inflateReset(&self->strm) : inflateInit2(&self->strm, -15);
	if (ret != Z_OK)
		return fail_zlib(self, ret, err);
	self->open = true;
	self->strm.data_type = 0;
	self->taken = 0;
	self->prime = 0;
	self->block = 0;
	self->in_header = true;
	self->copied = 0;
	self->last = false;
	self->mark = 0;
	return DP_OK;
}

dp_code dp__inflate_start(dp__inflate *self, dp_error *err)
{
	return reset(self, err);
}

/* Lets zlib read the block's header as if the block began here. */
static dp_code feed_header(dp__inflate *self, const dp__point *point, dp_error *err)
{
	z_stream *strm = &self->strm;
	uint8_t none;
	unsigned len = (point->header_bits + 7) / 8;
	strm->next_in = point->header;
	strm->avail_in = len;
	strm->next_out = &none;
	strm->avail_out = 0;
	int ret = inflate(strm, Z_TREES);
	unsigned bits = (len - strm->avail_in) * 8 - (unsigned)(strm->data_type & BITS_HELD);
	if (ret != Z_OK || !(strm->data_type & AT_SYMBOLS) || bits != point->header_bits)
		return dp_fail(err, DP_EFORMAT, "a damaged block header");
	self->last = (strm->data_type & LAST_BLOCK) != 0;
	self->in_header = false;
	memcpy(self->header, point->header, sizeof self->header);
	self->header_bits = point->header_bits;
	strm->data_type = 0;
	self->mark = inflateMark(strm);
	/* What is left of the header's last byte is not the stream's next bits. */
	return inflatePrime(strm, -1, 0) == Z_OK ? DP_OK : fail_zlib(self, Z_DATA_ERROR, err);
}

dp_code dp__inflate_resume(dp__inflate *self, const dp__point *point, const uint8_t *window,
			   size_t len, dp_error *err)
{
	dp_code rc = reset(self, err);
	if (rc != DP_OK)
		return rc;
	if (point->bit > 7 || point->header_bits > sizeof point->header * 8 || len > DP__WINDOW)
		return dp_fail(err, DP_EFORMAT, "a damaged point");
	if (len && inflateSetDictionary(&self->strm, window, (uInt)len) != Z_OK)
		return dp_fail(err, DP_ENOMEM, "no memory for a window");
	if (point->header_bits)
		rc = feed_header(self, point, err);
	self->prime = point->bit;
	self->block = point->bit;
	return rc;
}

void dp__inflate_point(const dp__inflate *self, dp__point *point, uint64_t *stored, uint64_t *back)
{
	uint64_t at = bits_used(self);
	long bits_back = self->mark >> 16, low = self->mark & 0xffff;
	*back = 0;
	point->header_bits = 0;
	if (self->in_header) {
		at = self->block;
	} else if (bits_back == -1 && low > 0) {
		uint8_t stored_block[STORED_BITS / 8] = { self->last, (uint8_t)low,
							  (uint8_t)(low >> 8), (uint8_t)~low,
							  (uint8_t)(~low >> 8) };
		memcpy(point->header, stored_block, sizeof stored_block);
		point->header_bits = STORED_BITS;
	} else {
		at -= bits_back > 0 ? (uint64_t)bits_back : 0;
		*back = bits_back < 0 ? 0 : (uint64_t)low;
		memcpy(point->header, self->header, sizeof point->header);
		point->header_bits = self->header_bits;
	}
	point->bit = (unsigned)(at % 8);
	*stored = self->taken - at / 8;
}

dp_code dp__inflate_open(dp__inflate **out, dp_error *err)
{
	dp__inflate *self = calloc(1, sizeof *self);
	if (!self)
		return dp_fail(err, DP_ENOMEM, "no memory to inflate");
	dp_code rc = reset(self, err);
	if (rc == DP_OK)
		*out = self;
	else
		dp__inflate_free(self);
	return rc;
}

void dp__inflate_free(dp__inflate *self)
{
	if (!self)
		return;
	if (self->open)
		inflateEnd(&self->strm);
	free(self);
}
