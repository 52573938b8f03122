/*
 * ranges.c - reads a whole object as the library reads any, in ranges of its store's part, and says
 * how many bytes came: ranges URL
 *
 * So many ranges are asked for at once as dp__ahead asks for: what fits into half of the memory
 * that it may use, while what is in the other half is being decoded. Here no one looks at the
 * bytes, so they go to the same buffers again and again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/num.h"
#include "core/engine/budget.h"
#include "core/io/store.h"
#include "dataplug/dataplug.h"

typedef struct object {
	dp_session *session;
	dp_call call;
	dp__site site;
	dp_stat stat;
} object;

/* The next ranges from off on; how many. */
static size_t cut(const object *from, uint64_t off, dp_read *reads, size_t most)
{
	size_t n = 0;

	for (; n < most && off < from->stat.size; n++) {
		uint64_t len = dp__min_u64(from->site.store->part, from->stat.size - off);

		reads[n].off = off;
		reads[n].len = (size_t)len;
		off += len;
	}
	return n;
}

static dp_code read_all(const object *from, dp_read *reads, size_t most, uint64_t *came,
			dp_error *err)
{
	dp_code code = DP_OK;
	size_t n;

	while (code == DP_OK && (n = cut(from, *came, reads, most)) > 0) {
		code = dp__site_read(&from->site, &from->call, from->stat.etag, reads, n, err);
		*came = reads[n - 1].off + reads[n - 1].len;
	}
	return code;
}

static dp_code read_in_batches(const object *from, uint64_t *came, dp_error *err)
{
	uint64_t part = from->site.store->part;
	uint64_t budget = dp__budget_ahead(from->session, from->site.store);
	size_t most = (size_t)dp__max_u64(budget / 2 / part, 1);
	dp_read *reads = calloc(most, sizeof(*reads));
	uint8_t *room = malloc(most * (size_t)part);
	dp_code code = DP_OK;

	if (reads == NULL || room == NULL)
		code = dp_fail(err, DP_ENOMEM, "no memory for %zu reads", most);
	for (size_t i = 0; code == DP_OK && i < most; i++)
		reads[i].buf = room + i * (size_t)part;
	if (code == DP_OK)
		code = read_all(from, reads, most, came, err);
	free(reads);
	free(room);
	return code;
}

int main(int argc, char **argv)
{
	object from = { .session = NULL };
	dp_error err = { .code = DP_OK };
	uint64_t came = 0;
	dp_code code;

	if (argc != 2)
		return fprintf(stderr, "usage: ranges URL\n"), 64;
	code = dp_session_open(&from.session, NULL, &err);
	if (code == DP_OK) {
		from.call = dp__call_begin(from.session);
		code = dp__site_open(&from.site, from.session, &(dp_place){ .url = argv[1] }, &err);
	}
	if (code == DP_OK)
		code = dp__site_stat(&from.site, &from.call, &from.stat, &err);
	if (code == DP_OK)
		code = read_in_batches(&from, &came, &err);
	dp__site_close(&from.site);
	dp_session_free(from.session);
	if (code != DP_OK)
		return fprintf(stderr, "ranges: %s\n", err.msg), 1;
	printf("%" PRIu64 "\n", came);
	return 0;
}
