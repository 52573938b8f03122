/* cores.c - how many threads are worth having. */
#define _GNU_SOURCE /* sched_getaffinity(): POSIX does not know which cores a process may use */
#include <sched.h>
#include <unistd.h>

#include "core/base/session.h"

/* Those that taskset, a container or a batch system leaves to this process. */
static uint64_t count_cores(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return (uint64_t)CPU_COUNT(&set);
	/* More cores than the set has room for. */
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores > 0 ? (uint64_t)cores : 1;
}

uint64_t dp__session_threads(const dp_session *session)
{
	return session && session->set.threads ? session->set.threads : count_cores();
}
