/* cmd_index.c - dataplug index: builds the indexes of objects, several at once if wished. */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exit.h"
#include "human.h"
#include "json.h"
#include "objects.h"
#include "out.h"
#include "progress.h"
#include "signals.h"
#include "stats.h"

/* What the threads share. */
struct work {
	const struct tool *tool;
	struct objects objects;
	struct out *out;
	pthread_mutex_t lock; /* of what follows, and of out */
	size_t next;
	int *code;         /* exit code of each object */
	progress_job *job; /* likewise */
	bool broken;       /* the output cannot be written */
};

struct line {
	const struct tool *tool;
	const char *object;
	const dp_index *index;
};

static void fill_human(FILE *text, const void *user)
{
	const struct line *line = user;
	const dp_view *view = dp_index_view(line->index);
	const char *format = command_attr(line->index, "format");
	fprintf(text, "%.*s: %s%s, ", human_name(line->object), line->object,
		dp_index_built(line->index) ? "" : "fresh index, ", format);
	human_count(text, view->nrec, command_record(line->tool, format));
	fputs(", ", text);
	human_count(text, view->nunits, "unit");
	fputs(", index ", text);
	human_bytes(text, dp_index_size(line->index));
	fputs(" (", text);
	human_share(text, dp_index_size(line->index), command_size(line->index));
	fputs(")\n", text);
}

static void fill_json(FILE *text, const void *user)
{
	const struct line *line = user;
	const dp_view *view = dp_index_view(line->index);
	fputs("{\"object\":", text);
	json_put_text(text, line->object, (size_t)human_name(line->object));
	fputs(",\"index\":", text);
	json_put_string(text, dp_index_url(line->index));
	fputs(",\"format\":", text);
	json_put_string(text, command_attr(line->index, "format"));
	fprintf(text, ",\"built\":%s,\"records\":", dp_index_built(line->index) ? "true" : "false");
	json_put_count(text, view->nrec);
	fprintf(text,
		",\"units\":%zu,\"size\":%" PRIu64 ",\"index_size\":%" PRIu64 ",\"warnings\":",
		view->nunits, command_size(line->index), dp_index_size(line->index));
	json_put_lines(text, command_attr(line->index, "warnings"));
	fputs("}\n", text);
}

static void say_warnings(const char *object, const dp_index *index)
{
	const char *text = command_attr(index, "warnings");
	while (*text) {
		size_t n = strcspn(text, "\n");
		exit_say(object, "warning: %.*s", (int)(n < 1024 ? n : 1024), text);
		text += n + (text[n] == '\n');
	}
}

/* Tells of one object that was indexed. */
static dp_code tell(struct work *work, const char *object, const dp_index *index, dp_error *err)
{
	const struct options *opts = work->tool->opts;
	struct line line = { work->tool, object, index };
	bool json = options_has(opts, OPT_JSON);
	dp_code rc = DP_OK;
	say_warnings(object, index);
	if (!json && options_has(opts, OPT_QUIET))
		return DP_OK;
	progress_hide();
	rc = out_text(work->out, json ? fill_json : fill_human, &line, err);
	return rc == DP_OK ? out_flush(work->out, err) : rc;
}

/* Under a folder lies what is no dataset's too; it is named and left out. */
static bool may_skip(const struct tool *tool, dp_code rc)
{
	return rc == DP_EUNSUPPORTED && options_has(tool->opts, OPT_RECURSIVE) &&
	       !options_has(tool->opts, OPT_STRICT);
}

static void index_one(struct work *work, size_t i)
{
	const struct tool *tool = work->tool;
	const char *object = work->objects.at[i];
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	dp_index *index = NULL;
	dp_error err = { 0 };
	opts.format = options_last(tool->opts, OPT_FORMAT);
	opts.args = tool->opts->value[OPT_PARAM];
	opts.force = options_has(tool->opts, OPT_FORCE);
	opts.imported = options_last(tool->opts, OPT_IMPORT);
	opts.progress = progress_step;
	opts.user = &work->job[i];
	dp_code rc = signals_check(&err);
	if (rc == DP_OK)
		rc = dp_index_build(&index, tool->session, object, &opts, &err);
	if (rc == DP_OK && dp_index_built(index))
		stats_need(command_size(index));
	pthread_mutex_lock(&work->lock);
	if (rc == DP_OK) {
		rc = tell(work, object, index, &err);
		work->broken = rc != DP_OK;
	}
	if (may_skip(tool, rc))
		exit_say(object, "skipped: %s", err.msg);
	else
		work->code[i] = out_report(work->out, object, rc, &err);
	pthread_mutex_unlock(&work->lock);
	dp_index_free(index);
}

static bool take(struct work *work, size_t *i)
{
	pthread_mutex_lock(&work->lock);
	bool more = work->next < work->objects.n && !work->broken;
	if (more)
		*i = work->next++;
	pthread_mutex_unlock(&work->lock);
	return more;
}

static void *run_thread(void *user)
{
	size_t i = 0;
	signals_block();
	while (take(user, &i))
		index_one(user, i);
	return NULL;
}

/* Each in turn needs no thread; the first one is this. */
static void index_all(struct work *work, unsigned jobs)
{
	pthread_t *thread = calloc(jobs, sizeof *thread);
	unsigned n = 0;
	size_t i = 0;
	while (thread && n + 1 < jobs && n + 1 < work->objects.n &&
	       pthread_create(&thread[n], NULL, run_thread, work) == 0)
		n++;
	while (take(work, &i))
		index_one(work, i);
	while (n > 0)
		pthread_join(thread[--n], NULL);
	free(thread);
}

static int first_failure(const struct work *work)
{
	for (size_t i = 0; i < work->objects.n; i++) {
		if (work->code[i])
			return work->code[i];
	}
	return EXIT_FINE;
}

static int run(const struct tool *tool)
{
	struct work work = { .tool = tool };
	dp_error err = { 0 };
	unsigned jobs = 1;
	int code = EXIT_FINE;
	dp_code rc = command_jobs(tool, 1, &jobs, &err);
	if (rc == DP_OK)
		rc = objects_take(&work.objects, tool, tool->nwords, &err);
	if (rc == DP_OK && options_has(tool->opts, OPT_IMPORT) && work.objects.n > 1)
		rc = dp_fail(&err, DP_EINVAL, "--import is of one object");
	if (rc == DP_OK)
		rc = out_open(&work.out, NULL, &err);
	work.code = calloc(work.objects.n + 1, sizeof *work.code);
	work.job = calloc(work.objects.n + 1, sizeof *work.job);
	if (rc == DP_OK && (!work.code || !work.job))
		rc = dp_fail(&err, DP_ENOMEM, "no memory for %zu objects", work.objects.n);
	if (rc == DP_OK) {
		pthread_mutex_init(&work.lock, NULL);
		if (!options_has(tool->opts, OPT_QUIET))
			progress_start("index", true);
		index_all(&work, jobs);
		progress_stop();
		code = first_failure(&work);
		pthread_mutex_destroy(&work.lock);
	} else {
		code = exit_report(NULL, rc, &err);
	}
	objects_fini(&work.objects);
	free(work.code);
	free(work.job);
	out_free(work.out);
	return code;
}

const struct command cmd_index = {
	.name = "index",
	.usage = "OBJECT... [--format NAME] [--force] [-j N] [--json] [-q] "
		 "[-p NAME=VALUE]... [--import FILE] [--recursive] [--create-meta]",
	.doc = "read objects once and keep where their records are",
	.more = "An index that is fresh is left as it is; one of another format or other "
		"parameters, or of an\n"
		"object that has changed, is built anew. \"dataplug formats NAME\" lists the "
		"parameters.\n"
		"With --import, a .gz is read as ever, but its units begin at the points of an "
		"index that "
		"gztool,\n"
		"indexed_gzip or rapidgzip made of it; a point that is wrong is an error.\n",
	.options = OPTION(FORMAT) | OPTION(FORCE) | OPTION(JOBS) | OPTION(JSON) | OPTION(QUIET) |
		   OPTION(PARAM) | OPTION(RECURSIVE) | OPTION(STRICT) | OPTION(CREATE_META) |
		   OPTION(IMPORT),
	.min = 1,
	.max = SIZE_MAX,
	.run = run,
};
