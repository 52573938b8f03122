/*
 * lengths.c - a task of one's own: how long the records of a slice are, from the shortest to the
 * longest. Build it as a shared object, and name it to dataplug:
 *
 *	cc -shared -fPIC lengths.c -o lengths.so $(pkg-config --cflags --libs dataplug)
 *	dataplug map slices.jsonl lengths --lib ./lengths.so
 */
#include <dataplug/plugin.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct lengths {
	uint64_t records, bytes, shortest, longest;
} lengths;

static void add_length(lengths *sum, uint64_t len)
{
	sum->shortest = sum->records == 0 || len < sum->shortest ? len : sum->shortest;
	sum->longest = len > sum->longest ? len : sum->longest;
	sum->bytes += len;
	sum->records++;
}

static dp_code print(const lengths *sum, dp_write_fn out, void *user, dp_error *err)
{
	char text[200];
	int n = snprintf(text, sizeof text,
			 "{\"records\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"shortest\":%" PRIu64
			 ",\"longest\":%" PRIu64 "}",
			 sum->records, sum->bytes, sum->shortest, sum->longest);
	return out(user, text, (size_t)n, err);
}

/* A slice comes in batches; ends[i] is where record i ends in a batch. */
static dp_code run(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	lengths sum = { 0 };
	dp_reader *reader = NULL;
	dp_batch batch;
	dp_code rc = dp_reader_open(&reader, work->slice, err);
	while (rc == DP_OK) {
		rc = dp_reader_next(reader, &batch, err);
		if (rc != DP_OK || batch.nrec == 0)
			break;
		for (uint64_t i = 0; i < batch.nrec; i++)
			add_length(&sum, batch.ends[i] - (i ? batch.ends[i - 1] : 0));
	}
	dp_reader_free(reader);
	return rc == DP_OK ? print(&sum, out, user, err) : rc;
}

/* A result is what print() wrote; it may have come from another machine. */
static dp_code parse(lengths *sum, const dp_batch *result, dp_error *err)
{
	char text[200];
	snprintf(text, sizeof text, "%.*s", (int)result->len, (const char *)result->data);
	if (sscanf(text,
		   "{\"records\":%" SCNu64 ",\"bytes\":%" SCNu64 ",\"shortest\":%" SCNu64
		   ",\"longest\":%" SCNu64 "}",
		   &sum->records, &sum->bytes, &sum->shortest, &sum->longest) != 4)
		return dp_fail(err, DP_ETASK, "not a result of lengths");
	return DP_OK;
}

static dp_code merge(const dp_work *work, const dp_batch *a, const dp_batch *b, dp_write_fn out,
		     void *user, dp_error *err)
{
	lengths x, y;
	(void)work;
	dp_code rc = parse(&x, a, err);
	if (rc == DP_OK)
		rc = parse(&y, b, err);
	if (rc != DP_OK)
		return rc;
	if (x.records == 0 || (y.records && y.shortest < x.shortest))
		x.shortest = y.shortest;
	x.longest = y.longest > x.longest ? y.longest : x.longest;
	x.records += y.records;
	x.bytes += y.bytes;
	return print(&x, out, user, err);
}

static const dp_task task = {
	.name = "lengths",
	.doc = "the shortest and the longest record, in bytes",
	.run = run,
	.merge = merge,
};
static const dp_task *const tasks[] = { &task, NULL };

const dp_plugin dp_plugin_v1 = {
	.abi = DP_PLUGIN_ABI,
	.name = "lengths",
	.version = "1.0",
	.tasks = tasks,
};
