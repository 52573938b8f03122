/* test_xml.c - the small XML answers of services. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/xml.h"

/* All elements as "PARENT>NAME=TEXT;". */
typedef struct seen {
	char text[1024];
	dp_code answer;
} seen;

static dp_code note(void *user, const char *parent, const char *name, const char *text,
		    dp_error *err)
{
	seen *to = user;
	size_t len = strlen(to->text);

	(void)err;
	snprintf(to->text + len, sizeof(to->text) - len, "%s>%s=%s;", parent, name, text);
	return to->answer;
}

static void expect(const char *document, const char *elements)
{
	seen got = { "", DP_OK };

	cr_assert_eq(dp__xml_read(document, strlen(document), note, &got, NULL), DP_OK);
	cr_assert_str_eq(got.text, elements);
}

static dp_code read_bad(const char *document, size_t len)
{
	seen got = { "", DP_OK };

	return dp__xml_read(document, len, note, &got, NULL);
}

Test(xml, elements_end_with_their_text)
{
	expect("<?xml version=\"1.0\"?>\n<a><b>1</b><c x='y'> 2 &quot;&amp;&#65;</c></a>",
	       "a>b=1;a>c= 2 \"&A;>a=;");
}

Test(xml, namespaces_are_cut)
{
	expect("<n:a xmlns:n='u'><n:b>1</n:b></n:a>", "a>b=1;>a=;");
}

Test(xml, text_around_children_is_the_parents)
{
	expect("<a>x<b>1</b>y</a>", "a>b=1;>a=xy;");
}

Test(xml, what_is_not_well_formed_is_refused)
{
	static const char document[] = "<a><b>1</b><c>2</c></a>";

	for (size_t len = 0; len < sizeof(document) - 1; len++) {
		/* Of its own size, so that a sanitizer sees what is read behind it. */
		char *part = malloc(len + (len == 0));

		memcpy(part, document, len);
		cr_expect_eq(read_bad(part, len), DP_EFORMAT, "%zu", len);
		free(part);
	}
	cr_expect_eq(read_bad(NULL, 0), DP_EFORMAT);
	cr_expect_eq(read_bad("<a></b>", 7), DP_EFORMAT);
}

Test(xml, document_types_are_refused)
{
	static const char bomb[] = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
	dp_error err = { 0 };
	seen got = { "", DP_OK };

	cr_assert_eq(dp__xml_read(bomb, strlen(bomb), note, &got, &err), DP_EFORMAT);
	cr_assert_str_eq(err.msg, "xml: a document type is refused");
	cr_assert_str_empty(got.text);
}

Test(xml, depth_names_and_texts_are_bounded)
{
	size_t len = 20000;
	char *text = malloc(len + 10);

	cr_assert_not_null(text);
	for (size_t i = 0; i < 17; i++)
		memcpy(text + 3 * i, "<a>", 3);
	cr_expect_eq(read_bad(text, 51), DP_EFORMAT);
	memset(text, 'a', len);
	text[0] = '<';
	memcpy(text + 64, "/>", 2);
	cr_expect_eq(read_bad(text, 66), DP_OK);
	memset(text, 'a', len);
	text[0] = '<';
	memcpy(text + 65, "/>", 2);
	cr_expect_eq(read_bad(text, 67), DP_EFORMAT);
	memset(text, 'a', len);
	memcpy(text, "<a>", 3);
	memcpy(text + len, "</a>", 4);
	cr_expect_eq(read_bad(text, len + 4), DP_EFORMAT);
	free(text);
}

Test(xml, reader_stops_when_told)
{
	seen got = { "", DP_ECANCELED };

	cr_assert_eq(dp__xml_read("<a><b/><c/></a>", 15, note, &got, NULL), DP_ECANCELED);
	cr_assert_str_eq(got.text, "a>b=;");
}

/* An element that was refused as it began has not ended. */
Test(xml, element_that_is_refused_is_not_given)
{
	char text[128] = "<a><b>1</b><";
	dp_error err = { 0 };
	seen got = { "", DP_OK };

	memset(text + 12, 'c', 64);
	strcpy(text + 76, "/></a>");
	cr_assert_eq(dp__xml_read(text, strlen(text), note, &got, &err), DP_EFORMAT);
	cr_assert_str_eq(got.text, "a>b=1;");
	cr_assert_str_eq(err.msg, "xml: nested too deeply, or a long name");
}
