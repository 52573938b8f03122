/* gzip_member.c - reads the header and the trailer of a gzip member, whose bytes may come in pieces
 * of any size. */
#include <inttypes.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "formats/gzip_member.h"

#define DEFLATE  8
#define FHCRC    0x02
#define FEXTRA   0x04
#define FNAME    0x08
#define FCOMMENT 0x10
#define RESERVED 0xe0

/* A header being read. */
typedef struct header {
	dp__source *src;
	dp__member *member;
	uint32_t crc;
} header;

static const char in_header[] = "a gzip header", in_trailer[] = "a gzip trailer";

dp_code dp__source_lend(dp__source *src, dp_error *err)
{
	if (src->len)
		return DP_OK;
	dp_code rc = src->stored.more(src->stored.user, &src->in, &src->len, err);
	if (rc != DP_OK)
		src->len = 0;
	return rc;
}

void dp__source_pass(dp__source *src, size_t n)
{
	if (n == 0) /* in may be NULL */
		return;
	src->in += n;
	src->len -= n;
	src->off += n;
}

dp_code dp__source_cut(dp__source *src, const char *what, dp_error *err)
{
	src->cut = true;
	return dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": ends inside %s", src->off, what);
}

/* Takes n bytes, and adds them to the CRC; out may be NULL. */
static dp_code take(dp__source *src, uint32_t *crc, uint8_t *out, size_t n, dp_error *err)
{
	for (size_t done = 0; done < n;) {
		dp_code rc = dp__source_lend(src, err);
		if (rc != DP_OK)
			return rc;
		if (src->len == 0)
			return dp__source_cut(src, crc ? in_header : in_trailer, err);
		size_t some = src->len < n - done ? src->len : n - done;
		if (crc)
			*crc = dp__crc32(*crc, src->in, some);
		if (out)
			memcpy(out + done, src->in, some);
		dp__source_pass(src, some);
		done += some;
	}
	return DP_OK;
}

static dp_code take_head(header *head, uint8_t *out, size_t n, dp_error *err)
{
	return take(head->src, &head->crc, out, n, err);
}

/* A name or comment, up to its zero byte. */
static dp_code skip_string(header *head, dp_error *err)
{
	uint8_t c = 1;
	dp_code rc = DP_OK;
	while (rc == DP_OK && c)
		rc = take_head(head, &c, 1, err);
	return rc;
}

static size_t le16(const uint8_t bytes[2])
{
	return (size_t)bytes[0] | (size_t)bytes[1] << 8;
}

/* A BGZF block says in a subfield BC how long it is, less one (SAM 4.1); others are passed over. */
static dp_code read_extra(header *head, dp_error *err)
{
	uint8_t len[2], field[4], size[2];
	dp_code rc = take_head(head, len, sizeof len, err);
	size_t left = rc == DP_OK ? le16(len) : 0;
	while (rc == DP_OK && left >= sizeof field) {
		rc = take_head(head, field, sizeof field, err);
		left -= sizeof field;
		size_t n = rc == DP_OK ? le16(field + 2) : 0;
		if (rc != DP_OK || n > left)
			break;
		left -= n;
		if (field[0] != 'B' || field[1] != 'C' || n != sizeof size) {
			rc = take_head(head, NULL, n, err);
			continue;
		}
		rc = take_head(head, size, sizeof size, err);
		head->member->bsize = rc == DP_OK ? le16(size) + 1 : 0;
	}
	return rc == DP_OK ? take_head(head, NULL, left, err) : rc;
}

static dp_code check_crc(header *head, dp_error *err)
{
	uint32_t want = head->crc & 0xffff;
	uint8_t crc[2];
	dp_code rc = take_head(head, crc, sizeof crc, err);
	if (rc == DP_OK && le16(crc) != want)
		rc = dp_fail(err, DP_EFORMAT, "stored byte %" PRIu64 ": wrong CRC of a gzip header",
			     head->src->off - 2);
	return rc;
}

/* The optional fields, in their order. */
static dp_code skip_fields(header *head, unsigned flags, dp_error *err)
{
	dp_code rc = DP_OK;
	if (flags & FEXTRA)
		rc = read_extra(head, err);
	if (rc == DP_OK && (flags & FNAME))
		rc = skip_string(head, err);
	if (rc == DP_OK && (flags & FCOMMENT))
		rc = skip_string(head, err);
	if (rc == DP_OK && (flags & FHCRC))
		rc = check_crc(head, err);
	return rc;
}

/* RFC 1952 2.3 from CM on; ID1 and ID2 were taken. */
static dp_code read_header(header *head, dp_error *err)
{
	uint8_t fixed[8];
	dp_code rc = take_head(head, fixed, 1, err);
	if (rc == DP_OK && fixed[0] != DEFLATE)
		return dp_fail(err, DP_EFORMAT,
			       "stored byte %" PRIu64 ": gzip compression method %u, not deflate",
			       head->src->off - 1, fixed[0]);
	if (rc == DP_OK)
		rc = take_head(head, fixed + 1, 7, err);
	if (rc == DP_OK && (fixed[1] & RESERVED))
		return dp_fail(err, DP_EFORMAT,
			       "stored byte %" PRIu64 ": reserved flags in a gzip header",
			       head->member->off + 3);
	return rc == DP_OK ? skip_fields(head, fixed[1], err) : rc;
}

dp_code dp__member_begin(dp__source *src, dp__member *member, dp__magic *magic, dp_error *err)
{
	static const uint8_t id[2] = { DP__GZIP_ID1, DP__GZIP_ID2 };
	header head = { .src = src, .member = member };
	*member = (dp__member){ .off = src->off };
	*magic = (dp__magic){ .gzip = true };
	while (magic->n < sizeof id && magic->gzip) {
		dp_code rc = dp__source_lend(src, err);
		if (rc == DP_OK && src->len)
			rc = take_head(&head, &magic->id[magic->n], 1, err);
		else
			magic->gzip = false;
		if (rc != DP_OK)
			return rc;
		if (!magic->gzip)
			return DP_OK;
		magic->gzip = magic->id[magic->n] == id[magic->n];
		magic->n++;
	}
	return magic->gzip ? read_header(&head, err) : DP_OK;
}

dp_code dp__member_end(dp__source *src, const dp__member *member, const uint32_t *crc,
		       dp_error *err)
{
	uint8_t tail[8];
	dp_code rc = take(src, NULL, tail, sizeof tail, err);
	if (rc != DP_OK || !crc)
		return rc;
	dp__cur cur = dp__cur_of(tail, sizeof tail);
	uint32_t want = dp__cur_le32(&cur), isize = dp__cur_le32(&cur);
	if (want != *crc)
		return dp_fail(err, DP_EFORMAT,
			       "stored byte %" PRIu64
			       ": the CRC-32 of the gzip member that begins at %" PRIu64
			       " does not match its text",
			       src->off - 8, member->off);
	if (isize != (uint32_t)member->text)
		return dp_fail(err, DP_EFORMAT,
			       "stored byte %" PRIu64
			       ": the size of the gzip member that begins at %" PRIu64
			       " does not match its text",
			       src->off - 4, member->off);
	return DP_OK;
}
