/* index_store.c - puts a finished table and its run together into one file and stores it whole. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/index/db.h"
#include "core/index/index.h"

#define MAX_DB ((size_t)1 << 30)

static dp_code write_fd(void *user, const void *data, size_t len, dp_error *err)
{
	const int *fd = user;
	return dp__run_write(*fd, data, len, err);
}

/* The whole index file, in a temporary one that nobody else sees. */
static dp_code file_make(dp_index *index, const dp__run *run, int *fd, dp_error *err)
{
	dp__buf db = dp__buf_of(MAX_DB);
	dp_code code = dp__db_write(&index->table, &db, err);
	index->run_off = db.len;
	if (code == DP_OK)
		code = dp__run_temp(fd, err);
	if (code == DP_OK)
		code = dp__run_write(*fd, db.data, db.len, err);
	dp__buf_fini(&db);
	if (code == DP_OK)
		code = dp__run_copy(run, write_fd, fd, err);
	if (code == DP_OK)
		code = dp__run_write(*fd, index->travel.data, index->travel.len, err);
	index->size = index->run_off + dp__run_size(run) + index->travel.len;
	return code;
}

/* Stores fd at url and takes note of what lies there then. */
static dp_code put_at(dp_index *index, const dp_call *call, const char *url, int fd, dp_error *err)
{
	dp_error why = { 0 };
	dp_stat stat = { 0 };
	const dp_place place = { .url = url };
	dp_code code = dp__site_open(&index->site, index->session, &place, &why);
	if (code == DP_OK)
		code = dp__site_put(&index->site, call, fd, index->size, &why);
	if (code == DP_OK)
		code = dp__site_stat(&index->site, call, &stat, &why);
	if (code != DP_OK)
		return dp_fail(err, code, "index %s: %s", url, why.msg);
	memcpy(index->etag, stat.etag, sizeof(index->etag));
	index->url = dp__strdup(url);
	return index->url ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a URL");
}

dp_code dp__index_store(dp_index **out, const dp_call *call, const char *to, dp__table *table,
			const dp__run *run, dp_error *err)
{
	int fd = -1;
	*out = NULL;
	dp_index *index = calloc(1, sizeof(*index));
	if (!index)
		return dp_fail(err, DP_ENOMEM, "no memory for an index");
	index->session = call->session;
	index->built = true;
	index->table = *table;
	dp_code code = dp__index_finish(index, err);
	assert(code != DP_OK || index->row_off[table->nunits] == dp__run_size(run));
	if (code == DP_OK)
		code = file_make(index, run, &fd, err);
	if (code == DP_OK)
		code = put_at(index, call, to, fd, err);
	if (fd >= 0)
		close(fd);
	if (code == DP_OK) {
		memset(table, 0, sizeof(*table));
		*out = index;
		return DP_OK;
	}
	memset(&index->table, 0, sizeof(index->table)); /* it stays the caller's */
	dp_index_free(index);
	return code;
}
