/* aws_credentials.h - looks for credentials where AWS' own tools do, in their order. */
#ifndef DP_IO_AWS_CREDENTIALS_H
#define DP_IO_AWS_CREDENTIALS_H

#include "core/base/session.h"
#include "core/io/aws_keys.h"

/*
 * The session's own keys; those of the environment, then of its web identity (neither if the
 * session names a profile); of the profile: static keys, a role with source_profile,
 * credential_source or web_identity_token_file, credential_process; of the container; of the
 * machine. Reads all files anew. DP_EAUTH if there are none, or the first that there are do not
 * work; DP_EUNSUPPORTED for a profile that asks for a person.
 */
dp_code dp__aws_credentials_find(dp__aws_keys *out, dp_session *session, const dp_call *call,
				 dp_error *err);

#endif
