/*
 * dataplug.h - index an immutable object once, then cut it into slices any number of times.
 *
 *	index -> partition -> get, and map for many gets at once
 *
 * Sessions may be shared by threads; indexes and slices never change once opened and may be shared
 * too. Functions named _open, _load or _build, and dp_partition(), hand the caller something to be
 * freed with the matching _free, which accepts NULL. Functions that return a pointer lend it: it
 * lives as long as its first argument. Callbacks are called one at a time.
 */
#ifndef DATAPLUG_DATAPLUG_H
#define DATAPLUG_DATAPLUG_H

#include "format.h"
#include "session.h"
#include "unit.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dp_index dp_index;
typedef struct dp_slice dp_slice;
typedef struct dp_slices dp_slices;
typedef struct dp_reader dp_reader;

/* How far a long call has come; return anything but DP_OK to cancel. total may be 0 (unknown). */
typedef dp_code (*dp_progress_fn)(void *user, uint64_t done, uint64_t total);

/* ---- index: of one object ("s3://bucket/reads.fastq.gz", "https://...", a path); read-only
 * afterwards ---- */
typedef struct dp_index_opts {
	size_t size;        /* DP_INDEX_OPTS_INIT sets it */
	const char *format; /* NULL = probe */
	const char *const
		*args; /* the format's "name=value" params, NULL-terminated; NULL = defaults */
	bool force;    /* build even if there is a fresh one */
	dp_progress_fn progress;
	void *user;
	/*
	 * A path or URL: the index that another program made of the object (gztool, indexed_gzip,
	 * rapidgzip). Units begin at its points, each of which is checked: DP_EFORMAT names one
	 * that is wrong. The index is always built then. NULL = the format chooses points.
	 */
	const char *imported;
} dp_index_opts;
#define DP_INDEX_OPTS_INIT                                                                         \
	{                                                                                          \
		sizeof(dp_index_opts), 0, 0, false, 0, 0, 0                                        \
	}
/* Opens the stored index, DP_ENOTFOUND if there is none, DP_ESTALE if the object is another now. */
DP_API dp_code dp_index_open(dp_index **out, dp_session *session, const char *url, dp_error *err);
/* As above, but builds and stores it when missing, stale, or of another format or params. opts may
 * be NULL. */
DP_API dp_code dp_index_build(dp_index **out, dp_session *session, const char *url,
			      const dp_index_opts *opts, dp_error *err);
DP_API dp_code dp_index_remove(dp_session *session, const char *url, dp_error *err);
/* Gives out the URL where the index of an object is looked for first, whether there is one or not.
 */
DP_API dp_code dp_index_home(dp_session *session, const char *url, dp_write_fn out, void *user,
			     dp_error *err);
/* The stored size of an object (its first part) just now; DP_ENOTFOUND: there is none. */
DP_API dp_code dp_object_size(dp_session *session, const char *url, uint64_t *size, dp_error *err);
/*
 * Writes the points that units begin at as another program's index of the object: as is "gztool",
 * "gztool-lines" or "indexed-gzip". *done (may be NULL) says how many could be: points inside a
 * deflate block cannot. The object is asked for the headers of its gzip members at points, for
 * lines it is read whole, and checked. DP_EUNSUPPORTED: it is no gzip.
 */
DP_API dp_code dp_index_export(const dp_index *index, const char *as, dp_exported *done,
			       dp_write_fn out, void *user, dp_error *err);
DP_API void dp_index_free(dp_index *index);
DP_API const dp_view *dp_index_view(const dp_index *index);
/* Where the index itself lies; NULL where it was not stored. Lives as long as the index. */
DP_API const char *dp_index_url(const dp_index *index);
/* The index file's size in bytes. */
DP_API uint64_t dp_index_size(const dp_index *index);
/* True if dp_index_build() built it, false if it found a fresh one. */
DP_API bool dp_index_built(const dp_index *index);
/*
 * Reads the object once more, unit by unit as slices do, and compares records and CRCs with the
 * index. DP_EFORMAT names the unit that differs.
 */
DP_API dp_code dp_index_verify(const dp_index *index, dp_progress_fn progress, void *user,
			       dp_error *err);
/*
 * The same of several objects that are cut together; their records' names (dp_format.mate) are
 * compared too, all of them. DP_EFORMAT also if they have not as many records.
 */
DP_API dp_code dp_set_verify(const dp_index *const *indexes, size_t nindexes,
			     dp_progress_fn progress, void *user, dp_error *err);
/*
 * Attributes of the format, and of every index: "format", "url", "size", "etag", "params",
 * "library", "warnings" (one a line), all text. NULL if there is none; else *len bytes with a zero
 * byte behind them.
 */
DP_API const void *dp_index_attr(const dp_index *index, const char *name, size_t *len);

/* ---- partition: a strategy's cut, planned; no data is read ---- */
typedef struct dp_price {
	uint64_t requests, bytes; /* GETs and stored bytes that they fetch */
	uint64_t needed; /* stored bytes of the records asked for, prorated within a unit: bytes /
			    needed = amplification */
} dp_price;
/* args: "name=value", NULL-terminated. Several indexes (R1, R2; bands) are cut together, record by
 * record. */
DP_API dp_code dp_partition(dp_slices **out, const dp_index *const *indexes, size_t nindexes,
			    const char *strategy, const char *const *args, dp_error *err);
/* Token lines. A line that cannot be read becomes a slice whose every use returns its error. */
DP_API dp_code dp_slices_load(dp_slices **out, dp_session *session, const char *lines, size_t len,
			      dp_error *err);
DP_API dp_code dp_slices_save(const dp_slices *slices, dp_write_fn out, void *user, dp_error *err);
DP_API size_t dp_slices_count(const dp_slices *slices);
DP_API const dp_slice *dp_slices_at(const dp_slices *slices, size_t i);
DP_API dp_price dp_slices_price(const dp_slices *slices);
enum {
	DP_EXPLAIN_JSON = 1u << 0 /* one JSON object on one line, with the strategy's own fields */
};
/*
 * What the strategy says of its cut, such as why so many slices came and what they will take:
 * lines of text, each with its newline. Predictions say so, and on what they rest. NULL if the
 * strategy has nothing to say ("auto" has), and where slices were loaded or split.
 */
DP_API const char *dp_slices_explain(const dp_slices *slices, unsigned flags);
DP_API void dp_slices_free(dp_slices *slices);

/* ---- dataset: all objects under a folder, bucket or prefix, cut as one ---- */
typedef struct dp_dataset dp_dataset;
/*
 * Names every object under url (a folder, or a prefix that ends with "/"), in the order of their
 * names, with its size. Index files (*.dpx) are left out. Anything but DP_OK from object stops and
 * is passed up. DP_EUNSUPPORTED: the store cannot list.
 */
DP_API dp_code dp_list(dp_session *session, const char *url,
		       dp_code (*object)(void *user, const char *url, uint64_t size, dp_error *err),
		       void *user, dp_error *err);

typedef struct dp_dataset_opts {
	size_t size;        /* DP_DATASET_OPTS_INIT sets it */
	const char *format; /* NULL = that of the first object that has an index */
	bool strict;        /* what would be skipped is an error */
	/* Optional: told of each object that is skipped: without a fresh index, of another format.
	 */
	void (*skipped)(void *user, const char *url, const dp_error *why);
	void *user;
} dp_dataset_opts;
#define DP_DATASET_OPTS_INIT                                                                       \
	{                                                                                          \
		sizeof(dp_dataset_opts), 0, false, 0, 0                                            \
	}
/* Opens the indexes of all objects that dp_list() names. opts may be NULL. DP_ENOTFOUND: none. */
DP_API dp_code dp_dataset_open(dp_dataset **out, dp_session *session, const char *url,
			       const dp_dataset_opts *opts, dp_error *err);
DP_API void dp_dataset_free(dp_dataset *dataset);
DP_API size_t dp_dataset_count(const dp_dataset *dataset);
DP_API const dp_index *dp_dataset_at(const dp_dataset *dataset, size_t i);
/*
 * Cuts every object by the strategy; slices never cross objects. Where n is a number of slices
 * (chunks), they are shared out among the objects by their records, one for each that has any at
 * least: max(n, objects) slices come.
 */
DP_API dp_code dp_dataset_partition(dp_slices **out, const dp_dataset *dataset,
				    const char *strategy, const char *const *args, dp_error *err);

/* ---- slice: self-contained; a worker needs its token and its own credentials, nothing else ----
 */
/* A presigned URL for a token's object is a session setting: "url=...". */
DP_API dp_code dp_slice_load(dp_slice **out, dp_session *session, const char *token, size_t len,
			     dp_error *err);
DP_API dp_code dp_slice_save(const dp_slice *slice, dp_write_fn out, void *user, dp_error *err);
DP_API void dp_slice_free(dp_slice *slice);
DP_API const char *dp_slice_url(const dp_slice *slice);
DP_API const char *dp_slice_format(const dp_slice *slice);
DP_API const dp_sel *dp_slice_sel(const dp_slice *slice);
DP_API dp_price dp_slice_price(const dp_slice *slice);
/* The stored size of its object, all parts; 0 of a set (ask its members) and of a bad token. */
DP_API uint64_t dp_slice_size(const dp_slice *slice);
/*
 * What the cut planned: from the first stored byte that is read to behind the last, empty of a set
 * (ask its members); and how many units, of a set in all members. Tokens carry neither: then
 * nothing, and 0.
 */
DP_API dp_range dp_slice_range(const dp_slice *slice);
DP_API uint64_t dp_slice_units(const dp_slice *slice);
/* Members of a slice of several objects (R1, R2): 1 for most slices, which are their own member 0.
 */
DP_API size_t dp_slice_count(const dp_slice *slice);
DP_API const dp_slice *dp_slice_member(const dp_slice *slice, size_t i);
/* Cuts one slice into k by the indexes that it was cut from; reads no data. */
DP_API dp_code dp_slice_split(dp_slices **out, const dp_slice *slice,
			      const dp_index *const *indexes, size_t nindexes, size_t k,
			      dp_error *err);

/* ---- get: fetch and decode. Bytes written before an error are void. ---- */
enum { DP_GET_RAW = 1u << 0 /* the records' bytes only, no header of the format's */ };
DP_API dp_code dp_slice_get(const dp_slice *slice, unsigned flags, dp_write_fn out, void *user,
			    dp_error *err);
/*
 * The same of a slice of several objects, each one's records by out(users[i], ...) for itself. A
 * set's records that lie side by side must belong together: the names (dp_format.mate) of its first
 * and of its last record are compared, here and in dp_slice_get(); DP_EFORMAT.
 */
DP_API dp_code dp_slice_get_apart(const dp_slice *set, unsigned flags, dp_write_fn out,
				  void *const *users, dp_error *err);
/* The same, pulled batch by batch; a batch lives until the next call. */
DP_API dp_code dp_reader_open(dp_reader **out, const dp_slice *slice, dp_error *err);
DP_API dp_code dp_reader_next(dp_reader *reader, dp_batch *batch, dp_error *err);
DP_API void dp_reader_free(dp_reader *reader);
/* What the reader has fetched so far: requests and bytes; needed is the slice's. */
DP_API dp_price dp_reader_paid(const dp_reader *reader);

/*
 * The same as tables: an Arrow C stream (dataplug/arrow.h), which owns its reader and may outlive
 * the slice, but not the session. A table for each batch; its first column, "record", is the
 * record's ordinal in the object (uint64), the others are the format's. DP_EUNSUPPORTED where a
 * format has none, and for sets, whose members have. The caller releases the stream.
 */
struct ArrowArrayStream;
DP_API dp_code dp_slice_columns(const dp_slice *slice, struct ArrowArrayStream *out, dp_error *err);

/* ---- map: a task over many slices ---- */
/* What a task is given. */
typedef struct dp_work {
	const dp_slice *slice;
	const void *params, *impl;
	const dp_call *call;
} dp_work;

typedef struct dp_task {
	const char *name, *doc;
	const dp_param *params;
	size_t params_size;
	const void *impl; /* the task's own, for in-process callers; NULL elsewhere */
	/* One slice in, one result out (a line of JSON, or bytes) by out(out_user, ...). Called
	 * from several threads at once. */
	dp_code (*run)(const struct dp_work *work, dp_write_fn out, void *out_user, dp_error *err);
	/* Optional: folds result b into a; called in slice order, gives the total. work->slice is
	 * NULL. */
	dp_code (*merge)(const struct dp_work *work, const dp_batch *a, const dp_batch *b,
			 dp_write_fn out, void *out_user, dp_error *err);
} dp_task;

typedef struct dp_result {
	size_t slice; /* its place in the dp_slices; SIZE_MAX for the merged total, which comes last
		       */
	dp_code code; /* not DP_OK: data is the message */
	const void *data;
	size_t len;
	unsigned attempts;
	dp_price paid;
	double seconds; /* that it took, waits between attempts included; of the total: the job */
	double start;   /* seconds after dp_map() was called; 0 of the total */
	/*
	 * How the seconds divide: waiting for stored bytes, decoding them, and the task's own. What
	 * is left went between attempts. Readers that a task uses at once are summed up, which may
	 * be more than seconds. Of the total: the sums of all slices.
	 */
	double fetch, decode, user;
	unsigned worker; /* which of the jobs ran it, from 0; 0 of the total */
	/* What was read of each member's object, dp_slice_count() of them; NULL of the total. */
	const dp_range *read;
} dp_result;

typedef struct dp_map_opts {
	size_t size;          /* DP_MAP_OPTS_INIT sets it */
	const char *executor; /* NULL = threads; else "lithops" or a program that speaks
				 docs/executor.md */
	const char *library;  /* the shared object that holds the task, a whole path, for executors
				 beyond this process */
	unsigned jobs;        /* 0 = one a core */
	unsigned retries;     /* of DP_ETRANSIENT only */
	dp_code (*result)(void *user, const dp_result *result); /* in order of arrival */
	dp_progress_fn progress;
	void *user;
} dp_map_opts;
#define DP_MAP_OPTS_INIT                                                                           \
	{                                                                                          \
		sizeof(dp_map_opts), 0, 0, 0, 2, 0, 0, 0                                           \
	}
/* A failing slice does not stop the others. Returns DP_OK if all went well, else the code of the
 * first failed slice in order. */
DP_API dp_code dp_map(const dp_slices *slices, const dp_task *task, const char *const *args,
		      const dp_map_opts *opts, dp_error *err);
/* A built-in task or one of a plug-in: "count", "checksum", "fastq-stats". NULL = no such name. */
DP_API const dp_task *dp_task_find(const dp_session *session, const char *name);

#ifdef __cplusplus
}
#endif
#endif
