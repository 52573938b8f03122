/* log.h - the library's log on stderr, where DATAPLUG_LOG asks for it. */
#ifndef TOOLS_LOG_H
#define TOOLS_LOG_H

#include "dataplug/session.h"

/* DATAPLUG_LOG=error|warn|info|debug: lines of that level and graver ones. DP_EINVAL if it is none
 * of these. */
dp_code log_start(dp_session *session, dp_error *err);

#endif
