/*
 * genfq.c - writes reads as an Illumina machine would, to measure on: genfq READS SEED [hiseq] >
 * reads.fastq
 *
 * Reads of 150 bases are drawn from one made-up genome of 30 Mb with repeats, both strands, with
 * errors; names count up lanes, tiles and places on them. Qualities are NovaSeq's four bins, or
 * with "hiseq" a walk over forty levels. The same arguments give the same bytes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GENOME    30000000
#define BASES     150
#define REPEATS   2500
#define REPEAT    3000
#define TILE      40000 /* reads on one tile */
#define TILE_ROWS 78

/* splitmix64 (Steele, Lea, Flood 2014); *dice is its state. */
static uint32_t dice_roll(uint64_t *dice, uint32_t sides)
{
	uint64_t z = *dice += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	z ^= z >> 31;
	return (uint32_t)((z >> 32) * sides >> 32);
}

/* 41 % GC, a quarter of it repeats. free() it. */
static char *genome_make(void)
{
	uint64_t dice = 1;
	char *genome = malloc(GENOME);

	if (!genome)
		return NULL;
	for (size_t i = 0; i < GENOME; i++) {
		uint32_t r = dice_roll(&dice, 1000);
		genome[i] = r < 295 ? 'A' : r < 590 ? 'T' : r < 795 ? 'C' : 'G';
	}
	for (int i = 0; i < REPEATS; i++) {
		char *to = genome + dice_roll(&dice, GENOME - REPEAT);
		memmove(to, genome + dice_roll(&dice, GENOME - REPEAT), REPEAT);
	}
	return genome;
}

static char base_complement(char base)
{
	return base == 'A' ? 'T' : base == 'T' ? 'A' : base == 'C' ? 'G' : 'C';
}

/* Most bases are 'F'; poor reads and late bases fall to ':' and ',' for a while. */
static void quality_novaseq(char *qual, uint64_t *dice)
{
	uint32_t luck = dice_roll(dice, 100);
	uint32_t fall = luck < 6 ? 260 : luck < 25 ? 70 : 14;
	char now = 'F';

	for (uint32_t i = 0; i < BASES; i++) {
		uint32_t r = dice_roll(dice, 1000);
		if (now == 'F' && r < fall + i / 6)
			now = dice_roll(dice, 10) < 6 ? ':' : ',';
		else if (now != 'F' && r < 620)
			now = 'F';
		else if (now != 'F' && r < 740)
			now = now == ':' ? ',' : ':';
		qual[i] = now;
	}
}

static void quality_hiseq(char *qual, uint64_t *dice)
{
	int top = dice_roll(dice, 10) == 0 ? 29 : 41;
	int now = top - 4;

	for (int i = 0; i < BASES; i++) {
		uint32_t r = dice_roll(dice, 100);
		int most = top - i / 14;
		if (r >= 93)
			now = 2 + (int)dice_roll(dice, 38);
		else if (r >= 75)
			now -= 1 + (int)dice_roll(dice, 3);
		else if (r >= 55)
			now += 1 + (int)dice_roll(dice, 3);
		now = now > most ? most : now < 2 ? 2 : now;
		qual[i] = (char)('!' + now);
	}
}

static void read_bases(char *seq, char *qual, const char *genome, uint64_t *dice)
{
	size_t at = dice_roll(dice, GENOME - BASES);
	bool reverse = dice_roll(dice, 2) == 1;

	for (size_t i = 0; i < BASES; i++) {
		uint32_t r = dice_roll(dice, 10000);
		seq[i] = reverse ? base_complement(genome[at + BASES - 1 - i]) : genome[at + i];
		if (r < (qual[i] <= ',' ? 600u : 20u)) {
			seq[i] = "ACGT"[dice_roll(dice, 4)];
		} else if (r == 9999) {
			seq[i] = 'N';
			qual[i] = '#';
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t reads = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t dice = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	bool hiseq = argc > 3 && strcmp(argv[3], "hiseq") == 0;
	char *genome = genome_make();
	uint32_t y = 1000;

	if (!genome || argc < 3) {
		fprintf(stderr, "usage: genfq READS SEED [hiseq] > reads.fastq\n");
		free(genome);
		return 64;
	}
	for (uint64_t i = 0; i < reads; i++) {
		uint64_t tile = i / TILE;
		char seq[BASES + 1] = { 0 }, qual[BASES + 1] = { 0 };
		y = i % TILE == 0 ? 1000 : y + dice_roll(&dice, 3) * 8;
		(hiseq ? quality_hiseq : quality_novaseq)(qual, &dice);
		read_bases(seq, qual, genome, &dice);
		printf("@A00488:61:HMLGNDSXX:%" PRIu64 ":%" PRIu64
		       ":%u:%u 1:N:0:ACTGATCG+TTGCACAT\n"
		       "%s\n+\n%s\n",
		       1 + tile / (2 * TILE_ROWS),
		       1101 + tile % TILE_ROWS + tile / TILE_ROWS % 2 * 1000,
		       1000 + dice_roll(&dice, 31000), y, seq, qual);
	}
	free(genome);
	return fflush(stdout) != 0 || ferror(stdout) ? 73 : 0;
}
