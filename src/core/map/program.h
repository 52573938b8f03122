/* program.h - the program that runs a job: started, ended, and what it was told. */
#ifndef DP_MAP_PROGRAM_H
#define DP_MAP_PROGRAM_H

#include <sys/types.h>

#include "core/map/job.h"

/* -1 in to and from: not there, or closed. */
typedef struct dp__program {
	pid_t pid;    /* of its process group too; 0 = none */
	int to, from; /* its standard input, a socket; its standard output */
} dp__program;

/*
 * Starts the job's executor, a command line split as a shell would, with the task's name and args
 * behind it; "lithops" stands for DATAPLUG_PYTHON (python3) -m dataplug.lithops. The job's library
 * comes first in its DATAPLUG_PLUGIN_PATH. DP_ENOTFOUND if there is no such program.
 */
dp_code dp__program_start(dp__program *out, const dp__job *job, const char *const *args,
			  dp_error *err);
void dp__program_close_input(dp__program *program);
/* Waits for its end, a few seconds at most once its output has ended; says how it ended: "ended
 * with status 3". true: with 0. */
bool dp__program_end(dp__program *program, char *how, size_t cap);
/* Ends it and all that it started: asked first, then forced. */
void dp__program_kill(dp__program *program);
void dp__program_fini(dp__program *program);

#endif
