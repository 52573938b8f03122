/* columns.c - dp_slice_columns: the records of a slice as a stream of Arrow tables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/reader.h"
#include "core/engine/table.h"

/* What a stream owns. */
typedef struct stream {
	dp_slice *slice; /* a copy that shares what slices of one index share */
	dp_reader *reader;
	dp_rows rows;
	dp_format_use use;
	dp_error error; /* of the last call that failed */
} stream;

/* Whoever reads the stream knows no slice, so the error names the object: of one on the web without
 * the query, which may be a signature. */
static int fail(stream *own, dp_code code)
{
	const char *url = dp_slice_url(own->slice);
	size_t len = strncmp(url, "http", 4) == 0 ? strcspn(url, "?") : strlen(url);
	dp_fail(&own->error, code, "%.*s: %s", (int)len, url, own->error.msg);
	switch (code) {
	case DP_ENOMEM:
		return ENOMEM;
	case DP_EINVAL:
	case DP_EFORMAT:
		return EINVAL;
	case DP_EUNSUPPORTED:
		return ENOSYS;
	case DP_ECANCELED:
		return ECANCELED;
	default:
		return EIO;
	}
}

static int get_schema(struct ArrowArrayStream *self, struct ArrowSchema *out)
{
	stream *own = self->private_data;
	dp_code rc = dp__rows_schema(own->rows.columns, out, &own->error);
	return rc == DP_OK ? 0 : fail(own, rc);
}

static dp_code add_batch(stream *own, const dp_batch *batch)
{
	const dp_format *format = own->slice->origin->format;
	size_t at = 0, each = batch->ends ? 0 : batch->len / (size_t)batch->nrec;
	dp_code rc = DP_OK;
	for (uint64_t i = 0; rc == DP_OK && i < batch->nrec; i++) {
		size_t end = batch->ends ? batch->ends[i] : at + each;
		own->rows.now = batch->rec + i;
		rc = format->rows(&own->use, batch->data + at, end - at, &own->rows, &own->error);
		at = end;
	}
	return rc;
}

/* A table for each batch; a released one at the end. */
static int get_next(struct ArrowArrayStream *self, struct ArrowArray *out)
{
	stream *own = self->private_data;
	dp_batch batch = { 0 };
	dp_code rc = dp_reader_next(own->reader, &batch, &own->error);
	*out = (struct ArrowArray){ 0 };
	if (rc == DP_OK && batch.nrec > 0) {
		rc = add_batch(own, &batch);
		if (rc == DP_OK)
			rc = dp__rows_take(&own->rows, out, &own->error);
	}
	return rc == DP_OK ? 0 : fail(own, rc);
}

static const char *get_last_error(struct ArrowArrayStream *self)
{
	stream *own = self->private_data;
	return own->error.code ? own->error.msg : NULL;
}

static void free_stream(stream *own)
{
	if (!own)
		return;
	dp_reader_free(own->reader);
	dp__rows_fini(&own->rows);
	dp_slice_free(own->slice);
	free(own);
}

static void release(struct ArrowArrayStream *self)
{
	free_stream(self->private_data);
	self->release = NULL;
}

static dp_code copy_bytes(uint8_t **out, const uint8_t *data, uint64_t len, dp_error *err)
{
	*out = data ? malloc((size_t)len + 1) : NULL;
	if (!data)
		return DP_OK;
	if (!*out)
		return dp_fail(err, DP_ENOMEM, "no memory for rows");
	memcpy(*out, data, (size_t)len);
	return DP_OK;
}

/* The stream outlives the slice that it was made of. */
static dp_code copy_slice(dp_slice **out, const dp_slice *slice, dp_error *err)
{
	dp_slice *copy = dp__slice_new(slice->origin);
	if (!copy)
		return dp_fail(err, DP_ENOMEM, "no memory for a slice");
	copy->ordinal = slice->ordinal;
	copy->of = slice->of;
	copy->sel = slice->sel;
	copy->rows_off = slice->rows_off;
	copy->rows_len = slice->rows_len;
	copy->rows_crc = slice->rows_crc;
	copy->price = slice->price;
	copy->memory = slice->memory;
	copy->spent = slice->spent;
	*out = copy;
	return copy_bytes(&copy->rows, slice->rows, slice->rows_len, err);
}

static dp_code open_stream(stream *own, const dp_slice *slice, dp_error *err)
{
	const dp_format *format = slice->origin->format;
	if (!format->columns || !format->rows)
		return dp_fail(err, DP_EUNSUPPORTED, "records of format %s have no columns",
			       format->name);
	dp_code rc = dp__rows_init(&own->rows, format->columns, err);
	if (rc == DP_OK)
		rc = copy_slice(&own->slice, slice, err);
	if (rc == DP_OK)
		rc = dp_reader_open(&own->reader, own->slice, err);
	own->use = (dp_format_use){ format->impl, slice->origin->params.value };
	return rc;
}

dp_code dp_slice_columns(const dp_slice *slice, struct ArrowArrayStream *out, dp_error *err)
{
	dp_code rc = dp__slice_check(slice, err);
	if (rc != DP_OK)
		return rc;
	if (slice->nmembers)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "a set has no columns of its own; each of its members has");
	stream *own = calloc(1, sizeof *own);
	if (!own)
		return dp_fail(err, DP_ENOMEM, "no memory for a stream");
	rc = open_stream(own, slice, err);
	if (rc != DP_OK) {
		free_stream(own);
		return rc;
	}
	*out = (struct ArrowArrayStream){ .get_schema = get_schema,
					  .get_next = get_next,
					  .get_last_error = get_last_error,
					  .release = release,
					  .private_data = own };
	return DP_OK;
}
