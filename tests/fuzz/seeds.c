/* seeds.c - writes streams to begin fuzzing with: seeds FOLDER. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static unsigned count;

static void write_seed(const char *folder, const uint8_t *data, size_t len, const uint8_t how[6])
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%03u", folder, count++);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(data, 1, len, file) != len || fwrite(how, 1, 6, file) != 6 ||
	    fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static size_t fill(uint8_t *text, size_t len, int kind)
{
	uint32_t x = 12345;
	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245 + 12345;
		text[i] = kind == 0   ? "ACGT"[x >> 30]
			  : kind == 1 ? (uint8_t)(x >> 24)
			  : kind == 2 ? 'x'
				      : (uint8_t)("@read:FFFF,:#\n+"[(x >> 27) % 15]);
	}
	return len;
}

int main(int argc, char **argv)
{
	static const int strategies[] = { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE,
					  Z_FIXED };
	static uint8_t text[3000], out[8000];
	if (argc < 2)
		return 64;
	for (int kind = 0; kind < 4; kind++) {
		size_t len = fill(text, sizeof text, kind);
		for (int level = 0; level <= 9; level += 3) {
			for (size_t s = 0; s < 5; s++) {
				uint8_t how[6] = { (uint8_t)(kind * 80 + 3),
						   (uint8_t)(level * 25),
						   (uint8_t)(s << 4 & 31),
						   (uint8_t)s,
						   0,
						   0 };
				z_stream z = { 0 };
				deflateInit2(&z, level, Z_DEFLATED, -9 - (int)s, 9, strategies[s]);
				z.next_out = out;
				z.avail_out = sizeof out;
				z.next_in = text;
				z.avail_in = (uInt)len / 2;
				deflate(&z, s & 1 ? Z_FULL_FLUSH : Z_PARTIAL_FLUSH);
				z.avail_in = (uInt)(len - len / 2);
				deflate(&z, Z_FINISH);
				write_seed(argv[1], out, z.total_out, how);
				deflateEnd(&z);
			}
		}
	}
	return 0;
}
