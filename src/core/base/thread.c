/* thread.c - threads of the library's own. */
#include "core/base/thread.h"

#include <signal.h>

bool dp__thread_start(pthread_t *thread, void *(*run)(void *), void *user)
{
	sigset_t all, before;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	bool started = pthread_create(thread, NULL, run, user) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}
