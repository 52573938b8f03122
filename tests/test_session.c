/* test_session.c - settings, plug-ins and the log of a session. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/session.h"
#include "dataplug/dataplug.h"

Test(session, knows_what_is_built_in)
{
	dp_session *s = NULL;
	cr_assert_eq(dp_session_open(&s, NULL, NULL), DP_OK);
	cr_expect_str_eq(dp_session_format(s, 0)->name, "fastq");
	cr_expect_str_eq(dp_session_format(s, 1)->name, "lines");
	cr_expect_null(dp_session_format(s, 2));
	cr_expect_not_null(dp_task_find(s, "count"));
	cr_expect_not_null(dp_task_find(s, "checksum"));
	cr_expect_not_null(dp_task_find(s, "fastq-stats"));
	cr_expect_null(dp_task_find(s, "none"));
	dp_session_free(s);
}

Test(session, settings_come_from_the_environment_and_the_caller)
{
	dp_session *s = NULL;
	setenv("DATAPLUG_MEMORY", "64M", 1);
	setenv("DATAPLUG_RECORD", "1M", 1);
	cr_assert_eq(dp_session_open(&s, (const char *const[]){ "record=2M", NULL }, NULL), DP_OK);
	cr_expect_eq(s->set.memory, 64 << 20);
	cr_expect_eq(s->set.record, 2 << 20);
	dp_session_free(s);
}

Test(session, a_wrong_setting_is_refused_by_name)
{
	dp_session *s = NULL;
	dp_error err = { 0 };
	cr_expect_eq(dp_session_open(&s, (const char *const[]){ "memroy=1M", NULL }, &err),
		     DP_EINVAL);
	cr_expect_not_null(strstr(err.msg, "did you mean memory?"), "%s", err.msg);
	setenv("DATAPLUG_TIMEOUT", "soon", 1);
	cr_expect_eq(dp_session_open(&s, NULL, &err), DP_EINVAL);
	cr_expect_not_null(strstr(err.msg, "timeout"), "%s", err.msg);
}

/* ---- plug-ins ---- */

static dp_code nothing(const dp_text *text, uint64_t max, const void *params, dp_records *found,
		       dp_error *err)
{
	(void)text;
	(void)max;
	(void)params;
	(void)found;
	return dp_fail(err, DP_EFORMAT, "nothing is valid");
}

static dp_code add(dp_plugin plugin, dp_error *err)
{
	dp_session *s = NULL;
	cr_assert_eq(dp_session_open(&s, NULL, NULL), DP_OK);
	dp_code rc = dp_session_add(s, &plugin, err);
	dp_session_free(s);
	return rc;
}

static const dp_grammar own = { .name = "own", .record = "thing", .records = nothing };
static const dp_grammar again = { .name = "fastq", .record = "thing", .records = nothing };

Test(session, a_grammar_becomes_a_format)
{
	const dp_grammar *const grammars[] = { &own, NULL };
	const dp_plugin plugin = { .abi = DP_PLUGIN_ABI, .name = "p", .grammars = grammars };
	dp_session *s = NULL;
	cr_assert_eq(dp_session_open(&s, NULL, NULL), DP_OK);
	cr_assert_eq(dp_session_add(s, &plugin, NULL), DP_OK);
	cr_expect_str_eq(dp_session_format(s, 2)->name, "own");
	dp_session_free(s);
}

Test(session, a_name_that_is_taken_is_refused)
{
	const dp_grammar *const grammars[] = { &again, NULL };
	dp_error err = { 0 };
	cr_expect_eq(
		add((dp_plugin){ .abi = DP_PLUGIN_ABI, .name = "p", .grammars = grammars }, &err),
		DP_EINVAL);
	cr_expect_not_null(strstr(err.msg, "fastq"), "%s", err.msg);
}

Test(session, another_abi_is_refused)
{
	dp_error err = { 0 };
	cr_expect_eq(add((dp_plugin){ .abi = DP_PLUGIN_ABI + 1, .name = "p" }, &err),
		     DP_EUNSUPPORTED);
	cr_expect_not_null(strstr(err.msg, "ABI"), "%s", err.msg);
}

Test(session, a_library_without_a_table_is_refused)
{
	dp_session *s = NULL;
	dp_error err = { 0 };
	cr_assert_eq(dp_session_open(&s, NULL, NULL), DP_OK);
	cr_expect_eq(dp_session_load(s, "libz.so.1", &err), DP_EUNSUPPORTED);
	cr_expect_eq(dp_session_load(s, "/nonexistent.so", &err), DP_ENOTFOUND);
	dp_session_free(s);
}

/* ---- log and cancel ---- */

static void keep(void *user, dp_level level, const char *line)
{
	snprintf(user, 200, "%d %s", (int)level, line);
}

Test(session, logs_one_line)
{
	dp_session *s = NULL;
	char text[200] = "";
	cr_assert_eq(dp_session_open(&s, NULL, NULL), DP_OK);
	dp_call call = dp__call_begin(s);
	dp_call_log(&call, DP_LOG_WARN, "to nobody");
	dp_session_log_to(s, keep, text);
	dp_call_log(&call, DP_LOG_WARN, "two\nlines of %d", 2);
	cr_expect_str_eq(text, "1 two?lines of 2");
	dp_session_free(s);
}

Test(session, cancel_ends_calls_that_run_and_no_later_ones)
{
	dp_session *s = NULL;
	cr_assert_eq(dp_session_open(&s, NULL, NULL), DP_OK);
	dp_call before = dp__call_begin(s);
	cr_expect_eq(dp_call_check(&before, NULL), DP_OK);
	dp_session_cancel(s);
	dp_call after = dp__call_begin(s);
	cr_expect_eq(dp_call_check(&before, NULL), DP_ECANCELED);
	cr_expect_eq(dp_call_check(&after, NULL), DP_OK);
	dp_session_free(s);
}

Test(session, a_call_past_its_time_is_transient)
{
	dp_session *s = NULL;
	cr_assert_eq(dp_session_open(&s, (const char *const[]){ "timeout=0.000001", NULL }, NULL),
		     DP_OK);
	dp_call call = dp__call_begin(s);
	while (dp__now() <= call.deadline)
		;
	cr_expect_eq(dp_call_check(&call, NULL), DP_ETRANSIENT);
	dp_session_free(s);
}
