/* lines.h - the grammar of text whose records are lines. */
#ifndef DP_FORMATS_LINES_H
#define DP_FORMATS_LINES_H

#include "dataplug/format.h"

extern const dp_grammar dp__lines;

#endif
