/* object.h - what a user calls an object, with the signature that may stand in its URL. */
#ifndef DP_IO_OBJECT_H
#define DP_IO_OBJECT_H

#include "core/base/session.h"

/*
 * The canonical public URL of what a user typed: dp__url_of() and dp__url_public(). If it had a
 * signature or a password, the full form is kept for this session's requests, and nowhere else.
 * free() it.
 */
dp_code dp__object_url(char **out, dp_session *session, const char *typed, dp_error *err);
/*
 * The form of a public URL that requests are made with: the session's setting url, or what was
 * typed last, where that is the same object; else the URL itself. free() it.
 */
dp_code dp__object_full(char **out, dp_session *session, const char *url, dp_error *err);
/* Frees what a session keeps. */
void dp__object_forget(dp_session *session);

#endif
