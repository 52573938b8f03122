/* fastq_multiline.c - a FASTQ read whose sequence and quality are wrapped over lines. */
#include "formats/fastq.h"

/* Sequence lines up to the one that begins with '+'. */
static dp__read_end pass_sequence(const dp_text *text, dp__read *read, dp__line *line,
				  size_t *bases, dp_error *err)
{
	size_t at = read->seq;
	*bases = 0;
	for (;;) {
		if (!dp__fastq_line(text, at, line))
			return DP__READ_MORE;
		if (!line->ended)
			return dp__fastq_bad(text, read, at, err,
					     "the text ends before its '+' line");
		uint8_t first = text->data[at];
		if (first == '+')
			break;
		if (first == '@')
			return dp__fastq_bad(text, read, at, err,
					     "the next title comes before its '+' line");
		if (!dp__fastq_printable(text->data + at, line->end - at))
			return dp__fastq_bad(text, read, at, err,
					     "a sequence line that is no sequence");
		*bases += line->end - at;
		at = line->next;
	}
	read->plus = at;
	read->qual = line->next;
	return DP__READ_WHOLE;
}

static dp__read_end pass_quality(const dp_text *text, dp__read *read, size_t bases, dp_error *err)
{
	size_t at = read->qual, n = 0;
	dp__line line;
	do {
		if (!dp__fastq_line(text, at, &line))
			return DP__READ_MORE;
		if (!dp__fastq_printable(text->data + at, line.end - at))
			return dp__fastq_bad(text, read, at, err,
					     "a quality line that is no quality");
		n += line.end - at;
		at = line.next;
	} while (n < bases && line.ended);
	if (n != bases)
		return dp__fastq_bad(text, read, read->qual, err, "%zu qualities for %zu bases", n,
				     bases);
	read->end = at;
	return dp__fastq_blank(text, &read->end) ? DP__READ_WHOLE : DP__READ_MORE;
}

dp__read_end dp__fastq_multi(const dp_text *text, size_t at, dp__read *read, dp_error *err)
{
	dp__line title, plus;
	size_t bases;
	read->title = at;
	if (text->data[at] != '@')
		return dp__fastq_bad(text, read, at, err, "a title does not begin with '@'");
	if (!dp__fastq_line(text, at, &title))
		return DP__READ_MORE;
	read->seq = title.next;
	dp__read_end end = pass_sequence(text, read, &plus, &bases, err);
	if (end != DP__READ_WHOLE)
		return end;
	if (!dp__fastq_plus_fits(text, &title, &plus))
		return dp__fastq_bad(text, read, plus.at, err,
				     "its '+' line repeats another title");
	return pass_quality(text, read, bases, err);
}
