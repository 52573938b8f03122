/* base.h - what every other dataplug header needs: export macro, version, errors, bytes out. */
#ifndef DATAPLUG_BASE_H
#define DATAPLUG_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_VERSION_MAJOR 0
#define DP_VERSION_MINOR 1
#define DP_VERSION_PATCH 0
/* Plug-ins are built against one ABI; another number is refused. Raised when a struct or table that
 * they fill changes. */
#define DP_PLUGIN_ABI 1

#if defined(__GNUC__)
#define DP_API               __attribute__((visibility("default")))
#define DP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define DP_API
#define DP_PRINTF(fmt, args)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Codes are part of the ABI: append only, never renumber. Success is 0, failures are negative. */
typedef enum dp_code {
	DP_OK = 0,
	DP_ENOMEM = -1,
	DP_EINVAL = -2,     /* the caller's argument or option is wrong */
	DP_ENOTFOUND = -3,  /* no such object, index, format or strategy */
	DP_EIO = -4,        /* a store failed for good, retries included */
	DP_ETRANSIENT = -5, /* it may work later: the only code worth a retry by the caller */
	DP_EWRITE = -6,     /* the output or the index could not be written */
	DP_EAUTH = -7,
	DP_ESTALE = -8,        /* the object changed since it was indexed */
	DP_EFORMAT = -9,       /* the object is not valid data of its format */
	DP_EUNSUPPORTED = -10, /* valid, but not served: the message says what is missing */
	DP_ECANCELED = -11,
	DP_ETASK = -12 /* a mapped task failed; the message is the task's own */
} dp_code;

/*
 * Where a failing function writes what went wrong. The caller owns it, usually on its
 * stack; every function that takes one accepts NULL. It is written only on failure and
 * holds no pointers, so it may be copied, sent to another process or thrown away.
 */
typedef struct dp_error {
	dp_code code;
	int http;       /* HTTP status behind it, 0 if none */
	char msg[1016]; /* one line: what and where */
} dp_error;

/* Returns a static name such as "DP_ESTALE"; "DP_E?" for an unknown code. */
DP_API const char *dp_code_name(int code);
/* The version of the library at run time, "0.1.0". */
DP_API const char *dp_version(void);
/* Fills err if it is not NULL, and returns code: "return dp_fail(err, DP_EFORMAT, ...);" */
DP_API dp_code dp_fail(dp_error *err, dp_code code, const char *fmt, ...) DP_PRINTF(3, 4);

/* Where bytes go. Anything but DP_OK stops the work and is passed up, with what it wrote into err.
 */
typedef dp_code (*dp_write_fn)(void *user, const void *data, size_t len, dp_error *err);

#ifdef __cplusplus
}
#endif
#endif
