/* test_process.c - a job by a program: what it is told, what it may answer, how it may end. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/words.h"
#include "core/map/job.h"
#include "support/scene.h"

#define NSLICES 5

/* What dp_map() reported. */
typedef struct seen {
	size_t n;
	dp_code code[NSLICES];
	char message[NSLICES][256], total[64];
} seen;

static scene s;

static void set_up(void)
{
	s = scene_of_lines(100, 10, NULL);
	cr_assert_eq(scene_cut(&s, "chunks", (const char *const[]){ "n=5", NULL }), DP_OK);
}

static void tear_down(void)
{
	scene_free(&s);
}

TestSuite(process, .init = set_up, .fini = tear_down, .timeout = 60);

static dp_code take(void *user, const dp_result *result)
{
	seen *to = user;
	if (result->slice == SIZE_MAX) {
		snprintf(to->total, sizeof to->total, "%.*s", (int)result->len,
			 (const char *)result->data);
		return DP_OK;
	}
	to->n++;
	to->code[result->slice] = result->code;
	snprintf(to->message[result->slice], sizeof to->message[0], "%.*s", (int)result->len,
		 (const char *)result->data);
	return DP_OK;
}

/* Maps "count" by a script for sh, whose $1 is the task and $2, $3 ... its arguments. */
static dp_code map(const char *script, seen *to, dp_error *err)
{
	char program[4096];
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	snprintf(program, sizeof program, "sh -c '%s' program", script);
	*to = (seen){ 0 };
	opts.executor = program;
	opts.result = take;
	opts.user = to;
	return dp_map(s.slices, dp_task_find(s.session, "count"), NULL, &opts, err);
}

/* eyJyZWNvcmRzIjoyMH0= is {"records":20}. */
#define SAY(slice)                                                                                 \
	"echo \"{\\\"slice\\\":" slice ",\\\"code\\\":\\\"DP_OK\\\",\\\"message\\\":null,"         \
	"\\\"data\\\":\\\"eyJyZWNvcmRzIjoyMH0=\\\",\\\"attempts\\\":1,\\\"paid\\\":[1,200,200],"   \
	"\\\"seconds\\\":0.5,\\\"more\\\":1}\"\n"

Test(process, answers_are_merged_in_order_of_slices)
{
	seen got;
	dp_error err = { 0 };
	cr_assert_eq(map("i=0; while read line; do i=$((i + 1)); done\n"
			 "while [ $i -gt 0 ]; do i=$((i - 1)); " SAY("$i") " done",
			 &got, &err),
		     DP_OK, "%s", err.msg);
	cr_expect_eq(got.n, NSLICES);
	cr_expect_str_eq(got.total, "{\"records\":100}");
	cr_expect_str_eq(got.message[3], "{\"records\":20}");
}

Test(process, is_told_the_task_and_a_token_a_line)
{
	seen got;
	dp_error err = { 0 };
	/* The task's name is the word behind the program's. */
	cr_assert_eq(map("[ \"$1\" = count ] || exit 9; i=0; while read line; do\n"
			 "case $line in \\{\\\"v\\\":1,*) " SAY("$i") ";; esac; i=$((i + 1)); done",
			 &got, &err),
		     DP_OK, "%s", err.msg);
	cr_expect_eq(got.n, NSLICES);
}

Test(process, what_it_has_not_answered_has_failed)
{
	seen got;
	dp_error err = { 0 };
	cr_assert_eq(map("cat >/dev/null; " SAY("3") " exit 7", &got, &err), DP_ETASK);
	cr_expect_eq(got.n, NSLICES);
	cr_expect_eq(got.code[3], DP_OK);
	cr_expect_eq(got.code[0], DP_ETASK);
	cr_expect_not_null(strstr(got.message[0], "ended with status 7"), "%s", got.message[0]);
}

Test(process, that_answers_nothing_and_fails_ends_the_job)
{
	seen got;
	dp_error err = { 0 };
	cr_assert_eq(map("exit 3", &got, &err), DP_ETASK);
	cr_expect_eq(got.n, 0);
	cr_expect_not_null(strstr(err.msg, "status 3"), "%s", err.msg);
	cr_assert_eq(map("kill -9 $$", &got, &err), DP_ETASK);
	cr_expect_not_null(strstr(err.msg, "signal 9"), "%s", err.msg);
}

Test(process, lines_that_are_no_answers_end_the_job)
{
	static const char bad_data[] =
		"echo \"{\\\"slice\\\":0,\\\"code\\\":\\\"DP_OK\\\",\\\"message\\\":null,"
		"\\\"data\\\":\\\"?\\\",\\\"attempts\\\":1,\\\"paid\\\":null,\\\"seconds\\\":1}\"";
	static const char bad_code[] =
		"echo \"{\\\"slice\\\":0,\\\"code\\\":\\\"DP_NEW\\\",\\\"message\\\":\\\"x\\\","
		"\\\"data\\\":null,\\\"attempts\\\":1,\\\"paid\\\":null,\\\"seconds\\\":1}\"";
	static const char no_result[] = "echo \"{\\\"slice\\\":0}\"", twice[] = SAY("1") SAY("1");
	static const char *const bad[] = { "echo hello", "echo {}", no_result, SAY("5"),
					   SAY("-1"),    twice,     bad_data,  bad_code };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char script[2048];
		seen got;
		dp_error err = { 0 };
		snprintf(script, sizeof script, "%s\ncat >/dev/null", bad[i]);
		cr_expect_eq(map(script, &got, &err), DP_ETASK, "%s", bad[i]);
		cr_expect_not_null(strstr(err.msg, "a "), "%s", err.msg);
	}
}

Test(process, that_is_not_there_is_not_found)
{
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	dp_error err = { 0 };
	opts.executor = "/nonexistent/program x";
	cr_assert_eq(dp_map(s.slices, dp_task_find(s.session, "count"), NULL, &opts, &err),
		     DP_ENOTFOUND);
	opts.executor = "'open";
	cr_assert_eq(dp_map(s.slices, dp_task_find(s.session, "count"), NULL, &opts, &err),
		     DP_EINVAL);
}

Test(process, task_of_the_program_itself_cannot_leave_it)
{
	const dp_task own = { .name = "own", .run = dp_task_find(s.session, "count")->run };
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	opts.executor = "cat";
	cr_assert_eq(dp_map(s.slices, &own, NULL, &opts, NULL), DP_EUNSUPPORTED);
}

Test(process, library_comes_first_in_its_plugin_path)
{
	dp_map_opts opts = DP_MAP_OPTS_INIT;
	dp_error err = { 0 };
	setenv("DATAPLUG_PLUGIN_PATH", "/other", 1);
	opts.executor = "sh -c 'cat >/dev/null; [ \"$DATAPLUG_PLUGIN_PATH\" = /my.so:/other ] && "
			"exit 4; exit 5' program";
	opts.library = "/my.so";
	cr_assert_eq(dp_map(s.slices, dp_task_find(s.session, "count"), NULL, &opts, &err),
		     DP_ETASK);
	cr_expect_not_null(strstr(err.msg, "status 4"), "%s", err.msg);
}

static void *cancel_soon(void *user)
{
	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	dp_session_cancel(user);
	return NULL;
}

Test(process, cancel_ends_it_and_what_it_started)
{
	seen got;
	dp_error err = { 0 };
	pthread_t thread;
	double begun = dp__now();
	cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, s.session), 0);
	cr_assert_eq(map("sleep 30 & sleep 30", &got, &err), DP_ECANCELED, "%s", err.msg);
	pthread_join(thread, NULL);
	cr_expect_lt(dp__now() - begun, 10);
}

static void expect_words(const char *text, const char *const *expected)
{
	char **words = NULL;
	size_t i = 0;
	cr_assert_eq(dp__words_split(&words, text, NULL), DP_OK, "%s", text);
	for (; expected[i] && words[i]; i++)
		cr_expect_str_eq(words[i], expected[i], "%s", text);
	cr_expect(!expected[i] && !words[i], "%s", text);
	dp__words_free(words);
}

Test(words, are_those_of_a_shell)
{
	expect_words(" a  b\tc ", (const char *const[]){ "a", "b", "c", NULL });
	expect_words("'a b' \"c d\"e f\\ g", (const char *const[]){ "a b", "c de", "f g", NULL });
	expect_words("'' x", (const char *const[]){ "", "x", NULL });
	expect_words("\"a\\\"b\\c\" 'a\\b'", (const char *const[]){ "a\"b\\c", "a\\b", NULL });
	expect_words("x", (const char *const[]){ "x", NULL });
}

Test(words, must_be_there_and_whole)
{
	char **words = NULL;
	cr_expect_eq(dp__words_split(&words, "  ", NULL), DP_EINVAL);
	cr_expect_eq(dp__words_split(&words, "a 'b", NULL), DP_EINVAL);
	cr_expect_eq(dp__words_split(&words, "\"", NULL), DP_EINVAL);
}
