/* error.c - codes, their names, and the one way to report a failure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

#define TEXT_OF(number)  #number
#define VALUE_OF(number) TEXT_OF(number)

const char *dp_code_name(int code)
{
	static const char *const name[] = {
		"DP_OK",           "DP_ENOMEM",    "DP_EINVAL", "DP_ENOTFOUND", "DP_EIO",
		"DP_ETRANSIENT",   "DP_EWRITE",    "DP_EAUTH",  "DP_ESTALE",    "DP_EFORMAT",
		"DP_EUNSUPPORTED", "DP_ECANCELED", "DP_ETASK",
	};

	if (code > 0 || code < DP_ETASK)
		return "DP_E?";
	return name[-code];
}

const char *dp_version(void)
{
	return VALUE_OF(DP_VERSION_MAJOR) "." VALUE_OF(DP_VERSION_MINOR) "." VALUE_OF(
		DP_VERSION_PATCH);
}

dp_code dp_fail(dp_error *err, dp_code code, const char *fmt, ...)
{
	/* The arguments may point into err->msg, so the new message is made beside it. */
	dp_error made = { .code = code };
	va_list args;

	if (err == NULL)
		return code;
	va_start(args, fmt);
	if (vsnprintf(made.msg, sizeof(made.msg), fmt, args) < 0)
		made.msg[0] = '\0';
	va_end(args);
	dp__one_line(made.msg);
	*err = made;
	return code;
}
