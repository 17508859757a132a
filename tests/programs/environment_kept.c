/* SPDX-License-Identifier: Apache-2.0
 *
 * A program finds its environment and its own name as ever, whoever was initialised before the C library.
 *
 * truth: 1 block of 23 at main@forgotten
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	char *slash = strrchr(argv[0], '/');

	malloc(23); /* forgotten */
	if (argc != 1 || !getenv("PATH") || strcmp(program_invocation_name, argv[0]) != 0)
		return 1;
	return slash ? strcmp(program_invocation_short_name, slash + 1) : 0;
}
