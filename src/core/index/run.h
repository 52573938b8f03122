/* run.h - the units' run while it is built: appended bytes, in memory first, in a temporary file
 * when they are many. */
#ifndef DP_INDEX_RUN_H
#define DP_INDEX_RUN_H

#include "core/base/buf.h"

typedef struct dp__run dp__run;

/* memory: bytes kept before they go to an unlinked file in TMPDIR. */
dp_code dp__run_open(dp__run **out, size_t memory, dp_error *err);
/* DP_EWRITE when the temporary folder is full. */
dp_code dp__run_add(dp__run *run, const void *data, size_t len, dp_error *err);
uint64_t dp__run_size(const dp__run *run);
/* Gives all bytes in order, piece by piece. */
dp_code dp__run_copy(const dp__run *run, dp_write_fn out, void *user, dp_error *err);
void dp__run_free(dp__run *run);

/* Opens an unlinked file in TMPDIR (/tmp without it); close() it. */
dp_code dp__run_temp(int *fd, dp_error *err);
/* Writes all of data at the file's position. */
dp_code dp__run_write(int fd, const void *data, size_t len, dp_error *err);

#endif
