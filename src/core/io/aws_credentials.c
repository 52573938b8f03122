/* aws_credentials.c - looks for credentials where AWS' own tools do, in their order. */
#include "core/io/aws_credentials.h"

#include <string.h>

#include "core/io/aws_config.h"
#include "core/io/aws_endpoint.h"
#include "core/io/aws_process.h"
#include "core/io/aws_remote.h"

#define DEPTH_MAX 5 /* of roles that take on roles */

static dp_code none(dp_error *err)
{
	return dp_fail(err, DP_ENOTFOUND, "no credentials");
}

static dp_code from_environment(dp__aws_keys *out, dp_error *err)
{
	const dp__aws_key_texts texts = {
		.access_key = dp__aws_env("AWS_ACCESS_KEY_ID"),
		.secret_key = dp__aws_env("AWS_SECRET_ACCESS_KEY"),
		.token = dp__aws_env("AWS_SESSION_TOKEN"),
	};

	if (texts.access_key == NULL)
		return none(err);
	return dp__aws_keys_init(out, &texts, "AWS_ACCESS_KEY_ID", err);
}

static dp_code from_web_identity(dp__aws_keys *out, const dp__aws_ask *ask, dp_error *err)
{
	const dp__aws_role role = {
		.arn = dp__aws_env("AWS_ROLE_ARN"),
		.session_name = dp__aws_env("AWS_ROLE_SESSION_NAME"),
		.token_file = dp__aws_env("AWS_WEB_IDENTITY_TOKEN_FILE"),
	};

	if (role.token_file == NULL)
		return none(err);
	if (role.arn == NULL)
		return dp_fail(err, DP_EAUTH,
			       "AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN");
	return dp__aws_remote_assume(out, ask, &role, NULL, err);
}

static const char *value_of(const dp__aws_ask *ask, const char *profile, const char *name)
{
	return dp__aws_config_get(ask->config, "profile", profile, name);
}

/* What the profile itself holds or prints. */
static dp_code from_plain_profile(dp__aws_keys *out, const dp__aws_ask *ask, const char *profile,
				  dp_error *err)
{
	const dp__aws_key_texts texts = {
		.access_key = value_of(ask, profile, "aws_access_key_id"),
		.secret_key = value_of(ask, profile, "aws_secret_access_key"),
		.token = value_of(ask, profile, "aws_session_token"),
	};
	const char *command = value_of(ask, profile, "credential_process");

	if (texts.access_key != NULL)
		return dp__aws_keys_init(out, &texts, profile, err);
	if (command != NULL)
		return dp__aws_process_run(out, ask->call, command, err);
	if (value_of(ask, profile, "sso_session") != NULL ||
	    value_of(ask, profile, "sso_start_url") != NULL)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "profile '%.64s': sso is not served, but credential_process is, as "
			       "with aws configure export-credentials",
			       profile);
	return none(err);
}

static dp_code from_named_source(dp__aws_keys *out, const dp__aws_ask *ask, const char *name,
				 dp_error *err)
{
	if (strcmp(name, "Environment") == 0)
		return from_environment(out, err);
	if (strcmp(name, "EcsContainer") == 0)
		return dp__aws_remote_container(out, ask, err);
	if (strcmp(name, "Ec2InstanceMetadata") == 0)
		return dp__aws_remote_machine(out, ask, err);
	return dp_fail(err, DP_EINVAL, "credential_source '%.64s' is not known", name);
}

/*
 * The keys that a chain of roles begins with, and how many roles there are: role[0] is the last to
 * be taken on. A profile that is a source gives its static keys first, as in botocore.
 */
static dp_code begin_chain(dp__aws_keys *out, const dp__aws_ask *ask, const char **role, size_t *n,
			   dp_error *err)
{
	const char *profile = role[0];

	for (*n = 1;; ++*n) {
		const char *named = value_of(ask, profile, "credential_source");
		const char *source = value_of(ask, profile, "source_profile");

		if (value_of(ask, profile, "web_identity_token_file") != NULL)
			return DP_OK;
		if (named != NULL)
			return from_named_source(out, ask, named, err);
		if (source == NULL)
			return dp_fail(err, DP_EINVAL,
				       "profile '%.64s': role_arn without source_profile, "
				       "credential_source or web_identity_token_file",
				       profile);
		if (value_of(ask, source, "aws_access_key_id") != NULL ||
		    value_of(ask, source, "role_arn") == NULL)
			return from_plain_profile(out, ask, source, err);
		if (*n == DEPTH_MAX)
			return dp_fail(err, DP_EINVAL, "profile '%.64s': more than %d roles",
				       role[0], DEPTH_MAX);
		role[*n] = profile = source;
	}
}

static dp_code take_role(dp__aws_keys *out, const dp__aws_ask *ask, const char *profile,
			 const dp__aws_keys *source, dp_error *err)
{
	const dp__aws_role role = {
		.arn = value_of(ask, profile, "role_arn"),
		.session_name = value_of(ask, profile, "role_session_name"),
		.external_id = value_of(ask, profile, "external_id"),
		.duration = value_of(ask, profile, "duration_seconds"),
		.token_file = value_of(ask, profile, "web_identity_token_file"),
	};

	if (value_of(ask, profile, "mfa_serial") != NULL)
		return dp_fail(err, DP_EUNSUPPORTED,
			       "profile '%.64s': its role asks for a code of mfa_serial", profile);
	return dp__aws_remote_assume(out, ask, &role, source, err);
}

static dp_code from_role(dp__aws_keys *out, const dp__aws_ask *ask, const char *profile,
			 dp_error *err)
{
	const char *role[DEPTH_MAX + 1] = { profile };
	dp__aws_keys keys = { 0 }, next = { 0 };
	size_t n = 0;
	dp_code code = begin_chain(&keys, ask, role, &n, err);

	if (code == DP_ENOTFOUND)
		code = dp_fail(err, DP_EAUTH, "profile '%.64s': its source has no credentials",
			       profile);
	for (; code == DP_OK && n > 0; n--) {
		code = take_role(&next, ask, role[n - 1], &keys, err);
		dp__aws_keys_fini(&keys);
		keys = next;
		next = (dp__aws_keys){ 0 };
	}
	if (code != DP_OK) {
		dp__aws_keys_fini(&keys);
		return code;
	}
	*out = keys;
	return DP_OK;
}

static dp_code from_profile(dp__aws_keys *out, const dp__aws_ask *ask, dp_error *err)
{
	const char *profile = ask->profile;

	if (!dp__aws_config_has(ask->config, "profile", profile))
		return strcmp(profile, "default") == 0
			       ? none(err)
			       : dp_fail(err, DP_EAUTH, "there is no profile '%.64s'", profile);
	if (value_of(ask, profile, "role_arn") != NULL)
		return from_role(out, ask, profile, err);
	return from_plain_profile(out, ask, profile, err);
}

static dp_code find(dp__aws_keys *out, const dp__aws_ask *ask, bool named, dp_error *err)
{
	dp_code code = named ? DP_ENOTFOUND : from_environment(out, err);

	if (code == DP_ENOTFOUND && !named)
		code = from_web_identity(out, ask, err);
	if (code == DP_ENOTFOUND)
		code = from_profile(out, ask, err);
	if (code == DP_ENOTFOUND)
		code = dp__aws_remote_container(out, ask, err);
	if (code == DP_ENOTFOUND)
		code = dp__aws_remote_machine(out, ask, err);
	if (code == DP_ENOTFOUND)
		code = dp_fail(err, DP_EAUTH,
			       "no credentials: there are none in AWS_ACCESS_KEY_ID, profile "
			       "'%.64s', a container or a machine; anonymous=yes (or "
			       "AWS_NO_SIGN_REQUEST=YES) does without",
			       ask->profile);
	return code;
}

dp_code dp__aws_credentials_find(dp__aws_keys *out, dp_session *session, const dp_call *call,
				 dp_error *err)
{
	const dp__settings *set = &session->set;
	dp__aws_config config = { 0 };
	dp__aws_ask ask = { .session = session, .call = call, .config = &config };
	bool named = false;
	dp_code code;

	if (set->access_key[0] != '\0')
		return dp__aws_keys_init(out,
					 &(dp__aws_key_texts){ set->access_key, set->secret_key,
							       set->session_token, NULL },
					 "setting access-key", err);
	ask.profile = dp__aws_profile_of(set, &named);
	code = dp__aws_config_load(&config, err);
	if (code == DP_OK)
		code = find(out, &ask, named, err);
	dp__aws_config_fini(&config);
	return code;
}
