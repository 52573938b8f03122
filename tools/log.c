/* log.c - the library's log on stderr, where DATAPLUG_LOG asks for it. */
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"

static const char *const names[] = { "error", "warn", "info", "debug" };

/* What the log is held to: lines beyond it are not shown. */
static void print_line(void *user, dp_level level, const char *line)
{
	const char *const *most = user;
	if (level > most - names)
		return;
	progress_hide();
	fprintf(stderr, "dataplug: %s: %s\n", names[level], line);
}

dp_code log_start(dp_session *session, dp_error *err)
{
	const char *level = getenv("DATAPLUG_LOG");
	if (!level || !*level)
		return DP_OK;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(level, names[i]) != 0)
			continue;
		dp_session_log_to(session, print_line, (void *)(uintptr_t)&names[i]);
		return DP_OK;
	}
	return dp_fail(err, DP_EINVAL, "DATAPLUG_LOG=%s: error, warn, info or debug is needed",
		       level);
}
