/* SPDX-License-Identifier: Apache-2.0
 *
 * An application that uses seep/seep.h: it names points of time, and runs without seep as well.
 *
 * truth: 2 blocks of 17 at main@forgotten
 * truth: mark warm-up done
 * truth: mark end of main
 * truth: total 2 blocks, 34 bytes
 */
#include <stdlib.h>

#include "seep/seep.h"

int main(void)
{
	malloc(17); /* forgotten */
	seep_mark("warm-up done");
	malloc(17); /* forgotten */
	seep_mark("end of main");
	return 0;
}
