/* text.c - makes a format of a grammar: its table, how it is recognised, and how a unit of it is
 * narrowed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/num.h"
#include "formats/formats.h"
#include "formats/text.h"

#define OWN_PARAMS 3

typedef struct text_format {
	dp_format format; /* first: what is given out */
	dp_param *params;
} text_format;

static const dp_part parts[] = { { "data", NULL }, { NULL, NULL } };

static const dp_param own_params[OWN_PARAMS] = {
	{ "span", DP_PARAM_BYTES, offsetof(dp__text_params, span), "0", NULL,
	  "stored bytes from one access point to the next; 0 = by the object's size" },
	{ "strict", DP_PARAM_BOOL, offsetof(dp__text_params, strict), "no", NULL,
	  "refuse a .gz with stray bytes behind its last member" },
	{ "allow_truncated", DP_PARAM_BOOL, offsetof(dp__text_params, allow_truncated), "no", NULL,
	  "index a .gz that is cut off up to its last whole record" },
};

const void *dp__text_own(const void *params)
{
	return (const uint8_t *)params + DP__TEXT_OWN;
}

bool dp__milestone_take(dp__cur *cur, dp__milestone *sum)
{
	uint64_t nrec = dp__cur_varint(cur), stored = dp__cur_varint(cur);
	return !cur->bad && dp__add_u64(sum->nrec, nrec, &sum->nrec) &&
	       dp__add_u64(sum->stored, stored, &sum->stored);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);
	return len >= n && strcmp(text + len - n, end) == 0;
}

const char *dp__text_foreign(const char *key, const uint8_t *head, size_t len)
{
	static const struct foreign {
		const char *name, *suffix, *magic;
		size_t n;
	} known[] = {
		{ "zstd", ".zst", "\x28\xb5\x2f\xfd", 4 },
		{ "bzip2", ".bz2", "BZh", 3 },
		{ "xz", ".xz", "\xfd\x37zXZ\0", 6 },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (len >= known[i].n && memcmp(head, known[i].magic, known[i].n) == 0)
			return known[i].name;
		if (ends_with(key, known[i].suffix) && !dp__gzip.probe(head, len))
			return known[i].name;
	}
	return NULL;
}

dp_code dp__text_fail(const dp__where *place, const dp_error *why, dp_error *err)
{
	if (why->code != DP_EFORMAT)
		return dp_fail(err, why->code, "%s", why->msg);
	return dp_fail(err, DP_EFORMAT, "%s %" PRIu64 ", byte %" PRIu64 " of the text: %s",
		       place->grammar->record, place->rec, place->at, why->msg);
}

dp_code dp__text_too_long(const dp__where *place, size_t limit, dp_error *err)
{
	return dp_fail(err, DP_EFORMAT,
		       "%s %" PRIu64 ", byte %" PRIu64
		       " of the text: longer than %zu bytes (the setting record)",
		       place->grammar->record, place->rec, place->at, limit);
}

dp_code dp__text_ask(const dp__where *place, const dp_text *text, uint64_t max, dp_records *found,
		     dp_error *err)
{
	dp_error why;
	why.msg[0] = 0;
	dp_code rc = place->grammar->records(text, max, place->params, found, &why);
	if (found->used > text->len || found->nrec > max || (found->nrec && !found->used))
		return dp_fail(err, DP_EINVAL, "the grammar %s passes over what is not there",
			       place->grammar->name);
	if (rc == DP_OK)
		return DP_OK;
	dp__where wrong = *place;
	wrong.rec += found->nrec;
	wrong.at += found->used;
	why.code = rc;
	return dp__text_fail(&wrong, &why, err);
}

/* The text that an object's head decodes to, as far as it goes; what is wrong behind it shows in
 * the scan. */
static size_t decode_head(const uint8_t *head, size_t len, uint8_t *text, size_t cap)
{
	const dp__framing *framing = dp__framing_probe(head, len);
	dp__once once = { head, len };
	dp__stored stored = { .more = dp__lend_once, .user = &once, .off = 0 };
	void *decoder = NULL;
	dp__piece piece = { .got = 1 };
	size_t sum = 0;
	dp_code rc = framing->open(&decoder, &stored, NULL, 0, NULL);
	while (rc == DP_OK && piece.got && sum < cap) {
		piece = (dp__piece){ .out = text + sum, .cap = cap - sum };
		rc = framing->read(decoder, &piece, NULL);
		if (rc == DP_OK)
			sum += piece.got;
	}
	if (decoder)
		framing->close(decoder);
	return sum;
}

static int text_probe(const void *impl, const char *key, const uint8_t *head, size_t len)
{
	const dp_grammar *grammar = impl;
	/* Claimed, so that the scan can say what is the matter. */
	if (dp__text_foreign(key, head, len))
		return 1;
	uint8_t *text = malloc(DP__TEXT_PIECE);
	if (!text || !grammar->probe) {
		free(text);
		return 0;
	}
	int evidence = grammar->probe(key, text, decode_head(head, len, text, DP__TEXT_PIECE));
	free(text);
	return evidence;
}

/* From the last milestone before the first wanted record, where text is stored as it is, to the
 * first one behind the last. */
static dp_code text_ranges(const dp_format_use *use, const dp_unit *unit, const uint8_t *state,
			   const dp_sel *sel, dp_extent *out, size_t *nout)
{
	const dp__framing *framing = dp__framing_of(unit->tag);
	dp__cur cur = dp__cur_of(state, unit->state_len);
	uint64_t n = dp__cur_varint(&cur), lo = 0, end = DP_UNKNOWN, from = 0;
	dp__milestone at = { 0, 0 };
	(void)use;
	if (*nout < 1 || !framing)
		return DP_EFORMAT;
	*nout = 1;
	out[0] = unit->extent[0];
	if (sel->rec > unit->rec)
		lo = sel->rec - unit->rec;
	if (sel->nrec != DP_UNKNOWN && dp__add_u64(sel->rec, sel->nrec, &end))
		end = end > unit->rec ? end - unit->rec : 0;
	for (uint64_t i = 0; i < n; i++) {
		if (!dp__milestone_take(&cur, &at) || at.stored > out[0].len)
			return DP_EFORMAT;
		if (framing->direct && at.nrec <= lo)
			from = at.stored;
		if (at.nrec >= end) {
			out[0].len = at.stored;
			break;
		}
	}
	if (from < out[0].len) {
		out[0].off += from;
		out[0].len -= from;
	}
	return DP_OK;
}

/* Behind the milestones is where a decoder begins, unless it comes there by itself. */
static size_t text_rest(const dp_format_use *use, const dp_unit *unit, const uint8_t *state)
{
	dp__cur cur = dp__cur_of(state, unit->state_len);
	dp__milestone at = { 0, 0 };
	(void)use;
	for (uint64_t n = dp__cur_varint(&cur); n > 0; n--)
		if (!dp__milestone_take(&cur, &at))
			return unit->state_len;
	return (size_t)(cur.p - state);
}

static dp_code text_rows(const dp_format_use *use, const uint8_t *record, size_t len, dp_rows *rows,
			 dp_error *err)
{
	const dp_grammar *grammar = use->impl;
	return grammar->rows(record, len, dp__text_own(use->params), rows, err);
}

static size_t count_params(const dp_param *params)
{
	size_t n = 0;
	while (params && params[n].name)
		n++;
	return n;
}

/* The framings' parameters, then the grammar's. */
static dp_param *join_params(const dp_grammar *grammar)
{
	size_t n = count_params(grammar->params);
	dp_param *joined = calloc(OWN_PARAMS + n + 1, sizeof *joined);
	if (!joined)
		return NULL;
	memcpy(joined, own_params, sizeof own_params);
	for (size_t i = 0; i < n; i++) {
		joined[OWN_PARAMS + i] = grammar->params[i];
		joined[OWN_PARAMS + i].offset += DP__TEXT_OWN;
	}
	return joined;
}

dp_code dp__text_format(dp_format **out, const dp_grammar *grammar, dp_error *err)
{
	text_format *own = calloc(1, sizeof *own);
	dp_param *joined = join_params(grammar);
	if (!own || !joined) {
		free(own);
		free(joined);
		return dp_fail(err, DP_ENOMEM, "no memory for a format");
	}
	own->params = joined;
	own->format = (dp_format){
		.name = grammar->name,
		.doc = grammar->doc,
		.record = grammar->record,
		.parts = parts,
		.axes = grammar->axes,
		.params = joined,
		.params_size = DP__TEXT_OWN + grammar->params_size,
		.end = "\n",
		.concat = true,
		.impl = grammar,
		.probe = text_probe,
		.scan = dp__text_scan,
		.ranges = text_ranges,
		.rest = text_rest,
		.open = dp__text_open,
		.next = dp__text_next,
		.close = dp__text_close,
		.mate = grammar->mate,
		.columns = grammar->columns,
		.rows = grammar->rows ? text_rows : NULL,
		.write_index = dp__text_export,
	};
	*out = &own->format;
	return DP_OK;
}

void dp__text_format_free(dp_format *format)
{
	text_format *own = (text_format *)(void *)format;
	if (!own)
		return;
	free(own->params);
	free(own);
}
