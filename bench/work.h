/* SPDX-License-Identifier: Apache-2.0
 *
 * work.h: what the bench's own programs share. Every one of them is deterministic, takes its sizes as numbers on the
 * command line and prints how many blocks it allocated (by write(2), so that stdio's buffer is not one of them).
 */
#ifndef SEEP_BENCH_WORK_H
#define SEEP_BENCH_WORK_H

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A frame of its own, always: not inlined, and (by -fno-optimize-sibling-calls) returned to. */
#define FRAME __attribute__((noinline))

/* xorshift64*, Vigna 2014. state: not zero. */
static inline uint64_t work_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

/* A block's size as programs have them: small mostly, 16 to 159 bytes, one in 16 up to 655. */
static inline size_t work_size(uint64_t random)
{
	size_t size = 16 + random % 16 * 9;

	return (random >> 8 & 15) ? size : size + (random >> 12 & 511);
}

static inline void *work_check(void *block)
{
	if (!block)
		abort();
	return block;
}

static inline uint64_t work_argument(int argc, char **argv, int index, uint64_t otherwise)
{
	return index < argc ? strtoull(argv[index], NULL, 0) : otherwise;
}

/* Thread number `index` of a program onto a core of its own, as far as there are so many. Two threads that wake each
 * other may otherwise share one core for a whole run or part of it, and run times fall into two heaps. */
static inline void work_pin(unsigned index)
{
	cpu_set_t allowed, one;
	int skip;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return;
	skip = (int)(index % (unsigned)CPU_COUNT(&allowed));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || skip--)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static inline void work_print(const char *what, uint64_t number)
{
	char line[80];
	int length = snprintf(line, sizeof(line), "%s %llu\n", what, (unsigned long long)number);

	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		abort();
}

#endif
