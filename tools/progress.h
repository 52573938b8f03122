/* progress.h - a bar on stderr, on a terminal only. The process has one; all its functions may come
 * from any thread. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include "dataplug/dataplug.h"

/* One of the jobs that the bar shows together; zeroed before the first call. Must live until
 * progress_stop(). */
typedef struct progress_job {
	uint64_t done, total;
} progress_job;

/* Begins to show; what ("index") stands before the bar, and where steps are bytes, how many behind
 * it. Does nothing where stderr is no terminal. */
void progress_start(const char *what, bool bytes);
/* A dp_progress_fn: user is the progress_job. DP_ECANCELED once the command must end. */
dp_code progress_step(void *user, uint64_t done, uint64_t total);
/* Takes the bar away for a line of text; the next step shows it again. */
void progress_hide(void);
/* Takes the bar away. */
void progress_stop(void);

#endif
