/* gzip_member.h - what stands around the deflate stream of a gzip member: its header and trailer
 * (RFC 1952). */
#ifndef DP_FORMATS_GZIP_MEMBER_H
#define DP_FORMATS_GZIP_MEMBER_H

#include "formats/framing.h"

#define DP__GZIP_ID1 0x1f
#define DP__GZIP_ID2 0x8b

/* Stored bytes, as they are taken. */
typedef struct dp__source {
	dp__stored stored;
	const uint8_t *in; /* lent, and not taken yet */
	size_t len;
	uint64_t off; /* of in, in the object */
	bool cut;     /* the bytes end, at off, inside what was read last */
} dp__source;
/* Makes sure of at least one byte; len stays 0 at the end, and after an error. */
dp_code dp__source_lend(dp__source *src, dp_error *err);
/* Takes n of the lent bytes. */
void dp__source_pass(dp__source *src, size_t n);
/* DP_EFORMAT: the bytes end inside what is read. */
dp_code dp__source_cut(dp__source *src, const char *what, dp_error *err);

typedef struct dp__member {
	uint64_t off;   /* where it begins */
	uint64_t bsize; /* what it says of its size, BGZF; 0 = nothing */
	uint64_t text;  /* bytes of its text so far */
} dp__member;

/* The first bytes of what may be a member, as far as they are those of one and one more. */
typedef struct dp__magic {
	uint8_t id[2];
	size_t n;
	bool gzip; /* they are */
} dp__magic;

/* Takes a member's header; without its magic, no more than that. */
dp_code dp__member_begin(dp__source *src, dp__member *member, dp__magic *magic, dp_error *err);
/* Takes its trailer. crc is that of its text; NULL: not all of it was seen, and nothing is
 * compared. */
dp_code dp__member_end(dp__source *src, const dp__member *member, const uint32_t *crc,
		       dp_error *err);

#endif
