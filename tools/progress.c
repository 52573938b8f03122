/* progress.c - draws the bar, ten times a second at most. */
#include "progress.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "human.h"
#include "signals.h"

#define WIDTH 40

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *what; /* NULL = not shown */
static bool drawn, in_bytes;
static double last;          /* when it was drawn */
static uint64_t done, total; /* of all jobs */

static void draw(void)
{
	char bar[WIDTH + 1];
	double share = total && done < total ? (double)done / (double)total : total ? 1 : 0;
	for (int i = 0; i < WIDTH; i++)
		bar[i] = i < (int)(share * WIDTH) ? '#' : '.';
	bar[WIDTH] = 0;
	fprintf(stderr, "\r%s [%s] %3.0f %%", what, bar, share * 100);
	if (in_bytes && total) {
		fputs(", ", stderr);
		human_bytes(stderr, done);
		fputs(" of ", stderr);
		human_bytes(stderr, total);
		fputs("  ", stderr);
	}
	fflush(stderr);
	drawn = true;
}

static void erase(void)
{
	if (drawn)
		fprintf(stderr, "\r%*s\r", 80, "");
	fflush(stderr);
	drawn = false;
}

void progress_start(const char *name, bool bytes)
{
	pthread_mutex_lock(&lock);
	what = isatty(STDERR_FILENO) ? name : NULL;
	in_bytes = bytes;
	last = dp__now();
	pthread_mutex_unlock(&lock);
}

dp_code progress_step(void *user, uint64_t job_done, uint64_t job_total)
{
	progress_job *job = user;
	pthread_mutex_lock(&lock);
	done += job_done - job->done;
	total += job_total - job->total;
	*job = (progress_job){ job_done, job_total };
	if (what && dp__now() - last > 0.1) {
		last = dp__now();
		draw();
	}
	pthread_mutex_unlock(&lock);
	return signals_check(NULL);
}

void progress_hide(void)
{
	pthread_mutex_lock(&lock);
	erase();
	pthread_mutex_unlock(&lock);
}

void progress_stop(void)
{
	pthread_mutex_lock(&lock);
	erase();
	what = NULL;
	pthread_mutex_unlock(&lock);
}
