/* SPDX-License-Identifier: Apache-2.0
 *
 * Says hello and, with an argument, forgets one block of one byte: for tests/cli/gate_start.bats, as all hello_* are.
 */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	(void)argv;
	printf("hello\n");
	if (argc > 1)
		malloc(1); /* leak */
	return 0;
}
