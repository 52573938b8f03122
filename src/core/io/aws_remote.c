/* aws_remote.c - services that hand out temporary keys: STS, a container's endpoint, a machine's
 * metadata. */
#include "core/io/aws_remote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/io/aws_endpoint.h"
#include "core/io/http.h"
#include "core/io/sigv4.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define TOKEN_MAX  ((size_t)32 << 10)
#define CONTAINER  "container credentials"
#define MACHINE    "instance metadata"

/* What is asked of a service, for the callbacks of the request. */
typedef struct question {
	const char *from; /* for messages */
	/* Reads keys out of an answer; NULL: it is a word. */
	dp_code (*read)(dp__aws_keys *out, const void *data, size_t len, const char *from,
			dp_error *err);
	dp__aws_keys got;
	bool refused;             /* the last answer could not be read */
	const dp__aws_keys *keys; /* who signs, in which region; NULL: no one */
	const char *region;
} question;

/* An answer of which a part is missing says so by nothing but that it cannot be read. */
static dp__http_verdict judge(void *user, dp__http_request *request, const dp__http_reply *reply,
			      dp_error *err)
{
	question *q = user;
	dp_code code;

	(void)request;
	q->refused = false;
	if (q->read == NULL || reply->status / 100 != 2)
		return DP__HTTP_TABLE;
	dp__aws_keys_fini(&q->got);
	code = q->read(&q->got, reply->body.data, reply->body.len, q->from, err);
	if (code == DP_OK)
		return DP__HTTP_TABLE;
	q->refused = true;
	return code == DP_ENOMEM ? DP__HTTP_FAIL : DP__HTTP_RETRY;
}

static dp_code sign_sts(void *user, const dp__http_attempt *attempt, dp_error *err)
{
	const question *q = user;

	return dp__sigv4_attempt(&(dp__sigv4){ q->keys->access_key, q->keys->secret_key,
					       q->keys->token, q->region, "sts", attempt->now },
				 attempt, err);
}

/* One small request to one of the services. */
static dp_code ask_service(const dp__aws_ask *ask, question *q, dp__http_request *request,
			   dp__http_reply *reply, dp_error *err)
{
	dp_error why = { .code = DP_OK };
	dp_code code;

	request->body_fd = -1;
	request->max_body = ANSWER_MAX;
	request->no_redirect = true;
	request->credentials = true;
	request->judge = judge;
	request->sign = q->keys != NULL ? sign_sts : NULL;
	request->user = q;
	code = dp__http_perform(ask->session, ask->call, request, reply, 1, &why);
	if (code == DP_OK)
		return DP_OK;
	/* Whatever is wrong with it for good: what there is does not work. */
	if (code == DP_ENOTFOUND || code == DP_EIO || code == DP_ESTALE || code == DP_EUNSUPPORTED)
		code = DP_EAUTH;
	if (q->refused)
		dp_fail(err, code, "%s", why.msg);
	else
		dp_fail(err, code, "%.256s: %s", q->from, why.msg);
	if (err != NULL)
		err->http = why.http;
	return code;
}

/* Frees an answer that holds secrets. */
static void drop_reply(dp__http_reply *reply)
{
	dp__wipe(reply->body.data, reply->body.cap);
	dp__http_reply_fini(reply);
}

/* Hands over the keys that were read, or drops them. */
static void take_keys(dp__aws_keys *out, question *q, dp_code code)
{
	if (code == DP_OK)
		*out = q->got;
	else
		dp__aws_keys_fini(&q->got);
}

static void drop_text(dp__buf *text)
{
	dp__wipe(text->data, text->cap);
	dp__buf_fini(text);
}

/* A file that holds one word, without the blanks around it, as a string. */
static dp_code read_word(dp__buf *out, const char *path, dp_error *err)
{
	dp_code code = dp__aws_file_read(out, path, err);

	if (code != DP_OK)
		return dp_fail(err, DP_EAUTH, "%.512s: cannot be read, or is too long for a token",
			       path);
	while (out->len > 0 && strchr(" \t\r\n", out->data[out->len - 1]) != NULL)
		out->len--;
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] <= ' ' || out->data[i] > '~')
			return dp_fail(err, DP_EAUTH, "%.512s: holds no token", path);
	return dp__buf_close(out, err);
}

static dp_code add_field(dp__buf *form, const char *name, const char *value, dp_error *err)
{
	dp_code code = DP_OK;

	if (value == NULL)
		return DP_OK;
	code = dp__buf_printf(form, err, "&%s=", name);
	return code == DP_OK ? dp__sigv4_encode(form, value, strlen(value), false, err) : code;
}

static dp_code make_form(dp__buf *form, const dp__aws_role *role, dp_error *err)
{
	bool web = role->token_file != NULL;
	dp__buf token = dp__buf_of(TOKEN_MAX), name = dp__buf_of(64);
	dp_code code = dp__buf_printf(form, err, "Action=AssumeRole%s&Version=2011-06-15",
				      web ? "WithWebIdentity" : "");

	if (code == DP_OK)
		code = add_field(form, "RoleArn", role->arn, err);
	if (code == DP_OK)
		code = dp__buf_printf(&name, err, "dataplug-%" PRId64, (int64_t)time(NULL));
	if (code == DP_OK)
		code = dp__buf_close(&name, err);
	if (code == DP_OK)
		code = add_field(
			form, "RoleSessionName",
			role->session_name != NULL ? role->session_name : (char *)name.data, err);
	if (code == DP_OK)
		code = add_field(form, "DurationSeconds", role->duration, err);
	if (code == DP_OK && !web)
		code = add_field(form, "ExternalId", role->external_id, err);
	if (code == DP_OK && web)
		code = read_word(&token, role->token_file, err);
	if (code == DP_OK && web)
		code = add_field(form, "WebIdentityToken", (char *)token.data, err);
	if (code == DP_OK)
		code = dp__buf_close(form, err);
	dp__buf_fini(&name);
	drop_text(&token);
	return code;
}

/* "role ARN" */
static dp_code name_role(dp__buf *out, const dp__aws_role *role, dp_error *err)
{
	dp_code code = dp__buf_printf(out, err, "role %.200s", role->arn);

	return code == DP_OK ? dp__buf_close(out, err) : code;
}

dp_code dp__aws_remote_assume(dp__aws_keys *out, const dp__aws_ask *ask, const dp__aws_role *role,
			      const dp__aws_keys *source, dp_error *err)
{
	const dp__http_header header = { "Content-Type",
					 "application/x-www-form-urlencoded; charset=utf-8" };
	dp__aws_endpoint sts = { 0 };
	dp__buf form = dp__buf_of(4 * TOKEN_MAX), url = dp__buf_of(ANSWER_MAX);
	dp__buf from = dp__buf_of(ANSWER_MAX);
	dp__http_reply reply = { 0 };
	question q = { .read = dp__aws_keys_xml, .keys = role->token_file == NULL ? source : NULL };
	dp_code code =
		dp__aws_endpoint_sts(&sts, &ask->session->set, ask->config, ask->profile, err);

	if (code == DP_OK)
		code = make_form(&form, role, err);
	if (code == DP_OK)
		code = dp__buf_printf(&url, err, "%s/", sts.url);
	if (code == DP_OK)
		code = dp__buf_close(&url, err);
	if (code == DP_OK)
		code = name_role(&from, role, err);
	if (code == DP_OK) {
		dp__http_request request = { .method = "POST",
					     .url = (char *)url.data,
					     .header = &header,
					     .nheaders = 1,
					     .body = (char *)form.data,
					     .body_len = form.len };

		q.from = (char *)from.data;
		q.region = sts.region;
		code = ask_service(ask, &q, &request, &reply, err);
	}
	take_keys(out, &q, code);
	drop_reply(&reply);
	drop_text(&form);
	dp__buf_fini(&url);
	dp__buf_fini(&from);
	dp__aws_endpoint_fini(&sts);
	return code;
}

/* Whether keys may come from there: over TLS, or by no network. */
static bool is_safe(const char *url)
{
	static const char *const hosts[] = { "localhost", "169.254.170.2",  "169.254.170.23",
					     "[::1]",     "[fd00:ec2::23]", NULL };
	const char *host = url + strlen("http://");
	size_t len;

	if (strncasecmp(url, "https://", 8) == 0)
		return true;
	if (strncasecmp(url, "http://", 7) != 0)
		return false;
	len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	for (size_t i = 0; hosts[i] != NULL; i++)
		if (strlen(hosts[i]) == len && strncasecmp(host, hosts[i], len) == 0)
			return true;
	return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == len;
}

/* Where a container's keys come from; free() it. */
static dp_code container_url(char **out, dp_error *err)
{
	const char *relative = dp__aws_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = dp__aws_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	dp__buf url = dp__buf_of(8192);
	dp_code code;

	if (relative == NULL && full == NULL)
		return dp_fail(err, DP_ENOTFOUND, CONTAINER ": none");
	if (relative != NULL && relative[0] != '/')
		return dp_fail(err, DP_EAUTH, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path");
	if (relative == NULL && !is_safe(full))
		return dp_fail(err, DP_EAUTH,
			       "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this "
			       "machine");
	code = dp__buf_printf(&url, err, "%s%s", relative != NULL ? "http://169.254.170.2" : "",
			      relative != NULL ? relative : full);
	if (code == DP_OK)
		code = dp__buf_take(out, &url, err);
	dp__buf_fini(&url);
	return code;
}

/* The token that a container shows; empty if it has none. */
static dp_code container_token(dp__buf *out, dp_error *err)
{
	const char *file = dp__aws_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = dp__aws_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");

	if (file != NULL)
		return read_word(out, file, err);
	if (token == NULL)
		return dp__buf_close(out, err);
	for (const char *p = token; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return dp_fail(err, DP_EAUTH,
				       "AWS_CONTAINER_AUTHORIZATION_TOKEN holds no token");
	return dp__buf_printf(out, err, "%s", token) == DP_OK ? dp__buf_close(out, err) : DP_ENOMEM;
}

dp_code dp__aws_remote_container(dp__aws_keys *out, const dp__aws_ask *ask, dp_error *err)
{
	dp__buf token = dp__buf_of(TOKEN_MAX);
	dp__http_reply reply = { 0 };
	dp__http_header header = { "Authorization", NULL };
	question q = { .from = CONTAINER, .read = dp__aws_keys_json };
	char *url = NULL;
	dp_code code = container_url(&url, err);

	if (code == DP_OK)
		code = container_token(&token, err);
	if (code == DP_OK) {
		dp__http_request request = { .method = "GET",
					     .url = url,
					     .header = &header,
					     .nheaders = token.len > 0,
					     .tries = 3,
					     .timeout = 2 };

		header.value = (char *)token.data;
		code = ask_service(ask, &q, &request, &reply, err);
	}
	take_keys(out, &q, code);
	drop_reply(&reply);
	drop_text(&token);
	free(url);
	return code;
}

/* One question to the machine's metadata: one second, one try. */
static dp_code ask_machine(const dp__aws_ask *ask, question *q, dp__http_reply *reply,
			   const char *path, const dp__http_header *header, dp_error *err)
{
	const char *base = dp__aws_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *mode = dp__aws_env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
	bool token = strcmp(path, "api/token") == 0;
	dp__buf url = dp__buf_of(8192);
	dp__http_request request = { .method = token ? "PUT" : "GET",
				     .header = header,
				     .nheaders = 1,
				     .body = token ? "" : NULL,
				     .tries = 1,
				     .timeout = 1 };
	dp_code code;

	if (base == NULL)
		base = mode != NULL && strcasecmp(mode, "ipv6") == 0 ? "http://[fd00:ec2::254]"
								     : "http://169.254.169.254";
	code = dp__buf_printf(&url, err, "%s%slatest/%s", base,
			      base[strlen(base) - 1] == '/' ? "" : "/", path);
	if (code == DP_OK)
		code = dp__buf_close(&url, err);
	request.url = (char *)url.data;
	if (code == DP_OK)
		code = ask_service(ask, q, &request, reply, err);
	dp__buf_fini(&url);
	return code;
}

/* "meta-data/.../ROLE" of the first role that an answer names. */
static dp_code role_path(dp__buf *out, const dp__http_reply *roles, dp_error *err)
{
	const char *role = roles->body.len > 0 ? (char *)roles->body.data : "";
	size_t len = strcspn(role, "\r\n");
	dp_code code;

	if (len == 0 || len > 128)
		return dp_fail(err, DP_ENOTFOUND, MACHINE ": no role");
	code = dp__buf_printf(out, err, "meta-data/iam/security-credentials/");
	if (code == DP_OK)
		code = dp__sigv4_encode(out, role, len, false, err);
	return code == DP_OK ? dp__buf_close(out, err) : code;
}

/* The word that is shown with each question. */
static dp_code machine_token(dp__buf *out, const dp__http_reply *answer, dp_error *err)
{
	const dp__buf *body = &answer->body;

	for (size_t i = 0; i < body->len; i++)
		if (body->data[i] <= ' ' || body->data[i] > '~')
			return dp_fail(err, DP_ENOTFOUND, MACHINE ": gives no token");
	if (body->len == 0 || body->len > 4096)
		return dp_fail(err, DP_ENOTFOUND, MACHINE ": gives no token");
	if (dp__buf_add(out, body->data, body->len, err) != DP_OK)
		return DP_ENOMEM;
	return dp__buf_close(out, err);
}

/*
 * What it means that the first question failed: without an answer, or with any but a token, this is
 * no such machine. One that is busy may give a token later, and a call that is over tells nothing.
 */
static dp_code code_of_machine(const dp__aws_ask *ask, const dp__http_reply *first, dp_code code)
{
	if (code == DP_OK || code == DP_ECANCELED || code == DP_ENOMEM ||
	    dp_call_check(ask->call, NULL) != DP_OK ||
	    (code == DP_ETRANSIENT && first->status != 0))
		return code;
	return DP_ENOTFOUND;
}

dp_code dp__aws_remote_machine(dp__aws_keys *out, const dp__aws_ask *ask, dp_error *err)
{
	const dp__http_header life = { "X-aws-ec2-metadata-token-ttl-seconds", "21600" };
	dp__http_header shown = { "X-aws-ec2-metadata-token", NULL };
	question word = { .from = MACHINE }, q = { .from = MACHINE, .read = dp__aws_keys_json };
	dp__http_reply first = { 0 }, roles = { 0 }, keys = { 0 };
	dp__buf token = dp__buf_of(8192), path = dp__buf_of(1024);
	dp_code code;

	if (dp__aws_is_yes(getenv("AWS_EC2_METADATA_DISABLED")))
		return dp_fail(err, DP_ENOTFOUND, MACHINE ": disabled");
	code = ask_machine(ask, &word, &first, "api/token", &life, err);
	code = code_of_machine(ask, &first, code);
	if (code == DP_OK)
		code = machine_token(&token, &first, err);
	if (code == DP_OK) {
		shown.value = (char *)token.data;
		code = ask_machine(ask, &word, &roles, "meta-data/iam/security-credentials/",
				   &shown, err);
		if (roles.status == 404)
			code = dp_fail(err, DP_ENOTFOUND, MACHINE ": no role");
	}
	if (code == DP_OK)
		code = role_path(&path, &roles, err);
	if (code == DP_OK)
		code = ask_machine(ask, &q, &keys, (char *)path.data, &shown, err);
	take_keys(out, &q, code);
	drop_reply(&first);
	dp__http_reply_fini(&roles);
	drop_reply(&keys);
	drop_text(&token);
	dp__buf_fini(&path);
	return code;
}
