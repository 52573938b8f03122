/* s3_try.h - one request to S3: its URL and signature, and what answers teach about them. */
#ifndef DP_IO_S3_TRY_H
#define DP_IO_S3_TRY_H

#include "core/io/aws.h"
#include "core/io/aws_endpoint.h"
#include "core/io/http.h"

/* Where requests go. */
typedef struct dp__s3_place {
	dp_session *session;
	dp__aws_endpoint endpoint;
	char *bucket, *key; /* as they are, not encoded; a key may be "" */
	char *host;         /* under which regions and clocks are remembered */
	char region[64];    /* as it was known when the place was opened */
} dp__s3_place;

/* What one request asks for; texts are lent. */
typedef struct dp__s3_ask {
	const char *method, *key;
	const char *query;   /* encoded, "" = none */
	const char *payload; /* SHA-256 of the body; NULL = of none */
	bool xml; /* the answer is XML: one that is cut, or an <Error> with 200, is tried again */
} dp__s3_ask;

/* A request while it is performed. Zeroed is none. */
typedef struct dp__s3_try {
	const dp__s3_place *place;
	const dp_call *call;
	dp__s3_ask ask;
	char *url, *other; /* other: in the region that was learned */
	char region[64];
	dp__aws_keys keys; /* that the last attempt was signed with */
	dp__http_header header[2];
	bool moved, set_clock, renewed; /* each at most once */
} dp__s3_try;

/* Fills a request that signs itself and learns; both are to stay where they are until the end. */
dp_code dp__s3_try_init(dp__s3_try *out, dp__http_request *request, const dp__s3_place *place,
			const dp_call *call, const dp__s3_ask *ask, dp_error *err);
void dp__s3_try_fini(dp__s3_try *attempt);

#endif
