/* utf8.h - characters of UTF-8 (RFC 3629). */
#ifndef DP_BASE_UTF8_H
#define DP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP__UTF8_STRAY 0xfffdu /* U+FFFD, in place of a byte that is of no character */

/*
 * How many bytes the character at p has, of len that there are, one at least; *c: which it is. A
 * stray byte is one byte and DP__UTF8_STRAY: the character U+FFFD itself has three.
 */
size_t dp__utf8_take(const uint8_t *p, size_t len, uint32_t *c);
/* Whether all of it is UTF-8. */
bool dp__utf8_is_valid(const void *text, size_t len);

#endif
