/* format.h - for writers of formats: find the records (scan), give them back (next). */
#ifndef DATAPLUG_FORMAT_H
#define DATAPLUG_FORMAT_H

#include "param.h"
#include "session.h"
#include "unit.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dp_scan dp_scan; /* an object being indexed */
typedef struct dp_fetch
	dp_fetch; /* a slice being evaluated: its units, fetched ahead, one by one */

typedef struct dp_part {
	const char *name;   /* "ibd"; the single part of most formats is "data" */
	const char *suffix; /* other object with the same stem, ".ibd"; NULL = the object itself */
} dp_part;

/* Records of one unit, decoded. ends[i] is where record i ends in data; NULL where records have one
 * size. */
typedef struct dp_batch {
	const uint8_t *data;
	size_t len;
	uint64_t rec, nrec;
	const uint32_t *ends;
} dp_batch;

/* A column of the table that records become: a row for each, or some. */
typedef enum dp_column_type {
	DP_COLUMN_TEXT, /* UTF-8 */
	DP_COLUMN_BYTES
} dp_column_type;
typedef struct dp_column {
	const char *name; /* NULL ends a list of columns */
	dp_column_type type;
} dp_column;

/* Rows as they are added; owned by the core. */
typedef struct dp_rows dp_rows;
/* Appends to the value that the row at hand has in that column (0, 1, ... as in the list). */
DP_API dp_code dp_rows_add(dp_rows *rows, size_t column, const void *data, size_t len,
			   dp_error *err);
/* Ends the row: what was not added is empty. DP_EFORMAT: a text that is not UTF-8. */
DP_API dp_code dp_rows_end(dp_rows *rows, dp_error *err);

/* What went into the index of another program: the points of so many units, and how many there are.
 */
typedef struct dp_exported {
	uint64_t points, units;
} dp_exported;

/* A format's own data and the parameters that an index was built with. */
typedef struct dp_format_use {
	const void *impl, *params;
} dp_format_use;

typedef struct dp_format {
	const char *name, *doc;
	const char *record;   /* what one record is called: "read", "point", "spectrum" */
	const dp_part *parts; /* NULL-name terminated */
	const dp_axis *axes;  /* NULL-name terminated; labels are filled by scan */
	const dp_param *params;
	size_t params_size;
	/* What every record but the last of a file ends with, "\n" for text; NULL = nothing. Sets
	 * put it where it lacks. */
	const char *end;
	bool concat; /* stand-alone slices written one after the other, header once, are one valid
			file */
	const void *impl; /* the format's own, given back in dp_format_use */

	/* How many leading bytes are evidence for this format; 0 = not it. The most evidence wins.
	 */
	int (*probe)(const void *impl, const char *key, const uint8_t *head, size_t len);
	/* Reads the object once, in order, and emits its units. */
	dp_code (*scan)(dp_scan *scan, dp_error *err);
	/*
	 * Optional: the extents that sel needs of a unit, when fewer than the unit's own. *nout:
	 * room in, used out; more than fit = leave the unit whole. The planner and the worker both
	 * call it.
	 */
	dp_code (*ranges)(const dp_format_use *use, const dp_unit *unit, const uint8_t *state,
			  const dp_sel *sel, dp_extent *out, size_t *nout);
	/*
	 * Optional: how many leading bytes of a unit's state are enough where next has come to the
	 * end of the unit before it. Rows that travel inside a slice's token have no more.
	 */
	size_t (*rest)(const dp_format_use *use, const dp_unit *unit, const uint8_t *state);
	/*
	 * Optional: what one fetch keeps between its calls of next. open comes before the first
	 * next, close (never of NULL) after the last. Without open, self is NULL.
	 */
	dp_code (*open)(void **self, dp_fetch *fetch, dp_error *err);
	void (*close)(void *self);
	/*
	 * The next batch of selected records, in order; nrec 0 at the end. A unit may come in
	 * several batches. The batch lives until the next call. The core checks that a counted
	 * selection came whole.
	 */
	dp_code (*next)(void *self, dp_fetch *fetch, dp_batch *batch, dp_error *err);
	/* Optional: writes what stands before the records in a file that stands alone (by default
	 * the attribute "header"). */
	dp_code (*header)(dp_fetch *fetch, dp_write_fn out, void *user, dp_error *err);
	/* Optional: the stretch that pairs a record with its mate in another object (a read's name
	 * up to space or /1). */
	dp_code (*mate)(const uint8_t *record, size_t len, size_t *off, size_t *n);
	/* Optional, both or none: the columns of a table of records, and the rows of one record. */
	const dp_column *columns;
	dp_code (*rows)(const dp_format_use *use, const uint8_t *record, size_t len, dp_rows *rows,
			dp_error *err);
	/*
	 * Optional: writes the points that units begin at as the index of another program, of the
	 * kind that as names. The fetch gives every unit, without its bytes: what is needed of them
	 * is read by dp_fetch_read(). DP_EINVAL: no such kind; DP_EUNSUPPORTED: not for this
	 * object.
	 */
	dp_code (*write_index)(dp_fetch *fetch, const char *as, dp_exported *done, dp_write_fn out,
			       void *user, dp_error *err);
} dp_format;

/* What scan may do. Reading is sequential or anywhere; sequential reading is ahead of you. */
DP_API uint64_t dp_scan_size(const dp_scan *scan, size_t part);
DP_API const dp_format_use *dp_scan_use(const dp_scan *scan);
DP_API const dp_call *dp_scan_call(const dp_scan *scan);
/* The object's name as its URL ends: "reads.fastq.gz". */
DP_API const char *dp_scan_key(const dp_scan *scan);
/* The longest record that may be decoded, in bytes: the session's setting "record". */
DP_API size_t dp_scan_limit(const dp_scan *scan);
/* How many threads the scan may use now, the caller's own one included: its share of the session's
 * setting "threads" among all scans that run. At least 1. */
DP_API unsigned dp_scan_threads(const dp_scan *scan);
DP_API dp_code dp_scan_read(dp_scan *scan, const dp_extent *what, void *buf, dp_error *err);
/* The same without a copy: the bytes live until the next read. */
DP_API dp_code dp_scan_lend(dp_scan *scan, const dp_extent *what, const uint8_t **bytes,
			    dp_error *err);
/*
 * The index of another program whose points units shall begin at (dp_index_opts.imported): its
 * bytes, 0 = there is none, and some of them. A format that reads none of it refuses it so.
 */
DP_API uint64_t dp_scan_imported_size(const dp_scan *scan);
DP_API dp_code dp_scan_imported_read(dp_scan *scan, uint64_t off, void *buf, size_t len,
				     dp_error *err);
DP_API dp_code dp_scan_unit(dp_scan *scan, const dp_unit *unit, const void *state, dp_error *err);
/* A fact of the whole object; travels = workers need it. "header" is what the default write begins
 * with. */
DP_API dp_code dp_scan_attr(dp_scan *scan, const char *name, const void *value, size_t len,
			    bool travels);
DP_API dp_code dp_scan_label(dp_scan *scan, size_t axis, const char *label, uint32_t *id,
			     dp_error *err);
/* Something the user should know: kept in the index, shown by "dataplug show", sent to the log. */
DP_API void dp_scan_warn(dp_scan *scan, const char *fmt, ...) DP_PRINTF(2, 3);

/* What open, next and header may do. A unit, its bytes and state live until the next call of
 * dp_fetch_unit(). */
DP_API const dp_sel *dp_fetch_sel(const dp_fetch *fetch);
DP_API const dp_format_use *dp_fetch_use(const dp_fetch *fetch);
DP_API const dp_call *dp_fetch_call(const dp_fetch *fetch);
/* The longest record that may be decoded, in bytes: the session's setting "record". */
DP_API size_t dp_fetch_limit(const dp_fetch *fetch);
/* A travelling attribute; NULL if there is none. */
DP_API const void *dp_fetch_attr(const dp_fetch *fetch, const char *name, size_t *len);
/* The next unit that the selection touches; *unit = NULL at the end. */
DP_API dp_code dp_fetch_unit(dp_fetch *fetch, const dp_unit **unit, dp_error *err);
/* The unit's state, state_len bytes, its CRC checked. */
DP_API const uint8_t *dp_fetch_state(const dp_fetch *fetch);
/* What was planned of the unit's extent number i (narrowed by ranges): its place, and its bytes. */
DP_API dp_code dp_fetch_bytes(dp_fetch *fetch, size_t i, dp_extent *what, const uint8_t **bytes,
			      dp_error *err);
/* Its place alone, at once; of len 0 if there is no such extent. */
DP_API dp_extent dp_fetch_extent(const dp_fetch *fetch, size_t i);
/*
 * Its bytes while they still come: those that lie `from` (at most its len) behind its start and
 * farther on, as many as are here in one piece, but at least one, for which it waits; *len is 0 at
 * its end. The last one is there only when what was read along with it was read well.
 */
DP_API dp_code dp_fetch_some(dp_fetch *fetch, size_t i, uint64_t from, const uint8_t **bytes,
			     size_t *len, dp_error *err);
/* The object's size, and a read of any bytes of it: not ahead, and beyond what the slice's price
 * says. */
DP_API uint64_t dp_fetch_size(const dp_fetch *fetch, size_t part);
DP_API dp_code dp_fetch_read(dp_fetch *fetch, const dp_extent *what, void *buf, dp_error *err);

/*
 * A grammar finds records in decoded text. Framings (plain, gzip, BGZF) carry any grammar: yours
 * gets access points, slices and stand-alone files on all of them.
 */
typedef struct dp_text {
	const uint8_t *data;
	size_t len;
	bool last; /* the text ends here */
} dp_text;

typedef struct dp_records {
	uint64_t nrec; /* whole records passed over */
	size_t used; /* their bytes; after an error, where it is: the core adds the absolute record
			and offset */
	uint32_t *ends; /* if not NULL: fill with the end of each */
	dp_box *box;    /* if not NULL: widen on each axis */
} dp_records;

typedef struct dp_grammar {
	const char *name, *doc, *record;
	const dp_axis *axes;
	const dp_param *params;
	size_t params_size;
	int (*probe)(const char *key, const uint8_t *head, size_t len);
	/* Optional: bytes before the first record that every stand-alone slice begins with; *more =
	 * needs more text. */
	dp_code (*header)(const dp_text *text, const void *params, size_t *used, bool *more,
			  dp_error *err);
	/*
	 * Validates and passes over at most max whole records at the start of text, which begins
	 * with one. None and no error = needs more text (the core doubles its buffer, to a quarter
	 * of the session's memory).
	 */
	dp_code (*records)(const dp_text *text, uint64_t max, const void *params, dp_records *found,
			   dp_error *err);
	/* Optional: as in dp_format. */
	dp_code (*mate)(const uint8_t *record, size_t len, size_t *off, size_t *n);
	const dp_column *columns;
	dp_code (*rows)(const uint8_t *record, size_t len, const void *params, dp_rows *rows,
			dp_error *err);
} dp_grammar;

#ifdef __cplusplus
}
#endif
#endif
