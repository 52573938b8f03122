/* aws_config.c - the ini files ~/.aws/config and ~/.aws/credentials. */
#include "core/io/aws_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/digest.h"
#include "core/base/text.h"

#define FILE_MAX    ((size_t)1 << 20)
#define ENTRIES_MAX 16384
#define BLANK       " \t\r\v\f"

/* A part of a file's text. */
typedef struct span {
	const char *at;
	size_t len;
} span;

/* Where in a file its reader is. */
typedef struct reader {
	dp__aws_config *config;
	const char *file;
	bool credentials;
	size_t number;  /* of the line */
	char *section;  /* NULL: before the first, or in one that is not ours */
	bool in_any;    /* a section has begun */
	char *parent;   /* the name without value that nested entries belong to */
	bool has_value; /* the last name had one: what is indented under it goes on with it */
} reader;

static span trim(span text)
{
	while (text.len > 0 && strchr(BLANK, text.at[0]) != NULL) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && strchr(BLANK, text.at[text.len - 1]) != NULL)
		text.len--;
	return text;
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static dp_code bad(const reader *in, const char *what, dp_error *err)
{
	return dp_fail(err, DP_EINVAL, "%s line %zu: %s", in->file, in->number, what);
}

static dp_code no_memory(dp_error *err)
{
	return dp_fail(err, DP_ENOMEM, "no memory for a configuration");
}

/* "KIND NAME" of two parts, the name without its quotes. */
static dp_code name_section(reader *in, const char *kind, span name, dp_error *err)
{
	dp__buf made = dp__buf_of(4096);
	dp_code code;

	name = trim(name);
	if (name.len >= 2 && strchr("\"'", name.at[0]) != NULL &&
	    name.at[name.len - 1] == name.at[0]) {
		name.at++;
		name.len -= 2;
	}
	if (name.len > 1024)
		return bad(in, "the name of the section is too long", err);
	code = dp__buf_printf(&made, err, "%s %.*s", kind, (int)name.len, name.at);
	if (code == DP_OK)
		code = dp__buf_take(&in->section, &made, err);
	dp__buf_fini(&made);
	return code;
}

/* "[text]" without its brackets. */
static dp_code begin_section(reader *in, span text, dp_error *err)
{
	static const char *const kinds[] = { "profile", "services", "sso-session", NULL };

	text = trim(text);
	free(in->section);
	free(in->parent);
	in->section = in->parent = NULL;
	in->has_value = false;
	in->in_any = true;
	if (in->credentials)
		return name_section(in, "profile", text, err);
	if (text.len == strlen("default") && memcmp(text.at, "default", text.len) == 0)
		return name_section(in, "profile", text, err);
	for (size_t i = 0; kinds[i] != NULL; i++) {
		size_t n = strlen(kinds[i]);

		if (text.len > n && memcmp(text.at, kinds[i], n) == 0 &&
		    strchr(BLANK, text.at[n]) != NULL)
			return name_section(in, kinds[i], (span){ text.at + n, text.len - n }, err);
	}
	return DP_OK;
}

static dp_code grow(dp__aws_config *config, dp_error *err)
{
	size_t cap = config->cap > 0 ? config->cap * 2 : 32;
	dp__aws_entry *entry;

	if (config->n < config->cap)
		return DP_OK;
	entry = realloc(config->entry, cap * sizeof(*entry));
	if (entry == NULL)
		return no_memory(err);
	config->entry = entry;
	config->cap = cap;
	return DP_OK;
}

static void free_entry(dp__aws_entry *entry)
{
	if (entry->value != NULL)
		dp__wipe(entry->value, strlen(entry->value));
	free(entry->section);
	free(entry->name);
	free(entry->value);
}

static dp_code add_entry(reader *in, span name, span value, bool nested, dp_error *err)
{
	dp__aws_config *config = in->config;
	dp__aws_entry made = { 0 };
	dp__buf full = dp__buf_of(4096);
	dp_code code;

	if (config->n == ENTRIES_MAX)
		return bad(in, "more than 16384 entries", err);
	if (name.len > 1024)
		return bad(in, "the name is too long", err);
	code = dp__buf_printf(&full, err, "%s%s%.*s", nested ? in->parent : "", nested ? "." : "",
			      (int)name.len, name.at);
	if (code == DP_OK)
		code = dp__buf_take(&made.name, &full, err);
	dp__buf_fini(&full);
	if (code == DP_OK)
		code = grow(config, err);
	if (code != DP_OK) {
		free_entry(&made);
		return code;
	}
	lower(made.name);
	made.section = dp__strdup(in->section);
	made.value = dp__strndup(value.at, value.len);
	if (made.section == NULL || made.value == NULL) {
		free_entry(&made);
		return no_memory(err);
	}
	config->entry[config->n++] = made;
	return DP_OK;
}

static dp_code read_entry(reader *in, span text, bool indented, dp_error *err)
{
	const char *equals = memchr(text.at, '=', text.len);
	span name, value;

	/* A value that goes on: none that is read here has more than one line. */
	if (indented && in->has_value)
		return DP_OK;
	if (equals == NULL || equals == text.at)
		return bad(in, "neither [SECTION] nor NAME = VALUE", err);
	if (!in->in_any)
		return bad(in, "an entry before any [SECTION]", err);
	if (in->section == NULL)
		return DP_OK;
	name = trim((span){ text.at, (size_t)(equals - text.at) });
	value = trim((span){ equals + 1, text.len - (size_t)(equals + 1 - text.at) });
	if (indented && in->parent != NULL)
		return add_entry(in, name, value, true, err);
	free(in->parent);
	in->parent = NULL;
	in->has_value = value.len > 0;
	if (in->has_value)
		return add_entry(in, name, value, false, err);
	in->parent = dp__strndup(name.at, name.len);
	return in->parent != NULL ? DP_OK : no_memory(err);
}

static dp_code read_line(reader *in, span text, dp_error *err)
{
	bool indented = text.len > 0 && strchr(" \t", text.at[0]) != NULL;
	const char *end;

	if (memchr(text.at, '\0', text.len) != NULL)
		return bad(in, "holds a zero byte", err);
	text = trim(text);
	if (text.len == 0 || text.at[0] == '#' || text.at[0] == ';')
		return DP_OK;
	if (text.at[0] != '[' || indented)
		return read_entry(in, text, indented, err);
	end = memchr(text.at, ']', text.len);
	if (end == NULL)
		return bad(in, "a [SECTION] without its end", err);
	return begin_section(in, (span){ text.at + 1, (size_t)(end - text.at) - 1 }, err);
}

dp_code dp__aws_config_parse(dp__aws_config *config, const char *text, size_t len, const char *file,
			     bool credentials, dp_error *err)
{
	reader in = { .config = config, .file = file, .credentials = credentials };
	dp_code code = DP_OK;

	if (len > FILE_MAX)
		return dp_fail(err, DP_EINVAL, "%s is larger than 1 MiB", file);
	/* Windows' editors put a byte order mark there. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	while (code == DP_OK && len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end != NULL ? (size_t)(end - text) : len;

		in.number++;
		code = read_line(&in, (span){ text, n }, err);
		n += end != NULL;
		text += n;
		len -= n;
	}
	free(in.section);
	free(in.parent);
	return code;
}

const char *dp__aws_env(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* A path whose "~/" is the home; free() it. */
static char *expand(const char *path)
{
	const char *home = dp__aws_env("HOME");
	size_t n;
	char *out;

	if (strncmp(path, "~/", 2) != 0 || home == NULL)
		return dp__strdup(path);
	n = strlen(home);
	out = malloc(n + strlen(path));
	if (out != NULL) {
		memcpy(out, home, n);
		strcpy(out + n, path + 1);
	}
	return out;
}

dp_code dp__aws_file_read(dp__buf *out, const char *path, dp_error *err)
{
	char *full = expand(path);
	dp_code code = DP_OK;
	ssize_t n = 1;
	int fd;

	if (full == NULL)
		return no_memory(err);
	/* Never waits for a pipe's other end. */
	fd = open(full, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	free(full);
	if (fd < 0)
		return dp_fail(err, DP_ENOTFOUND, "%.512s cannot be read", path);
	while (code == DP_OK && n != 0) {
		code = dp__buf_reserve(out, 4096, err);
		n = code == DP_OK ? read(fd, out->data + out->len, 4096) : 0;
		if (n > 0)
			out->len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			code = dp_fail(err, DP_ENOTFOUND, "%.512s cannot be read", path);
	}
	close(fd);
	return code;
}

static dp_code load_file(dp__aws_config *config, const char *variable, const char *usual,
			 bool credentials, dp_error *err)
{
	const char *named = dp__aws_env(variable), *path = named != NULL ? named : usual;
	dp__buf text = dp__buf_of(FILE_MAX + 8192);
	dp_code code = dp__aws_file_read(&text, path, err);

	if (code == DP_OK)
		code = dp__aws_config_parse(config, (char *)text.data, text.len, path, credentials,
					    err);
	else if (code == DP_ENOTFOUND)
		code = DP_OK;
	dp__wipe(text.data, text.cap);
	dp__buf_fini(&text);
	return code;
}

dp_code dp__aws_config_load(dp__aws_config *config, dp_error *err)
{
	dp_code code = load_file(config, "AWS_CONFIG_FILE", "~/.aws/config", false, err);

	/* What is read last wins, as in botocore. */
	if (code == DP_OK)
		code = load_file(config, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", true,
				 err);
	return code;
}

void dp__aws_config_fini(dp__aws_config *config)
{
	for (size_t i = 0; i < config->n; i++)
		free_entry(&config->entry[i]);
	free(config->entry);
	*config = (dp__aws_config){ 0 };
}

/* Whether section is "KIND NAME". */
static bool is_section(const char *section, const char *kind, const char *name)
{
	size_t n = strlen(kind);

	return strncmp(section, kind, n) == 0 && section[n] == ' ' &&
	       strcmp(section + n + 1, name) == 0;
}

bool dp__aws_config_has(const dp__aws_config *config, const char *kind, const char *section)
{
	for (size_t i = 0; i < config->n; i++)
		if (is_section(config->entry[i].section, kind, section))
			return true;
	return false;
}

const char *dp__aws_config_get(const dp__aws_config *config, const char *kind, const char *section,
			       const char *name)
{
	for (size_t i = config->n; i > 0; i--) {
		const dp__aws_entry *entry = &config->entry[i - 1];

		if (strcmp(entry->name, name) == 0 && is_section(entry->section, kind, section))
			return entry->value[0] != '\0' ? entry->value : NULL;
	}
	return NULL;
}
