/* exit.c - turns the library's codes into exit codes and its messages into one line. */
#include "exit.h"
#include "human.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "progress.h"
#include "signals.h"

static int exit_of(dp_code code)
{
	switch (code) {
	case DP_OK:
		return EXIT_FINE;
	case DP_ENOMEM:
		return EXIT_MEMORY;
	case DP_EINVAL:
		return EXIT_USAGE;
	case DP_ENOTFOUND:
		return EXIT_NONE;
	case DP_EIO:
		return EXIT_IO;
	case DP_ETRANSIENT:
		return EXIT_TRANSIENT;
	case DP_EWRITE:
		return EXIT_WRITE;
	case DP_EAUTH:
		return EXIT_DENIED;
	case DP_ESTALE:
		return EXIT_STALE;
	case DP_EFORMAT:
		return EXIT_DATA;
	case DP_EUNSUPPORTED:
		return EXIT_UNSUPPORTED;
	case DP_ECANCELED:
		return EXIT_CANCELED;
	case DP_ETASK:
		return EXIT_SOME;
	}
	return EXIT_SOME;
}

/* Whether text names the object itself, as in "plug-in: OBJECT: what": then it is not named once
 * more. */
static bool is_named(const char *text, const char *object)
{
	size_t n = strlen(object);
	for (const char *p = strstr(text, object); p && n; p = strstr(p + 1, object)) {
		if ((p == text || p[-1] == ' ') && p[n] == ':')
			return true;
	}
	return n == 0;
}

static void say(const char *object, const char *text)
{
	char line[4096];
	bool named = !object || is_named(text, object);
	snprintf(line, sizeof line, "dataplug: %.*s%s%s", named ? 0 : human_name(object),
		 named ? "" : object, named ? "" : ": ", text);
	for (char *p = line; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	progress_hide();
	fprintf(stderr, "%s\n", line);
}

static void DP_PRINTF(2, 0) say_args(const char *object, const char *fmt, va_list args)
{
	char text[2048];
	vsnprintf(text, sizeof text, fmt, args);
	say(object, text);
}

void exit_say(const char *object, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say_args(object, fmt, args);
	va_end(args);
}

int exit_report(const char *object, dp_code code, const dp_error *err)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	int stopped = signals_stopped();
	if (code == DP_OK)
		return EXIT_FINE;
	if (!stopped) {
		say(object, err->msg[0] ? err->msg : dp_code_name(code));
		return exit_of(code);
	}
	if (!atomic_flag_test_and_set(&said))
		say(object,
		    stopped == EXIT_TRANSIENT ? "not done within the timeout" : "cancelled");
	return stopped;
}

int exit_usage(const char *object, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say_args(object, fmt, args);
	va_end(args);
	return EXIT_USAGE;
}
