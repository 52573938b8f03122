/* objects.c - the objects that the words of a command name, those under folders and prefixes too.
 */
#include "objects.h"

#include <stdlib.h>
#include <string.h>

static dp_code add_listed(void *user, const char *url, uint64_t size, dp_error *err)
{
	struct objects *objects = user;
	(void)size;
	if (objects->nlisted == objects->cap) {
		size_t cap = objects->cap ? objects->cap * 2 : 64;
		char **grown = realloc(objects->listed, cap * sizeof(char *));
		if (!grown)
			return dp_fail(err, DP_ENOMEM, "no memory for %zu objects", cap);
		objects->listed = grown;
		objects->cap = cap;
	}
	objects->listed[objects->nlisted] = strdup(url);
	if (!objects->listed[objects->nlisted])
		return dp_fail(err, DP_ENOMEM, "no memory for a name");
	objects->nlisted++;
	return DP_OK;
}

dp_code objects_take(struct objects *out, const struct tool *tool, size_t n, dp_error *err)
{
	bool recursive = options_has(tool->opts, OPT_RECURSIVE);
	dp_code rc = DP_OK;
	for (size_t i = 0; recursive && rc == DP_OK && i < n; i++) {
		dp_error why = { 0 };
		rc = dp_list(tool->session, tool->word[i], add_listed, out, &why);
		if (rc != DP_OK)
			dp_fail(err, rc, "%s: %s", tool->word[i], why.msg);
	}
	if (rc == DP_OK && recursive && out->nlisted == 0)
		rc = dp_fail(err, DP_ENOTFOUND, "%s: no object lies there", tool->word[0]);
	if (rc != DP_OK)
		return rc;
	out->n = recursive ? out->nlisted : n;
	out->at = calloc(out->n + 1, sizeof(char *));
	if (!out->at)
		return dp_fail(err, DP_ENOMEM, "no memory for %zu objects", out->n);
	for (size_t i = 0; i < out->n; i++)
		out->at[i] = recursive ? out->listed[i] : tool->word[i];
	return DP_OK;
}

void objects_fini(struct objects *objects)
{
	for (size_t i = 0; i < objects->nlisted; i++)
		free(objects->listed[i]);
	free(objects->listed);
	free(objects->at);
}
