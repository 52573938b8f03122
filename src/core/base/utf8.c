/* utf8.c - characters of UTF-8 (RFC 3629). */
#include "core/base/utf8.h"

#include <string.h>

size_t dp__utf8_take(const uint8_t *p, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t v = p[0];

	*c = n == 1 ? v : DP__UTF8_STRAY;
	if (n < 2 || n > len || p[0] >= 0xf8)
		return 1;
	v &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		v = v << 6 | (p[i] & 0x3fu);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 1;
	*c = v;
	return n;
}

bool dp__utf8_is_valid(const void *text, size_t len)
{
	const uint8_t *p = text;
	uint64_t eight;
	uint32_t c;

	for (size_t i = 0; i < len;) {
		if (len - i >= sizeof(eight)) {
			memcpy(&eight, p + i, sizeof(eight));
			if ((eight & 0x8080808080808080u) == 0) {
				i += sizeof(eight);
				continue;
			}
		}
		size_t n = dp__utf8_take(p + i, len - i, &c);
		if (n == 1 && c == DP__UTF8_STRAY)
			return false;
		i += n;
	}
	return true;
}
