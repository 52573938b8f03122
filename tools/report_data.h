/* report_data.h - what a report holds: gathered by report.c, written by report_write.c. About 100
 * bytes a task. */
#ifndef TOOLS_REPORT_DATA_H
#define TOOLS_REPORT_DATA_H

#include "report.h"

/* Failures that are kept with message and token; all are counted. */
#define REPORT_FAILURES 100
/* The longest result of a job, in bytes, that is shown. */
#define REPORT_RESULT 4096

struct report_object {
	char *url, *format; /* as they may be shown */
	uint64_t size, records, index_size;
};

/* What one slice reads of one object; an empty range: not known. */
struct report_span {
	uint32_t slice, object;
	dp_range range;
};

/* Times are microseconds. */
struct report_task {
	uint64_t start, time, fetch, decode, user, requests, bytes;
	uint32_t attempts, worker;
	int code;
	bool done;
};

struct report_failure {
	size_t slice;
	char *message;
};

struct report {
	const struct tool *tool;
	const char *path;
	struct report_object *object;
	size_t nobjects, room;
	void *numbers; /* json_t: an object's URL to its place */
	const dp_slices *slices;
	struct report_span *span;
	size_t nspans;
	size_t *first;            /* of each slice's spans, and where the last one's end */
	struct report_task *task; /* one a slice */
	struct report_failure failure[REPORT_FAILURES];
	size_t nfailures, failed; /* kept, and all */
	bool is_map, ended;
	int64_t started; /* seconds since 1970 */
	double begun;    /* the same on a clock that never jumps */
	uint64_t time;   /* microseconds that the job took */
	dp_code code;
	char message[1016];
	char *result; /* JSON, NULL = none that is shown */
};

/* The page without its data, and where that belongs; made from the folder report/. */
extern const unsigned char report_page[];
extern const size_t report_page_len, report_page_place;

#endif
