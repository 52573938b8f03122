/* cmd_show.c - dataplug show: what an index knows of its object. */
#include <inttypes.h>
#include <string.h>

#include "command.h"
#include "human.h"
#include "json.h"
#include "out.h"

struct shown {
	const struct tool *tool;
	const char *object;
	const dp_index *index;
};

static uint64_t raw_bytes(const dp_view *view)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < view->nunits; i++)
		sum += view->unit[i].raw;
	return sum;
}

static void print_axis(FILE *text, const dp_view *view, size_t i)
{
	const dp_axis *axis = &view->axis[i];
	fprintf(text, "axis     %s from %.10g to %.10g", axis->name, view->extent.lo[i],
		view->extent.hi[i]);
	if (axis->unit && *axis->unit)
		fprintf(text, " %s", axis->unit);
	for (size_t k = 0; k < axis->nlabels && k < 8; k++)
		fprintf(text, "%s%s", k ? ", " : ": ", axis->labels[k]);
	fputs(axis->nlabels > 8 ? ", ...\n" : "\n", text);
}

static void fill_human(FILE *text, const void *user)
{
	const struct shown *shown = user;
	const dp_index *index = shown->index;
	const dp_view *view = dp_index_view(index);
	const char *format = command_attr(index, "format"), *params = command_attr(index, "params");
	const char *warnings = command_attr(index, "warnings");
	fprintf(text, "object   %.*s\nurl      %s\nformat   %s%s%s\nsize     ",
		human_name(shown->object), shown->object, command_attr(index, "url"), format,
		*params ? " " : "", params);
	human_bytes(text, command_size(index));
	fprintf(text, " (%" PRIu64 " bytes)\nrecords  ", command_size(index));
	human_count(text, view->nrec, command_record(shown->tool, format));
	fputs(", ", text);
	human_bytes(text, raw_bytes(view));
	fprintf(text, " decoded\nunits    %zu\nindex    %s, ", view->nunits, dp_index_url(index));
	human_bytes(text, dp_index_size(index));
	fputs(" (", text);
	human_share(text, dp_index_size(index), command_size(index));
	fprintf(text, ")\nlibrary  %s\n", command_attr(index, "library"));
	for (size_t i = 0; i < view->naxes; i++)
		print_axis(text, view, i);
	while (*warnings) {
		size_t n = strcspn(warnings, "\n");
		fprintf(text, "warning  %.*s\n", (int)n, warnings);
		warnings += n + (warnings[n] == '\n');
	}
}

/* A unit's offsets or lengths in its parts, with commas between. */
static void print_extents(FILE *text, const dp_unit *unit, bool lengths)
{
	for (size_t k = 0; k < DP_MAX_EXTENTS && (k == 0 || unit->extent[k].len > 0); k++)
		fprintf(text, "%s%" PRIu64, k ? "," : "",
			lengths ? unit->extent[k].len : unit->extent[k].off);
}

static void print_known(FILE *text, uint64_t n)
{
	if (n == DP_UNKNOWN)
		fputs("-\t", text);
	else
		fprintf(text, "%" PRIu64 "\t", n);
}

static void fill_units(FILE *text, const void *user)
{
	const dp_view *view = dp_index_view(((const struct shown *)user)->index);
	fputs("id\trec\tnrec\toff\tlen\tskip\traw\tstate\tcrc\n", text);
	for (size_t i = 0; i < view->nunits; i++) {
		const dp_unit *unit = &view->unit[i];
		fprintf(text, "%zu\t", i);
		print_known(text, unit->rec);
		print_known(text, unit->nrec);
		print_extents(text, unit, false);
		putc('\t', text);
		print_extents(text, unit, true);
		fprintf(text, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu32 "\t", unit->skip, unit->raw,
			unit->state_len);
		if (unit->flags & DP_UNIT_CRC)
			fprintf(text, "%08" PRIx32 "\n", unit->crc);
		else
			fputs("-\n", text);
	}
}

static void json_axis(FILE *text, const dp_view *view, size_t i)
{
	const dp_axis *axis = &view->axis[i];
	fprintf(text, "%s{\"name\":", i ? "," : "");
	json_put_string(text, axis->name);
	fputs(",\"unit\":", text);
	json_put_string(text, axis->unit);
	fputs(",\"lo\":", text);
	json_put_number(text, view->extent.lo[i]);
	fputs(",\"hi\":", text);
	json_put_number(text, view->extent.hi[i]);
	fputs(",\"labels\":[", text);
	for (size_t k = 0; k < axis->nlabels; k++) {
		fputs(k ? "," : "", text);
		json_put_string(text, axis->labels[k]);
	}
	fputs("]}", text);
}

static void json_unit(FILE *text, const dp_unit *unit)
{
	const char *between = "";
	fputs("{\"rec\":", text);
	json_put_count(text, unit->rec);
	fputs(",\"nrec\":", text);
	json_put_count(text, unit->nrec);
	fputs(",\"extents\":[", text);
	for (size_t k = 0; k < DP_MAX_EXTENTS && unit->extent[k].len > 0; k++) {
		fprintf(text, "%s{\"part\":%" PRIu32 ",\"off\":%" PRIu64 ",\"len\":%" PRIu64 "}",
			between, unit->extent[k].part, unit->extent[k].off, unit->extent[k].len);
		between = ",";
	}
	fprintf(text, "],\"skip\":%" PRIu64 ",\"raw\":%" PRIu64 ",\"state\":%" PRIu32 ",\"crc\":",
		unit->skip, unit->raw, unit->state_len);
	if (unit->flags & DP_UNIT_CRC)
		fprintf(text, "\"%08" PRIx32 "\"}", unit->crc);
	else
		fputs("null}", text);
}

static void json_attr(FILE *text, const dp_index *index, const char *name)
{
	fprintf(text, "\"%s\":", name);
	json_put_string(text, command_attr(index, name));
	putc(',', text);
}

static void fill_json(FILE *text, const void *user)
{
	const struct shown *shown = user;
	const dp_index *index = shown->index;
	const dp_view *view = dp_index_view(index);
	fputs("{\"object\":", text);
	json_put_text(text, shown->object, (size_t)human_name(shown->object));
	putc(',', text);
	json_attr(text, index, "url");
	json_attr(text, index, "format");
	json_attr(text, index, "params");
	json_attr(text, index, "etag");
	json_attr(text, index, "library");
	fprintf(text, "\"size\":%" PRIu64 ",\"index\":", command_size(index));
	json_put_string(text, dp_index_url(index));
	fprintf(text, ",\"index_size\":%" PRIu64 ",\"records\":", dp_index_size(index));
	json_put_count(text, view->nrec);
	fprintf(text, ",\"raw\":%" PRIu64 ",\"units\":%zu,\"axes\":[", raw_bytes(view),
		view->nunits);
	for (size_t i = 0; i < view->naxes; i++)
		json_axis(text, view, i);
	fputs("],\"warnings\":", text);
	json_put_lines(text, command_attr(index, "warnings"));
	if (options_has(shown->tool->opts, OPT_UNITS)) {
		fputs(",\"table\":[", text);
		for (size_t i = 0; i < view->nunits; i++) {
			fputs(i ? "," : "", text);
			json_unit(text, &view->unit[i]);
		}
		putc(']', text);
	}
	fputs("}\n", text);
}

static int run(const struct tool *tool)
{
	struct shown shown = { .tool = tool, .object = tool->word[0] };
	dp_index *index = NULL;
	int code = command_open_index(tool, &index, shown.object);
	if (code)
		return code;
	shown.index = index;
	code = out_page(options_has(tool->opts, OPT_JSON)    ? fill_json
			: options_has(tool->opts, OPT_UNITS) ? fill_units
							     : fill_human,
			&shown);
	dp_index_free(index);
	return code;
}

const struct command cmd_show = {
	.name = "show",
	.usage = "OBJECT [--units] [--json]",
	.doc = "print what the index of an object knows",
	.options = OPTION(UNITS) | OPTION(JSON),
	.min = 1,
	.max = 1,
	.run = run,
};
