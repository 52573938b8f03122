/* http_retry.c - which failures pass, and how long to wait for that. */
#include "core/io/http_retry.h"

#include <curl/curl.h>
#include <string.h>

#define WAIT_MAX 20.0 /* seconds */

/* What one CURLcode or HTTP status means. */
typedef struct row {
	int number;
	dp__http_fate fate;
	dp_code code;
} row;

/*
 * On http 1 and 8 are a connection out of step: the end of one answer taken for the head of the
 * next.
 */
static const row transfers[] = {
	{ CURLE_OK, DP__FATE_GOOD, DP_OK },
	{ CURLE_UNSUPPORTED_PROTOCOL, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_URL_MALFORMAT, DP__FATE_FATAL, DP_EINVAL },
	{ CURLE_COULDNT_RESOLVE_PROXY, DP__FATE_LOOKUP, DP_ETRANSIENT },
	{ CURLE_COULDNT_RESOLVE_HOST, DP__FATE_LOOKUP, DP_ETRANSIENT },
	{ CURLE_COULDNT_CONNECT, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_WEIRD_SERVER_REPLY, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_HTTP2, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_PARTIAL_FILE, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_OUT_OF_MEMORY, DP__FATE_FATAL, DP_ENOMEM },
	{ CURLE_OPERATION_TIMEDOUT, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_SSL_CONNECT_ERROR, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_GOT_NOTHING, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_SEND_ERROR, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_RECV_ERROR, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_HTTP2_STREAM, DP__FATE_FRESH, DP_ETRANSIENT },
	{ CURLE_PEER_FAILED_VERIFICATION, DP__FATE_FATAL, DP_EAUTH },
	{ CURLE_SSL_CERTPROBLEM, DP__FATE_FATAL, DP_EINVAL },
	{ CURLE_SSL_CIPHER, DP__FATE_FATAL, DP_EINVAL },
	{ CURLE_SSL_CACERT_BADFILE, DP__FATE_FATAL, DP_EINVAL },
};

static const row statuses[] = {
	{ 301, DP__FATE_REDIRECT, DP_EIO },     { 302, DP__FATE_REDIRECT, DP_EIO },
	{ 303, DP__FATE_REDIRECT, DP_EIO },     { 307, DP__FATE_REDIRECT, DP_EIO },
	{ 308, DP__FATE_REDIRECT, DP_EIO },     { 401, DP__FATE_FATAL, DP_EAUTH },
	{ 403, DP__FATE_FATAL, DP_EAUTH },      { 404, DP__FATE_FATAL, DP_ENOTFOUND },
	{ 407, DP__FATE_FATAL, DP_EAUTH },      { 408, DP__FATE_RETRY, DP_ETRANSIENT },
	{ 410, DP__FATE_FATAL, DP_ENOTFOUND },  { 412, DP__FATE_FATAL, DP_ESTALE },
	{ 416, DP__FATE_FATAL, DP_ESTALE },     { 429, DP__FATE_THROTTLE, DP_ETRANSIENT },
	{ 500, DP__FATE_RETRY, DP_ETRANSIENT }, { 501, DP__FATE_FATAL, DP_EUNSUPPORTED },
	{ 502, DP__FATE_RETRY, DP_ETRANSIENT }, { 503, DP__FATE_THROTTLE, DP_ETRANSIENT },
	{ 504, DP__FATE_RETRY, DP_ETRANSIENT }, { 505, DP__FATE_FATAL, DP_EUNSUPPORTED },
};

static const row *find(const row *rows, size_t n, int number)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

dp__http_fate dp__http_fate_of_transfer(int curl_code, dp_code *code)
{
	const row *found = find(transfers, sizeof(transfers) / sizeof(transfers[0]), curl_code);

	*code = found != NULL ? found->code : DP_EIO;
	return found != NULL ? found->fate : DP__FATE_FATAL;
}

/* Codes of S3 that say more than the status they come with. */
static dp__http_fate fate_of_code(const char *name)
{
	static const char *const slow[] = { "SlowDown",
					    "ServiceUnavailable",
					    "Throttling",
					    "ThrottlingException",
					    "RequestLimitExceeded",
					    NULL };
	static const char *const passing[] = { "InternalError", "RequestTimeout", NULL };

	for (size_t i = 0; slow[i] != NULL; i++)
		if (strcmp(name, slow[i]) == 0)
			return DP__FATE_THROTTLE;
	for (size_t i = 0; passing[i] != NULL; i++)
		if (strcmp(name, passing[i]) == 0)
			return DP__FATE_RETRY;
	return DP__FATE_GOOD;
}

dp__http_fate dp__http_fate_of_reply(const dp__http_reply *reply, dp_code *code)
{
	dp__http_fate named = fate_of_code(reply->code);
	const row *found =
		find(statuses, sizeof(statuses) / sizeof(statuses[0]), (int)reply->status);

	if (named != DP__FATE_GOOD) {
		*code = DP_ETRANSIENT;
		return named;
	}
	*code = DP_OK;
	if (reply->status >= 200 && reply->status < 300)
		return DP__FATE_GOOD;
	*code = found != NULL ? found->code : DP_EIO;
	return found != NULL ? found->fate : DP__FATE_FATAL;
}

double dp__http_backoff(double base, unsigned number, double random, double floor)
{
	double most = base;

	for (unsigned i = 1; i < number && most < WAIT_MAX; i++)
		most *= 2;
	most = (most < WAIT_MAX ? most : WAIT_MAX) * random;
	return most > floor ? most : floor;
}
