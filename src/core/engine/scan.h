/* scan.h - struct dp_scan: one object being read in order, and the table that grows from it. */
#ifndef DP_ENGINE_SCAN_H
#define DP_ENGINE_SCAN_H

#include "core/index/index.h"
#include "core/io/ahead.h"

/* One part of the object, read ahead as long as it is read in order. */
typedef struct dp__stream {
	dp__site site;
	dp__ahead *ahead;
	dp__buf scratch;
	uint64_t pushed, next; /* queued up to, read up to */
} dp__stream;

struct dp_scan {
	dp_session *session;
	dp_call call;
	const dp_format *format;
	dp_format_use use;
	dp__table table;
	size_t cap; /* of table.unit */
	dp__run *run;
	dp__buf row, warnings;
	dp__stream stream[DP__MAX_PARTS];
	dp__site imported;  /* another program's index; closed: none was given */
	char *imported_url; /* public, for messages */
	uint64_t imported_size;
	char imported_etag[256];
	bool imported_read;
	dp_progress_fn progress;
	void *user;
	uint64_t done, total;
	bool counted; /* in session->scans */
};

/* Opens every part. table.url, part and nparts are set before; the rest is zeroed. */
dp_code dp__scan_open(dp_scan *scan, dp_error *err);
/* Opens another program's index, for dp_scan_imported_read(). */
dp_code dp__scan_import(dp_scan *scan, const char *url, dp_error *err);
void dp__scan_fini(dp_scan *scan);

#endif
