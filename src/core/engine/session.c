/* session.c - opens a session: its settings, and the formats, strategies, stores and tasks that it
 * knows. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/num.h"
#include "core/base/text.h"
#include "core/engine/budget.h"
#include "core/engine/tasks.h"
#include "core/index/index.h"
#include "core/io/aws.h"
#include "core/io/http.h"
#include "core/io/mem.h"
#include "core/io/object.h"
#include "formats/formats.h"
#include "strategies/strategies.h"

#define MIB ((uint64_t)1 << 20)

static const dp_param settings[] = {
	{ "meta", DP_PARAM_TEXT, offsetof(dp__settings, meta), "", NULL,
	  "folder or URL where indexes live; empty = beside the object" },
	{ "allow", DP_PARAM_TEXT, offsetof(dp__settings, allow), "", NULL,
	  "URL prefixes that tokens may name, with blanks between them; empty = all" },
	{ "memory", DP_PARAM_BYTES, offsetof(dp__settings, memory), "0", NULL,
	  "bytes of buffers; 0 = 32M on disk, 128M over the network" },
	{ "record", DP_PARAM_BYTES, offsetof(dp__settings, record), "8M", NULL,
	  "longest record that is read" },
	{ "threads", DP_PARAM_COUNT, offsetof(dp__settings, threads), "0", NULL,
	  "threads of map and index; 0 = one a core" },
	{ "timeout", DP_PARAM_NUMBER, offsetof(dp__settings, timeout), "0", NULL,
	  "seconds that one call may take; 0 = no limit" },
	{ "header", DP_PARAM_TEXT, offsetof(dp__settings, header), "", NULL,
	  "NAME:VALUE for requests over http, one a line (DATAPLUG_HTTP_HEADER)" },
	{ "url", DP_PARAM_TEXT, offsetof(dp__settings, url), "", NULL,
	  "full URL of an object that is indexed without its signature" },
	{ "create-meta", DP_PARAM_BOOL, offsetof(dp__settings, create_meta), "no", NULL,
	  "make the bucket of meta if it is missing" },
	{ "keep-query", DP_PARAM_BOOL, offsetof(dp__settings, keep_query), "no", NULL,
	  "leave the signature in the URLs of tokens, which are secrets then" },
	{ "retries", DP_PARAM_COUNT, offsetof(dp__settings, retries), "8", NULL,
	  "of one request over the network" },
	{ "retry-time", DP_PARAM_NUMBER, offsetof(dp__settings, retry_time), "180", NULL,
	  "seconds after which a request is not tried again" },
	{ "backoff", DP_PARAM_NUMBER, offsetof(dp__settings, backoff), "0.1", NULL,
	  "seconds before a first retry, at most; tenfold when asked to slow down" },
	{ "connect-timeout", DP_PARAM_NUMBER, offsetof(dp__settings, connect_timeout), "5", NULL,
	  "seconds that a connection may take" },
	{ "first-byte", DP_PARAM_NUMBER, offsetof(dp__settings, first_byte), "15", NULL,
	  "seconds that an answer may take to begin" },
	{ "low-speed-time", DP_PARAM_NUMBER, offsetof(dp__settings, low_speed_time), "15", NULL,
	  "seconds with less than 1 KiB/s that end a transfer" },
	{ "connections", DP_PARAM_COUNT, offsetof(dp__settings, connections), "16", NULL,
	  "to one host; four times as many in all" },
	{ "clock", DP_PARAM_NUMBER, offsetof(dp__settings, clock), "0", NULL,
	  "seconds added to the system's clock where requests are signed" },
	{ "endpoint", DP_PARAM_TEXT, offsetof(dp__settings, endpoint), "", NULL,
	  "URL of the S3 service; empty = AWS_ENDPOINT_URL_S3, or AWS itself" },
	{ "region", DP_PARAM_TEXT, offsetof(dp__settings, region), "", NULL,
	  "of S3; empty = AWS_REGION, else as the service says" },
	{ "profile", DP_PARAM_TEXT, offsetof(dp__settings, profile), "", NULL,
	  "of ~/.aws/config; empty = AWS_PROFILE" },
	{ "access-key", DP_PARAM_TEXT, offsetof(dp__settings, access_key), "", NULL,
	  "of S3; empty = as AWS' own tools find it" },
	{ "secret-key", DP_PARAM_TEXT, offsetof(dp__settings, secret_key), "", NULL,
	  "that belongs to access-key" },
	{ "session-token", DP_PARAM_TEXT, offsetof(dp__settings, session_token), "", NULL,
	  "that belongs to a temporary access-key" },
	{ "addressing", DP_PARAM_CHOICE, offsetof(dp__settings, addressing), "auto",
	  "auto|path|virtual", "where an S3 URL has its bucket" },
	{ "anonymous", DP_PARAM_BOOL, offsetof(dp__settings, anonymous), "no", NULL,
	  "S3 without credentials, for public buckets (AWS_NO_SIGN_REQUEST)" },
	{ "requester-pays", DP_PARAM_BOOL, offsetof(dp__settings, requester_pays), "no", NULL,
	  "agree to pay for reading from buckets that ask for it" },
	{ 0 },
};
#define NSETTINGS (sizeof settings / sizeof settings[0] - 1)

const dp_param *dp_session_settings(void)
{
	return settings;
}

uint64_t dp__budget_ahead(dp_session *session, const dp_store *store)
{
	uint64_t memory = session->set.memory;
	unsigned fetches = atomic_load(&session->fetches);
	if (!memory)
		memory = store->gap < MIB ? 32 * MIB : 128 * MIB;
	return dp__max_u64(memory / 2 / (fetches ? fetches : 1), store->part);
}

/* "DATAPLUG_META" for the setting "meta". */
static const char *from_environment(const char *name)
{
	char variable[64] = "DATAPLUG_";
	if (strcmp(name, "header") == 0)
		name = "http-header";
	size_t n = strlen(variable);
	for (; *name && n < sizeof variable - 1; name++)
		variable[n++] = *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : '_';
	variable[n] = 0;
	const char *value = getenv(variable);
	return value && *value ? value : NULL;
}

static bool is_named(const char *const *args, const char *name)
{
	size_t n = strlen(name);
	for (; args && *args; args++) {
		if (strncmp(*args, name, n) == 0 && (*args)[n] == '=')
			return true;
	}
	return false;
}

/* What was given, and behind it what the environment says of the rest. */
static dp_code take_settings(dp_session *session, const char *const *given, dp_error *err)
{
	char *owned[NSETTINGS] = { 0 };
	size_t ngiven = 0, nowned = 0;
	dp_code rc = DP_OK;
	while (given && given[ngiven])
		ngiven++;
	const char **args = calloc(ngiven + NSETTINGS + 1, sizeof(char *));
	if (!args)
		return dp_fail(err, DP_ENOMEM, "no memory for a session");
	for (size_t i = 0; i < ngiven; i++)
		args[i] = given[i];
	for (size_t i = 0; rc == DP_OK && i < NSETTINGS; i++) {
		const char *value = from_environment(settings[i].name);
		if (!value || is_named(given, settings[i].name))
			continue;
		dp__buf arg = dp__buf_of((size_t)64 << 10);
		rc = dp__buf_printf(&arg, err, "%s=%s", settings[i].name, value);
		if (rc == DP_OK)
			rc = dp__buf_take(&owned[nowned], &arg, err);
		dp__buf_fini(&arg);
		args[ngiven + nowned] = owned[nowned];
		nowned++;
	}
	if (rc == DP_OK)
		rc = dp__params_init(&session->params,
				     &(dp__params_owner){ .table = settings,
							  .size = sizeof session->set,
							  .name = "session" },
				     args, err);
	if (rc == DP_OK)
		memcpy(&session->set, session->params.value, sizeof session->set);
	for (size_t i = 0; i < nowned; i++)
		free(owned[i]);
	free(args);
	return rc;
}

const dp_format *dp_session_format(const dp_session *session, size_t i)
{
	return i < session->formats.n ? session->formats.at[i] : NULL;
}

const dp_strategy *dp_session_strategy(const dp_session *session, size_t i)
{
	return i < session->strategies.n ? session->strategies.at[i] : NULL;
}

const dp_task *dp_session_task(const dp_session *session, size_t i)
{
	return i < session->tasks.n ? session->tasks.at[i] : NULL;
}

const dp_task *dp_task_find(const dp_session *session, const char *name)
{
	for (size_t i = 0; i < session->tasks.n; i++) {
		const dp_task *task = session->tasks.at[i];
		if (strcmp(task->name, name) == 0)
			return task;
	}
	return NULL;
}

static dp_code taken(const char *kind, const char *name, dp_error *err)
{
	return dp_fail(err, DP_EINVAL, "a %s called %.64s is there already", kind, name);
}

static dp_code add_format(dp_session *session, const dp_format *format, dp_error *err)
{
	if (dp__session_format(session, format->name))
		return taken("format", format->name, err);
	return dp__list_add(&session->formats, format, err);
}

static dp_code add_grammar(dp_session *session, const dp_grammar *grammar, dp_error *err)
{
	dp_format *format = NULL;
	if (dp__session_format(session, grammar->name))
		return taken("format", grammar->name, err);
	dp_code rc = dp__text_format(&format, grammar, err);
	if (rc == DP_OK) {
		rc = dp__list_add(&session->owned, format, err);
		if (rc != DP_OK)
			dp__text_format_free(format);
	}
	return rc == DP_OK ? dp__list_add(&session->formats, format, err) : rc;
}

static dp_code add_strategy(dp_session *session, const dp_strategy *strategy, dp_error *err)
{
	for (size_t i = 0; dp_session_strategy(session, i); i++) {
		if (strcmp(dp_session_strategy(session, i)->name, strategy->name) == 0)
			return taken("strategy", strategy->name, err);
	}
	return dp__list_add(&session->strategies, strategy, err);
}

static dp_code add_task(dp_session *session, const dp_task *task, dp_error *err)
{
	if (dp_task_find(session, task->name))
		return taken("task", task->name, err);
	return dp__list_add(&session->tasks, task, err);
}

static dp_code add_formats(dp_session *session, const dp_plugin *plugin, dp_error *err)
{
	dp_code rc = DP_OK;
	for (size_t i = 0; rc == DP_OK && plugin->formats && plugin->formats[i]; i++)
		rc = add_format(session, plugin->formats[i], err);
	for (size_t i = 0; rc == DP_OK && plugin->grammars && plugin->grammars[i]; i++)
		rc = add_grammar(session, plugin->grammars[i], err);
	return rc;
}

dp_code dp_session_add(dp_session *session, const dp_plugin *plugin, dp_error *err)
{
	if (plugin->abi != DP_PLUGIN_ABI)
		return dp_fail(err, DP_EUNSUPPORTED, "plug-in %s was built for ABI %u, this is %u",
			       plugin->name ? plugin->name : "?", plugin->abi, DP_PLUGIN_ABI);
	dp_code rc = add_formats(session, plugin, err);
	for (size_t i = 0; rc == DP_OK && plugin->stores && plugin->stores[i]; i++)
		rc = dp__list_add(&session->stores, plugin->stores[i], err);
	for (size_t i = 0; rc == DP_OK && plugin->strategies && plugin->strategies[i]; i++)
		rc = add_strategy(session, plugin->strategies[i], err);
	for (size_t i = 0; rc == DP_OK && plugin->tasks && plugin->tasks[i]; i++)
		rc = add_task(session, plugin->tasks[i], err);
	return rc;
}

dp_code dp_session_load(dp_session *session, const char *path, dp_error *err)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return dp_fail(err, DP_ENOTFOUND, "plug-in: %s", dlerror());
	const dp_plugin *plugin = dlsym(library, "dp_plugin_v1");
	dp_code rc =
		plugin ? dp__list_add(&session->libraries, library, err)
		       : dp_fail(err, DP_EUNSUPPORTED, "plug-in %s: exports no dp_plugin_v1", path);
	if (rc != DP_OK) {
		dlclose(library);
		return rc;
	}
	rc = dp_session_add(session, plugin, err);
	return rc;
}

/* A plug-in, or a folder whose *.so are. */
static dp_code load_path(dp_session *session, const char *path, dp_error *err)
{
	struct dirent **entry = NULL;
	struct stat st;
	dp_code rc = DP_OK;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return dp_session_load(session, path, err);
	int n = scandir(path, &entry, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(entry[i]->d_name);
		dp__buf full = dp__buf_of(8192);
		if (rc == DP_OK && len > 3 && strcmp(entry[i]->d_name + len - 3, ".so") == 0) {
			rc = dp__buf_printf(&full, err, "%s/%s", path, entry[i]->d_name);
			if (rc == DP_OK)
				rc = dp__buf_close(&full, err);
			if (rc == DP_OK)
				rc = dp_session_load(session, (char *)full.data, err);
		}
		dp__buf_fini(&full);
		free(entry[i]);
	}
	free(entry);
	return rc;
}

/* DATAPLUG_PLUGIN_PATH: files and folders, with colons between them. */
static dp_code load_environment(dp_session *session, dp_error *err)
{
	const char *p = getenv("DATAPLUG_PLUGIN_PATH");
	dp_code rc = DP_OK;
	while (p && *p && rc == DP_OK) {
		size_t n = strcspn(p, ":");
		char *path = dp__strndup(p, n);
		if (!path)
			return dp_fail(err, DP_ENOMEM, "no memory for a path");
		if (n)
			rc = load_path(session, path, err);
		free(path);
		p += n + (p[n] == ':');
	}
	return rc;
}

dp_code dp_session_open(dp_session **out, const char *const *given, dp_error *err)
{
	const dp_plugin built_in = {
		.abi = DP_PLUGIN_ABI,
		.name = "dataplug",
		.formats = dp__formats,
		.grammars = dp__grammars,
		.strategies = dp__strategies,
		.stores = dp__stores,
		.tasks = dp__format_tasks,
	};
	dp_session *session = calloc(1, sizeof *session);
	if (!session)
		return dp_fail(err, DP_ENOMEM, "no memory for a session");
	pthread_mutex_init(&session->lock, NULL);
	pthread_mutex_init(&session->log_lock, NULL);
	atomic_init(&session->cancels, 0);
	atomic_init(&session->fetches, 0);
	atomic_init(&session->scans, 0);
	dp_code rc = take_settings(session, given, err);
	if (rc == DP_OK)
		rc = dp_session_add(session, &built_in, err);
	for (size_t i = 0; rc == DP_OK && dp__tasks[i]; i++)
		rc = add_task(session, dp__tasks[i], err);
	if (rc == DP_OK)
		rc = load_environment(session, err);
	session->tasks_known = session->tasks.n;
	if (rc == DP_OK)
		*out = session;
	else
		dp_session_free(session);
	return rc;
}

void dp_session_free(dp_session *session)
{
	if (!session)
		return;
	dp__mem_free(session->mem);
	dp__http_free(session->http);
	dp__object_forget(session);
	dp__aws_free(session->aws);
	for (size_t i = 0; i < session->owned.n; i++)
		dp__text_format_free((dp_format *)(uintptr_t)session->owned.at[i]);
	for (size_t i = 0; i < session->libraries.n; i++)
		dlclose((void *)(uintptr_t)session->libraries.at[i]);
	free(session->formats.at);
	free(session->strategies.at);
	free(session->stores.at);
	free(session->tasks.at);
	free(session->owned.at);
	free(session->libraries.at);
	dp__params_fini(&session->params);
	pthread_mutex_destroy(&session->lock);
	pthread_mutex_destroy(&session->log_lock);
	free(session);
}
