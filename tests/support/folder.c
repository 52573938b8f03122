/* folder.c - a folder of the test's own, and files. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/folder.h"

/* Criterion runs each test in a process of its own. */
static char folder[] = "/tmp/dataplug-test-XXXXXX";

const char *folder_make(void)
{
	cr_assert_not_null(mkdtemp(folder));
	return folder;
}

const char *folder_write(const char *name, const char *text)
{
	static char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "w");
	cr_assert(out && fputs(text, out) >= 0 && fclose(out) == 0, "%s", path);
	return path;
}

void folder_remove(void)
{
	char command[100];
	snprintf(command, sizeof command, "chmod -R u+w %s; rm -rf %s", folder, folder);
	cr_assert_eq(system(command), 0);
}

int folder_unnamed(const void *data, size_t len)
{
	char path[] = "/tmp/dataplug-test-XXXXXX";
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	unlink(path);
	cr_assert_eq(write(fd, data, len), (ssize_t)len);
	return fd;
}
