/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers that run at the exit: one frees five of ten blocks, the one after it forgets three.
 *
 * truth: 5 blocks of 500 at main@block
 * truth: 3 blocks of 30 at forget@forgotten
 * truth: total 13 blocks, 5090 bytes
 */
#include <stdlib.h>

static void *blocks[10];

static void forget(void)
{
	for (int i = 0; i < 3; i++)
		malloc(30); /* forgotten */
}

static void give_back(void)
{
	for (int i = 0; i < 5; i++)
		free(blocks[i]);
}

int main(void)
{
	atexit(forget);
	atexit(give_back);
	for (int i = 0; i < 10; i++)
		blocks[i] = malloc(500); /* block */
	exit(0);
}
