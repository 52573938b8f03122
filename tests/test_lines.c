/* test_lines.c - the grammar of lines. */
#include <criterion/criterion.h>
#include <string.h>

#include "formats/lines.h"

static dp_records find(const char *text, bool last, uint64_t max, uint32_t *ends)
{
	dp_text in = { (const uint8_t *)text, strlen(text), last };
	dp_records found = { .ends = ends };
	cr_assert_eq(dp__lines.records(&in, max, NULL, &found, NULL), DP_OK);
	return found;
}

Test(lines, end_with_a_newline)
{
	uint32_t ends[4];
	dp_records found = find("a\n\nbc\n", false, 4, ends);
	cr_assert_eq(found.nrec, 3);
	cr_assert_eq(found.used, 6);
	cr_assert_arr_eq(ends, ((uint32_t[]){ 2, 3, 6 }), 3 * sizeof ends[0]);
}

Test(lines, begun_one_waits_for_more_text)
{
	dp_records found = find("a\nbc", false, UINT64_MAX, NULL);
	cr_assert_eq(found.nrec, 1);
	cr_assert_eq(found.used, 2);
}

Test(lines, last_one_may_lack_its_newline)
{
	dp_records found = find("a\nbc", true, UINT64_MAX, NULL);
	cr_assert_eq(found.nrec, 2);
	cr_assert_eq(found.used, 4);
}

Test(lines, carriage_return_belongs_to_its_line)
{
	dp_records found = find("a\r\nb\r\n", true, 1, NULL);
	cr_assert_eq(found.nrec, 1);
	cr_assert_eq(found.used, 3);
}

Test(lines, no_more_than_asked_for)
{
	cr_assert_eq(find("\n\n\n\n", true, 2, NULL).used, 2);
}

Test(lines, none_in_no_text)
{
	cr_assert_eq(find("", true, UINT64_MAX, NULL).nrec, 0);
}

static int probe(const char *head, size_t len)
{
	return dp__lines.probe("x", (const uint8_t *)head, len);
}

Test(lines, probe_takes_any_text)
{
	cr_assert_eq(probe("a\tb\r\n\xc3\xa9\n", 8), 1);
}

Test(lines, probe_takes_no_text_at_all)
{
	cr_assert_eq(probe("", 0), 1);
}

Test(lines, probe_refuses_zero_bytes)
{
	cr_assert_eq(probe("a\0b\n", 4), 0);
}

Test(lines, probe_refuses_control_characters)
{
	cr_assert_eq(probe("a\1b\n", 4), 0);
}
