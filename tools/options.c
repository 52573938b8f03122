/* options.c - takes the command line apart by one table of options. */
#include "options.h"
#include "core/base/near.h"

#include <stdlib.h>
#include <string.h>

typedef struct row {
	const char *name;
	char letter;       /* 0 = none */
	const char *value; /* what it takes, for help; NULL = nothing */
	const char *doc;
} row;

static const row table[OPT_COUNT] = {
	[OPT_AS] = { "as", 0, "NAME", "whose index to write: gztool, gztool-lines, indexed-gzip" },
	[OPT_BGZIP] = { "bgzip", 0, NULL, "compress the output, in BGZF" },
	[OPT_CREATE_META] = { "create-meta", 0, NULL,
			      "make the bucket of --meta if it is missing" },
	[OPT_EXECUTOR] = { "executor", 0, "PROGRAM",
			   "run the task there instead of on threads: lithops, \"dataplug work\", "
			   "..." },
	[OPT_FAILED] = { "failed", 0, "FILE", "write the token lines of failed slices there" },
	[OPT_FORCE] = { "force", 0, NULL, "build even if there is a fresh index" },
	[OPT_FORMAT] = { "format", 0, "NAME", "the object's format, instead of finding it out" },
	[OPT_GROUP] = { "group", 0, "K", "with --slice auto: K slices for each number" },
	[OPT_HEADER] = { "header", 0, "NAME:VALUE",
			 "send it with requests over http (DATAPLUG_HTTP_HEADER); may be "
			 "repeated" },
	[OPT_HELP] = { "help", 'h', NULL, "say how the command is used" },
	[OPT_IMPORT] = { "import", 0, "FILE",
			 "begin units at the points of gztool's or indexed_gzip's index" },
	[OPT_JOBS] = { "jobs", 'j', "N", "so many at once" },
	[OPT_JSON] = { "json", 0, NULL, "print JSON" },
	[OPT_KEEP_QUERY] = { "keep-query", 0, NULL,
			     "leave a URL's signature in the tokens, which are secrets then" },
	[OPT_LIB] = { "lib", 0, "FILE.so", "load a plug-in; may be repeated" },
	[OPT_META] = { "meta", 0, "FOLDER-OR-URL", "where indexes live (DATAPLUG_META)" },
	[OPT_OFFSET] = { "offset", 0, "N", "with --slice auto: add N to the number" },
	[OPT_OUTPUT] = { "output", 'o', "FILE", "write there, whole or not at all" },
	[OPT_PARAM] = { "param", 'p', "NAME=VALUE", "a parameter of the format; may be repeated" },
	[OPT_QUIET] = { "quiet", 'q', NULL, "print warnings and errors alone" },
	[OPT_RAW] = { "raw", 0, NULL, "the records alone, without the format's header" },
	[OPT_RECURSIVE] = { "recursive", 0, NULL, "take all objects under a folder or prefix" },
	[OPT_REPORT] = { "report", 0, "FILE.html", "write a report there, as one page of HTML" },
	[OPT_SET] = { "set", 0, "NAME=VALUE",
		      "a setting, see \"dataplug help settings\"; may be repeated" },
	[OPT_SLICE] = { "slice", 0, "N|N..M|auto", "these slices alone, counted from 0" },
	[OPT_STATS] = { "stats", 0, NULL, "say on stderr what was asked of the stores" },
	[OPT_STRICT] = { "strict", 0, NULL, "with --recursive: what would be skipped is an error" },
	[OPT_TIMEOUT] = { "timeout", 0, "SECONDS", "end after that time (DATAPLUG_TIMEOUT)" },
	[OPT_UNITS] = { "units", 0, NULL, "print the table of units" },
	[OPT_URL] = { "url", 0, "URL", "the object's full URL, with its signature" },
	[OPT_VERSION] = { "version", 0, NULL, "print the version" },
};

static const char *name_at(const void *user, size_t i)
{
	(void)user;
	return i < OPT_COUNT ? table[i].name : NULL;
}

static dp_code find_long(const char *name, size_t len, option *out, dp_error *err)
{
	char typed[64], hint[128];
	for (size_t i = 0; i < OPT_COUNT; i++) {
		if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0) {
			*out = (option)i;
			return DP_OK;
		}
	}
	snprintf(typed, sizeof typed, "%.*s", (int)(len < 60 ? len : 60), name);
	dp__names_near(hint, sizeof hint, typed, name_at, NULL);
	return dp_fail(err, DP_EINVAL, "no option --%s%s", typed, hint);
}

static dp_code find_letter(char letter, option *out, dp_error *err)
{
	for (size_t i = 0; i < OPT_COUNT; i++) {
		if (table[i].letter == letter) {
			*out = (option)i;
			return DP_OK;
		}
	}
	return dp_fail(err, DP_EINVAL, "no option -%c", letter);
}

/*
 * Takes the option in argv[*i], and its value, which may be the next word. Moves *i past what was
 * taken.
 */
static dp_code take_option(struct options *out, int argc, char *const *argv, int *i, dp_error *err)
{
	const char *text = argv[(*i)++], *value = NULL;
	option which = OPT_HELP;
	dp_code rc = DP_OK;
	if (text[1] == '-') {
		size_t len = strcspn(text + 2, "=");
		rc = find_long(text + 2, len, &which, err);
		value = text[2 + len] ? text + 2 + len + 1 : NULL;
	} else {
		rc = find_letter(text[1], &which, err);
		value = text[2] ? text + 2 : NULL;
	}
	if (rc != DP_OK)
		return rc;
	if (!table[which].value && value)
		return dp_fail(err, DP_EINVAL, "--%s takes no value", table[which].name);
	if (table[which].value && !value && *i == argc)
		return dp_fail(err, DP_EINVAL, "--%s needs its %s", table[which].name,
			       table[which].value);
	if (table[which].value && !value)
		value = argv[(*i)++];
	out->value[which][out->n[which]++] = value ? value : "";
	return DP_OK;
}

dp_code options_parse(struct options *out, int argc, char *const *argv, dp_error *err)
{
	size_t room = (size_t)argc + 1;
	dp_code rc = DP_OK;
	*out = (struct options){ .room = calloc(room * (OPT_COUNT + 1), sizeof(char *)) };
	if (!out->room)
		return dp_fail(err, DP_ENOMEM, "no memory for %d words", argc);
	out->word = out->room;
	for (size_t k = 0; k < OPT_COUNT; k++)
		out->value[k] = out->room + room * (k + 1);
	for (int i = 0; rc == DP_OK && i < argc;) {
		if (strcmp(argv[i], "--") == 0) {
			while (++i < argc)
				out->word[out->nwords++] = argv[i];
		} else if (argv[i][0] == '-' && argv[i][1]) {
			rc = take_option(out, argc, argv, &i, err);
		} else {
			out->word[out->nwords++] = argv[i++];
		}
	}
	if (rc != DP_OK)
		options_fini(out);
	return rc;
}

void options_fini(struct options *opts)
{
	free(opts->room);
	*opts = (struct options){ 0 };
}

dp_code options_allow(const struct options *opts, unsigned allowed, const char *command,
		      dp_error *err)
{
	for (unsigned i = 0; i < OPT_COUNT; i++) {
		if (opts->n[i] && !(allowed & 1u << i))
			return dp_fail(err, DP_EINVAL, "%s takes no --%s", command, table[i].name);
	}
	return DP_OK;
}

bool options_has(const struct options *opts, option name)
{
	return opts->n[name] > 0;
}

const char *options_last(const struct options *opts, option name)
{
	return opts->n[name] ? opts->value[name][opts->n[name] - 1] : NULL;
}

void options_help(FILE *to, unsigned set)
{
	for (unsigned i = 0; i < OPT_COUNT; i++) {
		char left[64];
		if (!(set & 1u << i))
			continue;
		snprintf(left, sizeof left, "%c%c%s--%s%s%s", table[i].letter ? '-' : ' ',
			 table[i].letter ? table[i].letter : ' ', table[i].letter ? ", " : "  ",
			 table[i].name, table[i].value ? " " : "",
			 table[i].value ? table[i].value : "");
		fprintf(to, "  %-28s  %s\n", left, table[i].doc);
	}
}
