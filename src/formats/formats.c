/* formats.c - the lists of built-in formats, grammars and the tasks that know one. */
#include "formats/formats.h"
#include "formats/fastq.h"
#include "formats/lines.h"

const dp_format *const dp__formats[] = { NULL };

const dp_grammar *const dp__grammars[] = { &dp__fastq, &dp__lines, NULL };

const dp_task *const dp__format_tasks[] = { &dp__fastq_stats, NULL };
