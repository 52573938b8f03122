/* make.h - makes the inputs of tests: text, reads, and gzip files of them. */
#ifndef DP_TESTS_MAKE_H
#define DP_TESTS_MAKE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that the caller frees. */
typedef struct bytes {
	uint8_t *data;
	size_t len;
} bytes;

/* The next number of a sequence that begins with any other state than 0. */
uint64_t make_random(uint64_t *state);
/* Bytes without a pattern, the same ones each time. */
void make_noise(uint8_t *data, size_t len);
/* n reads of 0 to `longest` bases; the same seed gives the same bytes. */
bytes make_reads(size_t n, size_t longest, uint64_t seed);
/* n lines of 0 to `longest` bytes. */
bytes make_lines(size_t n, size_t longest, uint64_t seed);
/* One gzip member by zlib: level 0 to 9, strategy Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_FIXED, ...
 */
bytes make_gzip(const uint8_t *data, size_t len, int level, int strategy);
/*
 * One member in blocks of so many bytes of text. flush: Z_BLOCK, the next block begins at any bit;
 * Z_SYNC_FLUSH or Z_FULL_FLUSH, behind an empty block. ends, if not NULL: where each ended.
 */
bytes make_blocks(bytes text, size_t every, int flush, uint64_t *ends);
/* Many members of so many bytes of text each. */
bytes make_members(const uint8_t *data, size_t len, size_t member, int level);
/* BGZF: blocks with a BC subfield, and the empty block at the end (SAM 4.1). */
bytes make_bgzf(const uint8_t *data, size_t len, size_t block);
/* a followed by b; frees both. */
bytes make_join(bytes a, bytes b);
bytes make_copy(const void *data, size_t len);

#endif
