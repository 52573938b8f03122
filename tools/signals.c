/* signals.c - turns signals and the timeout into a cancel, and into an end by force where that is
 * not heard. */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"

/* A cancel ends the calls that run just then, so it is repeated: the next call may have begun after
 * it. */
#define TICK_NS 50000000L
/* Ticks until the command is ended by force: a plug-in may not listen, a disk may not answer. */
#define PATIENCE 40

static atomic_int stopped;
static atomic_uint ticks;
static _Atomic(dp_session *) running;
static _Atomic(const char *) temp;
static timer_t timer;

static void end_by_force(void)
{
	static const char message[] = "dataplug: ended by force, since it did not end by itself\n";
	const char *path = atomic_load(&temp);
	if (path)
		unlink(path);
	if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
		_exit(atomic_load(&stopped));
	_exit(atomic_load(&stopped));
}

/* Only functions that signal handlers may call, POSIX XSH 2.4.3. */
static void on_signal(int number)
{
	dp_session *session = atomic_load(&running);
	int none = 0, error = errno;
	if (atomic_compare_exchange_strong(&stopped, &none,
					   number == SIGALRM ? EXIT_TRANSIENT : EXIT_CANCELED)) {
		const struct itimerspec tick = { { 0, TICK_NS }, { 0, TICK_NS } };
		timer_settime(timer, 0, &tick, NULL);
	}
	if (session)
		dp_session_cancel(session);
	if (number == SIGALRM && atomic_fetch_add(&ticks, 1) > PATIENCE)
		end_by_force();
	errno = error;
}

dp_code signals_start(double timeout, dp_error *err)
{
	/* No SA_RESTART: a read of a terminal or a write to a full pipe must end. */
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec when = { { 0, TICK_NS }, { 0, 0 } };
	sigset_t alarm;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGALRM);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	when.it_value.tv_sec = (time_t)timeout;
	when.it_value.tv_nsec = (long)((timeout - (double)when.it_value.tv_sec) * 1e9);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0 ||
	    sigaction(SIGALRM, &action, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0 ||
	    pthread_sigmask(SIG_UNBLOCK, &alarm, NULL) != 0 ||
	    (timeout > 0 && timer_settime(timer, 0, &when, NULL) != 0))
		return dp_fail(err, DP_EIO, "signals cannot be set up");
	return DP_OK;
}

void signals_session(dp_session *session)
{
	atomic_store(&running, session);
}

int signals_stopped(void)
{
	return atomic_load(&stopped);
}

dp_code signals_check(dp_error *err)
{
	return signals_stopped() ? dp_fail(err, DP_ECANCELED, "cancelled") : DP_OK;
}

void signals_temp(const char *path)
{
	atomic_store(&temp, path);
}

void signals_block(void)
{
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}
