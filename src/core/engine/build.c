/* build.c - dp_index_build: finds the format, lets it scan the object once, and stores what it
 * found. */
#include <stdlib.h>
#include <string.h>

#include "core/base/near.h"
#include "core/base/num.h"
#include "core/base/text.h"
#include "core/engine/scan.h"
#include "core/engine/slice.h"
#include "core/index/home.h"
#include "core/io/object.h"
#include "core/io/url.h"

#define HEAD ((size_t)64 << 10)

/* The first bytes of the object, for probing. */
static dp_code read_head(dp_session *session, const dp_call *call, const char *url,
			 const dp__part *part, dp__buf *head, dp_error *err)
{
	dp__site site = { 0 };
	size_t len = (size_t)dp__min_u64(HEAD, part->size);
	dp_code rc = dp__buf_reserve(head, len, err);
	if (rc == DP_OK)
		rc = dp__site_open(&site, session, &(dp_place){ .url = url, .size = part->size },
				   err);
	if (rc == DP_OK && len)
		rc = dp__site_read(&site, call, part->etag, &(dp_read){ 0, len, head->data }, 1,
				   err);
	if (rc == DP_OK)
		head->len = len;
	dp__site_close(&site);
	return rc;
}

static const char *format_name(const void *user, size_t i)
{
	const dp_format *format = dp_session_format(user, i);
	return format ? format->name : NULL;
}

static dp_code named_format(const dp_format **out, const dp_session *session, const char *name,
			    dp_error *err)
{
	char near[200];
	*out = dp__session_format(session, name);
	if (*out)
		return DP_OK;
	dp__names_near(near, sizeof near, name, format_name, session);
	return dp_fail(err, DP_EINVAL, "no format is called %s%s", name, near);
}

static dp_code probe_format(const dp_format **out, dp_session *session, const dp_call *call,
			    const char *url, const dp__part *part, dp_error *err)
{
	dp__buf head = dp__buf_of(HEAD);
	int best = 0;
	dp_code rc = read_head(session, call, url, part, &head, err);
	for (size_t i = 0; rc == DP_OK && dp_session_format(session, i); i++) {
		const dp_format *format = dp_session_format(session, i);
		int evidence = format->probe ? format->probe(format->impl, dp__url_key(url),
							     head.data, head.len)
					     : 0;
		if (evidence > best) {
			best = evidence;
			*out = format;
		}
	}
	dp__buf_fini(&head);
	if (rc == DP_OK && !best)
		rc = dp_fail(err, DP_EUNSUPPORTED,
			     "no format knows its first bytes; --format NAME says what it is");
	return rc;
}

/* Whether an index that is there is what was asked for. */
static dp_code fits(const dp_index *index, const dp_index_opts *opts, bool *yes, dp_error *err)
{
	const dp_format *asked = NULL;
	dp__params params = { 0 };
	dp_code rc = DP_OK;
	*yes = true;
	if (opts->format) {
		rc = named_format(&asked, index->session, opts->format, err);
		*yes = asked == index->format;
	}
	if (rc != DP_OK || !*yes || !opts->args || !opts->args[0])
		return rc;
	dp__params_owner owner = dp__format_owner(index->format);
	rc = dp__params_init(&params, &owner, opts->args, err);
	if (rc == DP_OK)
		*yes = dp__params_equal(&params, &index->params);
	dp__params_fini(&params);
	return rc;
}

/* The index that is there already: *out stays NULL if there is none, or not the right one. */
static dp_code find_fresh(dp_index **out, dp_session *session, const dp_call *call, const char *url,
			  const dp_index_opts *opts, dp_error *err)
{
	dp_error why = { 0 };
	bool yes = false;
	if (opts->force || opts->imported)
		return DP_OK;
	dp_code rc = dp__index_open(out, session, call, url, &why);
	if (rc == DP_OK)
		rc = fits(*out, opts, &yes, err);
	else if (rc == DP_ENOTFOUND || rc == DP_ESTALE || rc == DP_EFORMAT)
		rc = DP_OK;
	else
		rc = dp_fail(err, rc, "%s", why.msg);
	if (rc != DP_OK || !yes) {
		dp_index_free(*out);
		*out = NULL;
	}
	return rc;
}

static dp_code copy_axes(dp__table *table, const dp_format *format, dp_error *err)
{
	for (size_t i = 0; format->axes && format->axes[i].name; i++) {
		dp_code rc = i < DP_MAX_AXES ? dp__table_axis(table, &format->axes[i], err)
					     : dp_fail(err, DP_EINVAL, "format %s: too many axes",
						       format->name);
		if (rc != DP_OK)
			return rc;
	}
	return DP_OK;
}

static dp_code fill_facts(dp__table *table, const char *url, const dp_format *format,
			  const dp__params *params, dp_error *err)
{
	table->url = dp__strdup(url);
	table->format = dp__strdup(format->name);
	table->library = dp__strdup(dp_version());
	table->args = calloc(params->nargs + 1, sizeof(char *));
	bool good = table->url && table->format && table->library && table->args;
	for (size_t i = 0; good && i < params->nargs; i++) {
		table->args[i] = dp__strdup(params->args[i]);
		good = table->args[i] != NULL;
	}
	return good ? copy_axes(table, format, err) : dp_fail(err, DP_ENOMEM, "no memory");
}

/* The object must still be what its first look said. */
static dp_code check_unchanged(dp_scan *scan, dp_error *err)
{
	dp__part now[DP__MAX_PARTS] = { 0 };
	size_t n = 0;
	dp_code rc = dp__index_parts(&scan->call, scan->table.url, scan->format, now, &n, err);
	for (size_t i = 0; rc == DP_OK && i < n; i++) {
		if (now[i].size != scan->table.part[i].size ||
		    strcmp(now[i].etag, scan->table.part[i].etag) != 0)
			rc = dp_fail(err, DP_ESTALE, "changed while it was indexed");
	}
	return rc;
}

static dp_code scan_object(dp_scan *scan, const char *url, const dp__params *params, dp_error *err)
{
	dp_error why = { 0 };
	dp_code rc = fill_facts(&scan->table, url, scan->format, params, err);
	if (rc == DP_OK)
		rc = dp__index_parts(&scan->call, url, scan->format, scan->table.part,
				     &scan->table.nparts, err);
	if (rc == DP_OK)
		rc = dp__scan_open(scan, err);
	if (rc != DP_OK)
		return rc;
	rc = scan->format->scan(scan, &why);
	if (rc == DP_EFORMAT && check_unchanged(scan, err) == DP_ESTALE)
		return DP_ESTALE; /* what looked like bad data was two versions of it */
	if (rc != DP_OK)
		return dp_fail(err, rc, "%s", why.msg);
	rc = check_unchanged(scan, err);
	if (rc == DP_OK && scan->imported.store && !scan->imported_read)
		rc = dp_fail(err, DP_EUNSUPPORTED, "the format %s imports no index",
			     scan->format->name);
	if (rc == DP_OK)
		rc = dp__buf_close(&scan->warnings, err);
	if (rc == DP_OK) {
		scan->table.warnings = dp__strdup((const char *)scan->warnings.data);
		rc = scan->table.warnings ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory");
	}
	if (rc == DP_OK)
		rc = dp__table_check(&scan->table, err);
	return rc == DP_OK ? dp_call_check(&scan->call, err) : rc;
}

/* Where the index will lie is settled before the object is read: that may take hours. */
static dp_code scan_and_store(dp_scan *scan, const char *url, const dp__params *params,
			      dp_index **out, dp_error *err)
{
	dp__home home = { 0 };
	const char *to = NULL;
	dp_code rc = dp__home_of(&home, scan->session, url, err);
	if (rc == DP_OK)
		rc = dp__home_choose(&to, &home, &scan->call, err);
	if (rc == DP_OK)
		rc = scan_object(scan, url, params, err);
	if (rc == DP_OK)
		rc = dp__index_store(out, &scan->call, to, &scan->table, scan->run, err);
	dp__home_fini(&home);
	return rc;
}

static dp_code build(dp_index **out, dp_session *session, const dp_call *call, const char *url,
		     const dp_index_opts *opts, dp_error *err)
{
	dp__params params = { 0 };
	dp__part part[DP__MAX_PARTS] = { 0 };
	size_t nparts = 0;
	dp_scan *scan = calloc(1, sizeof *scan);
	if (!scan)
		return dp_fail(err, DP_ENOMEM, "no memory for a scan");
	dp_code rc = dp__index_parts(call, url, NULL, part, &nparts, err);
	if (rc == DP_OK)
		rc = opts->format ? named_format(&scan->format, session, opts->format, err)
				  : probe_format(&scan->format, session, call, url, &part[0], err);
	if (rc == DP_OK) {
		dp__params_owner owner = dp__format_owner(scan->format);
		rc = dp__params_init(&params, &owner, opts->args, err);
	}
	if (rc == DP_OK) {
		scan->session = session;
		scan->call = *call;
		scan->use = (dp_format_use){ scan->format->impl, params.value };
		scan->progress = opts->progress;
		scan->user = opts->user;
		if (opts->imported)
			rc = dp__scan_import(scan, opts->imported, err);
	}
	if (rc == DP_OK) {
		rc = scan_and_store(scan, url, &params, out, err);
	}
	dp__scan_fini(scan);
	free(scan);
	dp__params_fini(&params);
	return rc;
}

dp_code dp_index_build(dp_index **out, dp_session *session, const char *url,
		       const dp_index_opts *opts, dp_error *err)
{
	dp_index_opts all = DP_INDEX_OPTS_INIT;
	dp_call call = dp__call_begin(session);
	char *canonical = NULL;
	dp_index *index = NULL;
	if (opts)
		memcpy(&all, opts, dp__min_u64(opts->size, sizeof all));
	dp_code rc = dp__object_url(&canonical, session, url, err);
	if (rc == DP_OK)
		rc = find_fresh(&index, session, &call, canonical, &all, err);
	if (rc == DP_OK && !index)
		rc = build(&index, session, &call, canonical, &all, err);
	if (rc == DP_OK)
		*out = index;
	free(canonical);
	return rc;
}
