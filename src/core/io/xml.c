/* xml.c - reads the small XML answers of services, bounded and without document types. */
#include "core/io/xml.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

#include "core/base/buf.h"

#define DEPTH_MAX 16
#define NAME_CAP  64
#define TEXT_MAX  ((size_t)16 << 10)

typedef struct reader {
	XML_Parser parser;
	dp__xml_fn ended;
	void *user;
	char name[DEPTH_MAX + 1][NAME_CAP]; /* name[0] is "", that of the document */
	dp__buf text[DEPTH_MAX + 1];
	size_t depth;
	dp_code code;
	dp_error *err;
} reader;

static void stop(reader *in, dp_code code)
{
	in->code = code;
	XML_StopParser(in->parser, XML_FALSE);
}

static void XMLCALL begin_element(void *user, const XML_Char *name, const XML_Char **attribute)
{
	const char *colon = strrchr(name, ':');
	reader *in = user;

	(void)attribute;
	if (colon != NULL)
		name = colon + 1;
	if (in->depth == DEPTH_MAX || strlen(name) >= NAME_CAP) {
		stop(in, dp_fail(in->err, DP_EFORMAT, "xml: nested too deeply, or a long name"));
		return;
	}
	in->depth++;
	strcpy(in->name[in->depth], name);
	in->text[in->depth].len = 0;
}

static void XMLCALL end_element(void *user, const XML_Char *name)
{
	reader *in = user;
	dp__buf *text = &in->text[in->depth];
	dp_code code;

	(void)name;
	/* An empty element that was refused as it began still ends. */
	if (in->code != DP_OK)
		return;
	code = dp__buf_close(text, in->err);
	if (code == DP_OK)
		code = in->ended(in->user, in->name[in->depth - 1], in->name[in->depth],
				 (const char *)text->data, in->err);
	in->depth--;
	if (code != DP_OK)
		stop(in, code);
}

static void XMLCALL add_text(void *user, const XML_Char *text, int len)
{
	reader *in = user;
	dp__buf *to = &in->text[in->depth];

	if (in->code != DP_OK || len < 0)
		return;
	if ((size_t)len > TEXT_MAX - to->len) {
		stop(in,
		     dp_fail(in->err, DP_EFORMAT, "xml: a text of more than %zu bytes", TEXT_MAX));
		return;
	}
	if (dp__buf_add(to, text, (size_t)len, in->err) != DP_OK)
		stop(in, DP_ENOMEM);
}

/* Entities could grow without end (CVE-2003-1564), and no service sends any. */
static void XMLCALL refuse_type(void *user, const XML_Char *name, const XML_Char *system,
				const XML_Char *public, int has_internal)
{
	reader *in = user;

	(void)name;
	(void)system;
	(void)public;
	(void)has_internal;
	stop(in, dp_fail(in->err, DP_EFORMAT, "xml: a document type is refused"));
}

dp_code dp__xml_read(const void *data, size_t len, dp__xml_fn ended, void *user, dp_error *err)
{
	reader in = { .ended = ended, .user = user, .err = err };

	if (len > INT_MAX)
		return dp_fail(err, DP_EFORMAT, "xml: %zu bytes are too many", len);
	in.parser = XML_ParserCreate("UTF-8");
	if (in.parser == NULL)
		return dp_fail(err, DP_ENOMEM, "no memory for xml");
	for (size_t i = 0; i <= DEPTH_MAX; i++)
		in.text[i] = dp__buf_of(TEXT_MAX + 1);
	XML_SetUserData(in.parser, &in);
	XML_SetElementHandler(in.parser, begin_element, end_element);
	XML_SetCharacterDataHandler(in.parser, add_text);
	XML_SetStartDoctypeDeclHandler(in.parser, refuse_type);
	if (XML_Parse(in.parser, data, (int)len, XML_TRUE) != XML_STATUS_OK && in.code == DP_OK)
		in.code = dp_fail(err, DP_EFORMAT, "xml line %lu: %s",
				  (unsigned long)XML_GetCurrentLineNumber(in.parser),
				  XML_ErrorString(XML_GetErrorCode(in.parser)));
	XML_ParserFree(in.parser);
	for (size_t i = 0; i <= DEPTH_MAX; i++)
		dp__buf_fini(&in.text[i]);
	return in.code;
}
