/* SPDX-License-Identifier: Apache-2.0
 *
 * region.c: makes and seals the shared memory; its futexes. Called by session.c and drain.c, and by the watcher's thread
 * (seep_region_ring only).
 */
#include "region.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE UINT64_C(4096)

#define MODULES_MAX 4096u
#define NODES_MAX (16u * 1024 * 1024)
#define SEGMENTS_MAX 16384u

/* With less than this it is not worth while, and the program's own memory is more important. */
#define NODES_MIN 65536u
#define SEGMENTS_MIN 16u

struct layout {
	uint64_t shards, modules, nodes, segments, bytes;
};

static uint64_t page_align(uint64_t bytes)
{
	return (bytes + PAGE - 1) & ~(PAGE - 1);
}

static struct layout layout_of(const struct seep_region *r)
{
	struct layout l = {.shards = page_align(sizeof(struct seep_wire_region))};

	l.modules = l.shards + page_align(SEEP_WIRE_SHARDS * sizeof(uint64_t));
	l.nodes = l.modules + page_align((r->modules_max + UINT64_C(1)) * sizeof(struct seep_wire_module));
	l.segments = l.nodes + page_align((r->nodes_max + UINT64_C(1)) * sizeof(struct seep_wire_node));
	l.bytes = l.segments + page_align(r->segments_max * sizeof(struct seep_wire_segment));
	return l;
}

static bool sizes_choose(struct seep_region *r, uint64_t limit)
{
	r->modules_max = MODULES_MAX;
	r->nodes_max = NODES_MAX;
	r->segments_max = SEGMENTS_MAX;
	while (layout_of(r).bytes > limit) {
		if (r->nodes_max == NODES_MIN && r->segments_max == SEGMENTS_MIN)
			return false;
		if (r->nodes_max > NODES_MIN)
			r->nodes_max /= 2;
		if (r->segments_max > SEGMENTS_MIN)
			r->segments_max /= 2;
	}
	return true;
}

static int alive_lock(struct seep_wire_region *map)
{
	pthread_mutexattr_t attributes;
	int error = pthread_mutexattr_init(&attributes);

	if (!error)
		error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	if (!error)
		error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	if (!error)
		error = pthread_mutex_init(&map->alive, &attributes);
	if (!error)
		error = pthread_mutex_lock(&map->alive);
	return error;
}

static int header_fill(
	struct seep_region *r, const struct layout *l, const struct seep_settings *settings, const char *socket_name)
{
	struct seep_wire_region *map = r->map;

	map->magic = SEEP_WIRE_MAGIC;
	map->region_bytes = l->bytes;
	map->shards_offset = l->shards;
	map->modules_offset = l->modules;
	map->nodes_offset = l->nodes;
	map->segments_offset = l->segments;
	map->modules_max = r->modules_max;
	map->nodes_max = r->nodes_max;
	map->segments_max = r->segments_max;
	map->depth_limit = settings->depth_limit;
	map->on_full = settings->on_full;
	map->sample_bytes = settings->sample_bytes;
	snprintf(map->socket_name, sizeof(map->socket_name), "%s", socket_name);
	return alive_lock(map);
}

static bool memory_make(struct seep_region *r)
{
	r->memfd = memfd_create("seep", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (r->memfd < 0 || ftruncate(r->memfd, (off_t)r->bytes) < 0)
		return false;
	/* Not F_SEAL_SEAL: see seep_region_mapped_elsewhere. */
	if (fcntl(r->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return false;
	r->map = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, r->memfd, 0);
	if (r->map == MAP_FAILED)
		r->map = NULL;
	return r->map;
}

int seep_region_open(struct seep_region *r, const struct seep_settings *settings, uint64_t address_space_limit,
	const char *socket_name, char *message, size_t message_size)
{
	struct layout l;
	int error;

	memset(r, 0, sizeof(*r));
	r->memfd = -1;
	if (!sizes_choose(r, address_space_limit / 4)) {
		snprintf(message, message_size,
			"the program's address space is limited to %llu bytes, too few to record in (ulimit -v)",
			(unsigned long long)address_space_limit);
		errno = ENOMEM;
		return -1;
	}
	l = layout_of(r);
	r->bytes = l.bytes;
	if (memory_make(r)) {
		r->modules = (struct seep_wire_module *)((char *)r->map + l.modules);
		r->nodes = (struct seep_wire_node *)((char *)r->map + l.nodes);
		r->segments = (struct seep_wire_segment *)((char *)r->map + l.segments);
		error = header_fill(r, &l, settings, socket_name);
	} else {
		error = errno ? errno : ENOMEM;
	}
	if (error) {
		snprintf(message, message_size, "cannot make the shared memory: %s", strerror(error));
		seep_region_close(r, false);
		errno = error;
		return -1;
	}
	return 0;
}

void seep_region_unmap(struct seep_region *r)
{
	if (r->map) {
		pthread_mutex_unlock(&r->map->alive);
		munmap(r->map, r->bytes);
	}
	r->map = NULL;
}

void seep_region_close(struct seep_region *r, bool owner)
{
	if (owner)
		seep_region_unmap(r);
	else if (r->map)
		munmap(r->map, r->bytes);
	if (r->memfd >= 0)
		close(r->memfd);
	r->map = NULL;
	r->memfd = -1;
}

bool seep_region_mapped_elsewhere(const struct seep_region *r)
{
	/* The kernel refuses this seal as long as there is a shared mapping that may be written. */
	return fcntl(r->memfd, F_ADD_SEALS, F_SEAL_WRITE) < 0 && errno == EBUSY;
}

static uint32_t used(_Atomic uint32_t *from, uint32_t max)
{
	uint32_t value = atomic_load_explicit(from, memory_order_acquire);

	return value < max ? value : max;
}

uint32_t seep_region_modules_used(const struct seep_region *r)
{
	return used(&r->map->modules_used, r->modules_max);
}

uint32_t seep_region_nodes_used(const struct seep_region *r)
{
	return used(&r->map->nodes_used, r->nodes_max);
}

uint32_t seep_region_segments_used(const struct seep_region *r)
{
	return used(&r->map->segments_used, r->segments_max);
}

/* Not FUTEX_PRIVATE: the other side is another process. */
static void futex_wake(_Atomic uint32_t *word, int count)
{
	syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

void seep_region_sleep(struct seep_region *r, bool (*nothing_to_do)(void *context), void *context, unsigned timeout_ms)
{
	struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};
	uint32_t doorbell = atomic_load(&r->map->doorbell);

	atomic_store(&r->map->sleeping, 1);
	if (nothing_to_do(context))
		syscall(SYS_futex, &r->map->doorbell, FUTEX_WAIT, doorbell, &timeout, NULL, 0);
	atomic_store(&r->map->sleeping, 0);
}

void seep_region_ring(struct seep_region *r)
{
	atomic_fetch_add(&r->map->doorbell, 1);
	futex_wake(&r->map->doorbell, 1);
}

void seep_region_consume(struct seep_wire_segment *segment, uint64_t tail)
{
	atomic_store_explicit(&segment->tail, tail, memory_order_release);
}

void seep_region_wake(struct seep_wire_segment *segment)
{
	/* The producer sets `waiting` and then looks at tail once more; one of us sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&segment->waiting, memory_order_relaxed)) {
		atomic_store(&segment->waiting, 0);
		futex_wake(&segment->waiting, INT_MAX);
	}
}
