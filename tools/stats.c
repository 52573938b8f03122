/* stats.c - sums up what a command asked of its stores. */
#include "stats.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/base/clock.h"
#include "human.h"

static atomic_uint_fast64_t needed;
static double start;

void stats_start(void)
{
	start = dp__now();
}

void stats_need(uint64_t bytes)
{
	atomic_fetch_add(&needed, bytes);
}

static void print_json(const dp_traffic *traffic, double seconds)
{
	fprintf(stderr,
		"{\"stats\":{\"gets\":%" PRIu64 ",\"retries\":%" PRIu64 ",\"needed\":%" PRIu64
		",\"fetched\":%" PRIu64 ",\"first_byte\":",
		traffic->requests, traffic->retries, (uint64_t)atomic_load(&needed),
		traffic->bytes);
	if (traffic->first_byte > 0)
		fprintf(stderr, "%.6f", traffic->first_byte);
	else
		fputs("null", stderr);
	fprintf(stderr, ",\"seconds\":%.6f,\"mb_per_s\":%.3f}}\n", seconds,
		(double)traffic->bytes / seconds / 1e6);
}

static void print_human(const dp_traffic *traffic, double seconds)
{
	fputs("stats: ", stderr);
	human_count(stderr, traffic->requests, "GET");
	fprintf(stderr, traffic->retries == 1 ? ", %" PRIu64 " retry, " : ", %" PRIu64 " retries, ",
		traffic->retries);
	human_bytes(stderr, atomic_load(&needed));
	fputs(" needed, ", stderr);
	human_bytes(stderr, traffic->bytes);
	fputs(" fetched", stderr);
	if (traffic->first_byte > 0)
		fprintf(stderr, ", first byte after %.1f ms", traffic->first_byte * 1e3);
	fprintf(stderr, ", %.2f s, %.1f MB/s\n", seconds, (double)traffic->bytes / seconds / 1e6);
}

void stats_print(const struct tool *tool)
{
	dp_traffic traffic;
	double seconds = dp__now() - start;
	if (!options_has(tool->opts, OPT_STATS))
		return;
	traffic = dp_session_traffic(tool->session);
	seconds = seconds > 1e-6 ? seconds : 1e-6;
	if (options_has(tool->opts, OPT_JSON))
		print_json(&traffic, seconds);
	else
		print_human(&traffic, seconds);
}
