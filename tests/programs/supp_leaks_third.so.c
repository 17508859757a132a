/* SPDX-License-Identifier: Apache-2.0
 *
 * Third-party code of supp_leaks.cc.
 */
#include <stdlib.h>

void third_start(void);

static void *volatile sink;

static __attribute__((noinline)) void third_pool(void)
{
	sink = malloc(1010);
	sink = NULL;
}

static __attribute__((noinline)) void third_table(void)
{
	sink = calloc(1, 1011);
	sink = NULL;
}

void third_start(void)
{
	third_pool();
	third_table();
}
