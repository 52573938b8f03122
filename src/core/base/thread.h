/* thread.h - threads of the library's own. */
#ifndef DP_BASE_THREAD_H
#define DP_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/*
 * Runs run(user) in a new thread, which the caller joins. All signals are blocked in it: they are
 * the program's, and its own threads shall get them. False: the system has no thread left.
 */
bool dp__thread_start(pthread_t *thread, void *(*run)(void *), void *user);

#endif
