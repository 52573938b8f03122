/* framing.h - how stored bytes carry text: plain, or compressed with points where a decoder can
 * begin. */
#ifndef DP_FORMATS_FRAMING_H
#define DP_FORMATS_FRAMING_H

#include "core/base/buf.h"
#include "dataplug/format.h"

/* Where a framing's stored bytes come from. Lends at least one more byte until the end, where *len
 * is 0; in order, each once. */
typedef struct dp__stored {
	dp_code (*more)(void *user, const uint8_t **bytes, size_t *len, dp_error *err);
	void *user;
	uint64_t off; /* where the first lent byte lies in the object */
	/* Optional: how many threads may decode now, the caller's own one included. NULL: that one
	 * alone. Of no use but at the object's start. */
	unsigned (*threads)(void *user);
} dp__stored;

/* Bytes in memory, as a dp__stored: {dp__lend_once, &once, off}. */
typedef struct dp__once {
	const uint8_t *bytes;
	size_t len;
} dp__once;
dp_code dp__lend_once(void *user, const uint8_t **bytes, size_t *len, dp_error *err);

/* A point where decoding can begin. */
typedef struct dp__mark {
	uint64_t off;  /* stored byte that a unit's extent begins with */
	uint64_t back; /* the text from the point on is all that follows, and the last `back` bytes
			  read before */
} dp__mark;

/* Text that is read at once. */
typedef struct dp__piece {
	uint8_t *out; /* the caller's room of cap bytes */
	size_t cap, got;
	size_t room;    /* of out, where it is more than cap: for the end of a small member */
	bool border;    /* asked: stop early where a mark would be cheap */
	bool inside;    /* asked: so too inside of small members */
	bool at_border; /* answered: here it would be */
	uint32_t *crc;  /* if not NULL: answered: the CRC-32 of all text since the decoder was
			   opened;  ask always or never */
} dp__piece;

/* What was noticed of an object that was read to its end, or to where it is cut off. */
typedef struct dp__notes {
	uint64_t zeros, others; /* bytes that are no text and trail it: zero ones, and all from the
				   first other one on */
	bool cut;               /* the object ends in the middle of what it holds, */
	uint64_t cut_at;        /* with this stored byte */
	bool no_eof;            /* a BGZF file without the block that ends it */
	uint64_t lies, lie;     /* blocks whose BSIZE is not theirs, and where the first is */
} dp__notes;

/* Warns of what the user should know. */
void dp__notes_warn(const dp__notes *notes, dp_scan *scan);

/* One way of carrying text. Its decoder is opened on stored bytes, and read from once. */
typedef struct dp__framing {
	const char *name; /* "plain", "gzip" */
	uint32_t tag;     /* what units of this framing have in dp_unit.tag; never changes */
	bool direct;      /* text is the stored bytes: a unit can begin and end anywhere */
	/* Whether an object that begins with head is carried so. The first in the list that says
	 * yes, is. */
	bool (*probe)(const uint8_t *head, size_t len);
	/* At the object's start (state NULL), or at a mark's point, where stored begins with its
	 * byte off. */
	dp_code (*open)(void **self, const dp__stored *stored, const uint8_t *state,
			size_t state_len, dp_error *err);
	/*
	 * Up to piece->cap more bytes of text; none only at the end. DP_EFORMAT names the stored
	 * byte where the data is wrong or cut off. What could be decoded before comes first, then
	 * the error.
	 */
	dp_code (*read)(void *self, dp__piece *piece, dp_error *err);
	/* Where the text read so far ends in the object: the bytes before were enough to decode it.
	 */
	uint64_t (*stored_end)(const void *self);
	/* The point at or shortly before the end of the text read so far. Only where the decoder
	 * began at the object's start. */
	dp_code (*mark)(void *self, dp__mark *mark, dp_error *err);
	/*
	 * Appends what a decoder must know to begin at the last mark; call it before the next mark.
	 * It is smallest once 32 KiB of text were read after the mark, or the end: then it leaves
	 * out what the text does not refer to.
	 */
	dp_code (*state)(void *self, dp__buf *out, dp_error *err);
	/* After the end or an error, when the object was read from its start. NULL: never any. */
	void (*notes)(const void *self, dp__notes *notes);
	void (*close)(void *self);
} dp__framing;

extern const dp__framing dp__plain, dp__gzip;
/* All of them, NULL-terminated, in order of probing. */
extern const dp__framing *const dp__framings[];
/* The one whose units have this tag; NULL. */
const dp__framing *dp__framing_of(uint32_t tag);
/* The one that carries an object with this head. */
const dp__framing *dp__framing_probe(const uint8_t *head, size_t len);

#endif
