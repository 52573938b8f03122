/* json.h - pieces of JSON text; the commands put their lines together of them. */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdio.h>

#include "dataplug/base.h"

/* A string with its quotes; what is no UTF-8 becomes U+FFFD. */
void json_put_text(FILE *to, const char *text, size_t len);
/* The same, and every < as \u003c: fit for a script element of HTML, which "</script" would end. */
void json_put_html(FILE *to, const char *text, size_t len);
/* json_put_text() of a C string; null of NULL. */
void json_put_string(FILE *to, const char *text);
/* A string of bytes in base64 (RFC 4648 4). */
void json_put_base64(FILE *to, const void *data, size_t len);
/* null of DP_UNKNOWN. */
void json_put_count(FILE *to, uint64_t n);
/* Shortest form that reads back the same; null where JSON has none. */
void json_put_number(FILE *to, double v);
/* An array of the lines of text, which may be NULL. */
void json_put_lines(FILE *to, const char *text);

#endif
