/* text.h - text in and out of bytes: JSON strings, base64, numbers without locale. */
#ifndef DP_BASE_TEXT_H
#define DP_BASE_TEXT_H

#include "core/base/buf.h"

/*
 * Appends text as a JSON string with its quotes, ASCII only: other bytes of valid UTF-8 as \uXXXX,
 * stray bytes as \ufffd.
 */
dp_code dp__json_string(dp__buf *buf, const char *text, size_t len, dp_error *err);

dp_code dp__base64_add(dp__buf *buf, const void *data, size_t len, dp_error *err);
/* Strict: RFC 4648 4, padded, nothing else; DP_EFORMAT. Appends the decoded bytes. */
dp_code dp__base64_decode(dp__buf *buf, const char *text, size_t len, dp_error *err);

/* A decimal number whatever the locale, "inf" and "-inf" too; false unless all of text is one. */
bool dp__number(const char *text, double *out);
/* Decimal digits only, below 2^64; false otherwise. */
bool dp__digits(const char *text, size_t len, uint64_t *out);
/* Appends a double so that it reads back the same: 17 digits at most, no locale. */
dp_code dp__number_add(dp__buf *buf, double v, dp_error *err);

/* A copy of text (of its first len bytes), NULL if there is no memory. free() it. */
char *dp__strdup(const char *text);
char *dp__strndup(const char *text, size_t len);

/* Puts '?' in place of control characters, so that text stays one line on any terminal. */
void dp__one_line(char *text);

#endif
