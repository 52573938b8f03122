/* http_object.h - what is known of an object that is read over HTTP: the size of a state of it. */
#ifndef DP_IO_HTTP_OBJECT_H
#define DP_IO_HTTP_OBJECT_H

#include <pthread.h>

#include "core/io/http.h"

typedef struct dp__http_object {
	uint64_t told;        /* as dp_place.size */
	pthread_mutex_t lock; /* of all below, and of what its store keeps beside it */
	char etag[256];       /* the state that had the size, as dp_stat.etag */
	uint64_t size;
} dp__http_object;

dp_code dp__http_object_init(dp__http_object *out, uint64_t told, dp_error *err);
void dp__http_object_fini(dp__http_object *object);
/*
 * Fills stat, all but its etag, from the answer to a GET of the object's first bytes, and keeps the
 * size of the state that stat->etag says.
 */
void dp__http_object_stat(dp__http_object *object, const dp__http_reply *reply, dp_stat *stat);
/* The size that answers must name when that state is read; 0 = any. etag as in a request. */
uint64_t dp__http_object_size(dp__http_object *object, const char *etag);

#endif
