/* test_file.c - the file: store through dp__site. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io/store.h"
#include "support/folder.h"

static dp_session *session;
static dp_call call;
static const char *folder;
static char path[200], url[220];

static void set_up(void)
{
	cr_assert_eq(dp_session_open(&session, NULL, NULL), DP_OK);
	call = dp__call_begin(session);
	folder = folder_make();
	snprintf(path, sizeof(path), "%s/x", folder);
	snprintf(url, sizeof(url), "file://%s", path);
}

static void tear_down(void)
{
	folder_remove();
	dp_session_free(session);
}

TestSuite(file, .init = set_up, .fini = tear_down);

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(name, "w");

	cr_assert_not_null(out);
	fputs(text, out);
	fclose(out);
}

static void expect_file(const char *name, const char *text)
{
	char got[100] = "";
	FILE *in = fopen(name, "r");

	cr_assert_not_null(in);
	cr_assert_eq(fread(got, 1, sizeof(got) - 1, in), strlen(text));
	fclose(in);
	cr_assert_str_eq(got, text);
}

/* Sets the time of change, in seconds and ns. */
static void set_time(const char *name, long sec, long ns)
{
	struct timespec times[2] = { { sec, ns }, { sec, ns } };

	cr_assert_eq(utimensat(AT_FDCWD, name, times, 0), 0);
}

static dp__site open_site(void)
{
	dp_place where = { .url = url };
	dp__site site = { 0 };

	cr_assert_eq(dp__site_open(&site, session, &where, NULL), DP_OK);
	return site;
}

static dp_code stat_site(dp_stat *stat, dp_error *err)
{
	dp__site site = open_site();
	dp_code code = dp__site_stat(&site, &call, stat, err);

	dp__site_close(&site);
	return code;
}

static dp_code read_site(const char *etag, uint64_t off, size_t len, char *buf, dp_error *err)
{
	dp__site site = open_site();
	dp_read read = { off, len, buf };
	dp_code code = dp__site_read(&site, &call, etag, &read, 1, err);

	dp__site_close(&site);
	return code;
}

static dp_code put_site(const char *text, uint64_t size, dp_error *err)
{
	dp__site site = open_site();
	int fd = folder_unnamed(text, strlen(text));
	dp_code code = dp__site_put(&site, &call, fd, size, err);

	close(fd);
	dp__site_close(&site);
	return code;
}

Test(file, stat_tells_size_and_time_of_change)
{
	dp_stat stat = { 0 };

	write_file(path, "hello");
	set_time(path, 1700000000, 123456789);
	cr_assert_eq(stat_site(&stat, NULL), DP_OK);
	cr_assert_eq(stat.size, 5);
	cr_assert_str_eq(stat.etag, "1700000000123456789");
	cr_assert_eq(stat.len, 0);
}

Test(file, stat_fills_head)
{
	uint8_t head[3], more[10];
	dp_stat stat = { .head = head, .cap = 3 }, whole = { .head = more, .cap = 10 };

	write_file(path, "hello");
	cr_assert_eq(stat_site(&stat, NULL), DP_OK);
	cr_assert_eq(stat.len, 3);
	cr_assert_arr_eq(head, "hel", 3);
	cr_assert_eq(stat_site(&whole, NULL), DP_OK);
	cr_assert_eq(whole.len, 5);
}

Test(file, missing_is_not_found)
{
	dp_stat stat = { 0 };

	cr_assert_eq(stat_site(&stat, NULL), DP_ENOTFOUND);
	cr_assert_eq(read_site(NULL, 0, 1, (char[1]){ 0 }, NULL), DP_ENOTFOUND);
}

Test(file, folder_is_refused_by_name)
{
	dp_stat stat = { 0 };
	dp_error err;

	mkdir(path, 0777);
	cr_assert_eq(stat_site(&stat, &err), DP_EUNSUPPORTED);
	cr_assert_str_eq(err.msg, "is a folder");
	cr_assert_eq(read_site(NULL, 0, 1, (char[1]){ 0 }, NULL), DP_EUNSUPPORTED);
}

/* Opening a pipe would wait for its writer. */
Test(file, named_pipe_is_refused_at_once, .timeout = 10)
{
	uint8_t head[3];
	dp_stat stat = { .head = head, .cap = 3 };
	dp_error err;

	cr_assert_eq(mkfifo(path, 0666), 0);
	cr_assert_eq(stat_site(&stat, &err), DP_EUNSUPPORTED);
	cr_assert_str_eq(err.msg, "is a named pipe");
}

Test(file, device_is_refused)
{
	dp_stat stat = { 0 };
	dp_error err;

	strcpy(url, "file:///dev/null");
	cr_assert_eq(stat_site(&stat, &err), DP_EUNSUPPORTED);
	cr_assert_str_eq(err.msg, "is a device");
}

Test(file, unreadable_is_not_allowed)
{
	if (geteuid() == 0)
		cr_skip_test("root may read everything");
	write_file(path, "hello");
	chmod(path, 0);
	cr_assert_eq(read_site(NULL, 0, 1, (char[1]){ 0 }, NULL), DP_EAUTH);
}

Test(file, reads_ranges)
{
	char a[2], b[3];
	dp_read reads[] = { { 6, 3, b }, { 0, 2, a } };
	dp__site site;

	write_file(path, "hello world");
	site = open_site();
	cr_assert_eq(dp__site_read(&site, &call, NULL, reads, 2, NULL), DP_OK);
	cr_assert_arr_eq(a, "he", 2);
	cr_assert_arr_eq(b, "wor", 3);
	dp__site_close(&site);
}

Test(file, read_past_the_end_says_where_it_is)
{
	dp_error err;
	char buf[10];

	write_file(path, "hello");
	cr_assert_eq(read_site(NULL, 3, 10, buf, &err), DP_ESTALE);
	cr_assert_str_eq(err.msg, "the file ends at byte 5");
	cr_assert_eq(read_site(NULL, UINT64_MAX - 2, 10, buf, NULL), DP_EINVAL);
}

Test(file, shorter_than_it_was_is_stale)
{
	dp_stat stat = { 0 };
	char buf[5];

	write_file(path, "hello");
	cr_assert_eq(stat_site(&stat, NULL), DP_OK);
	set_time(path, 1700000000, 1);
	cr_assert_eq(stat_site(&stat, NULL), DP_OK);
	cr_assert_eq(truncate(path, 3), 0);
	set_time(path, 1700000000, 1);
	cr_assert_eq(read_site(stat.etag, 0, 5, buf, NULL), DP_ESTALE);
}

Test(file, changed_in_place_is_stale)
{
	dp_stat stat = { 0 };
	char buf[5];

	write_file(path, "hello");
	set_time(path, 1700000000, 1);
	cr_assert_eq(stat_site(&stat, NULL), DP_OK);
	cr_assert_eq(read_site(stat.etag, 0, 5, buf, NULL), DP_OK);
	write_file(path, "HELLO");
	cr_assert_eq(read_site(stat.etag, 0, 5, buf, NULL), DP_ESTALE);
}

Test(file, replaced_by_rename_is_stale_on_an_open_site)
{
	dp_stat stat = { 0 };
	char buf[5], other[220];
	dp_read read = { 0, 5, buf };
	dp__site site;

	write_file(path, "hello");
	set_time(path, 1700000000, 1);
	site = open_site();
	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_OK);
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, &read, 1, NULL), DP_OK);
	snprintf(other, sizeof(other), "%s.new", path);
	write_file(other, "HELLO");
	set_time(other, 1700000000, 2);
	cr_assert_eq(rename(other, path), 0);
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, &read, 1, NULL), DP_ESTALE);
	cr_assert_eq(dp__site_stat(&site, &call, &stat, NULL), DP_OK);
	cr_assert_eq(dp__site_read(&site, &call, stat.etag, &read, 1, NULL), DP_OK);
	cr_assert_arr_eq(buf, "HELLO", 5);
	dp__site_close(&site);
}

Test(file, cancelled_call_reads_nothing)
{
	char buf[5];

	write_file(path, "hello");
	dp_session_cancel(session);
	cr_assert_eq(read_site(NULL, 0, 5, buf, NULL), DP_ECANCELED);
	call = dp__call_begin(session);
	cr_assert_eq(read_site(NULL, 0, 5, buf, NULL), DP_OK);
}

Test(file, put_replaces_whole)
{
	write_file(path, "old and longer");
	cr_assert_eq(put_site("new bytes", 3, NULL), DP_OK);
	expect_file(path, "new");
}

Test(file, put_of_nothing_makes_an_empty_file)
{
	cr_assert_eq(put_site("", 0, NULL), DP_OK);
	expect_file(path, "");
}

Test(file, put_makes_missing_folders)
{
	snprintf(path, sizeof(path), "%s/a/b/c", folder);
	snprintf(url, sizeof(url), "file://%s", path);
	cr_assert_eq(put_site("new", 3, NULL), DP_OK);
	expect_file(path, "new");
}

Test(file, put_obeys_the_umask)
{
	struct stat st;

	umask(027);
	cr_assert_eq(put_site("new", 3, NULL), DP_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0640);
}

/* How many names the folder holds. */
static int count_names(void)
{
	char command[100];
	FILE *in;
	int n = -1;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
	in = popen(command, "r");
	cr_assert_not_null(in);
	cr_assert_eq(fscanf(in, "%d", &n), 1);
	pclose(in);
	return n;
}

Test(file, failed_put_leaves_the_old_file_and_nothing_else)
{
	write_file(path, "old");
	cr_assert_eq(put_site("short", 100, NULL), DP_EIO);
	expect_file(path, "old");
	cr_assert_eq(count_names(), 1);
}

Test(file, put_over_a_folder_is_a_failure_to_write)
{
	mkdir(path, 0777);
	cr_assert_eq(put_site("new", 3, NULL), DP_EWRITE);
	cr_assert_eq(count_names(), 1);
}

Test(file, put_below_a_file_names_the_path)
{
	dp_error err;
	char want[300];

	write_file(path, "old");
	snprintf(want, sizeof(want), "%s/y: Not a directory", path);
	strcat(url, "/y");
	cr_assert_eq(put_site("new", 3, &err), DP_EWRITE);
	cr_assert_str_eq(err.msg, want);
}

Test(file, put_where_nobody_may_write)
{
	dp__site site;
	int fd;

	if (geteuid() == 0)
		cr_skip_test("root may write everywhere");
	fd = folder_unnamed("new", 3);
	site = open_site();
	chmod(folder, 0555);
	cr_assert_eq(dp__site_put(&site, &call, fd, 3, NULL), DP_EWRITE);
	close(fd);
	dp__site_close(&site);
}

Test(file, cancelled_put_leaves_the_old_file)
{
	dp__site site = open_site();
	int fd = folder_unnamed("new", 3);

	write_file(path, "old");
	dp_session_cancel(session);
	cr_assert_eq(site.store->put(site.self, &call, fd, 3, NULL), DP_ECANCELED);
	expect_file(path, "old");
	cr_assert_eq(count_names(), 1);
	close(fd);
	dp__site_close(&site);
}

Test(file, remove_takes_the_file_away)
{
	dp__site site = open_site();

	write_file(path, "old");
	cr_assert_eq(dp__site_remove(&site, &call, NULL), DP_OK);
	cr_assert_neq(access(path, F_OK), 0);
	cr_assert_eq(dp__site_remove(&site, &call, NULL), DP_ENOTFOUND);
	dp__site_close(&site);
}

Test(file, unknown_scheme_is_refused_with_those_there_are)
{
	dp_place where = { .url = "gopher://h/x" };
	dp__site site = { 0 };
	dp_error err;

	cr_assert_eq(dp__site_open(&site, session, &where, &err), DP_EUNSUPPORTED);
	cr_assert_not_null(strstr(err.msg, "'gopher:'"));
	cr_assert_not_null(strstr(err.msg, "file"));
	dp__site_close(&site);
}
