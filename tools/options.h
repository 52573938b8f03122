/* options.h - the command line taken apart: words, and options wherever they stand. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdio.h>

#include "dataplug/base.h"

typedef enum option {
	OPT_AS,
	OPT_BGZIP,
	OPT_CREATE_META,
	OPT_EXECUTOR,
	OPT_FAILED,
	OPT_FORCE,
	OPT_FORMAT,
	OPT_GROUP,
	OPT_HEADER,
	OPT_HELP,
	OPT_IMPORT,
	OPT_JOBS,
	OPT_JSON,
	OPT_KEEP_QUERY,
	OPT_LIB,
	OPT_META,
	OPT_OFFSET,
	OPT_OUTPUT,
	OPT_PARAM,
	OPT_QUIET,
	OPT_RAW,
	OPT_RECURSIVE,
	OPT_REPORT,
	OPT_SET,
	OPT_SLICE,
	OPT_STATS,
	OPT_STRICT,
	OPT_TIMEOUT,
	OPT_UNITS,
	OPT_URL,
	OPT_VERSION,
	OPT_COUNT
} option;

/* The set that holds one option. */
#define OPTION(name) (1u << OPT_##name)

/* All strings are argv's. */
struct options {
	const char **word; /* NULL-terminated */
	size_t nwords;
	const char **value[OPT_COUNT]; /* of each time it was given, NULL-terminated; "" of one that
					  takes none */
	size_t n[OPT_COUNT];
	const char **room; /* what word and value point into */
};

/* Without argv[0]. DP_EINVAL: an unknown option (with the near ones), or a value too many or too
 * few. */
dp_code options_parse(struct options *out, int argc, char *const *argv, dp_error *err);
void options_fini(struct options *opts);
/* DP_EINVAL if an option was given that is not in the set. command is for the message. */
dp_code options_allow(const struct options *opts, unsigned allowed, const char *command,
		      dp_error *err);
bool options_has(const struct options *opts, option name);
/* The value that was given last, NULL if none was. */
const char *options_last(const struct options *opts, option name);
/* A line of help for each option in the set. */
void options_help(FILE *to, unsigned set);

#endif
