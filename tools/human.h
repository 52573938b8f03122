/* human.h - numbers as people read them. */
#ifndef TOOLS_HUMAN_H
#define TOOLS_HUMAN_H

#include <stdio.h>

#include "dataplug/base.h"

/*
 * How many bytes of an object's name may be shown: of a web URL those before its query, which may
 * be its signature.
 */
int human_name(const char *object);
/* "999 B", "3.1 kB", "280 MB". */
void human_bytes(FILE *to, uint64_t n);
/* "1 read", "1000 reads", "uncounted reads". */
void human_count(FILE *to, uint64_t n, const char *noun);
/* "0.31 %"; of nothing: "0.00 %". */
void human_share(FILE *to, uint64_t part, uint64_t whole);

#endif
