/* s3_list.h - every object under a place of S3, page by page. */
#ifndef DP_IO_S3_LIST_H
#define DP_IO_S3_LIST_H

#include "core/io/s3_try.h"
#include "dataplug/store.h"

/* As dp_store.list; the place's key is what the keys begin with. */
dp_code dp__s3_list(const dp__s3_place *place, const dp_call *call,
		    dp_code (*key)(void *user, const char *url, const dp_stat *stat), void *user,
		    dp_error *err);

#endif
