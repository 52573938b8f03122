/* auto_explain.c - what the strategy auto says of its cut: a prediction, for people and as JSON. */
#include "strategies/auto.h"

#include <math.h>
#include <stdio.h>

#include "core/base/buf.h"
#include "dataplug/dataplug.h"

#define MAX_TEXT 4096
#define MIB      (1024.0 * 1024)

/* A number as text. */
typedef struct word {
	char text[40];
} word;

/* Whatever the locale. */
static word fixed(double v, int decimals)
{
	word w;
	double scale = pow(10, decimals), parts = round(v * scale);
	double whole = floor(parts / scale);
	if (decimals == 0 || v >= 1e6) /* beyond, parts are not exact */
		snprintf(w.text, sizeof w.text, "%.0f", fmin(v, 1e30));
	else
		snprintf(w.text, sizeof w.text, "%.0f.%0*.0f", whole, decimals,
			 parts - whole * scale);
	return w;
}

static word seconds_of(double v)
{
	return fixed(v, v < 0.0995 ? 4 : v < 9.95 ? 1 : 0);
}

static word bytes_of(double v)
{
	static const char *const unit[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	size_t i = 0;
	for (; v >= 999.5 && i + 1 < sizeof unit / sizeof unit[0]; i++)
		v /= 1000;
	word n = fixed(v, i > 0 && v < 9.95 ? 1 : 0), w;
	snprintf(w.text, sizeof w.text, "%.20s %s", n.text, unit[i]);
	return w;
}

static word usd_of(double v)
{
	word n = fixed(v, v < 0.0995 ? 4 : v < 9.95 ? 2 : 0), w;
	if (v > 0 && v < 0.00005)
		snprintf(w.text, sizeof w.text, "under $0.0001");
	else
		snprintf(w.text, sizeof w.text, v > 0 ? "$%.20s" : "nothing", n.text);
	return w;
}

/* ---- what is told ---- */

typedef struct reason {
	const char *name, *text;
} reason;

static const reason given = { "given", "as given" };

static const reason reasons[] = {
	[DP__AUTO_BY_OBJECTS] = { "objects", "one for each object" },
	[DP__AUTO_BY_RECORDS] = { "records", "there are no more records" },
	[DP__AUTO_BY_WORKERS] = { "workers", "as many for each worker" },
	[DP__AUTO_BY_MEMORY] = { "memory", "fewer would not fit into memory" },
	[DP__AUTO_BY_TIMEOUT] = { "timeout", "fewer would come too near the time-out" },
	[DP__AUTO_BY_TOKENS] = { "tokens", "one job carries the tokens of no more" },
	[DP__AUTO_BY_OVERHEAD] = { "overhead",
				   "with more, their start would be too large a share" },
	[DP__AUTO_BY_TARGET] = { "target", "fewer would miss the target" },
	[DP__AUTO_BY_TIME] = { "time", "the fastest" },
	[DP__AUTO_BY_COST] = { "cost", "the cheapest" },
};

static const reason bounds[] = {
	[DP__AUTO_STARTS] = { "starts", "most of it until the workers have started" },
	[DP__AUTO_OVERHEAD] = { "overhead", "most of a task is its start" },
	[DP__AUTO_WORK] = { "work", "most of a task is decoding and the function" },
	[DP__AUTO_NETWORK] = { "network", "most of a task is fetching" },
	[DP__AUTO_GETS] = { "gets", "the store answers no more requests a second" },
	[DP__AUTO_STORE] = { "store", "the store gives no more bytes a second" },
};

static const reason limits[] = {
	{ "memory", "a slice does not fit into memory" },
	{ "timeout", "a task comes too near the time-out" },
	{ "tokens", "one job does not carry all tokens" },
};

static const char *const goals[] = { "balanced", "time", "cost" };

typedef struct told {
	dp__auto_case c;
	dp__auto_prediction p;
	const reason *n, *time;
} told;

static const char *plural(double n)
{
	return n > 1 || n < 1 ? "s" : "";
}

static dp_code fill_text(const told *t, dp__buf *out, dp_error *err)
{
	const dp__auto_prediction *p = &t->p;
	const dp__auto_profile *at = t->c.profile;
	dp_code rc = dp__buf_printf(out, err,
				    "auto: predicted, not measured, with profile %s of %s: %s\n",
				    at->name, at->date, at->doc);
	if (rc == DP_OK)
		rc = dp__buf_printf(out, err, "  %llu slice%s of %s: %s\n",
				    (unsigned long long)p->n, plural((double)p->n),
				    bytes_of(p->slice).text, t->n->text);
	if (rc == DP_OK)
		rc = dp__buf_printf(
			out, err, "  time    %s s: %.0f worker%s, %.0f task%s each of %s s; %s\n",
			seconds_of(p->time).text, p->workers, plural(p->workers), p->waves,
			plural(p->waves), seconds_of(p->task).text, t->time->text);
	if (rc == DP_OK)
		rc = dp__buf_printf(out, err, "  cost    %s, %.0f request%s\n",
				    usd_of(p->cost).text, p->requests, plural(p->requests));
	if (rc == DP_OK)
		rc = dp__buf_printf(out, err,
				    "  memory  %.0f MiB of the %.0f MiB that a worker may use\n",
				    p->memory / MIB, at->memory_share * t->c.memory / MIB);
	for (unsigned i = 0; rc == DP_OK && i < sizeof limits / sizeof limits[0]; i++) {
		if (p->broken >> i & 1)
			rc = dp__buf_printf(out, err, "  does not work: %s\n", limits[i].text);
	}
	if (rc == DP_OK && t->c.target > 0 && p->time > t->c.target)
		rc = dp__buf_printf(out, err, "  misses the target of %s s\n",
				    seconds_of(t->c.target).text);
	return rc;
}

static dp_code fill_json(const told *t, dp__buf *out, dp_error *err)
{
	const dp__auto_prediction *p = &t->p;
	const dp__auto_profile *at = t->c.profile;
	dp_code rc = dp__buf_printf(
		out, err,
		"{\"profile\":\"%s\",\"date\":\"%s\",\"goal\":\"%s\",\"slices\":%llu,"
		"\"slices_by\":\"%s\",\"slice_bytes\":%.0f,\"requests\":%.0f,\"workers\":%.0f,"
		"\"waves\":%.0f,\"task_seconds\":%s,\"seconds\":%s,\"seconds_by\":\"%s\","
		"\"usd\":%s,\"memory\":%.0f,\"memory_limit\":%.0f,\"breaks\":[",
		at->name, at->date, goals[t->c.goal], (unsigned long long)p->n, t->n->name,
		p->slice, p->requests, p->workers, p->waves, fixed(p->task, 6).text,
		fixed(p->time, 6).text, t->time->name, fixed(p->cost, 9).text, p->memory,
		at->memory_share * t->c.memory);
	const char *comma = "";
	for (unsigned i = 0; rc == DP_OK && i < sizeof limits / sizeof limits[0]; i++) {
		if (!(p->broken >> i & 1))
			continue;
		rc = dp__buf_printf(out, err, "%s\"%s\"", comma, limits[i].name);
		comma = ",";
	}
	return rc == DP_OK ? dp__buf_printf(out, err, "]}") : rc;
}

dp_code dp__auto_explain(const dp_totals *totals, const void *params, unsigned flags,
			 dp_write_fn out, void *user, dp_error *err)
{
	const dp__auto_params *asked = params;
	dp__buf text = dp__buf_of(MAX_TEXT);
	told t = { .c = dp__auto_case_of(totals, asked) };
	/* Of a dataset without records no slice comes, which takes what one takes. */
	t.p = dp__auto_predict(&t.c, totals->slices ? totals->slices : 1);
	t.n = asked->n ? &given : &reasons[dp__auto_why(&t.c, t.p.n)];
	t.time = &bounds[t.p.bound];
	dp_code rc =
		flags & DP_EXPLAIN_JSON ? fill_json(&t, &text, err) : fill_text(&t, &text, err);
	if (rc == DP_OK)
		rc = out(user, text.data, text.len, err);
	dp__buf_fini(&text);
	return rc;
}
