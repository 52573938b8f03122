/* tasks.h - the built-in tasks that every format serves. */
#ifndef DP_ENGINE_TASKS_H
#define DP_ENGINE_TASKS_H

#include "dataplug/dataplug.h"

/* count and checksum; NULL-terminated. */
extern const dp_task *const dp__tasks[];

#endif
