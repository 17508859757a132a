/* SPDX-License-Identifier: Apache-2.0
 * flags: -pthread
 *
 * Two threads allocate and free blocks that are too large for the nursery, so that rings fill, for a number of times that is
 * known: 100,000, or 10,000,000 with an argument. tests/t/faults.sh does harm to the collector meanwhile; left alone, all is
 * recorded.
 *
 * truth: 37 blocks of 1200 at main@kept
 * truth: anything at main@create
 * truth: ends exit 3
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { block_bytes = 3000 };

static size_t turns = 100000;

static void *load(void *argument)
{
	size_t *sum = argument;

	for (size_t i = 0; i < turns; i++) {
		unsigned char *block = malloc(block_bytes);

		block[i % block_bytes] = (unsigned char)i;
		*sum += block[i % block_bytes];
		free(block);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t other;
	size_t sums[2] = {0, 0};
	char line[80];

	(void)argv;
	if (argc > 1)
		turns = 10000000;
	for (int i = 0; i < 37; i++)
		memset(malloc(1200), 1, 1200); /* kept */
	if (write(1, "under way\n", 10) != 10)
		return 1;
	pthread_create(&other, NULL, load, &sums[1]); /* create */
	load(&sums[0]);
	pthread_join(other, NULL);
	snprintf(line, sizeof line, "%zu %zu\n", sums[0], sums[1]);
	if (write(1, line, strlen(line)) < 0)
		return 1;
	return 3;
}
