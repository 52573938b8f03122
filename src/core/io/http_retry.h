/* http_retry.h - which failures pass, and how long to wait for that. */
#ifndef DP_IO_HTTP_RETRY_H
#define DP_IO_HTTP_RETRY_H

#include "core/io/http.h"

typedef enum dp__http_fate {
	DP__FATE_GOOD,     /* as wished */
	DP__FATE_FATAL,    /* trying again gives the same */
	DP__FATE_RETRY,    /* after a while */
	DP__FATE_THROTTLE, /* after a longer while, and less at once */
	DP__FATE_FRESH,    /* after a while, over another connection */
	DP__FATE_LOOKUP,   /* twice at most: the name may just be wrong */
	DP__FATE_REDIRECT, /* elsewhere */
	DP__FATE_AGAIN,    /* at once */
} dp__http_fate;

/* Of a transfer that ended with a CURLcode; code: what it is when it stays so. */
dp__http_fate dp__http_fate_of_transfer(int curl_code, dp_code *code);
/* Of a whole answer. */
dp__http_fate dp__http_fate_of_reply(const dp__http_reply *reply, dp_code *code);
/*
 * Seconds to wait before try number (1, 2, ...): full jitter, random in [0, 1), doubled each time
 * from base, at most 20; floor is what the server asked for.
 */
double dp__http_backoff(double base, unsigned number, double random, double floor);

#endif
