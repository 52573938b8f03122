/* aws_keys.h - what requests are signed with: an access key, its secret, the token of temporary
 * ones. */
#ifndef DP_IO_AWS_KEYS_H
#define DP_IO_AWS_KEYS_H

#include "core/base/buf.h"

/* Zeroed is none. */
typedef struct dp__aws_keys {
	char *access_key, *secret_key;
	char *token;     /* "" = they are not temporary */
	int64_t expires; /* seconds since 1970; INT64_MAX = never */
} dp__aws_keys;

/* The same as text; token and expires (RFC 3339) may be NULL. */
typedef struct dp__aws_key_texts {
	const char *access_key, *secret_key, *token, *expires;
} dp__aws_key_texts;

/*
 * Copies keys that came from somewhere. DP_EAUTH, naming where from but not what: one is missing,
 * longer than a header may be, holds anything but visible ASCII, or the time is none.
 */
dp_code dp__aws_keys_init(dp__aws_keys *out, const dp__aws_key_texts *texts, const char *from,
			  dp_error *err);
/*
 * Reads {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}. DP_EAUTH if
 * that is not there, or "Code" is anything but "Success".
 */
dp_code dp__aws_keys_json(dp__aws_keys *out, const void *data, size_t len, const char *from,
			  dp_error *err);
/* Reads the <Credentials> of an answer of STS. */
dp_code dp__aws_keys_xml(dp__aws_keys *out, const void *data, size_t len, const char *from,
			 dp_error *err);
dp_code dp__aws_keys_copy(dp__aws_keys *out, const dp__aws_keys *keys, dp_error *err);
bool dp__aws_keys_equal(const dp__aws_keys *a, const dp__aws_keys *b);
/* Overwrites and frees. */
void dp__aws_keys_fini(dp__aws_keys *keys);

#endif
