/* fault_reply.h - one answer of the fault server, right or wrong as it was told. */
#ifndef TESTS_FAULT_REPLY_H
#define TESTS_FAULT_REPLY_H

#include "support/fault_server.h"

#define FAULT_TEXT_MAX 2048

/* What a request asks for and how it is answered. */
typedef struct fault_reply {
	fault what;
	uint64_t first, last; /* half-open */
	uint64_t total;
	bool ranged;
	char etag[256], modified[64], lead[FAULT_TEXT_MAX];
	unsigned delay;
} fault_reply;

/* Both say whether the connection goes on. */
bool fault_reply_text(int fd, const char *text);
/* changed: the request's condition does not hold. headless: of HEAD. data: the whole object. */
bool fault_reply_send(int fd, fault_reply *to, bool changed, bool headless, const uint8_t *data);

#endif
