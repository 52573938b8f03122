/* points.h - objects in memory whose points are exported to other programs, and imported. */
#ifndef DP_TESTS_POINTS_H
#define DP_TESTS_POINTS_H

#include "core/base/buf.h"
#include "dataplug/dataplug.h"
#include "support/make.h"

/* A .gz, the text that it was made of, and where it is. */
typedef struct object {
	dp_session *session;
	bytes gz, text;
	const char *url, *format;
} object;

/* Takes both; puts a copy of the .gz into the session's memory. */
object object_store(dp_session *session, bytes gz, bytes text);
void object_drop(object *of);
/* One member of so many reads. */
object object_whole(dp_session *session, size_t reads, int level, int strategy);
/* One member in blocks of so many bytes of text. */
object object_blocks(dp_session *session, size_t reads, size_t every);
/* Two members of blocks: those of the second follow empty ones. */
object object_members(dp_session *session, size_t reads, size_t every);

/* Builds the index anew. span, points: NULL = the default, none. */
dp_code object_build(dp_index **out, const object *of, const char *span, const char *points,
		     dp_error *err);
/* The same, which must go well. */
dp_index *object_index(const object *of, const char *span);
/* The index as another program's. */
dp__buf object_export(const dp_index *index, const char *as, dp_exported *done);
/* Builds it from another program's index. */
dp_code object_import(dp_index **out, const object *of, const void *points, size_t len,
		      dp_error *err);
/* Every record comes, and is the text's. */
void object_expect_all(const dp_index *index, const object *of);

#endif
