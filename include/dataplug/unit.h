/* unit.h - the one table that formats fill and strategies read. */
#ifndef DATAPLUG_UNIT_H
#define DATAPLUG_UNIT_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DP_MAX_AXES    8
#define DP_MAX_EXTENTS 4
#define DP_UNKNOWN     UINT64_MAX

/* Stored bytes of one part of an object (imzML: 0 is the XML, 1 the .ibd). */
typedef struct dp_extent {
	uint64_t off, len;
	uint32_t part;
} dp_extent;

/* Stored bytes [begin, end) of an object, its parts laid end to end; empty: none, or not known. */
typedef struct dp_range {
	uint64_t begin, end;
} dp_range;

/* An interval per axis, [lo, hi). All axes of the index, in its order. */
typedef struct dp_box {
	double lo[DP_MAX_AXES], hi[DP_MAX_AXES];
} dp_box;

/*
 * A unit is the smallest stretch of an object that can be fetched and decoded on its own:
 * a granule of text, a deflate access point, a run of BGZF blocks, a tile, an octree node.
 * A record belongs to the unit that holds its first byte; the unit's extents hold every
 * byte that its records need (so neighbours may overlap) and its state all that a decoder
 * must know before. Units are in file order; each is decoded alone, in parallel if wished.
 */
typedef struct dp_unit {
	dp_extent extent[DP_MAX_EXTENTS]; /* unused ones have len 0 */
	uint64_t skip, raw; /* decoded bytes before the first record; bytes of the records */
	uint64_t rec, nrec; /* ordinal of the first record owned, and how many */
	dp_box box;         /* covers the owned records on each axis */
	uint32_t state_len, state_crc; /* decoder state (a gz window), kept with the unit's row */
	uint32_t crc;   /* CRC-32 of the raw bytes, checked when a unit is read whole */
	uint32_t tag;   /* the format's own handle: tile number, octree key slot */
	uint32_t flags; /* DP_UNIT_* */
} dp_unit;
enum { DP_UNIT_CRC = 1u << 0 /* crc is known */ };

/* A named dimension: "x", "mz", "pos". labels (chromosomes, overview levels) may be NULL. */
typedef struct dp_axis {
	const char *name;
	const char *unit;
	const char *const *labels;
	size_t nlabels;
} dp_axis;

/* A read-only look at an index; valid as long as the index. Never does I/O. */
typedef struct dp_view {
	const dp_unit *unit;
	size_t nunits;
	const dp_axis *axis;
	size_t naxes, nparts;
	uint64_t nrec; /* DP_UNKNOWN if any unit's is */
	dp_box extent;
} dp_view;

/* What a strategy asks for: records [rec, rec + nrec) that lie in the box. */
typedef struct dp_sel {
	uint64_t rec, nrec; /* 0, DP_UNKNOWN = all */
	dp_box box;         /* -inf, inf = all */
	dp_box halo;        /* the larger box that is read; what lies outside box is not owned */
} dp_sel;

#ifdef __cplusplus
}
#endif
#endif
