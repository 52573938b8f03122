/* slice.h - struct dp_slice: a selection resolved to a stretch of rows, with all that a worker
 * needs. */
#ifndef DP_ENGINE_SLICE_H
#define DP_ENGINE_SLICE_H

#include "core/index/index.h"

/* A token is at most this long. */
#define DP__MAX_TOKEN (1u << 20)
/* Objects that are cut together. */
#define DP__MAX_MEMBERS 16

/* What all slices of one index share; counted, freed with the last. */
typedef struct dp__origin {
	atomic_uint refs;
	dp_session *session;
	const dp_format *format;
	dp__params params;
	size_t naxes;
	char *url;               /* the object's */
	char *endpoint, *region; /* as in dp_place; NULL = as the environment says */
	bool requester_pays;
	dp__part part[DP__MAX_PARTS];
	size_t nparts;
	char *index_url;
	uint8_t *travel; /* the attributes that travel, packed; NULL: by reference, or none */
	uint64_t travel_off, travel_len; /* in the index file */
	uint32_t travel_crc;
} dp__origin;

/* What readers of a slice spent so far. */
typedef struct dp__spent {
	dp_price paid;
	double fetch, decode;           /* seconds: waiting for stored bytes, decoding them */
	dp_range read[DP__MAX_MEMBERS]; /* of each member's object */
} dp__spent;

struct dp_slice {
	dp__origin *origin;   /* NULL in sets and bad slices */
	uint64_t ordinal, of; /* this slice is number ordinal of so many */
	dp_sel sel;
	uint8_t *rows;               /* its stretch of the units' run, NULL: by reference */
	uint64_t rows_off, rows_len; /* in the index file */
	uint32_t rows_crc;
	dp_price price;
	dp_range range;    /* as planned, with so many units; nothing of a loaded token */
	uint64_t units;    /* of a set: of all members */
	uint64_t memory;   /* decoded bytes of its records, a hint */
	dp_slice **member; /* of a set: each a slice with its own origin */
	size_t nmembers;
	char *text;       /* of a bad slice: the token as it came */
	dp_error *bad;    /* why it could not be read */
	dp__spent *spent; /* where readers add what they spent, lent; NULL: nowhere. Set only in a
			     view that dp_map makes. */
};

struct dp_slices {
	dp_slice **at;
	size_t n, cap;
	char *text, *json; /* what the strategy says of the cut; NULL: nothing */
};

dp__origin *dp__origin_ref(dp__origin *origin);
void dp__origin_unref(dp__origin *origin);

/* Where a part of the object lies, and the index; url is lent. */
dp_place dp__origin_place(const dp__origin *origin, const char *url, size_t part);
dp_place dp__origin_index(const dp__origin *origin);

/* Makes a range reach over another one too. */
void dp__range_widen(dp_range *range, const dp_range *by);
/* The same by an extent of the object. */
void dp__origin_widen(const dp__origin *origin, const dp_extent *extent, dp_range *range);

/* A slice of the given origin, to be filled; counts it. NULL if there is no memory. */
dp_slice *dp__slice_new(dp__origin *origin);
/* DP_OK, or the error of a bad slice. */
dp_code dp__slice_check(const dp_slice *slice, dp_error *err);
/*
 * Fills price, memory, place in the list and selection of a set from its members, which must agree
 * on the last two and select by record alone: DP_EFORMAT.
 */
dp_code dp__slice_sum(dp_slice *set, dp_error *err);
/* Appends and takes ownership, on failure too. */
dp_code dp__slices_add(dp_slices *slices, dp_slice *slice, dp_error *err);
/* Whether every record counts: no box on any axis. */
bool dp__sel_all_boxes(const dp_sel *sel, size_t naxes);
/* The selection of all. */
dp_sel dp__sel_all(void);

/* Appends the token, without a newline. */
dp_code dp__token_write(dp__buf *out, const dp_slice *slice, dp_error *err);
/* Puts "what: " before an error's message, and gives its code back. */
dp_code dp__error_in(dp_error *err, dp_code code, const char *what);

#endif
