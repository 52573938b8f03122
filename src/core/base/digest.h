/* digest.h - checksums: CRC-32 (RFC 1952 8.1), SHA-256, and HMAC with it (RFC 2104). */
#ifndef DP_BASE_DIGEST_H
#define DP_BASE_DIGEST_H

#include "dataplug/base.h"

/* CRC-32 of data, going on from crc; 0 begins. */
uint32_t dp__crc32(uint32_t crc, const void *data, size_t len);
/* The CRC-32 of A followed by B, from those of A and B and the length of B. */
uint32_t dp__crc32_join(uint32_t a, uint32_t b, uint64_t len_b);

typedef struct dp__sha256 dp__sha256;
dp_code dp__sha256_open(dp__sha256 **out, dp_error *err);
dp_code dp__sha256_add(dp__sha256 *sha, const void *data, size_t len, dp_error *err);
/* Writes 64 lower-case hexadecimal digits and a zero byte. */
dp_code dp__sha256_hex(dp__sha256 *sha, char out[65], dp_error *err);
void dp__sha256_free(dp__sha256 *sha);
/* All at once. */
dp_code dp__sha256_of(char out[65], const void *data, size_t len, dp_error *err);

#define DP__HMAC_LEN 32
dp_code dp__hmac_sha256(uint8_t out[DP__HMAC_LEN], const void *key, size_t key_len,
			const void *data, size_t len, dp_error *err);
/* Lower-case hexadecimal digits and a zero byte: 2 * len + 1 bytes. */
void dp__hex(char *out, const uint8_t *data, size_t len);
/* Overwrites a secret, whatever the compiler thinks of it. NULL is fine. */
void dp__wipe(void *secret, size_t len);

#endif
