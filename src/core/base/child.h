/* child.h - a program that runs beside this one, in a process group of its own. */
#ifndef DP_BASE_CHILD_H
#define DP_BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* What is started: argv and env end with NULL. */
typedef struct dp__child {
	const char *file; /* a path, or a name that is looked for in PATH */
	char *const *argv, *const *env;
	int in, out; /* its standard input, -1 = none to read from; its standard output */
} dp__child;

/*
 * Starts it, in a group of its own, so that all it starts can be ended with it, and with no signal
 * blocked, whatever the calling thread blocks. Its standard error is ours. in and out stay the
 * caller's to close. 0, or what errno would be: then *pid says nothing.
 */
int dp__child_start(pid_t *pid, const dp__child *child);
/*
 * Whether it has ended within so many seconds; *status is as waitpid() has it, or stays as it was
 * where the program around us has taken it.
 */
bool dp__child_wait(pid_t pid, double seconds, int *status);
/* Kills it and all that it started, and waits for its end; *status as above. */
void dp__child_kill(pid_t pid, int *status);

#endif
