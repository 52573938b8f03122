/* aws_keys.c - what requests are signed with: an access key, its secret, the token of temporary
 * ones. */
#include "core/io/aws_keys.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/io/aws_time.h"
#include "core/io/xml.h"

#define KEY_MAX   512
#define TOKEN_MAX 16384

/* Visible ASCII: what a header's value may hold, and nothing that would end it. */
static bool is_plain(const char *text, size_t max)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len <= max;
}

dp_code dp__aws_keys_init(dp__aws_keys *out, const dp__aws_key_texts *texts, const char *from,
			  dp_error *err)
{
	dp__aws_keys made = { .expires = INT64_MAX };
	const char *token = texts->token != NULL ? texts->token : "";

	if (texts->access_key == NULL || texts->access_key[0] == '\0' ||
	    texts->secret_key == NULL || texts->secret_key[0] == '\0')
		return dp_fail(err, DP_EAUTH, "%.256s: gives no access key and secret", from);
	if (!is_plain(texts->access_key, KEY_MAX) || !is_plain(texts->secret_key, KEY_MAX) ||
	    !is_plain(token, TOKEN_MAX))
		return dp_fail(err, DP_EAUTH, "%.256s: gives keys that are none", from);
	if (texts->expires != NULL && texts->expires[0] != '\0' &&
	    !dp__aws_time_parse(&made.expires, texts->expires))
		return dp_fail(err, DP_EAUTH, "%.256s: gives keys until '%.40s', which is no time",
			       from, texts->expires);
	made.access_key = dp__strdup(texts->access_key);
	made.secret_key = dp__strdup(texts->secret_key);
	made.token = dp__strdup(token);
	if (made.access_key == NULL || made.secret_key == NULL || made.token == NULL) {
		dp__aws_keys_fini(&made);
		return dp_fail(err, DP_ENOMEM, "no memory for credentials");
	}
	*out = made;
	return DP_OK;
}

static const char *string_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

dp_code dp__aws_keys_json(dp__aws_keys *out, const void *data, size_t len, const char *from,
			  dp_error *err)
{
	json_t *answer = json_loadb(data != NULL ? data : "", len, JSON_REJECT_DUPLICATES, NULL);
	const char *said = string_of(answer, "Code");
	dp__aws_key_texts texts = { .access_key = string_of(answer, "AccessKeyId"),
				    .secret_key = string_of(answer, "SecretAccessKey"),
				    .token = string_of(answer, "Token"),
				    .expires = string_of(answer, "Expiration") };
	dp_code code;

	if (texts.token == NULL)
		texts.token = string_of(answer, "SessionToken");
	if (!json_is_object(answer))
		code = dp_fail(err, DP_EAUTH, "%.256s: gives no JSON object", from);
	else if (said != NULL && strcmp(said, "Success") != 0)
		code = dp_fail(err, DP_EAUTH, "%.256s: says %.64s", from, said);
	else
		code = dp__aws_keys_init(out, &texts, from, err);
	json_decref(answer);
	return code;
}

/* The texts of <Credentials>, in the order of dp__aws_key_texts. */
typedef struct found {
	char *text[4];
} found;

/* Long texts may come in lines, as STS' own reference prints them; no key holds a blank. */
static void drop_blanks(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++)
		if (strchr(" \t\r\n", *text) == NULL)
			*to++ = *text;
	dp__wipe(to, (size_t)(text - to));
}

static dp_code take_element(void *user, const char *parent, const char *name, const char *text,
			    dp_error *err)
{
	static const char *const names[] = { "AccessKeyId", "SecretAccessKey", "SessionToken",
					     "Expiration" };
	found *to = user;

	for (size_t i = 0; strcmp(parent, "Credentials") == 0 && i < 4; i++) {
		if (strcmp(name, names[i]) != 0 || to->text[i] != NULL)
			continue;
		to->text[i] = dp__strdup(text);
		if (to->text[i] == NULL)
			return dp_fail(err, DP_ENOMEM, "no memory for credentials");
		drop_blanks(to->text[i]);
	}
	return DP_OK;
}

static void wipe_free(char *secret)
{
	if (secret != NULL)
		dp__wipe(secret, strlen(secret));
	free(secret);
}

dp_code dp__aws_keys_xml(dp__aws_keys *out, const void *data, size_t len, const char *from,
			 dp_error *err)
{
	found got = { { NULL } };
	dp_error why = { .code = DP_OK };
	dp_code code = dp__xml_read(data, len, take_element, &got, &why);

	if (code == DP_OK)
		code = dp__aws_keys_init(
			out,
			&(dp__aws_key_texts){ got.text[0], got.text[1], got.text[2], got.text[3] },
			from, err);
	else
		code = dp_fail(err, code == DP_ENOMEM ? code : DP_EAUTH, "%.256s: %s", from,
			       why.msg);
	for (size_t i = 0; i < 4; i++)
		wipe_free(got.text[i]);
	return code;
}

dp_code dp__aws_keys_copy(dp__aws_keys *out, const dp__aws_keys *keys, dp_error *err)
{
	dp_code code = dp__aws_keys_init(
		out, &(dp__aws_key_texts){ keys->access_key, keys->secret_key, keys->token, NULL },
		"a copy", err);

	if (code == DP_OK)
		out->expires = keys->expires;
	return code;
}

bool dp__aws_keys_equal(const dp__aws_keys *a, const dp__aws_keys *b)
{
	if (a->access_key == NULL || b->access_key == NULL)
		return a->access_key == b->access_key;
	return strcmp(a->access_key, b->access_key) == 0 &&
	       strcmp(a->secret_key, b->secret_key) == 0 && strcmp(a->token, b->token) == 0;
}

void dp__aws_keys_fini(dp__aws_keys *keys)
{
	wipe_free(keys->access_key);
	wipe_free(keys->secret_key);
	wipe_free(keys->token);
	*keys = (dp__aws_keys){ 0 };
}
