/* scene.h - an object in memory, indexed and cut. */
#ifndef DP_TESTS_SCENE_H
#define DP_TESTS_SCENE_H

#include "dataplug/dataplug.h"

typedef struct scene {
	dp_session *session;
	dp_index *index;
	dp_slices *slices; /* NULL before scene_cut() */
} scene;

/* The object url of these bytes, indexed with these parameters; args may be NULL. */
scene scene_of(const char *url, const void *data, size_t len, const char *const *args);
/* The same of mem:x.txt, n lines of len bytes each. */
scene scene_of_lines(size_t n, size_t len, const char *const *args);
/* Cuts it anew; the code of dp_partition(). */
dp_code scene_cut(scene *s, const char *strategy, const char *const *args);
void scene_free(scene *s);

#endif
