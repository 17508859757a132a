/* SPDX-License-Identifier: Apache-2.0
 *
 * tally.c: a preload that counts blocks in the plainest way, one table under one lock, to compare seep with. It stands in
 * front of libseep.so, so that both count the same run. Each process has a file of four numbers, TALLY.PID.INSTANT, mapped, so
 * that any end will do. A forked child counts only blocks of its own. Built and used by tests/peers.sh.
 */
#include "../bench/next.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define TALLY_PLACES (1u << 22)

enum { ALLOCATIONS, FREES, UNFREED, UNFREED_BYTES, TALLY_NUMBERS };

static struct place {
	uintptr_t address;
	uint64_t bytes;
	pid_t pid;
} * places;
static uint64_t before_mapped[TALLY_NUMBERS];
static uint64_t *numbers = before_mapped;
static pid_t numbers_pid;
static int lock;
static char prefix[4000];

static void open_numbers(void)
{
	char path[4096];
	struct timespec now;
	void *map = MAP_FAILED;
	int file;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(path, sizeof path, "%s.%d.%lld", prefix, (int)getpid(), now.tv_sec * 1000000000ll + now.tv_nsec);
	file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (file >= 0 && ftruncate(file, sizeof before_mapped) == 0)
		map = mmap(NULL, sizeof before_mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (file >= 0)
		close(file);
	if (map == MAP_FAILED)
		return;
	memcpy(map, before_mapped, sizeof before_mapped);
	numbers = map;
}

__attribute__((constructor)) static void start(void)
{
	const char *value = getenv("TALLY");

	if (!value)
		return;
	snprintf(prefix, sizeof prefix, "%s", value);
	numbers_pid = getpid();
	open_numbers();
}

static void enter(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		;
	if (!places)
		places = mmap(NULL, TALLY_PLACES * sizeof *places, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (numbers_pid && numbers_pid != getpid()) { /* forked */
		numbers_pid = getpid();
		memset(before_mapped, 0, sizeof before_mapped);
		numbers = before_mapped;
		open_numbers();
	}
}

static void leave(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

/* Linear probing; address 0 is an empty place, address 1 one that was left. */
static struct place *find(uintptr_t address)
{
	for (size_t i = address * 0x9e3779b97f4a7c15u >> 42;; i++)
		if (places[i % TALLY_PLACES].address == address || !places[i % TALLY_PLACES].address)
			return &places[i % TALLY_PLACES];
}

static void *add(void *block, size_t bytes)
{
	int kept = errno;
	size_t i;

	if (!block || in_arena(block))
		return block;
	enter();
	for (i = (uintptr_t)block * 0x9e3779b97f4a7c15u >> 42; places[i % TALLY_PLACES].address > 1; i++)
		;
	places[i % TALLY_PLACES] = (struct place){(uintptr_t)block, bytes, numbers_pid};
	numbers[ALLOCATIONS]++;
	numbers[UNFREED]++;
	numbers[UNFREED_BYTES] += bytes;
	leave();
	errno = kept;
	return block;
}

/* Before the real call, as other threads may get the address after it. Returns what to put back if that fails. */
static struct place drop(void *block)
{
	struct place *place, dropped = {0};

	if (!block)
		return dropped;
	enter();
	place = find((uintptr_t)block);
	dropped = *place;
	if (place->address) {
		place->address = 1;
		if (!place->pid || place->pid == numbers_pid) {
			numbers[FREES]++;
			numbers[UNFREED]--;
			numbers[UNFREED_BYTES] -= place->bytes;
		}
	}
	leave();
	return dropped;
}

HOOK void *malloc(size_t size)
{
	return add(next.malloc ? next.malloc(size) : early_take(size), size);
}

HOOK void *calloc(size_t items, size_t size)
{
	return add(next.malloc ? next.calloc(items, size) : early_take(items * size), items * size);
}

HOOK void *realloc(void *block, size_t size)
{
	struct place dropped;
	void *result;

	if (!block)
		return malloc(size);
	dropped = drop(block);
	result = next.realloc(block, size);
	if (result || size == 0)
		return add(result, size);
	enter();
	numbers[ALLOCATIONS]--, numbers[FREES]--;
	leave();
	add(block, dropped.bytes);
	return NULL;
}

HOOK void *reallocarray(void *block, size_t items, size_t size)
{
	size_t whole;

	if (!__builtin_mul_overflow(items, size, &whole))
		return realloc(block, whole);
	errno = ENOMEM;
	return NULL;
}

HOOK void free(void *block)
{
	int kept = errno;

	if (!next.malloc || in_arena(block))
		return;
	drop(block);
	errno = kept;
	next.free(block);
}

HOOK void *memalign(size_t alignment, size_t size)
{
	next_find();
	return add(next.memalign(alignment, size), size);
}

HOOK void *aligned_alloc(size_t alignment, size_t size)
{
	next_find();
	return add(next.aligned_alloc(alignment, size), size);
}

HOOK int posix_memalign(void **block, size_t alignment, size_t size)
{
	int status;

	next_find();
	status = next.posix_memalign(block, alignment, size);
	if (!status)
		add(*block, size);
	return status;
}

HOOK void *valloc(size_t size)
{
	next_find();
	return add(next.valloc(size), size);
}

HOOK void *pvalloc(size_t size)
{
	next_find();
	return add(next.pvalloc(size), size);
}
