/* aws_process.h - runs the credential_process of a profile. */
#ifndef DP_IO_AWS_PROCESS_H
#define DP_IO_AWS_PROCESS_H

#include "core/base/session.h"
#include "core/io/aws_keys.h"

/*
 * Runs command by sh -c, without input, and reads the keys that it prints as JSON;
 * what it writes to standard error is the user's to see. DP_EAUTH if it fails, prints something
 * else or more than 64 KiB, or takes more than a minute; it is killed then.
 */
dp_code dp__aws_process_run(dp__aws_keys *out, const dp_call *call, const char *command,
			    dp_error *err);

#endif
