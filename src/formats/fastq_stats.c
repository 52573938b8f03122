/* fastq_stats.c - the task fastq-stats: reads, bases, G and C, N, and quality of a slice of FASTQ.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/num.h"
#include "formats/fastq.h"
#include "formats/formats.h"

#define PHRED_ZERO 33

typedef struct stats {
	uint64_t reads, bases, gc, n, quality;
} stats;

/* What one byte adds: bases in the low 24 bits, G or C in the next 20, N above; line ends add
 * nothing. */
#define BASE_BITS 24
#define GC_BITS   20
/* So many bytes may be added up before a field overflows. */
#define RUN ((size_t)1 << 19)

typedef struct tables {
	uint64_t base[256];
	uint8_t quality[256];
} tables;

static void fill_tables(tables *t)
{
	const char *gc = "GCgc", *n = "Nn";
	for (unsigned c = 0; c < 256; c++) {
		t->base[c] = c > ' ' ? 1 : 0;
		t->quality[c] = (uint8_t)(c > PHRED_ZERO ? c - PHRED_ZERO : 0);
	}
	for (; *gc; gc++)
		t->base[(uint8_t)*gc] |= (uint64_t)1 << BASE_BITS;
	for (; *n; n++)
		t->base[(uint8_t)*n] |= (uint64_t)1 << (BASE_BITS + GC_BITS);
}

static void add_bases(stats *sum, const tables *t, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t n = len < RUN ? len : RUN;
		uint64_t fields = 0;
		for (size_t i = 0; i < n; i++)
			fields += t->base[bytes[i]];
		sum->bases += fields & (((uint64_t)1 << BASE_BITS) - 1);
		sum->gc += fields >> BASE_BITS & (((uint64_t)1 << GC_BITS) - 1);
		sum->n += fields >> (BASE_BITS + GC_BITS);
		bytes += n;
		len -= n;
	}
}

static void add_quality(stats *sum, const tables *t, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum->quality += t->quality[bytes[i]];
}

/*
 * The slice's records were validated as four-line or multiline; a read that fits four lines is the
 * same in both, so the task need not know which.
 */
static dp_code add_batch(stats *sum, const tables *t, const dp_batch *batch, dp_error *err)
{
	dp_text text = { batch->data, batch->len, true };
	dp__read read;
	/* Four lines of a wrapped file may be followed by a blank line, which only the other layout
	 * admits. */
	for (size_t at = 0; at < text.len; at = read.end) {
		if (dp__fastq_four(&text, at, &read, NULL) != DP__READ_WHOLE &&
		    dp__fastq_multi(&text, at, &read, err) != DP__READ_WHOLE)
			return DP_EFORMAT;
		sum->reads++;
		add_bases(sum, t, text.data + read.seq, read.plus - read.seq);
		add_quality(sum, t, text.data + read.qual, read.end - read.qual);
	}
	return DP_OK;
}

/* a / b with two decimals, whatever the locale. */
static void write_ratio(char out[32], double a, uint64_t b)
{
	uint64_t hundredths = b ? (uint64_t)(a * 100 / (double)b + 0.5) : 0;
	snprintf(out, 32, "%" PRIu64 ".%02u", hundredths / 100, (unsigned)(hundredths % 100));
}

static dp_code write_stats(const stats *sum, dp_write_fn out, void *user, dp_error *err)
{
	char text[320], gc[32], quality[32];
	write_ratio(gc, (double)sum->gc * 100, sum->bases - sum->n);
	write_ratio(quality, (double)sum->quality, sum->bases);
	int len = snprintf(text, sizeof text,
			   "{\"reads\":%" PRIu64 ",\"bases\":%" PRIu64 ",\"gc\":%" PRIu64
			   ",\"n\":%" PRIu64 ",\"quality\":%" PRIu64
			   ",\"gc_percent\":%s,\"mean_quality\":%s}",
			   sum->reads, sum->bases, sum->gc, sum->n, sum->quality, gc, quality);
	return out(user, text, (size_t)len, err);
}

static dp_code check_format(const dp_slice *slice, dp_error *err)
{
	for (size_t i = 0; i < dp_slice_count(slice); i++) {
		const char *format = dp_slice_format(dp_slice_member(slice, i));
		if (format && strcmp(format, dp__fastq.name) != 0)
			return dp_fail(err, DP_EINVAL, "fastq-stats reads fastq, not %s", format);
	}
	return DP_OK;
}

static dp_code stats_run(const dp_work *work, dp_write_fn out, void *out_user, dp_error *err)
{
	dp_reader *reader = NULL;
	dp_batch batch = { 0 };
	stats sum = { 0 };
	tables t;
	fill_tables(&t);
	dp_code rc = check_format(work->slice, err);
	if (rc == DP_OK)
		rc = dp_reader_open(&reader, work->slice, err);
	while (rc == DP_OK) {
		rc = dp_call_check(work->call, err);
		if (rc == DP_OK)
			rc = dp_reader_next(reader, &batch, err);
		if (rc != DP_OK || batch.nrec == 0)
			break;
		rc = add_batch(&sum, &t, &batch, err);
	}
	dp_reader_free(reader);
	return rc == DP_OK ? write_stats(&sum, out, out_user, err) : rc;
}

static bool take_count(const json_t *root, const char *name, uint64_t *sum)
{
	const json_t *value = json_object_get(root, name);
	json_int_t n = json_integer_value(value);
	return json_is_integer(value) && n >= 0 && dp__add_u64(*sum, (uint64_t)n, sum);
}

/* Adds a result as it was written, perhaps by another process. */
static dp_code add_result(stats *sum, const dp_batch *result, dp_error *err)
{
	json_t *root = json_loadb((const char *)result->data, result->len, 0, NULL);
	bool good = take_count(root, "reads", &sum->reads) &&
		    take_count(root, "bases", &sum->bases) && take_count(root, "gc", &sum->gc) &&
		    take_count(root, "n", &sum->n) && take_count(root, "quality", &sum->quality) &&
		    sum->gc <= sum->bases && sum->n <= sum->bases - sum->gc;
	json_decref(root);
	if (!good)
		return dp_fail(err, DP_ETASK, "a result to be merged is no result of fastq-stats");
	return DP_OK;
}

static dp_code stats_merge(const dp_work *work, const dp_batch *a, const dp_batch *b,
			   dp_write_fn out, void *out_user, dp_error *err)
{
	stats sum = { 0 };
	(void)work;
	dp_code rc = add_result(&sum, a, err);
	if (rc == DP_OK)
		rc = add_result(&sum, b, err);
	return rc == DP_OK ? write_stats(&sum, out, out_user, err) : rc;
}

const dp_task dp__fastq_stats = {
	.name = "fastq-stats",
	.doc = "reads, bases, G and C, N, sum and mean of qualities, as one line of JSON",
	.run = stats_run,
	.merge = stats_merge,
};
