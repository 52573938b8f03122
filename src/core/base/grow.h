/* grow.h - arrays that grow. */
#ifndef DP_BASE_GROW_H
#define DP_BASE_GROW_H

#include "dataplug/base.h"

/*
 * Room for more than *cap items of so many bytes: twice as many, or 64 of them at first. Gives
 * where they are now and sets *cap; NULL, with DP_ENOMEM in err, leaves both as they were. what:
 * the items' name in the message.
 */
void *dp__grown(void *at, size_t *cap, size_t size, const char *what, dp_error *err);

#endif
