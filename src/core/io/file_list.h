/* file_list.h - names every file under a folder. */
#ifndef DP_IO_FILE_LIST_H
#define DP_IO_FILE_LIST_H

#include "core/base/session.h"
#include "dataplug/store.h"

/*
 * Calls key for each regular file under path, in the order of bytes of their paths, as object
 * stores list; for path itself where it is one. Names that begin with "." are left out, links to
 * files followed, links to folders not. DP_ENOTFOUND, DP_EAUTH: path or a folder under it cannot be
 * read.
 */
dp_code dp__file_list(const char *path, const dp_call *call,
		      dp_code (*key)(void *user, const char *url, const dp_stat *stat), void *user,
		      dp_error *err);

#endif
