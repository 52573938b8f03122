/*
 * gzip_crew.h - threads that decode the small members of a gzip file ahead of the decoder: BGZF's
 * blocks, and any others.
 *
 * The crew stands between the decoder and its stored bytes. It keeps some of them ahead, and in
 * each chunk finds what decodes as whole members, with the right CRC-32 and size. The decoder,
 * where a member begins, may take such a one's text. Nothing is guessed: what begins there and
 * decodes is what the decoder itself would have read. All else it reads itself, errors too, which
 * the crew does not tell of.
 */
#ifndef DP_FORMATS_GZIP_CREW_H
#define DP_FORMATS_GZIP_CREW_H

#include "formats/gzip_member.h"

/* A small member has less stored bytes and less text than this. */
#define DP__SMALL_STORED ((size_t)128 << 10)
#define DP__SMALL_TEXT   ((size_t)512 << 10)

typedef struct dp__crew dp__crew;

/* A whole member that was decoded ahead. */
typedef struct dp__decoded {
	dp__member member;
	uint64_t stored; /* how long it is */
	uint32_t crc;    /* of its text */
	const uint8_t *text;
} dp__decoded;

/*
 * threads: how many may decode, the caller's own one included. NULL: there is no memory for a crew,
 * or the system has no thread left.
 */
dp__crew *dp__crew_open(unsigned threads);
/* Waits for what its threads do at the moment. */
void dp__crew_free(dp__crew *crew);
/*
 * Puts the crew between src and its stored bytes, which it goes on to lend. Where it finds no
 * member that is taken for some time, it only passes on what it is lent itself, until it has been
 * asked to join again, often enough.
 */
void dp__crew_join(dp__crew *crew, dp__source *src);
/*
 * Takes the member that begins at off, where the source stands with a byte to lend, and whose text
 * is shorter than `less`; NULL: no such one was decoded. It lives until the source lends more.
 */
const dp__decoded *dp__crew_find(dp__crew *crew, uint64_t off, uint64_t less);

#endif
