/* words.h - a command line in one text, taken apart as a shell would. */
#ifndef DP_BASE_WORDS_H
#define DP_BASE_WORDS_H

#include "dataplug/base.h"

/*
 * The words of text, NULL-terminated: blanks part them, 'single' and "double" quotes and
 * backslashes keep them together as in sh (POSIX 2.2); nothing is expanded. dp__words_free() it.
 * DP_EINVAL: no word, or a quote that does not end.
 */
dp_code dp__words_split(char ***out, const char *text, dp_error *err);
void dp__words_free(char **words);

#endif
