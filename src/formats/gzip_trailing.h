/* gzip_trailing.h - the bytes behind a gzip file's last member: counted, and searched for a member
 * among them. */
#ifndef DP_FORMATS_GZIP_TRAILING_H
#define DP_FORMATS_GZIP_TRAILING_H

#include "core/base/bytes.h"
#include "formats/inflate.h"

/* inflate is lent; off is where the first byte lies. */
typedef struct dp__trailing {
	dp__inflate *inflate;
	uint64_t off;
	uint64_t zeros, others; /* those before the first other byte, and all from it on */
	dp__buf held;           /* the last bytes, not searched yet */
} dp__trailing;

dp__trailing dp__trailing_of(dp__inflate *inflate, uint64_t off);
void dp__trailing_fini(dp__trailing *trailing);
/* More of them, in order; len 0 at the end. DP_EFORMAT: a member begins there, so those before it
 * are no trailer. */
dp_code dp__trailing_add(dp__trailing *trailing, const uint8_t *bytes, size_t len, dp_error *err);

/* RFC 1952 2.3: whether a whole header begins here; the cursor is behind it then. */
bool dp__gzip_pass_header(dp__cur *cur);

#endif
