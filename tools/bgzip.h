/* bgzip.h - compresses an output in BGZF (SAM specification 4.1): gzip in small blocks, which any
 * program reads and samtools, bgzip and dataplug read from any of them. */
#ifndef TOOLS_BGZIP_H
#define TOOLS_BGZIP_H

#include "dataplug/base.h"

struct bgzip;

/* What is written goes to out(user, ...). */
dp_code bgzip_open(struct bgzip **made, dp_write_fn out, void *user, dp_error *err);
/* A dp_write_fn: user is the bgzip. */
dp_code bgzip_write(void *user, const void *data, size_t len, dp_error *err);
/* The last block, and the empty one that says that it was. */
dp_code bgzip_end(struct bgzip *bgzip, dp_error *err);
void bgzip_free(struct bgzip *bgzip);

#endif
