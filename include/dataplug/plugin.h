/* plugin.h - formats, grammars, strategies, stores and tasks of your own. */
#ifndef DATAPLUG_PLUGIN_H
#define DATAPLUG_PLUGIN_H

#include "dataplug.h"
#include "store.h"
#include "strategy.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All arrays are NULL-terminated and may be NULL. A shared object exports one: "const dp_plugin
 * dp_plugin_v1". */
typedef struct dp_plugin {
	uint32_t abi; /* DP_PLUGIN_ABI */
	const char *name, *version;
	const dp_format *const *formats;
	const dp_grammar *const *grammars;
	const dp_strategy *const *strategies;
	const dp_store *const *stores;
	const dp_task *const *tasks;
} dp_plugin;

/* Adds tables of the program itself; they must outlive the session. A name that is taken is an
 * error. */
DP_API dp_code dp_session_add(dp_session *session, const dp_plugin *plugin, dp_error *err);
/* Loads a shared object; DATAPLUG_PLUGIN_PATH names files or folders loaded by dp_session_open().
 */
DP_API dp_code dp_session_load(dp_session *session, const char *path, dp_error *err);

/* Number i of what the session knows, built-in ones first; NULL past the end. */
DP_API const dp_format *dp_session_format(const dp_session *session, size_t i);
DP_API const dp_strategy *dp_session_strategy(const dp_session *session, size_t i);
DP_API const dp_task *dp_session_task(const dp_session *session, size_t i);

#ifdef __cplusplus
}
#endif
#endif
