/* http_object.c - what is known of an object that is read over HTTP: the size of a state of it. */
#include "core/io/http_object.h"

#include <string.h>

dp_code dp__http_object_init(dp__http_object *out, uint64_t told, dp_error *err)
{
	*out = (dp__http_object){ .told = told };
	if (pthread_mutex_init(&out->lock, NULL) != 0)
		return dp_fail(err, DP_ENOMEM, "no lock for a place");
	return DP_OK;
}

void dp__http_object_fini(dp__http_object *object)
{
	pthread_mutex_destroy(&object->lock);
}

void dp__http_object_stat(dp__http_object *object, const dp__http_reply *reply, dp_stat *stat)
{
	stat->size = reply->total;
	stat->len = reply->body.len < stat->cap ? reply->body.len : stat->cap;
	if (stat->len > 0)
		memcpy(stat->head, reply->body.data, stat->len);
	pthread_mutex_lock(&object->lock);
	object->size = stat->size;
	memcpy(object->etag, stat->etag, sizeof(object->etag));
	pthread_mutex_unlock(&object->lock);
}

uint64_t dp__http_object_size(dp__http_object *object, const char *etag)
{
	uint64_t size = object->told;

	if (size > 0 || etag == NULL)
		return size;
	pthread_mutex_lock(&object->lock);
	if (strcmp(object->etag, etag) == 0)
		size = object->size;
	pthread_mutex_unlock(&object->lock);
	return size;
}
