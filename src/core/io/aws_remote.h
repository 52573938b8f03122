/* aws_remote.h - services that hand out temporary keys: STS, a container's endpoint, a machine's
 * metadata. */
#ifndef DP_IO_AWS_REMOTE_H
#define DP_IO_AWS_REMOTE_H

#include "core/base/session.h"
#include "core/io/aws_config.h"
#include "core/io/aws_keys.h"

/* Who asks; all lent. */
typedef struct dp__aws_ask {
	dp_session *session;
	const dp_call *call;
	const dp__aws_config *config;
	const char *profile; /* which says where STS is */
} dp__aws_ask;

/* A role to take on; all but arn may be NULL. */
typedef struct dp__aws_role {
	const char *arn, *session_name, *external_id, *duration;
	const char *token_file; /* of a web identity; read anew each time */
} dp__aws_role;

/*
 * STS: AssumeRole, signed by source; or AssumeRoleWithWebIdentity where the role has a token_file.
 */
dp_code dp__aws_remote_assume(dp__aws_keys *out, const dp__aws_ask *ask, const dp__aws_role *role,
			      const dp__aws_keys *source, dp_error *err);
/*
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI; DP_ENOTFOUND if neither is set, DP_EAUTH if
 * the latter is neither https nor on this machine.
 */
dp_code dp__aws_remote_container(dp__aws_keys *out, const dp__aws_ask *ask, dp_error *err);
/* The machine's metadata (IMDSv2 only); DP_ENOTFOUND if there is none, or no role. */
dp_code dp__aws_remote_machine(dp__aws_keys *out, const dp__aws_ask *ask, dp_error *err);

#endif
