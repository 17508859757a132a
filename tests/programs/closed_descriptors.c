/* SPDX-License-Identifier: Apache-2.0
 *
 * Closes every descriptor that it did not open itself, as careful programs do; nothing of the recording hangs on one.
 *
 * truth: 50 blocks of 1100 at main@after
 * truth: total 50050 blocks, 55055000 bytes
 */
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	for (int i = 0; i < 50000; i++) {
		free(malloc(1100));
		if (i % 1000 == 0)
			malloc(1100); /* after */
	}
	return 0;
}
