/* digest.c - CRC-32 by ISA-L or libdeflate, and zlib, SHA-256 and HMAC by libcrypto. */
#include "core/base/digest.h"

#ifdef DP_HAVE_ISAL
#include <isa-l/crc.h>
#define CRC32 crc32_gzip_refl /* one of the formats that have this CRC */
#else
#include <libdeflate.h>
#define CRC32 libdeflate_crc32
#endif
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <zlib.h>

#define SHA256_LEN 32

struct dp__sha256 {
	EVP_MD_CTX *ctx;
};

uint32_t dp__crc32(uint32_t crc, const void *data, size_t len)
{
	/* libdeflate takes a NULL buffer for "begin". */
	return len == 0 ? crc : CRC32(crc, data, len);
}

uint32_t dp__crc32_join(uint32_t a, uint32_t b, uint64_t len_b)
{
	/*
	 * zlib's length is signed, and 1.2.12 and later never return for a negative one. The
	 * polynomial is primitive: after 2^32 - 1 zero bytes a CRC is what it was, so lengths may
	 * be taken modulo that.
	 */
	if (len_b == 0)
		return a;
	return (uint32_t)crc32_combine(a, b, (z_off_t)((len_b - 1) % UINT32_MAX + 1));
}

void dp__hex(char *out, const uint8_t *data, size_t len)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digit[data[i] >> 4];
		out[2 * i + 1] = digit[data[i] & 15];
	}
	out[2 * len] = '\0';
}

void dp__wipe(void *secret, size_t len)
{
	if (secret != NULL)
		OPENSSL_cleanse(secret, len);
}

dp_code dp__sha256_open(dp__sha256 **out, dp_error *err)
{
	dp__sha256 *sha = calloc(1, sizeof(*sha));
	dp_code code = DP_OK;

	if (sha == NULL || (sha->ctx = EVP_MD_CTX_new()) == NULL)
		code = dp_fail(err, DP_ENOMEM, "no memory for a digest");
	else if (EVP_DigestInit_ex(sha->ctx, EVP_sha256(), NULL) != 1)
		code = dp_fail(err, DP_EUNSUPPORTED, "libcrypto does not offer sha-256");
	if (code != DP_OK) {
		dp__sha256_free(sha);
		return code;
	}
	*out = sha;
	return DP_OK;
}

dp_code dp__sha256_add(dp__sha256 *sha, const void *data, size_t len, dp_error *err)
{
	if (EVP_DigestUpdate(sha->ctx, data, len) != 1)
		return dp_fail(err, DP_EUNSUPPORTED, "libcrypto failed to compute sha-256");
	return DP_OK;
}

dp_code dp__sha256_hex(dp__sha256 *sha, char out[65], dp_error *err)
{
	unsigned char sum[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(sha->ctx, sum, NULL) != 1)
		return dp_fail(err, DP_EUNSUPPORTED, "libcrypto failed to compute sha-256");
	dp__hex(out, sum, SHA256_LEN);
	return DP_OK;
}

void dp__sha256_free(dp__sha256 *sha)
{
	if (sha == NULL)
		return;
	EVP_MD_CTX_free(sha->ctx);
	free(sha);
}

dp_code dp__sha256_of(char out[65], const void *data, size_t len, dp_error *err)
{
	unsigned char sum[EVP_MAX_MD_SIZE];

	if (EVP_Digest(data, len, sum, NULL, EVP_sha256(), NULL) != 1)
		return dp_fail(err, DP_EUNSUPPORTED, "libcrypto failed to compute sha-256");
	dp__hex(out, sum, SHA256_LEN);
	return DP_OK;
}

dp_code dp__hmac_sha256(uint8_t out[DP__HMAC_LEN], const void *key, size_t key_len,
			const void *data, size_t len, dp_error *err)
{
	unsigned int got = 0;

	if (key_len > INT_MAX ||
	    HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &got) == NULL)
		return dp_fail(err, DP_EUNSUPPORTED, "libcrypto failed to compute hmac-sha-256");
	return DP_OK;
}
