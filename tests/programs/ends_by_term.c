/* SPDX-License-Identifier: Apache-2.0
 *
 * Is ended by a signal without a handler.
 *
 * truth: ends signal 15
 * truth: 50 blocks of 64 at main@small
 * truth: 50 blocks of 6400 at main@large
 * truth: total 150 blocks, 326400 bytes
 */
#include <signal.h>
#include <stdlib.h>

int main(void)
{
	for (int i = 0; i < 50; i++) {
		malloc(64); /* small */
		malloc(6400); /* large */
		free(malloc(64));
	}
	raise(SIGTERM);
}
