/* aws_time.h - the forms of time that HTTP and AWS write, in UTC and without locale. */
#ifndef DP_IO_AWS_TIME_H
#define DP_IO_AWS_TIME_H

#include "dataplug/base.h"

/* "20130524T000000Z" and a zero byte, of seconds since 1970; years outside 1970..9999 are moved to
 * their end. */
void dp__aws_time_stamp(char out[17], int64_t seconds);
/*
 * Seconds since 1970 of "Fri, 24 May 2013 00:00:00 GMT" (RFC 9110 5.6.7) or of
 * "2013-05-24T00:00:00Z", whose fraction is cut off and whose zone may be "+00:00" or another
 * (RFC 3339); false for anything else.
 */
bool dp__aws_time_parse(int64_t *out, const char *text);

#endif
