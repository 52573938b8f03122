/* xml.h - reads the small XML answers of services, bounded and without document types. */
#ifndef DP_IO_XML_H
#define DP_IO_XML_H

#include "dataplug/base.h"

/*
 * Called as each element ends: with the name of the element it lies in ("" for the outermost), its
 * own, both without namespace, and the text directly in it. All lent.
 */
typedef dp_code (*dp__xml_fn)(void *user, const char *parent, const char *name, const char *text,
			      dp_error *err);

/*
 * Gives every element of a document to ended, which stops it by returning anything but DP_OK.
 * DP_EFORMAT: not well-formed, a document type, more than 16 levels, a name of 64 bytes or more or
 * a text of more than 16 KiB. What came before the fault was given.
 */
dp_code dp__xml_read(const void *data, size_t len, dp__xml_fn ended, void *user, dp_error *err);

#endif
