/* aws_config.h - the ini files ~/.aws/config and ~/.aws/credentials. */
#ifndef DP_IO_AWS_CONFIG_H
#define DP_IO_AWS_CONFIG_H

#include "core/base/buf.h"

/* One "name = value". Values may be secrets: never part of a message. */
typedef struct dp__aws_entry {
	char *section, *name, *value;
} dp__aws_entry;

/* What was read. Zeroed is an empty one. */
typedef struct dp__aws_config {
	dp__aws_entry *entry;
	size_t n, cap;
} dp__aws_config;

/*
 * Adds the entries of one file's text. Sections are named as in the config file, "profile NAME"
 * ("[default]" is "profile default"); credentials: as in the other, where "[NAME]" is a profile.
 * Nested entries, indented under a name without value, become "name.nested". Names are lower case.
 * As botocore reads it: "#" and ";" begin comments at the start of a line only. DP_EINVAL, with the
 * file's name and the number of a line that is neither; more than 1 MiB or 16384 entries likewise.
 */
dp_code dp__aws_config_parse(dp__aws_config *config, const char *text, size_t len, const char *file,
			     bool credentials, dp_error *err);
/*
 * Reads both files: AWS_CONFIG_FILE or ~/.aws/config, AWS_SHARED_CREDENTIALS_FILE or
 * ~/.aws/credentials. One that is missing or may not be read is empty.
 */
dp_code dp__aws_config_load(dp__aws_config *config, dp_error *err);
void dp__aws_config_fini(dp__aws_config *config);

bool dp__aws_config_has(const dp__aws_config *config, const char *kind, const char *section);
/* The value that was read last, lent; NULL if there is none. kind: "profile", "services". */
const char *dp__aws_config_get(const dp__aws_config *config, const char *kind, const char *section,
			       const char *name);

/* An environment variable that is set and not empty; else NULL. */
const char *dp__aws_env(const char *name);
/* Appends a file's bytes, "~/" at its start being the home; DP_ENOTFOUND if it cannot be read. */
dp_code dp__aws_file_read(dp__buf *out, const char *path, dp_error *err);

#endif
