/* aws.h - what a session knows of AWS: its credentials while they last, regions and clocks that
 * hosts have told. */
#ifndef DP_IO_AWS_H
#define DP_IO_AWS_H

#include "core/base/session.h"
#include "core/io/aws_keys.h"

/* session->aws; made at its first use, made anew in a child after fork(). */
void dp__aws_free(struct dp__aws *aws);

/*
 * The session's keys, as a copy. They are looked for once, and anew by one thread, when less than 5
 * minutes (or the later half of a shorter time) are left of them; meanwhile, and when that fails,
 * the others go on with them while they hold.
 */
dp_code dp__aws_keys_get(dp__aws_keys *out, dp_session *session, const dp_call *call,
			 dp_error *err);
/*
 * A service has refused these keys: looks for others, unless another thread has, or they were
 * looked for within the last seconds. Returns whether there are others now.
 */
bool dp__aws_keys_renew(dp_session *session, const dp_call *call, const dp__aws_keys *refused);

/* What was learned of a host and bucket. */
typedef struct dp__aws_learned {
	char region[64]; /* "" = nothing */
	int64_t skew;    /* seconds that its clock is before ours */
} dp__aws_learned;
dp__aws_learned dp__aws_learned_of(dp_session *session, const char *host);
/* Remembers it for the session's later requests; not more than a thousand hosts. */
void dp__aws_learn(dp_session *session, const char *host, const dp__aws_learned *learned);

#endif
