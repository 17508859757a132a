/* SPDX-License-Identifier: Apache-2.0
 *
 * region.c: makes and seals the shared memory; its futexes. Called by start.c, session.c, recover.c and by the files that empty it,
 * and by the watcher's thread (seep_region_ring only).
 */
#include "region.h"

#include "beside.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE UINT64_C(4096)

#define MODULES_MAX 4096u
#define NODES_MAX (16u * 1024 * 1024)
#define SEGMENTS_MAX 16384u

/* A file takes what it may ever hold at once: 78 MB. */
#define NODES_DURABLE (1024u * 1024)
#define SEGMENTS_DURABLE 256u

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

static bool sizes_choose(struct seep_region *r, uint64_t limit, bool durable)
{
	r->modules_max = MODULES_MAX;
	r->nodes_max = durable ? NODES_DURABLE : NODES_MAX;
	r->segments_max = durable ? SEGMENTS_DURABLE : SEGMENTS_MAX;
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

/* What the kernel goes through when this thread ends. Not a mutex of the C library's: that has its pointers beside the word, where the
 * program could make them lead anywhere. */
static _Thread_local struct robust_list_head robust_futexes;
static _Thread_local struct robust_list robust_futex;

/* Returns 0 or an errno. */
static int alive_hold(struct seep_wire_region *map)
{
	robust_futex.next = &robust_futexes.list;
	robust_futexes.list.next = &robust_futex;
	robust_futexes.futex_offset = (long)((uintptr_t)&map->alive - (uintptr_t)&robust_futex);
	atomic_store(&map->alive, (uint32_t)gettid());
	return syscall(SYS_set_robust_list, &robust_futexes, sizeof(robust_futexes)) == 0 ? 0 : errno;
}

static void alive_let_go(struct seep_wire_region *map)
{
	robust_futexes.list.next = &robust_futexes.list;
	atomic_store(&map->alive, 0);
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
	return alive_hold(map);
}

static bool map(struct seep_region *r, int fd, int sharing)
{
	r->map = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, sharing | MAP_NORESERVE, fd, 0);
	if (r->map == MAP_FAILED)
		r->map = NULL;
	return r->map;
}

static bool memory_make(struct seep_region *r)
{
	r->memfd = memfd_create("seep", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (r->memfd < 0 || ftruncate(r->memfd, (off_t)r->bytes) < 0)
		return false;
	/* Not F_SEAL_SEAL: see seep_region_mapped_elsewhere. */
	if (fcntl(r->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return false;
	return map(r, r->memfd, MAP_SHARED);
}

/* The program's stores would end it (SIGBUS) if the disk had no room for them, so all of it is reserved.
 * The descriptor for the program is locked (seep_output_exclusive), and we map by another one: so the lock is held as long as somebody
 * else maps the region. */
static bool file_make(struct seep_region *r, const struct seep_region_place *place, char path[SEEP_BESIDE_PATH])
{
	char self[40];
	int error;

	r->memfd = seep_beside_create(place->trace, SEEP_BESIDE_RING, place->trace_checksum, path);
	if (r->memfd < 0)
		return false;
	error = posix_fallocate(r->memfd, 0, (off_t)r->bytes);
	if (error) {
		errno = error;
		return false;
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", r->memfd);
	r->file = open(self, O_RDWR | O_CLOEXEC);
	return r->file >= 0 && map(r, r->file, MAP_SHARED);
}

static void parts_find(struct seep_region *r, const struct layout *l)
{
	r->modules = (struct seep_wire_module *)((char *)r->map + l->modules);
	r->nodes = (struct seep_wire_node *)((char *)r->map + l->nodes);
	r->segments = (struct seep_wire_segment *)((char *)r->map + l->segments);
}

int seep_region_adopt(struct seep_region *r, int fd, uint32_t modules_max, uint32_t nodes_max, uint32_t segments_max)
{
	struct layout l;
	struct stat st;

	*r = (struct seep_region){.memfd = -1,
		.file = fd,
		.modules_max = modules_max,
		.nodes_max = nodes_max,
		.segments_max = segments_max};
	l = layout_of(r);
	r->bytes = l.bytes;
	errno = EINVAL;
	if (modules_max > MODULES_MAX || nodes_max > NODES_MAX || segments_max > SEGMENTS_MAX || fstat(fd, &st) < 0 ||
		(uint64_t)st.st_size != r->bytes || !map(r, fd, MAP_PRIVATE))
		return -1;
	parts_find(r, &l);
	return 0;
}

void seep_region_handed(struct seep_region *r)
{
	if (r->file >= 0 && r->memfd >= 0) {
		close(r->memfd);
		r->memfd = -1;
	}
}

int seep_region_open(struct seep_region *r, const struct seep_settings *settings, uint64_t address_space_limit,
	const char *socket_name, const struct seep_region_place *place, char *message, size_t message_size)
{
	char path[SEEP_BESIDE_PATH];
	struct layout l;
	int error;

	memset(r, 0, sizeof(*r));
	r->memfd = r->file = -1;
	if (!sizes_choose(r, address_space_limit / 4, place)) {
		snprintf(message, message_size,
			"the program's address space is limited to %llu bytes, too few to record in (ulimit -v)",
			(unsigned long long)address_space_limit);
		errno = ENOMEM;
		return -1;
	}
	l = layout_of(r);
	r->bytes = l.bytes;
	errno = 0;
	if (place ? file_make(r, place, path) : memory_make(r)) {
		parts_find(r, &l);
		error = header_fill(r, &l, settings, socket_name);
	} else {
		error = errno ? errno : ENOMEM;
	}
	if (error) {
		if (place)
			snprintf(message, message_size, "cannot make %s of %llu MB: %s", path,
				(unsigned long long)(r->bytes >> 20), strerror(error));
		else
			snprintf(message, message_size, "cannot make the shared memory: %s", strerror(error));
		if (r->memfd >= 0 && place)
			seep_output_remove(path, r->memfd);
		seep_region_close(r, false);
		errno = error;
		return -1;
	}
	return 0;
}

void seep_region_unmap(struct seep_region *r)
{
	if (r->map) {
		alive_let_go(r->map);
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
	if (r->file >= 0)
		close(r->file);
	r->map = NULL;
	r->memfd = r->file = -1;
}

bool seep_region_mapped_elsewhere(const struct seep_region *r)
{
	if (r->file >= 0)
		return flock(r->file, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
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
