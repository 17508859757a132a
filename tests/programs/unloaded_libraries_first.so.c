/* SPDX-License-Identifier: Apache-2.0
 *
 * One of the two libraries of unloaded_libraries.c, byte for byte as long as the other: the same address is
 * first_leak() here and second_leak() there.
 */
#include <stdlib.h>

void entry(void);

static void first_leak(void)
{
	malloc(111); /* first */
}

void entry(void)
{
	first_leak(); /* enter_first */
}
