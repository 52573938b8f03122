/* aws_endpoint.h - where a service of AWS, or one like it, is reached, and by which profile. */
#ifndef DP_IO_AWS_ENDPOINT_H
#define DP_IO_AWS_ENDPOINT_H

#include "core/base/session.h"
#include "core/io/aws_config.h"

#define DP__AWS_REGION  "us-east-1" /* where nothing names another */
#define DP__AWS_PROFILE "default"

typedef struct dp__aws_endpoint {
	char *url;     /* without a slash at its end; NULL: AWS' own, made of the region */
	char *region;  /* as far as it is known */
	char *profile; /* whose settings and credentials count */
	bool named;    /* the profile, by the program: before the environment's credentials */
	bool virtual_host, path_style; /* as told; neither: virtual for AWS itself, else path */
	bool anonymous, requester_pays;
} dp__aws_endpoint;

/*
 * The endpoint of S3 for a place: first what the place says, then the session, AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL, the profile. A place may come from elsewhere, so it is trusted no further than
 * the environment goes: DP_EAUTH for an endpoint that is neither AWS' own nor the environment's
 * (unless requests are anonymous).
 */
dp_code dp__aws_endpoint_s3(dp__aws_endpoint *out, const dp__settings *set,
			    const dp__aws_config *config, const dp_place *place, dp_error *err);
/* The endpoint of STS, by AWS_ENDPOINT_URL_STS and on; never NULL in url. */
dp_code dp__aws_endpoint_sts(dp__aws_endpoint *out, const dp__settings *set,
			     const dp__aws_config *config, const char *profile, dp_error *err);
void dp__aws_endpoint_fini(dp__aws_endpoint *endpoint);

/* What a URL leads to. */
typedef struct dp__aws_target {
	const char *bucket, *key; /* not encoded; key "": the bucket itself */
	const char *query;        /* encoded, without '?', or "" */
} dp__aws_target;
/* The URL of a target in a region. free() it. */
dp_code dp__aws_endpoint_url(char **out, const dp__aws_endpoint *endpoint, const char *region,
			     const dp__aws_target *target, dp_error *err);
/* The name of the profile that the session or the environment names, else "default". */
const char *dp__aws_profile_of(const dp__settings *set, bool *by_session);
/* Whether text may stand in a host name and a signature as a region. */
bool dp__aws_region_is_valid(const char *text);
/* "yes", "true", "1", whatever their case. */
bool dp__aws_is_yes(const char *value);

#endif
