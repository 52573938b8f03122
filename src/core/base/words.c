/* words.c - a command line in one text, taken apart as a shell would. */
#include "core/base/words.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* Copies one word to *to, without its quotes, and moves *from behind it. false: a quote is open. */
static bool take_word(const char **from, char **to)
{
	const char *p = *from;
	char *out = *to, quote = '\0';
	for (; *p && (quote || !strchr(BLANKS, *p)); p++) {
		if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else if (quote && *p == quote) {
			quote = '\0';
		} else if (*p == '\\' && quote != '\'' && p[1] &&
			   (!quote || strchr("\"\\$`", p[1]))) {
			*out++ = *++p;
		} else {
			*out++ = *p;
		}
	}
	*out++ = '\0';
	*from = p;
	*to = out;
	return !quote;
}

dp_code dp__words_split(char ***out, const char *text, dp_error *err)
{
	size_t len = strlen(text), n = 0;
	/* Each word takes two bytes of the text at least, but the last. */
	char **words = calloc(len / 2 + 2, sizeof(char *));
	char *room = malloc(len + 1), *to = room;
	bool good = true;
	if (!words || !room) {
		free(words);
		free(room);
		return dp_fail(err, DP_ENOMEM, "no memory for words");
	}
	words[0] = room;
	text += strspn(text, BLANKS);
	while (good && *text) {
		words[n++] = to;
		good = take_word(&text, &to);
		text += strspn(text, BLANKS);
	}
	if (good && n > 0) {
		*out = words;
		return DP_OK;
	}
	dp__words_free(words);
	return good ? dp_fail(err, DP_EINVAL, "no program")
		    : dp_fail(err, DP_EINVAL, "a quote that does not end");
}

void dp__words_free(char **words)
{
	if (!words)
		return;
	free(words[0]);
	free(words);
}
