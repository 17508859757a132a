/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes to both outputs through stdio, reads its input to the end, and leaves with a status of its own. What
 * stdio keeps for itself belongs to the lines that used it first.
 *
 * truth: ends exit 42
 * truth: 1 block of 9 at main@forgotten
 * truth: anything at main@stdio
 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	int lines = 0;

	malloc(9); /* forgotten */
	printf("started\n"); /* stdio */
	while (getchar() != EOF) /* stdio */
		lines++;
	fprintf(stderr, "read %d bytes\n", lines);
	for (int i = 0; i < 3000; i++)
		printf("%d ", i);
	fflush(stdout);
	fprintf(stderr, "done\n");
	printf("without an end of line");
	return 42;
}
