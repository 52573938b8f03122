/* text.h - the format that is made of a grammar: text in any framing. */
#ifndef DP_FORMATS_TEXT_H
#define DP_FORMATS_TEXT_H

#include "core/base/bytes.h"
#include "dataplug/format.h"
#include "formats/framing.h"

/* The framings' own parameters; the grammar's begin DP__TEXT_OWN bytes behind. */
typedef struct dp__text_params {
	uint64_t span;
	bool strict, allow_truncated;
} dp__text_params;
#define DP__TEXT_OWN 16

/* Text is decoded in pieces of at most this. */
#define DP__TEXT_PIECE ((size_t)256 << 10)

/*
 * A unit's state begins with its milestones: how many, then each as what it adds to the one before
 * (varints). One says: so many of the unit's records are whole with so many of its stored bytes;
 * where text is stored as it is, exactly they end there.
 */
typedef struct dp__milestone {
	uint64_t nrec, stored;
} dp__milestone;

/* The grammar's parameters within the format's. */
const void *dp__text_own(const void *params);
/* Adds the next milestone to *sum; false if the cursor is damaged. */
bool dp__milestone_take(dp__cur *cur, dp__milestone *sum);

dp_code dp__text_scan(dp_scan *scan, dp_error *err);
dp_code dp__text_open(void **self, dp_fetch *fetch, dp_error *err);
dp_code dp__text_next(void *self, dp_fetch *fetch, dp_batch *batch, dp_error *err);
void dp__text_close(void *self);
dp_code dp__text_export(dp_fetch *fetch, const char *as, dp_exported *done, dp_write_fn out,
			void *user, dp_error *err);

/* The name of the compression that the object seems to have and that no framing reads; NULL. */
const char *dp__text_foreign(const char *key, const uint8_t *head, size_t len);

/* A place in the text: the record that begins there, and how many bytes of text are before it. */
typedef struct dp__where {
	const dp_grammar *grammar;
	const void *params; /* the grammar's */
	uint64_t rec, at;
} dp__where;
/* Asks the grammar for at most max records; an error says which record is wrong and where. */
dp_code dp__text_ask(const dp__where *place, const dp_text *text, uint64_t max, dp_records *found,
		     dp_error *err);
/* What is wrong with the record: why. */
dp_code dp__text_fail(const dp__where *place, const dp_error *why, dp_error *err);
dp_code dp__text_too_long(const dp__where *place, size_t limit, dp_error *err);

#endif
