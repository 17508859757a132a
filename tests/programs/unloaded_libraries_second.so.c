/* SPDX-License-Identifier: Apache-2.0
 *
 * One of the two libraries of unloaded_libraries.c, byte for byte as long as the other: the same address is
 * second_leak() here and first_leak() there.
 */
#include <stdlib.h>

void entry(void);

static void second_leak(void)
{
	malloc(222); /* second */
}

void entry(void)
{
	second_leak(); /* enter_second */
}
