/* SPDX-License-Identifier: Apache-2.0
 * flags: -O2 -fno-inline
 *
 * Functions whose frames have a size that only the run decides: alloca in a loop, arrays of variable length.
 *
 * truth: 60 blocks of 88 at leak@leak < grow@grow < main@main
 * truth: 30 blocks of 88 at leak@leak < array@array < grow@array_here < main@main
 * truth: total 90 blocks, 7920 bytes
 */
#include <alloca.h>
#include <stdlib.h>
#include <string.h>

static void leak(char *frame)
{
	malloc(88); /* leak */
	frame[0]++;
}

static void array(int length)
{
	char frame[length * 40];

	memset(frame, length, sizeof frame);
	leak(frame); /* array */
	frame[1]++;
}

static void grow(int rounds)
{
	char *frame = NULL;

	for (int i = 0; i < rounds; i++) {
		frame = alloca(rounds * 100 + i);
		memset(frame, i, rounds * 100 + i);
		leak(frame); /* grow */
		leak(frame + 1); /* grow */
		array(i + 1); /* array_here */
	}
	frame[2]++;
}

int main(void)
{
	for (int i = 0; i < 10; i++)
		grow(i % 5 + 1); /* main */
	return 0;
}
