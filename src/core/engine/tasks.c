/* tasks.c - the tasks that every format serves: count its records, and a checksum of them. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/num.h"
#include "core/base/text.h"
#include "core/engine/tasks.h"

/* What was seen of the records. */
struct tally {
	uint64_t records, bytes;
	uint32_t crc;
};

static void add_records(struct tally *tally, const dp_batch *batch)
{
	tally->records += batch->nrec;
}

static void add_bytes(struct tally *tally, const dp_batch *batch)
{
	tally->bytes += batch->len;
	tally->crc = dp__crc32(tally->crc, batch->data, batch->len);
}

static dp_code walk(const dp_work *work, void (*add)(struct tally *, const dp_batch *),
		    struct tally *tally, dp_error *err)
{
	dp_reader *reader = NULL;
	dp_batch batch = { 0 };
	dp_code rc = dp_reader_open(&reader, work->slice, err);
	while (rc == DP_OK) {
		rc = dp_call_check(work->call, err);
		if (rc == DP_OK)
			rc = dp_reader_next(reader, &batch, err);
		if (rc != DP_OK || batch.nrec == 0)
			break;
		add(tally, &batch);
	}
	dp_reader_free(reader);
	return rc;
}

static dp_code write_count(const struct tally *tally, dp_write_fn out, void *user, dp_error *err)
{
	char text[64];
	int n = snprintf(text, sizeof text, "{\"records\":%" PRIu64 "}", tally->records);
	return out(user, text, (size_t)n, err);
}

static dp_code write_checksum(const struct tally *tally, dp_write_fn out, void *user, dp_error *err)
{
	char text[96];
	int n = snprintf(text, sizeof text, "{\"bytes\":%" PRIu64 ",\"crc32\":\"%08" PRIx32 "\"}",
			 tally->bytes, tally->crc);
	return out(user, text, (size_t)n, err);
}

/* A result as it was written, perhaps by another process. */
static dp_code read_count(struct tally *tally, const dp_batch *result, dp_error *err)
{
	json_int_t records = -1;
	json_t *root = json_loadb((const char *)result->data, result->len, 0, NULL);
	int bad = json_unpack(root, "{s:I!}", "records", &records);
	json_decref(root);
	if (bad || records < 0)
		return dp_fail(err, DP_ETASK, "a result to be merged is no result of count");
	tally->records = (uint64_t)records;
	return DP_OK;
}

static bool take_crc(const char *text, uint32_t *crc)
{
	*crc = 0;
	if (strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8)
		return false;
	for (size_t i = 0; i < 8; i++)
		*crc = *crc << 4 | (uint32_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
	return true;
}

static dp_code read_checksum(struct tally *tally, const dp_batch *result, dp_error *err)
{
	json_int_t bytes = -1;
	const char *crc = "";
	json_t *root = json_loadb((const char *)result->data, result->len, 0, NULL);
	bool good = json_unpack(root, "{s:I,s:s!}", "bytes", &bytes, "crc32", &crc) == 0 &&
		    bytes >= 0 && take_crc(crc, &tally->crc);
	json_decref(root);
	if (!good)
		return dp_fail(err, DP_ETASK, "a result to be merged is no result of checksum");
	tally->bytes = (uint64_t)bytes;
	return DP_OK;
}

static dp_code run_count(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	struct tally sum = { 0 };
	dp_code rc = walk(work, add_records, &sum, err);
	return rc == DP_OK ? write_count(&sum, out, user, err) : rc;
}

static dp_code merge_count(const dp_work *work, const dp_batch *a, const dp_batch *b,
			   dp_write_fn out, void *user, dp_error *err)
{
	struct tally left = { 0 }, right = { 0 };
	(void)work;
	dp_code rc = read_count(&left, a, err);
	if (rc == DP_OK)
		rc = read_count(&right, b, err);
	if (rc != DP_OK)
		return rc;
	left.records += right.records;
	return write_count(&left, out, user, err);
}

static dp_code run_checksum(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	struct tally sum = { 0 };
	dp_code rc = walk(work, add_bytes, &sum, err);
	return rc == DP_OK ? write_checksum(&sum, out, user, err) : rc;
}

static dp_code merge_checksum(const dp_work *work, const dp_batch *a, const dp_batch *b,
			      dp_write_fn out, void *user, dp_error *err)
{
	struct tally left = { 0 }, right = { 0 };
	(void)work;
	dp_code rc = read_checksum(&left, a, err);
	if (rc == DP_OK)
		rc = read_checksum(&right, b, err);
	if (rc != DP_OK)
		return rc;
	left.crc = dp__crc32_join(left.crc, right.crc, right.bytes);
	left.bytes += right.bytes;
	return write_checksum(&left, out, user, err);
}

static const dp_task count = {
	.name = "count",
	.doc = "how many records",
	.run = run_count,
	.merge = merge_count,
};

static const dp_task checksum = {
	.name = "checksum",
	.doc = "the records' bytes: how many, and their CRC-32 as gzip and zlib have it",
	.run = run_checksum,
	.merge = merge_checksum,
};

const dp_task *const dp__tasks[] = { &count, &checksum, NULL };
