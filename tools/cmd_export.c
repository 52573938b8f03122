/* cmd_export.c - dataplug export: an index as another program's. */
#include <inttypes.h>
#include <string.h>

#include "command.h"
#include "exit.h"
#include "json.h"
#include "out.h"

struct export
{
	const char *object, *as;
	dp_exported done;
};

static void fill_human(FILE *text, const void *user)
{
	const struct export *export = user;
	fprintf(text, "%s, points of %" PRIu64 " of %" PRIu64 " units\n", export->as,
		export->done.points, export->done.units);
}

static void fill_json(FILE *text, const void *user)
{
	const struct export *export = user;
	fputs("{\"object\":", text);
	json_put_string(text, export->object);
	fputs(",\"as\":", text);
	json_put_string(text, export->as);
	fprintf(text, ",\"points\":%" PRIu64 ",\"units\":%" PRIu64 "}\n", export->done.points,
		export->done.units);
}

/* What the name of the file says; NULL. */
static const char *kind_of(const char *path)
{
	const char *dot = path ? strrchr(path, '.') : NULL;
	if (dot && strcmp(dot, ".gzi") == 0)
		return "gztool";
	return dot && strcmp(dot, ".gzidx") == 0 ? "indexed-gzip" : NULL;
}

static int write_file(struct export *export, const struct tool *tool, const dp_index *index)
{
	const char *path = options_last(tool->opts, OPT_OUTPUT);
	bool apart = path && strcmp(path, "-") != 0, json = options_has(tool->opts, OPT_JSON);
	dp_error err = { 0 };
	struct out *to = NULL;
	dp_code rc = out_open(&to, path, &err);
	if (rc == DP_OK)
		rc = dp_index_export(index, export->as, &export->done, out_write, to, &err);
	if (rc == DP_OK)
		rc = out_commit(to, &err);
	int code = out_report(to, export->object, rc, &err);
	out_free(to);
	if (rc != DP_OK)
		return code;
	if (json && apart)
		return out_page(fill_json, export);
	if (json)
		fill_json(stderr, export);
	else if (!options_has(tool->opts, OPT_QUIET))
		fill_human(stderr, export);
	return EXIT_FINE;
}

static int run(const struct tool *tool)
{
	struct export export = { .object = tool->word[0] };
	dp_index *index = NULL;
	export.as = options_last(tool->opts, OPT_AS);
	if (!export.as)
		export.as = kind_of(options_last(tool->opts, OPT_OUTPUT));
	if (!export.as)
		return exit_usage(NULL, "export needs --as NAME, or -o FILE.gzi or FILE.gzidx");
	int code = command_open_index(tool, &index, export.object);
	if (code == EXIT_FINE)
		code = write_file(&export, tool, index);
	dp_index_free(index);
	return code;
}

const struct command cmd_export = {
	.name = "export",
	.usage = "OBJECT [--as gztool|gztool-lines|indexed-gzip] [-o FILE.gzi|FILE.gzidx] [--json] "
		 "[-q]",
	.doc = "write the index of a .gz as one of gztool or indexed_gzip",
	.more = "rapidgzip reads both. FILE.gzi is gztool's without lines, FILE.gzidx "
		"indexed_gzip's, unless\n"
		"--as says another. Units that begin inside a deflate block are left out: those "
		"programs cannot\n"
		"begin there. For lines, the object is read once more.\n",
	.options = OPTION(AS) | OPTION(OUTPUT) | OPTION(JSON) | OPTION(QUIET),
	.min = 1,
	.max = 1,
	.run = run,
};
