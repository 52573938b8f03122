/* index_open.c - finds the stored index of an object, takes only one that is fresh and whole;
 * removes one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/num.h"
#include "core/base/text.h"
#include "core/index/db.h"
#include "core/index/home.h"
#include "core/index/index.h"
#include "core/io/object.h"
#include "core/io/url.h"

#define GUESS  ((size_t)1 << 20) /* how much of an index file the first read takes */
#define HEAD   100               /* of the database */
#define MAX_DB ((uint64_t)1 << 30)

/* Names the index file before a lower layer's message. */
static dp_code fail_at(dp_error *err, dp_code code, const char *url, const dp_error *why)
{
	(void)dp_fail(err, code, "index %s: %s", url, why->msg);
	if (err)
		err->http = why->http;
	return code;
}

/* Reads on until db holds the first upto bytes of the index file. */
static dp_code db_fill(const dp_index *index, const dp_call *call, dp__buf *db, size_t upto,
		       dp_error *err)
{
	if (db->len >= upto)
		return DP_OK;
	dp_code code = dp__buf_reserve(db, upto - db->len, err);
	if (code != DP_OK)
		return code;
	const dp_read read = { db->len, upto - db->len, db->data + db->len };
	code = dp__site_read(&index->site, call, index->etag[0] ? index->etag : NULL, &read, 1,
			     err);
	if (code == DP_ESTALE) /* of the index file, not of the object */
		return dp_fail(err, DP_ETRANSIENT, "replaced while it was read");
	if (code == DP_OK)
		db->len = upto;
	return code;
}

/* Reads the database: one read, two where it is larger than the first guess, or one less where stat
 * lends the head. */
static dp_code db_fetch(dp_index *index, const dp_call *call, dp__buf *db, dp_error *err)
{
	uint64_t size = 0;
	dp_stat stat = { 0 };
	dp_code code = dp__buf_reserve(db, GUESS, err);
	if (code != DP_OK)
		return code;
	stat.head = db->data;
	stat.cap = GUESS;
	code = dp__site_stat(&index->site, call, &stat, err);
	if (code != DP_OK)
		return code;
	db->len = stat.len;
	index->size = stat.size;
	memcpy(index->etag, stat.etag, sizeof(index->etag));
	if (db->len < HEAD)
		code = db_fill(index, call, db, (size_t)dp__min_u64(GUESS, stat.size), err);
	if (code == DP_OK && db->len < HEAD)
		code = dp_fail(err, DP_EFORMAT, "cut off");
	if (code == DP_OK)
		code = dp__db_size(db->data, &size, err);
	if (code == DP_OK && (size > index->size || size > MAX_DB))
		code = dp_fail(err, DP_EFORMAT, "cut off");
	if (code == DP_OK)
		code = db_fill(index, call, db, (size_t)size, err);
	index->run_off = size;
	db->len = (size_t)size;
	return code;
}

/* What lies there, whole and sound. */
static dp_code index_load(dp_index *index, const dp_call *call, const dp_place *place,
			  dp_error *err)
{
	dp__buf db = dp__buf_of(MAX_DB);
	dp_code code = dp__site_open(&index->site, index->session, place, err);
	index->url = dp__strdup(place->url);
	if (code == DP_OK && !index->url)
		code = dp_fail(err, DP_ENOMEM, "no memory for a URL");
	if (code == DP_OK)
		code = db_fetch(index, call, &db, err);
	if (code == DP_OK)
		code = dp__db_read(&index->table, db.data, db.len, err);
	dp__buf_fini(&db);
	if (code == DP_OK)
		code = dp__index_finish(index, err);
	if (code != DP_OK)
		return code;
	uint64_t size = index->run_off + index->row_off[index->table.nunits] + index->travel.len;
	return size == index->size ? DP_OK : dp_fail(err, DP_EFORMAT, "cut off or too long");
}

/* Whether the table itself says that the stretch has that CRC. */
static bool has_stretch(const dp_index *index, const dp__stretch *stretch)
{
	size_t n = index->table.nunits, first = 0, last;
	uint64_t off = stretch->off - index->run_off;
	while (first < n && index->row_off[first] < off)
		first++;
	last = first;
	while (last < n && index->row_off[last] - off < stretch->len)
		last++;
	return index->row_off[first] == off && index->row_off[last] == off + stretch->len &&
	       dp__index_rows_crc(index, first, last) == stretch->crc;
}

dp_code dp__index_explain(dp_session *session, const dp_call *call, const dp_place *place,
			  const dp__stretch *stretch, dp_error *err)
{
	const char *url = place->url;
	dp_error why = { 0 };
	dp_index *index = calloc(1, sizeof(*index));
	if (!index)
		return dp_fail(err, DP_ENOMEM, "no memory for an index");
	index->session = session;
	dp_code code = index_load(index, call, place, &why);
	if (code == DP_OK && has_stretch(index, stretch))
		code = dp_fail(err, DP_EFORMAT, "index %s: damaged in the rows at byte %" PRIu64,
			       url, stretch->off);
	else if (code == DP_OK)
		code = dp_fail(err, DP_ESTALE, "index %s: is another one now", url);
	else
		code = fail_at(err, code, url, &why);
	dp_index_free(index);
	return code;
}

/* An index beside its object may have moved with it to another folder; then it is that object's. */
static dp_code match_url(dp_index *index, const char *url, bool beside, dp_error *err)
{
	char *old = index->table.url;
	if (strcmp(old, url) == 0)
		return DP_OK;
	if (!beside || strcmp(dp__url_key(old), dp__url_key(url)) != 0)
		return dp_fail(err, DP_EFORMAT, "it is the index of %s", old);
	index->table.url = dp__strdup(url);
	free(old);
	return index->table.url ? DP_OK : dp_fail(err, DP_ENOMEM, "no memory for a URL");
}

static dp_code part_match(const dp_index *index, size_t i, const dp__part *now, dp_error *err)
{
	const dp__part *then = &index->table.part[i];
	const char *name = i > 0 ? index->format->parts[i].name : "";
	const char *colon = i > 0 ? ": " : "";
	if (then->size != now->size)
		return dp_fail(err, DP_ESTALE, "%s%ssize was %" PRIu64 ", is %" PRIu64, name, colon,
			       then->size, now->size);
	if (strcmp(then->etag, now->etag) != 0)
		return dp_fail(err, DP_ESTALE, "%s%schanged since it was indexed", name, colon);
	return DP_OK;
}

/* Whether the object is still the one that was indexed. */
static dp_code match_parts(const dp_index *index, const dp_call *call, dp_error *err)
{
	dp__part now[DP__MAX_PARTS] = { 0 };
	size_t n = 0;
	dp_code code = dp__index_parts(call, index->table.url, index->format, now, &n, err);
	if (code == DP_OK && n != index->table.nparts)
		code = dp_fail(err, DP_EFORMAT, "index of %zu parts, format %s has %zu",
			       index->table.nparts, index->format->name, n);
	for (size_t i = 0; i < n && code == DP_OK; i++)
		code = part_match(index, i, &now[i], err);
	return code;
}

/* An object whose index is looked for. */
typedef struct lookup {
	dp_session *session;
	const dp_call *call;
	char *url;
	dp__home home;
} lookup;

/* The index at one home. *none = true: there is none. */
static dp_code open_at(dp_index **out, const lookup *at, size_t i, bool *none, dp_error *err)
{
	const char *url = at->home.url[i];
	dp_error why = { 0 };
	dp_index *index = calloc(1, sizeof(*index));
	if (!index)
		return dp_fail(err, DP_ENOMEM, "no memory for an index");
	index->session = at->session;
	dp_code code = index_load(index, at->call, &(dp_place){ .url = url }, &why);
	*none = code == DP_ENOTFOUND;
	if (code == DP_OK)
		code = match_url(index, at->url, at->home.beside && i == 0, &why);
	if (code != DP_OK)
		code = fail_at(err, code, url, &why);
	else
		code = match_parts(index, at->call, err);
	if (code == DP_OK)
		*out = index;
	else
		dp_index_free(index);
	return code;
}

/* A sound index at the second home stands in for a bad one at the first, whose error is told else.
 */
static dp_code open_first(dp_index **out, const lookup *at, dp_error *err)
{
	bool found = false;
	dp_code code = DP_ENOTFOUND;
	for (size_t i = 0; i < at->home.n && !*out; i++) {
		dp_error why = { 0 };
		bool none = false;
		dp_code now = open_at(out, at, i, &none, &why);
		if (now != DP_OK && (none || found))
			continue;
		found = true;
		code = now;
		if (now != DP_OK && err)
			*err = why;
	}
	if (*out)
		return DP_OK;
	return found ? code : dp_fail(err, DP_ENOTFOUND, "no index");
}

dp_code dp__index_open(dp_index **out, dp_session *session, const dp_call *call, const char *url,
		       dp_error *err)
{
	lookup at = { .session = session, .call = call };
	*out = NULL;
	dp_code code = dp__object_url(&at.url, session, url, err);
	if (code == DP_OK)
		code = dp__home_of(&at.home, session, at.url, err);
	if (code == DP_OK)
		code = open_first(out, &at, err);
	dp__home_fini(&at.home);
	free(at.url);
	return code;
}

dp_code dp_index_open(dp_index **out, dp_session *session, const char *url, dp_error *err)
{
	dp_call call = dp__call_begin(session);
	return dp__index_open(out, session, &call, url, err);
}

/* DP_ENOTFOUND if nothing lies at url. */
static dp_code remove_at(dp_session *session, const dp_call *call, const char *url, dp_error *err)
{
	dp__site site = { 0 };
	dp_stat stat = { 0 };
	dp_error why = { 0 };
	const dp_place place = { .url = url };
	dp_code code = dp__site_open(&site, session, &place, &why);
	/* Some stores remove what is not there without a word. */
	if (code == DP_OK)
		code = dp__site_stat(&site, call, &stat, &why);
	if (code == DP_OK)
		code = dp__site_remove(&site, call, &why);
	dp__site_close(&site);
	return code == DP_OK ? DP_OK : fail_at(err, code, url, &why);
}

dp_code dp_index_remove(dp_session *session, const char *url, dp_error *err)
{
	dp_call call = dp__call_begin(session);
	dp__home home = { 0 };
	char *whole = NULL;
	dp_error why = { 0 };
	dp_code code = dp__object_url(&whole, session, url, err);
	if (code == DP_OK)
		code = dp__home_of(&home, session, whole, err);
	if (code != DP_OK)
		goto out;
	code = DP_ENOTFOUND;
	for (size_t i = 0; i < home.n && code == DP_ENOTFOUND; i++)
		code = remove_at(session, &call, home.url[i], &why);
	if (code == DP_ENOTFOUND)
		code = dp_fail(err, code, "no index");
	else if (code != DP_OK && err)
		*err = why;
out:
	dp__home_fini(&home);
	free(whole);
	return code;
}
