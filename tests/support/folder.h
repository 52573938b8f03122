/* folder.h - a folder of the test's own, and files. */
#ifndef DP_TESTS_FOLDER_H
#define DP_TESTS_FOLDER_H

#include <stddef.h>

/* Makes it, once a test; its path, without a "/" at the end. */
const char *folder_make(void);
/* Writes a file in it, which may be there; its path, lent until the next. */
const char *folder_write(const char *name, const char *text);
/* Removes it with all that is in it, what may only be read too. */
void folder_remove(void);
/* A file of these bytes that has no name, in no folder; the caller closes it. */
int folder_unnamed(const void *data, size_t len);

#endif
