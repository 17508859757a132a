/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks before a mark, between two marks and after them, all within far less than a tick. tests/t/marks.sh tells them apart
 * by their births.
 *
 * truth: 3 blocks of 100 at keep@kept < main@before
 * truth: 5 blocks of 100 at keep@kept < main@between
 * truth: 7 blocks of 100 at keep@kept < main@after
 * truth: mark first
 * truth: mark second
 * truth: total 15 blocks, 1500 bytes
 */
#include <stdlib.h>

#include "seep/seep.h"

static void keep(void)
{
	malloc(100); /* kept */
}

int main(void)
{
	for (int i = 0; i < 3; i++)
		keep(); /* before */
	seep_mark("first");
	for (int i = 0; i < 5; i++)
		keep(); /* between */
	seep_mark("second");
	for (int i = 0; i < 7; i++)
		keep(); /* after */
	return 0;
}
