/* http_url.h - web addresses: origins, redirects, what a log may show, hosts of the link. */
#ifndef DP_IO_HTTP_URL_H
#define DP_IO_HTTP_URL_H

#include "dataplug/base.h"

/*
 * "https://host:port" in lower case; DP_EINVAL if url is no http: or https: URL with a host. free()
 * it.
 */
dp_code dp__http_url_origin(char **out, const char *url, dp_error *err);
/* Whether both have the same origin; false if one has none. */
bool dp__http_url_same_origin(const char *a, const char *b);
/*
 * Where a Location leads from a URL. DP_EIO: it is no http: or https: URL, or would leave https.
 * free() it.
 */
dp_code dp__http_url_follow(char **out, const char *url, const char *location, dp_error *err);
/* Whether the host is written as an address of the link, however it is spelled. */
bool dp__http_url_is_link_local(const char *url);

#endif
