/*
 * fuzz_gzi.c - fuzzes the import of other programs' indexes: an input is one, of the same small
 * object. What is not refused gives units that hold the object's records, all of them.
 */
#include <string.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "core/io/mem.h"
#include "dataplug/dataplug.h"
#include "fuzz/check.h"
#include "fuzz/fuzz.h"

#define LINES 3000
#define BLOCK 1500 /* of text */
#define ROOM  ((size_t)1 << 17)

typedef struct object {
	uint8_t gz[ROOM];
	char text[ROOM];
	size_t gz_len, text_len;
} object;

/* A member of half the text, in blocks. */
static void add_member(object *of, size_t from, size_t to, int flush)
{
	z_stream z = { 0 };
	CHECK(deflateInit2(&z, 6, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY) == Z_OK);
	z.next_in = (Bytef *)of->text + from;
	z.next_out = of->gz + of->gz_len;
	z.avail_out = (uInt)(ROOM - of->gz_len);
	for (size_t at = from; at < to; at += BLOCK) {
		z.avail_in = (uInt)(to - at < BLOCK ? to - at : BLOCK);
		CHECK(deflate(&z, to - at <= BLOCK ? Z_FINISH : flush) >= Z_OK);
	}
	of->gz_len += z.total_out;
	deflateEnd(&z);
}

static void make_object(object *of)
{
	for (unsigned i = 0; i < LINES; i++)
		of->text_len += (size_t)sprintf(of->text + of->text_len, "%x\n",
						i * 2654435761u >> (i % 7));
	add_member(of, 0, of->text_len / 2, Z_BLOCK);
	add_member(of, of->text_len / 2, of->text_len, Z_SYNC_FLUSH);
}

static void read_back(const dp_index *index, const object *of)
{
	dp_slices *slices = NULL;
	dp_error err = { 0 };
	dp__buf back = dp__buf_of(2 * ROOM);
	dp_code rc = dp_partition(&slices, &index, 1, "chunks",
				  (const char *const[]){ "n=3", NULL }, &err);
	for (size_t i = 0; rc == DP_OK && i < dp_slices_count(slices); i++)
		rc = dp_slice_get(dp_slices_at(slices, i), 0, dp__buf_write, &back, &err);
	if (rc != DP_OK)
		fprintf(stderr, "%s\n", err.msg);
	CHECK(rc == DP_OK);
	CHECK(back.len == of->text_len && memcmp(back.data, of->text, back.len) == 0);
	dp_slices_free(slices);
	dp__buf_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static object of;
	dp_session *session = NULL;
	dp_index *index = NULL;
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	if (of.gz_len == 0)
		make_object(&of);
	opts.format = "lines";
	opts.imported = "mem:points";
	CHECK(dp_session_open(&session, NULL, NULL) == DP_OK);
	CHECK(dp__mem_put(session, "mem:x.gz", of.gz, of.gz_len, NULL) == DP_OK);
	CHECK(dp__mem_put(session, "mem:points", data, size, NULL) == DP_OK);
	dp_code rc = dp_index_build(&index, session, "mem:x.gz", &opts, NULL);
	CHECK(rc == DP_OK || rc == DP_EFORMAT);
	if (rc == DP_OK)
		read_back(index, &of);
	dp_index_free(index);
	dp_session_free(session);
	return 0;
}
