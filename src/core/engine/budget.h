/* budget.h - how a session's memory is shared out. */
#ifndef DP_ENGINE_BUDGET_H
#define DP_ENGINE_BUDGET_H

#include "core/base/session.h"

/*
 * Bytes that one reader of a store may hold ahead: half of the session's memory (the other half
 * decodes), shared by the slices that are read now, one part at least. Memory not set is 32 MiB on
 * disk (a gap below 1 MiB), else 128 MiB.
 */
uint64_t dp__budget_ahead(dp_session *session, const dp_store *store);

#endif
