/* report.h - what a map or a partition was, gathered while it runs and written as one HTML page
 * (docs/report.md). */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include "command.h"

struct report;

/*
 * The report that --report asks for; without it *out is NULL, and so given, all functions here do
 * nothing and go well. DP_EWRITE if the file cannot be written, which is told before the work
 * begins.
 */
dp_code report_open(struct report **out, const struct tool *tool, dp_error *err);
/* What an index knows of its object; before the slices. Nothing is lent. */
dp_code report_index(struct report *report, const dp_index *index, dp_error *err);
/* What is mapped from now on, or was cut; lent until report_free(). */
dp_code report_slices(struct report *report, const dp_slices *slices, dp_error *err);
/* One result of a map; the total too. */
dp_code report_result(struct report *report, const dp_result *result, dp_error *err);
/* How dp_map() ended; the job's time is over. err may be NULL. */
void report_end(struct report *report, dp_code code, const dp_error *err);
/* Writes the page, whole or not at all: of the task or strategy of that name, with its args. */
dp_code report_write(struct report *report, const char *name, const char *const *args,
		     dp_error *err);
void report_free(struct report *report);

#endif
