/* SPDX-License-Identifier: Apache-2.0
 * flags: -fopenmp
 *
 * Teams of OpenMP: blocks of one thread are freed by others, and each iteration forgets one.
 *
 * truth: 400 blocks of 52 at main._omp_fn.0@forgotten
 * truth: 1 block of 3200 at main@table
 * truth: anything at main@team
 * truth: anything at main@other_team
 */
#include <stdlib.h>

#define COUNT 400

int main(void)
{
	void **table = malloc(COUNT * sizeof(*table)); /* table */

#pragma omp parallel for num_threads(4) /* team */
	for (int i = 0; i < COUNT; i++) {
		malloc(52); /* forgotten */
		table[i] = malloc(53);
	}
#pragma omp parallel for num_threads(4) schedule(dynamic) /* other_team */
	for (int i = COUNT - 1; i >= 0; i--)
		free(table[i]);
	return 0;
}
