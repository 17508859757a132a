/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that is executed with an empty environment is not traced (nobody preloads anything then), runs as ever, and
 * ends the trace of the one before.
 *
 * truth: ends exec
 * truth: 1 block of 19 at main@before
 */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *arguments[] = {argv[0], "again", NULL}, *nothing[] = {NULL};

	if (argc > 1) {
		malloc(91);
		usleep(500000); /* nobody tells the collector of this exec; it looks ten times a second */
		return 0;
	}
	malloc(19); /* before */
	execve("/proc/self/exe", arguments, nothing);
	return 1;
}
