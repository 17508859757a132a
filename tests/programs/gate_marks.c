/* SPDX-License-Identifier: Apache-2.0
 *
 * Forgets 1 block of 100 bytes before the mark "warm", 2 of 10 between "warm" and "done", and 4 of 1 after that, all within
 * moments. With an argument, the two between are given back.
 */
#include <stdlib.h>

#include "seep/seep.h"

int main(int argc, char **argv)
{
	void *between[2];

	(void)argv;
	malloc(100); /* before */
	seep_mark("warm");
	for (int i = 0; i < 2; i++)
		between[i] = malloc(10); /* between */
	seep_mark("done");
	for (int i = 0; i < 4; i++)
		malloc(1); /* after */
	for (int i = 0; i < 2 && argc > 1; i++)
		free(between[i]);
	return 0;
}
