/* aws_time.c - the forms of time that HTTP and AWS write, in UTC and without locale. */
#include "core/io/aws_time.h"

#include <stdio.h>
#include <string.h>

#define DAY  86400
#define LAST (INT64_C(253402300799)) /* 9999-12-31T23:59:59Z */

typedef struct date {
	int year, month, day, hour, minute, second;
} date;

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March, so leap days end them. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, year_of_era = y % 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

/* The date of a day since 1970, by the same calendar backwards. */
static date date_of(int64_t days)
{
	int64_t z = days + 719468, era = z / 146097, day = z % 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	date out = { .day = (int)(of_year - (153 * month + 2) / 5 + 1) };

	out.month = (int)(month < 10 ? month + 3 : month - 9);
	out.year = (int)(year + era * 400 + (out.month <= 2));
	return out;
}

void dp__aws_time_stamp(char out[17], int64_t seconds)
{
	int64_t at = seconds < 0 ? 0 : seconds > LAST ? LAST : seconds;
	int of_day = (int)(at % DAY);
	date d = date_of(at / DAY);
	char text[64];

	snprintf(text, sizeof(text), "%04d%02d%02dT%02d%02d%02dZ", d.year, d.month, d.day,
		 of_day / 3600, of_day / 60 % 60, of_day % 60);
	memcpy(out, text, 16);
	out[16] = '\0';
}

/* Takes exactly n digits. */
static bool take_number(const char **p, int n, int *out)
{
	*out = 0;
	for (; n > 0; n--, ++*p) {
		if (**p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return true;
}

static bool take_text(const char **p, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*p, text, n) != 0)
		return false;
	*p += n;
	return true;
}

static bool take_clock(const char **p, date *d)
{
	return take_number(p, 2, &d->hour) && take_text(p, ":") && take_number(p, 2, &d->minute) &&
	       take_text(p, ":") && take_number(p, 2, &d->second);
}

static bool seconds_of(int64_t *out, const date *d)
{
	if (d->year < 1970 || d->month < 1 || d->month > 12 || d->day < 1 || d->day > 31 ||
	    d->hour > 23 || d->minute > 59 || d->second > 60)
		return false;
	*out = days_of(d->year, d->month, d->day) * DAY + d->hour * 3600 + d->minute * 60 +
	       d->second;
	return true;
}

static bool parse_http(int64_t *out, const char *p)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	date d = { 0 };

	p += strcspn(p, ",");
	if (!take_text(&p, ", ") || !take_number(&p, 2, &d.day) || !take_text(&p, " "))
		return false;
	for (int i = 0; i < 12 && d.month == 0; i++)
		d.month = strncmp(p, months + (size_t)i * 3, 3) == 0 ? i + 1 : 0;
	if (d.month == 0)
		return false;
	p += 3;
	return take_text(&p, " ") && take_number(&p, 4, &d.year) && take_text(&p, " ") &&
	       take_clock(&p, &d) && strcmp(p, " GMT") == 0 && seconds_of(out, &d);
}

static bool take_date(const char **p, date *d)
{
	return take_number(p, 4, &d->year) && take_text(p, "-") && take_number(p, 2, &d->month) &&
	       take_text(p, "-") && take_number(p, 2, &d->day) && take_text(p, "T");
}

/* Seconds that a zone, which ends the text, is east of Greenwich. */
static bool parse_zone(int64_t *east, const char *p)
{
	int hour, minute, sign = *p == '-' ? -1 : 1;

	*east = 0;
	if (strcmp(p, "Z") == 0)
		return true;
	if (*p != '+' && *p != '-')
		return false;
	p++;
	if (!take_number(&p, 2, &hour) || !take_text(&p, ":") || !take_number(&p, 2, &minute))
		return false;
	*east = sign * (hour * 3600 + minute * 60);
	return *p == '\0';
}

static bool parse_rfc3339(int64_t *out, const char *p)
{
	int64_t east;
	date d = { 0 };

	if (!take_date(&p, &d) || !take_clock(&p, &d))
		return false;
	if (*p == '.')
		p += 1 + strspn(p + 1, "0123456789");
	if (!parse_zone(&east, p) || !seconds_of(out, &d))
		return false;
	*out -= east;
	return true;
}

bool dp__aws_time_parse(int64_t *out, const char *text)
{
	return *text >= '0' && *text <= '9' ? parse_rfc3339(out, text) : parse_http(out, text);
}
