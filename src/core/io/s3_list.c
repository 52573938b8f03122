/* s3_list.c - every object under a place of S3, page by page. */
#include "core/io/s3_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/io/sigv4.h"
#include "core/io/xml.h"

/* A thousand keys of 1024 bytes, each of them "%XX", and what stands around them. */
#define PAGE_MAX  ((size_t)8 << 20)
#define KEY_MAX   1024
#define TOKEN_MAX 8192
#define URL_MAX   ((size_t)8192)

/* One page, and the object that is being read of it. */
typedef struct page {
	const dp__s3_place *place;
	dp_code (*key)(void *user, const char *url, const dp_stat *stat);
	void *user;
	bool listing, told; /* it is one, and says whether it is the last page */
	bool encoded, more; /* keys are percent-encoded; this is not the last page */
	dp__buf next;       /* the token of the next page */
	dp__buf name;       /* as it came */
	bool has_name, has_size;
	dp_stat stat;
} page;

static dp_code take_text(dp__buf *out, const char *text, dp_error *err)
{
	out->len = 0;
	if (dp__buf_add(out, text, strlen(text), err) != DP_OK)
		return DP_ENOMEM;
	return dp__buf_close(out, err);
}

/* What stands around the objects, which may stand behind them. */
static dp_code take_frame(void *user, const char *parent, const char *name, const char *text,
			  dp_error *err)
{
	page *in = user;

	if (parent[0] == '\0')
		in->listing = strcmp(name, "ListBucketResult") == 0;
	if (strcmp(parent, "ListBucketResult") != 0)
		return DP_OK;
	if (strcmp(name, "EncodingType") == 0) {
		in->encoded = strcmp(text, "url") == 0;
	} else if (strcmp(name, "IsTruncated") == 0) {
		in->more = strcmp(text, "true") == 0;
		in->told = in->more || strcmp(text, "false") == 0;
	} else if (strcmp(name, "NextContinuationToken") == 0) {
		return take_text(&in->next, text, err);
	}
	return DP_OK;
}

static int hex_value(char c)
{
	static const char digit[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digit, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at != NULL ? (int)(at - digit) : -1;
}

/* Undoes encoding-type=url: "+" is a blank there. false: a bad code, or a zero byte. */
static bool decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from == '+' ? ' ' : *from;
			continue;
		}
		high = hex_value(from[1]);
		low = high < 0 ? -1 : hex_value(from[2]);
		if (low < 0 || high + low == 0)
			return false;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return true;
}

/* Gives the object that has been read to the caller. */
static dp_code give_object(page *in, dp_error *err)
{
	dp__buf url = dp__buf_of(URL_MAX);
	char *name = (char *)in->name.data;
	dp_code code;

	if (!in->has_name || !in->has_size || (in->encoded && !decode(name)) ||
	    strlen(name) > KEY_MAX || name[0] == '\0')
		return dp_fail(err, DP_EIO, "the listing holds an object without key or size");
	if (strncmp(name, in->place->key, strlen(in->place->key)) != 0)
		return dp_fail(err, DP_EIO, "the listing holds what was not asked for");
	code = dp__buf_printf(&url, err, "s3://%s/%s", in->place->bucket, name);
	if (code == DP_OK)
		code = dp__buf_close(&url, err);
	if (code == DP_OK)
		code = in->key(in->user, (char *)url.data, &in->stat);
	dp__buf_fini(&url);
	in->has_name = in->has_size = false;
	in->stat = (dp_stat){ 0 };
	return code;
}

static dp_code take_object(void *user, const char *parent, const char *name, const char *text,
			   dp_error *err)
{
	page *in = user;

	if (strcmp(parent, "ListBucketResult") == 0 && strcmp(name, "Contents") == 0)
		return give_object(in, err);
	if (strcmp(parent, "Contents") != 0)
		return DP_OK;
	if (strcmp(name, "Key") == 0) {
		in->has_name = true;
		return take_text(&in->name, text, err);
	}
	if (strcmp(name, "Size") == 0)
		in->has_size = dp__digits(text, strlen(text), &in->stat.size);
	else if (strcmp(name, "ETag") == 0 && strlen(text) < sizeof(in->stat.etag))
		strcpy(in->stat.etag, text);
	return DP_OK;
}

/* Parts of a query in the order that is signed. */
static dp_code make_query(dp__buf *out, const page *in, dp_error *err)
{
	const char *prefix = in->place->key;
	dp_code code = DP_OK;

	out->len = 0;
	if (in->next.len > 0) {
		code = dp__buf_printf(out, err, "continuation-token=");
		if (code == DP_OK)
			code = dp__sigv4_encode(out, (char *)in->next.data, in->next.len, false,
						err);
		if (code == DP_OK)
			code = dp__buf_add(out, "&", 1, err);
	}
	if (code == DP_OK)
		code = dp__buf_printf(out, err, "encoding-type=url&list-type=2");
	if (code == DP_OK && prefix[0] != '\0') {
		code = dp__buf_printf(out, err, "&prefix=");
		if (code == DP_OK)
			code = dp__sigv4_encode(out, prefix, strlen(prefix), false, err);
	}
	return code == DP_OK ? dp__buf_close(out, err) : code;
}

static dp_code ask_page(dp__http_reply *reply, const page *in, const dp_call *call, dp_error *err)
{
	dp__buf query = dp__buf_of((size_t)64 << 10);
	dp__http_request request = { 0 };
	dp__s3_try attempt = { 0 };
	dp_code code = make_query(&query, in, err);

	if (code == DP_OK)
		code = dp__s3_try_init(&attempt, &request, in->place, call,
				       &(dp__s3_ask){ .method = "GET",
						      .key = "",
						      .query = (char *)query.data,
						      .xml = true },
				       err);
	request.max_body = PAGE_MAX;
	if (code == DP_OK)
		code = dp__http_perform(in->place->session, call, &request, reply, 1, err);
	dp__s3_try_fini(&attempt);
	dp__buf_fini(&query);
	return code;
}

/* Gives all objects of one page, and takes the token of the next. */
static dp_code list_page(page *in, const dp_call *call, dp_error *err)
{
	dp__http_reply reply = { 0 };
	char *last = in->next.len > 0 ? dp__strdup((char *)in->next.data) : dp__strdup("");
	dp_code code = last != NULL ? ask_page(&reply, in, call, err)
				    : dp_fail(err, DP_ENOMEM, "no memory for a listing");

	in->next.len = 0;
	in->listing = in->told = in->encoded = in->more = false;
	if (code == DP_OK)
		code = dp__xml_read(reply.body.data, reply.body.len, take_frame, in, err);
	/* Another page, as a proxy may give, must not pass for an empty place. */
	if (code == DP_OK && !(in->listing && in->told))
		code = dp_fail(err, DP_EIO, "the answer is no whole listing");
	if (code == DP_OK)
		code = dp__xml_read(reply.body.data, reply.body.len, take_object, in, err);
	if (code == DP_OK && in->more &&
	    (in->next.len == 0 || strcmp((char *)in->next.data, last) == 0))
		code = dp_fail(err, DP_EIO, "the listing goes on, but does not say where");
	dp__http_reply_fini(&reply);
	free(last);
	return code;
}

dp_code dp__s3_list(const dp__s3_place *place, const dp_call *call,
		    dp_code (*key)(void *user, const char *url, const dp_stat *stat), void *user,
		    dp_error *err)
{
	page in = { .place = place,
		    .key = key,
		    .user = user,
		    .more = true,
		    .next = dp__buf_of(TOKEN_MAX),
		    .name = dp__buf_of((size_t)16 << 10) };
	dp_code code = DP_OK;

	while (code == DP_OK && in.more) {
		code = dp_call_check(call, err);
		if (code == DP_OK)
			code = list_page(&in, call, err);
	}
	dp__buf_fini(&in.next);
	dp__buf_fini(&in.name);
	return code;
}
