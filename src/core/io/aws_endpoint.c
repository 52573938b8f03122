/* aws_endpoint.c - where a service of AWS, or one like it, is reached, and by which profile. */
#include "core/io/aws_endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "core/io/sigv4.h"

#define URL_MAX  ((size_t)16 << 10)
#define HOST_MAX 255 /* RFC 1035 2.3.4 */
#define LOWER    "abcdefghijklmnopqrstuvwxyz0123456789-"

/* The names of what is looked up for one service. */
typedef struct service {
	const char *variable, *nested, *what;
} service;

static const service s3 = { "AWS_ENDPOINT_URL_S3", "s3.endpoint_url", "S3" };
static const service sts = { "AWS_ENDPOINT_URL_STS", "sts.endpoint_url", "STS" };

bool dp__aws_is_yes(const char *value)
{
	return value != NULL && (strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 ||
				 strcmp(value, "1") == 0);
}

bool dp__aws_region_is_valid(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 64 && strspn(text, LOWER) == len && text[0] != '-' &&
	       text[len - 1] != '-';
}

const char *dp__aws_profile_of(const dp__settings *set, bool *by_session)
{
	const char *name = dp__aws_env("AWS_PROFILE");

	*by_session = set->profile[0] != '\0';
	if (*by_session)
		return set->profile;
	if (name == NULL)
		name = dp__aws_env("AWS_DEFAULT_PROFILE");
	return name != NULL ? name : DP__AWS_PROFILE;
}

/* The length of "scheme://host:port" in url; 0 if it is no http: or https: URL with a plain host.
 */
static size_t origin_of(const char *url)
{
	size_t scheme = strncasecmp(url, "https://", 8) == 0  ? 8
			: strncasecmp(url, "http://", 7) == 0 ? 7
							      : 0;
	size_t host = strcspn(url + scheme, "/?#");

	if (scheme == 0 || host == 0 || host > HOST_MAX + 6 ||
	    memchr(url + scheme, '@', host) != NULL)
		return 0;
	for (const char *p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '?' || *p == '#')
			return 0;
	return scheme + host;
}

static dp_code take_url(char **out, const char *url, const char *what, dp_error *err)
{
	size_t len = strlen(url);

	if (len > URL_MAX / 4 || origin_of(url) == 0)
		return dp_fail(err, DP_EINVAL,
			       "the endpoint of %s is not http://HOST or https://HOST", what);
	while (url[len - 1] == '/')
		len--;
	*out = dp__strndup(url, len);
	return *out != NULL ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for an endpoint");
}

/* What environment and profile say; NULL if nothing. */
static const char *configured_url(const service *of, const dp__aws_config *config,
				  const char *profile)
{
	const char *services = dp__aws_config_get(config, "profile", profile, "services");
	const char *url = dp__aws_env(of->variable);

	if (dp__aws_is_yes(getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) ||
	    dp__aws_is_yes(dp__aws_config_get(config, "profile", profile,
					      "ignore_configured_endpoint_urls")))
		return NULL;
	if (url == NULL)
		url = dp__aws_env("AWS_ENDPOINT_URL");
	if (url == NULL && services != NULL)
		url = dp__aws_config_get(config, "services", services, of->nested);
	return url != NULL ? url : dp__aws_config_get(config, "profile", profile, "endpoint_url");
}

static bool ends_with(const char *text, size_t len, const char *tail)
{
	size_t n = strlen(tail);

	return len > n && strncasecmp(text + len - n, tail, n) == 0;
}

/* Whether only S3 can answer there: other hosts of that domain may be anybody's. */
static bool is_of_aws(const char *url)
{
	size_t origin = origin_of(url);

	return strncasecmp(url, "https://s3.", 11) == 0 &&
	       memchr(url + 8, ':', origin - 8) == NULL &&
	       (ends_with(url, origin, ".amazonaws.com") ||
		ends_with(url, origin, ".amazonaws.com.cn"));
}

/* Takes the endpoint of a place, which may come from elsewhere, if it may be trusted. */
static dp_code take_foreign(dp__aws_endpoint *out, const char *own, const char *given,
			    dp_error *err)
{
	char *theirs = NULL, *ours = NULL;
	dp_code code = take_url(&theirs, given, "the place", err);

	if (code == DP_OK && own != NULL)
		code = take_url(&ours, own, "S3", err);
	if (code == DP_OK && !out->anonymous && !is_of_aws(theirs) &&
	    (ours == NULL || strcasecmp(ours, theirs) != 0))
		code = dp_fail(err, DP_EAUTH,
			       "credentials are not sent to %.256s, which neither setting endpoint "
			       "nor AWS_ENDPOINT_URL_S3 names",
			       theirs);
	free(ours);
	if (code != DP_OK) {
		free(theirs);
		return code;
	}
	out->url = theirs;
	return DP_OK;
}

static dp_code take_profile(dp__aws_endpoint *out, const dp__settings *set, dp_error *err)
{
	const char *own = dp__aws_profile_of(set, &out->named);

	out->profile = dp__strdup(own);
	return out->profile != NULL ? DP_OK
				    : dp_fail(err, DP_ENOMEM, "no memory for a profile's name");
}

static dp_code take_region(dp__aws_endpoint *out, const dp__settings *set,
			   const dp__aws_config *config, const char *given, dp_error *err)
{
	const char *region = given;

	if (region == NULL || region[0] == '\0')
		region = set->region[0] != '\0' ? set->region : dp__aws_env("AWS_REGION");
	if (region == NULL)
		region = dp__aws_env("AWS_DEFAULT_REGION");
	if (region == NULL)
		region = dp__aws_config_get(config, "profile", out->profile, "region");
	if (region == NULL)
		region = DP__AWS_REGION;
	if (!dp__aws_region_is_valid(region))
		return dp_fail(err, DP_EINVAL, "'%.64s' is no region", region);
	out->region = dp__strdup(region);
	return out->region != NULL ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a region");
}

static void take_style(dp__aws_endpoint *out, const dp__settings *set, const dp__aws_config *config)
{
	const char *told =
		dp__aws_config_get(config, "profile", out->profile, "s3.addressing_style");

	out->path_style = set->addressing == DP__ADDRESSING_PATH;
	out->virtual_host = set->addressing == DP__ADDRESSING_VIRTUAL;
	if (set->addressing == DP__ADDRESSING_AUTO && told != NULL) {
		out->path_style = strcasecmp(told, "path") == 0;
		out->virtual_host = strcasecmp(told, "virtual") == 0;
	}
}

dp_code dp__aws_endpoint_s3(dp__aws_endpoint *out, const dp__settings *set,
			    const dp__aws_config *config, const dp_place *place, dp_error *err)
{
	dp__aws_endpoint made = { 0 };
	const char *own = NULL;
	dp_code code = take_profile(&made, set, err);

	made.anonymous = set->anonymous || dp__aws_is_yes(getenv("AWS_NO_SIGN_REQUEST"));
	made.requester_pays = set->requester_pays || place->requester_pays;
	if (code == DP_OK)
		code = take_region(&made, set, config, place->region, err);
	if (code == DP_OK) {
		take_style(&made, set, config);
		own = set->endpoint[0] != '\0' ? set->endpoint
					       : configured_url(&s3, config, made.profile);
	}
	if (code == DP_OK && place->endpoint != NULL && place->endpoint[0] != '\0')
		code = take_foreign(&made, own, place->endpoint, err);
	else if (code == DP_OK && own != NULL)
		code = take_url(&made.url, own, s3.what, err);
	if (code != DP_OK) {
		dp__aws_endpoint_fini(&made);
		return code;
	}
	*out = made;
	return DP_OK;
}

static const char *domain_of(const char *region)
{
	return strncmp(region, "cn-", 3) == 0 ? "amazonaws.com.cn" : "amazonaws.com";
}

dp_code dp__aws_endpoint_sts(dp__aws_endpoint *out, const dp__settings *set,
			     const dp__aws_config *config, const char *profile, dp_error *err)
{
	dp__aws_endpoint made = { .profile = dp__strdup(profile) };
	const char *own = configured_url(&sts, config, profile);
	char usual[160];
	dp_code code = made.profile != NULL ? take_region(&made, set, config, NULL, err)
					    : dp_fail(err, DP_ENOMEM, "no memory for an endpoint");

	if (code == DP_OK) {
		snprintf(usual, sizeof(usual), "https://sts.%s.%s", made.region,
			 domain_of(made.region));
		code = take_url(&made.url, own != NULL ? own : usual, sts.what, err);
	}
	if (code != DP_OK) {
		dp__aws_endpoint_fini(&made);
		return code;
	}
	*out = made;
	return DP_OK;
}

void dp__aws_endpoint_fini(dp__aws_endpoint *endpoint)
{
	free(endpoint->url);
	free(endpoint->region);
	free(endpoint->profile);
	*endpoint = (dp__aws_endpoint){ 0 };
}

/*
 * Whether the bucket's name is put before the host's. One with a dot would not fit the host's
 * certificate; upper case and "_" fit no host name.
 */
static bool is_virtual(const dp__aws_endpoint *endpoint, const char *bucket)
{
	size_t len = strlen(bucket);

	if (endpoint->path_style || strspn(bucket, LOWER) != len || len > 63)
		return false;
	return endpoint->virtual_host || endpoint->url == NULL;
}

/* "https://host/path" with the bucket where it belongs. */
static dp_code add_place(dp__buf *out, const dp__aws_endpoint *endpoint, const char *region,
			 const char *bucket, dp_error *err)
{
	bool before = is_virtual(endpoint, bucket);
	dp__buf own = dp__buf_of(512);
	const char *url = endpoint->url;
	size_t scheme;
	dp_code code = DP_OK;

	if (url == NULL) {
		code = dp__buf_printf(&own, err, "https://s3.%s.%s", region, domain_of(region));
		if (code == DP_OK)
			code = dp__buf_close(&own, err);
		url = (char *)own.data;
	}
	if (code == DP_OK) {
		scheme = (size_t)(strstr(url, "://") + 3 - url);
		code = dp__buf_printf(out, err, "%.*s%s%s%s/", (int)scheme, url,
				      before ? bucket : "", before ? "." : "", url + scheme);
	}
	if (code == DP_OK && !before)
		code = dp__buf_printf(out, err, "%s/", bucket);
	dp__buf_fini(&own);
	return code;
}

dp_code dp__aws_endpoint_url(char **out, const dp__aws_endpoint *endpoint, const char *region,
			     const dp__aws_target *target, dp_error *err)
{
	const char *key = target->key;
	dp__buf url = dp__buf_of(URL_MAX);
	dp_code code = add_place(&url, endpoint, region, target->bucket, err);

	if (code == DP_OK)
		code = dp__sigv4_encode(&url, key, strlen(key), true, err);
	/* A bucket alone is named without the slash that a path-style URL has for its keys. */
	if (code == DP_OK && key[0] == '\0' && !is_virtual(endpoint, target->bucket))
		url.len--;
	if (code == DP_OK && target->query[0] != '\0')
		code = dp__buf_printf(&url, err, "?%s", target->query);
	if (code == DP_OK)
		code = dp__buf_take(out, &url, err);
	dp__buf_fini(&url);
	return code;
}
