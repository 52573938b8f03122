/* s3_try.c - one request to S3: its URL and signature, and what answers teach about them. */
#include "core/io/s3_try.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/io/aws_time.h"
#include "core/io/sigv4.h"
#include "core/io/xml.h"

/* The SHA-256 of nothing. */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* What an <Error> says. */
typedef struct fault {
	char code[64], region[64];
} fault;

static dp_code sign(void *user, const dp__http_attempt *attempt, dp_error *err)
{
	dp__s3_try *one = user;
	dp_session *session = one->place->session;
	dp__aws_learned learned = dp__aws_learned_of(session, one->place->host);
	dp_code code;

	dp__aws_keys_fini(&one->keys);
	code = dp__aws_keys_get(&one->keys, session, one->call, err);
	if (code != DP_OK)
		return code;
	return dp__sigv4_attempt(&(dp__sigv4){ one->keys.access_key, one->keys.secret_key,
					       one->keys.token, one->region, "s3",
					       attempt->now + learned.skew },
				 attempt, err);
}

static void copy_short(char out[64], const char *text)
{
	size_t len = strlen(text);

	if (len < 64)
		memcpy(out, text, len + 1);
}

static dp_code take_fault(void *user, const char *parent, const char *name, const char *text,
			  dp_error *err)
{
	fault *to = user;

	(void)err;
	if (strcmp(parent, "Error") == 0 && strcmp(name, "Code") == 0)
		copy_short(to->code, text);
	if (strcmp(parent, "Error") == 0 && strcmp(name, "Region") == 0)
		copy_short(to->region, text);
	return DP_OK;
}

/* The region that an answer names, if it is another than was asked in: the header first. */
static bool other_region(char out[64], const dp__s3_try *one, const dp__http_reply *reply)
{
	fault said = { "", "" };

	if (reply->status < 300 || reply->status >= 500)
		return false;
	copy_short(said.region, reply->region);
	if (said.region[0] == '\0' && reply->body.len > 0)
		dp__xml_read(reply->body.data, reply->body.len, take_fault, &said, NULL);
	memcpy(out, said.region, sizeof(said.region));
	return dp__aws_region_is_valid(out) && strcmp(out, one->region) != 0;
}

static dp_code make_url(char **out, const dp__s3_try *one, const char *region, dp_error *err)
{
	const dp__aws_target target = { one->place->bucket, one->ask.key, one->ask.query };

	return dp__aws_endpoint_url(out, &one->place->endpoint, region, &target, err);
}

/* Goes on in the region; only AWS' own endpoint has one host for each, others stay where they are.
 */
static bool move(dp__s3_try *one, dp__http_request *request, const char *region)
{
	dp_session *session = one->place->session;
	dp__aws_learned learned = dp__aws_learned_of(session, one->place->host);

	one->moved = true;
	if (make_url(&one->other, one, region, NULL) != DP_OK)
		return false;
	copy_short(one->region, region);
	copy_short(learned.region, region);
	dp__aws_learn(session, one->place->host, &learned);
	request->url = one->other;
	dp_call_log(one->call, DP_LOG_INFO, "%s is in region %s", one->place->bucket, region);
	return true;
}

/* Begins in the region that another request has learned meanwhile. */
static void aim(void *user, dp__http_request *request)
{
	dp__s3_try *one = user;
	dp__aws_learned learned = dp__aws_learned_of(one->place->session, one->place->host);
	char *url = NULL;

	if (one->moved || learned.region[0] == '\0' || strcmp(learned.region, one->region) == 0 ||
	    make_url(&url, one, learned.region, NULL) != DP_OK)
		return;
	free(one->url);
	one->url = url;
	request->url = url;
	copy_short(one->region, learned.region);
}

/* Our clock is wrong, or theirs is: they decide. */
static bool set_clock(dp__s3_try *one, const dp__http_reply *reply)
{
	dp_session *session = one->place->session;
	dp__aws_learned learned = dp__aws_learned_of(session, one->place->host);
	int64_t theirs;

	one->set_clock = true;
	if (!dp__aws_time_parse(&theirs, reply->date))
		return false;
	learned.skew = theirs - ((int64_t)time(NULL) + (int64_t)session->set.clock);
	dp__aws_learn(session, one->place->host, &learned);
	dp_call_log(one->call, DP_LOG_WARN, "the clock of %s is %lld seconds before ours",
		    one->place->bucket, (long long)learned.skew);
	return true;
}

/* Whether the answer blames the keys, which the body may do where the status is 400. */
static bool blames_keys(const dp__http_reply *reply)
{
	static const char *const names[] = { "ExpiredToken", "InvalidToken", "TokenRefreshRequired",
					     "InvalidAccessKeyId", NULL };

	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(reply->code, names[i]) == 0)
			return true;
	return false;
}

/*
 * Whether the answer may mean that temporary keys have expired: radosgw says no more than
 * AccessDenied then.
 */
static bool may_be_expired(const dp__s3_try *one, const dp__http_reply *reply)
{
	if (one->place->endpoint.anonymous || one->keys.access_key == NULL)
		return false;
	if (blames_keys(reply))
		return true;
	return reply->status == 401 || (reply->status == 403 && one->keys.token[0] != '\0');
}

/* An answer of 200 that is no good: S3 begins to answer before it knows. */
static dp__http_verdict judge_xml(const dp__http_reply *reply, dp_error *err)
{
	fault said = { "", "" };
	dp_error why = { .code = DP_OK };
	dp_code code = dp__xml_read(reply->body.data, reply->body.len, take_fault, &said, &why);

	if (code == DP_EFORMAT)
		dp_fail(err, DP_ETRANSIENT, "a bad answer, %s", why.msg);
	else if (said.code[0] != '\0')
		dp_fail(err, DP_ETRANSIENT, "%ld %s", reply->status, said.code);
	else
		return DP__HTTP_TABLE;
	return strcmp(said.code, "SlowDown") == 0 ? DP__HTTP_THROTTLE : DP__HTTP_RETRY;
}

static dp__http_verdict judge(void *user, dp__http_request *request, const dp__http_reply *reply,
			      dp_error *err)
{
	dp__s3_try *one = user;
	char region[64];

	if (!one->moved && other_region(region, one, reply) && move(one, request, region))
		return DP__HTTP_AGAIN;
	if (!one->set_clock && !one->place->endpoint.anonymous &&
	    strcmp(reply->code, "RequestTimeTooSkewed") == 0 && set_clock(one, reply))
		return DP__HTTP_AGAIN;
	if (!one->renewed && may_be_expired(one, reply)) {
		one->renewed = true;
		if (dp__aws_keys_renew(one->place->session, one->call, &one->keys))
			return DP__HTTP_AGAIN;
	}
	if (one->ask.xml && reply->status / 100 == 2)
		return judge_xml(reply, err);
	if (blames_keys(reply)) {
		dp_fail(err, DP_EAUTH, "%ld %s", reply->status, reply->code);
		return DP__HTTP_FAIL;
	}
	return DP__HTTP_TABLE;
}

dp_code dp__s3_try_init(dp__s3_try *out, dp__http_request *request, const dp__s3_place *place,
			const dp_call *call, const dp__s3_ask *ask, dp_error *err)
{
	dp__aws_learned learned = dp__aws_learned_of(place->session, place->host);
	size_t n = 0;
	dp_code code;

	*out = (dp__s3_try){ .place = place, .call = call, .ask = *ask };
	copy_short(out->region,
		   learned.region[0] != '\0' ? learned.region : place->endpoint.region);
	*request = (dp__http_request){ .method = ask->method,
				       .header = out->header,
				       .body_fd = -1,
				       .no_redirect = true,
				       .aim = aim,
				       .judge = judge,
				       .user = out };
	if (!place->endpoint.anonymous) {
		request->sign = sign;
		out->header[n++] = (dp__http_header){ "x-amz-content-sha256",
						      ask->payload != NULL ? ask->payload : EMPTY };
	}
	if (place->endpoint.requester_pays)
		out->header[n++] = (dp__http_header){ "x-amz-request-payer", "requester" };
	request->nheaders = n;
	code = make_url(&out->url, out, out->region, err);
	request->url = out->url;
	return code;
}

void dp__s3_try_fini(dp__s3_try *attempt)
{
	free(attempt->url);
	free(attempt->other);
	dp__aws_keys_fini(&attempt->keys);
	*attempt = (dp__s3_try){ 0 };
}
