/* grow.c - arrays that grow. */
#include "core/base/grow.h"

#include <stdint.h>
#include <stdlib.h>

void *dp__grown(void *at, size_t *cap, size_t size, const char *what, dp_error *err)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *grown = more <= SIZE_MAX / size ? realloc(at, more * size) : NULL;
	if (grown)
		*cap = more;
	else
		dp_fail(err, DP_ENOMEM, "no memory for %zu %s", more, what);
	return grown;
}
