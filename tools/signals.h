/* signals.h - what ends a command early: Ctrl-C, SIGTERM, and the end of its time. */
#ifndef TOOLS_SIGNALS_H
#define TOOLS_SIGNALS_H

#include "dataplug/session.h"

/* From now on signals end the command; timeout in seconds, 0 = no limit. */
dp_code signals_start(double timeout, dp_error *err);
/* The session whose calls are cancelled; NULL before it is freed. */
void signals_session(dp_session *session);
/* 0, or the exit code that the command must end with: 130 cancelled, 75 out of time. */
int signals_stopped(void);
/* DP_OK, or DP_ECANCELED once the command must end. */
dp_code signals_check(dp_error *err);
/* A temporary file that is removed should the command have to be ended by force; NULL = none. path
 * must stay. */
void signals_temp(const char *path);
/* In a thread of the tool's own: leaves signals to the main thread. */
void signals_block(void);

#endif
