/* SPDX-License-Identifier: Apache-2.0
 *
 * Far more events than the collector takes in the same time: with SEEP_ON_FULL=drop some of them are dropped.
 */
#include <stdlib.h>

int main(void)
{
	for (int i = 0; i < 300000; i++)
		free(malloc(2000));
	return 0;
}
