/* SPDX-License-Identifier: Apache-2.0
 * flags: -O2 -fno-inline
 *
 * A frame that aligns itself to 256 bytes and has a variable size besides: where the caller's frame lies is stored in
 * memory, and its unwind information is an expression.
 *
 * truth: 20 blocks of 36 at leak@leak < aligned@aligned < main@main < _start
 * truth: total 20 blocks, 720 bytes
 */
#include <alloca.h>
#include <stdlib.h>
#include <string.h>

static void leak(char *frame)
{
	malloc(36); /* leak */
	frame[0]++;
}

static void aligned(int bytes)
{
	_Alignas(256) char fixed[512];
	char *frame = alloca(bytes);

	memset(fixed, bytes, sizeof fixed);
	memcpy(frame, fixed, bytes);
	leak(frame); /* aligned */
	leak(fixed); /* aligned */
	fixed[1]++;
}

int main(void)
{
	for (int i = 0; i < 10; i++)
		aligned(10 + i * 50); /* main */
	return 0;
}
