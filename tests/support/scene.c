/* scene.c - an object in memory, indexed and cut. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/mem.h"
#include "support/scene.h"

scene scene_of(const char *url, const void *data, size_t len, const char *const *args)
{
	scene s = { 0 };
	dp_index_opts opts = DP_INDEX_OPTS_INIT;
	opts.args = args;
	cr_assert_eq(dp_session_open(&s.session, NULL, NULL), DP_OK);
	cr_assert_eq(dp__mem_put(s.session, url, data, len, NULL), DP_OK);
	cr_assert_eq(dp_index_build(&s.index, s.session, url, &opts, NULL), DP_OK);
	return s;
}

scene scene_of_lines(size_t n, size_t len, const char *const *args)
{
	char *text = malloc(n * len);
	cr_assert(text);
	memset(text, 'x', n * len);
	for (size_t i = 1; i <= n; i++)
		text[i * len - 1] = '\n';
	scene s = scene_of("mem:x.txt", text, n * len, args);
	free(text);
	return s;
}

dp_code scene_cut(scene *s, const char *strategy, const char *const *args)
{
	dp_slices_free(s->slices);
	s->slices = NULL;
	return dp_partition(&s->slices, (const dp_index *const *)&s->index, 1, strategy, args,
			    NULL);
}

void scene_free(scene *s)
{
	dp_slices_free(s->slices);
	dp_index_free(s->index);
	dp_session_free(s->session);
}
