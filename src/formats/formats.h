/* formats.h - the built-in formats, grammars and the tasks that know one. */
#ifndef DP_FORMATS_FORMATS_H
#define DP_FORMATS_FORMATS_H

#include "dataplug/plugin.h"

/* NULL-terminated. */
extern const dp_format *const dp__formats[];
extern const dp_grammar *const dp__grammars[];
extern const dp_task *const dp__format_tasks[];

/*
 * The format that carries a grammar in any framing: its params are the framings' (span, strict) and
 * the grammar's own. The grammar must outlive it.
 */
dp_code dp__text_format(dp_format **out, const dp_grammar *grammar, dp_error *err);
void dp__text_format_free(dp_format *format);

#endif
