/*
 * driver.c - runs a fuzz target over files, without a fuzzer: TARGET FOLDER. Says what went well in
 * TAP; what does not ends the program.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

#define MAX_SIZE ((size_t)1 << 20)

static void run_file(const char *folder, const char *name)
{
	static uint8_t data[MAX_SIZE];
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(1);
	}
	size_t len = fread(data, 1, sizeof data, file);
	fclose(file);
	fprintf(stderr, "%s\n", name);
	/* In memory of its own, so that a byte too far shows. */
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy)
		exit(1);
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	printf("ok - %s\n", name);
}

int main(int argc, char **argv)
{
	struct dirent **names = NULL;
	int n = argc > 1 ? scandir(argv[1], &names, NULL, alphasort) : -1;
	if (n < 0) {
		fprintf(stderr, "driver: no folder to read\n");
		return 1;
	}
	printf("TAP version 13\n1..%d\n", n - 2); /* "." and ".." are no files */
	fflush(stdout);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			run_file(argv[1], names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}
