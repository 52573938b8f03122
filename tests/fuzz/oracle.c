/* oracle.c - what zlib makes of a deflate stream. */
#define ZLIB_CONST
#include <stdlib.h>
#include <zlib.h>

#include "fuzz/oracle.h"

void oracle_run(oracle *o)
{
	z_stream strm = { 0 };
	if (inflateInit2(&strm, -15) != Z_OK)
		abort();
	if (o->window_len && inflateSetDictionary(&strm, o->window, (uInt)o->window_len) != Z_OK)
		abort();
	strm.next_in = o->in;
	strm.avail_in = (uInt)o->in_len;
	strm.next_out = o->text;
	strm.avail_out = (uInt)o->cap;
	if (o->bit && o->in_len) {
		inflatePrime(&strm, 8 - (int)o->bit, *o->in >> o->bit);
		strm.next_in++;
		strm.avail_in--;
	}
	int ret = Z_OK;
	while (ret == Z_OK)
		ret = inflate(&strm, Z_NO_FLUSH);
	o->got = o->cap - strm.avail_out;
	o->used = o->in_len - strm.avail_in;
	o->end = ret == Z_STREAM_END  ? ORACLE_WHOLE
		 : ret != Z_BUF_ERROR ? ORACLE_BAD
		 : strm.avail_out     ? ORACLE_CUT
				      : ORACLE_FULL;
	inflateEnd(&strm);
}
