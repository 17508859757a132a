/* SPDX-License-Identifier: Apache-2.0
 *
 * process.c: the beginning and the end of a recording: a new image (constructor, before those of other libraries), a
 * forked child (at its first call of a hook), exit, and the day when the collector is gone.
 */
#include "process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel.h"
#include "launch.h"
#include "real.h"
#include "samples.h"
#include "stacks.h"
#include "thread.h"
#include "unwind.h"

struct seep_process *seep_process;

/* What a forked child must still know: these are ordinary memory, not wiped. */
static struct seep_wire_region *inherited_region;
static char inherited_socket[SEEP_WIRE_SOCKET_NAME];
static struct part {
	char *start;
	uint64_t bytes;
} inherited_parts[2]; /* what is mapped of the region: two, once it has shrunk */
static struct seep_process inherited_process;

static void *offset_of(struct seep_wire_region *region, uint64_t offset)
{
	return (char *)region + offset;
}

/* Takes the region into use. The process structure is wiped or new: all zero. */
static bool adopt(struct seep_process *process, struct seep_wire_region *region)
{
	process->segments_max = region->segments_max;
	process->threads = seep_kernel_memory(region->segments_max * sizeof *process->threads, SEEP_WIPED_ALL);
	if (!process->threads)
		return false;
	process->sample_bytes = region->sample_bytes;
	if (region->sample_bytes) {
		process->sample_filter = seep_kernel_memory(1 << SEEP_SAMPLES_FILTER_BITS, SEEP_WIPED_ALL);
		if (!process->sample_filter)
			return false;
	}
	process->shards = offset_of(region, region->shards_offset);
	process->modules = offset_of(region, region->modules_offset);
	process->nodes = offset_of(region, region->nodes_offset);
	process->segments = offset_of(region, region->segments_offset);
	process->modules_max = region->modules_max;
	process->nodes_max = region->nodes_max;
	if (!seep_stacks_start(process))
		return false;
	process->depth_limit = region->depth_limit;
	process->on_full = region->on_full;
	process->pid = (uint32_t)seep_kernel(getpid);
	inherited_region = region;
	inherited_parts[0] = (struct part){(char *)region, region->region_bytes};
	inherited_parts[1] = (struct part){NULL, 0};
	memcpy(inherited_socket, region->socket_name, sizeof inherited_socket);
	memcpy(&inherited_process, process, sizeof *process);
	atomic_store(&region->silent, !seep_kernel_may(SEEP_KERNEL_BIT(futex)));
	atomic_store(&region->state, SEEP_STATE_RECORDING);
	atomic_store_explicit(&process->region, region, memory_order_release);
	return true;
}

/* exit() was called, or main returned. The collector learns the status here where the kernel does not tell it. */
static void note_exit(int status, void *unused)
{
	struct seep_wire_region *region = seep_process ? atomic_load(&seep_process->region) : NULL;

	(void)unused;
	if (!region)
		return;
	atomic_store(&region->exit_status, status);
	atomic_store(&region->exit_called, 1);
	atomic_fetch_add(&region->doorbell, 1);
	seep_kernel_wake(&region->doorbell);
}

static const char *variable(char **envp, const char *name)
{
	size_t length = strlen(name);

	for (; *envp; envp++)
		if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
			return *envp + length + 1;
	return NULL;
}

/* The C library has not been initialised yet. Should the unwinder be a library, dlopen does that, with what the C library
 * knows of the program: nothing. So it is told here, lest the program finds its environment empty. */
static bool start_unwinder(char **argv, char **envp)
{
	const char *unwinder = variable(envp, "SEEP_UNWIND");
	char *slash;

	environ = envp;
	if (!seep_unwind_start(unwinder && strcmp(unwinder, "libunwind") == 0))
		return false;
	if (argv[0]) {
		slash = strrchr(argv[0], '/');
		program_invocation_name = argv[0];
		program_invocation_short_name = slash ? slash + 1 : argv[0];
	}
	return true;
}

/* In a forked child, by fork() itself. A signal handler may have forked while its thread was in a hook. If it returns, the hook
 * goes on in the child, with pointers into memory that was wiped, and into the region, which is the parent's. So private
 * memory takes the region's place, what was wiped leads there again, and the hook comes to its end without harm. The thread's
 * next hook then finds that it is in a forked child. The handler itself is not recorded, as it would not be in the parent. */
static void end_interrupted_hook(void)
{
	struct seep_process *process = seep_process;
	struct seep_wire_region *region = inherited_region;

	if (seep_guard.place == SEEP_PLACE_PROGRAM || !process || !region || atomic_load(&process->region))
		return;
	/* Shared with nobody, so as private as the other kind; but it does not count as data, of which there may be a limit. */
	for (int i = 0; i < 2 && inherited_parts[i].bytes; i++) {
		const struct part *part = &inherited_parts[i];

		seep_kernel(mmap, part->start, part->bytes, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0L);
		seep_kernel(madvise, part->start, part->bytes, MADV_DONTDUMP);
	}
	memcpy(process, &inherited_process, sizeof *process);
	atomic_store(&process->region, region);
	atomic_store(&process->stopped, 1);
	atomic_store(&process->interrupted, &seep_guard);
	seep_thread_end_hook(process);
}

/* environ is not set yet when this runs; the third argument is. */
__attribute__((constructor)) static void start(int argc, char **argv, char **envp)
{
	struct seep_process *process = seep_kernel_memory(sizeof *process, SEEP_WIPED_ALL);
	struct seep_wire_region *region;

	(void)argc;
	seep_real_find();
	if (!process)
		return;
	if (!start_unwinder(argv, envp))
		return;
	region = seep_launch(&(struct seep_launch){
		.name = variable(envp, "SEEP_SOCKET"), .environment = envp, .kind = SEEP_HELLO_IMAGE});
	if (!region || !adopt(process, region))
		return;
	on_exit(note_exit, NULL);
	pthread_atfork(NULL, NULL, end_interrupted_hook);
	seep_process = process;
}

/* The first call of a hook in a forked child. Its memory of the parent's region goes; it asks for its own. */
static void start_forked(struct seep_process *process)
{
	struct seep_wire_region *parents = inherited_region;
	struct part parts[2] = {inherited_parts[0], inherited_parts[1]};
	struct seep_wire_region *region = seep_launch(
		&(struct seep_launch){.name = inherited_socket, .kind = SEEP_HELLO_FORK, .parents = parents});

	for (int i = 0; i < 2 && parents && parts[i].bytes; i++)
		seep_kernel(munmap, parts[i].start, parts[i].bytes);
	inherited_region = NULL;
	if (region)
		adopt(process, region);
}

/* That of the calling thread is over now. The process is again as the kernel left it in the child. */
static void forget_interrupted_hook(struct seep_process *process)
{
	struct seep_process wiped = {.interrupted = &seep_guard};

	memcpy(process, &wiped, sizeof wiped);
	atomic_store(&process->interrupted, NULL);
}

/* At most one thread comes through here. Signals are blocked: two processes would wait for one answer if a handler forked. */
static void start_forked_alone(struct seep_process *process, bool interrupted)
{
	uint64_t all_signals = ~UINT64_C(0);
	uint64_t saved;

	seep_kernel(rt_sigprocmask, SIG_SETMASK, &all_signals, &saved, sizeof saved);
	/* One may have forked up to here, in the middle of this hook. */
	if (interrupted || !atomic_load(&process->interrupted)) {
		if (interrupted)
			forget_interrupted_hook(process);
		if (atomic_exchange(&process->starting, 1) == 0)
			start_forked(process);
	}
	seep_kernel(rt_sigprocmask, SIG_SETMASK, &saved, NULL, sizeof saved);
}

struct seep_process *seep_process_recording(void)
{
	struct seep_process *process = seep_process;
	struct seep_guard *interrupted;

	if (!process)
		return NULL;
	interrupted = atomic_load_explicit(&process->interrupted, memory_order_relaxed);
	/* Another thread's hook may be under way still. */
	if (interrupted ? interrupted != &seep_guard : atomic_load_explicit(&process->stopped, memory_order_relaxed))
		return NULL;
	if (interrupted || (!atomic_load(&process->region) && !atomic_load(&process->starting)))
		start_forked_alone(process, interrupted);
	return atomic_load_explicit(&process->region, memory_order_acquire) ? process : NULL;
}

/* ---- Less address space ---- */

#define NODES_ROOM 65536u /* is left in any case */
#define SEGMENTS_ROOM 16u

static uint64_t page_align(uint64_t bytes)
{
	return (bytes + 4095) & ~UINT64_C(4095);
}

static void unmap(void *start, uint64_t from, uint64_t to)
{
	if (from < to)
		seep_kernel(munmap, (char *)start + from, to - from);
}

/* But not below the floor. */
static uint32_t halved(uint32_t count, uint32_t floor)
{
	if (count <= floor)
		return count;
	return count / 2 > floor ? count / 2 : floor;
}

static void shrink(struct seep_process *process, uint64_t bytes)
{
	struct seep_wire_region *region = atomic_load(&process->region);
	uint32_t nodes_floor = atomic_load(&region->nodes_used) + NODES_ROOM;
	uint32_t segments_floor = atomic_load(&region->segments_used) + SEGMENTS_ROOM;
	uint32_t nodes_old = process->nodes_max;
	uint32_t nodes = nodes_old, segments = atomic_load(&process->segments_max), used;
	const struct part mapped[2] = {inherited_parts[0], inherited_parts[1]};
	uint64_t nodes_end, segments_end;

	while (nodes * (sizeof(struct seep_wire_node) + SEEP_KIN_BYTES) + segments * sizeof(struct seep_wire_segment) >
			bytes &&
		(nodes > nodes_floor || segments > segments_floor)) {
		nodes = halved(nodes, nodes_floor);
		segments = halved(segments, segments_floor);
	}
	process->nodes_max = inherited_process.nodes_max = nodes; /* under the lock, as whoever appends one */
	atomic_store(&process->segments_max, segments);
	atomic_store(&inherited_process.segments_max, segments);
	/* A thread that took its segment by the old number has either done so by now, or will see the new one. */
	used = atomic_load(&region->segments_used);
	segments_end = page_align((used > segments ? used : segments) * sizeof(struct seep_wire_segment));
	nodes_end = page_align((nodes + UINT64_C(1)) * sizeof(struct seep_wire_node));
	/* What lies between the parts after the first time may be the program's. */
	inherited_parts[0].bytes = region->nodes_offset + nodes_end;
	inherited_parts[1] = (struct part){(char *)process->segments, segments_end};
	unmap(region, inherited_parts[0].bytes, mapped[1].bytes ? mapped[0].bytes : region->segments_offset);
	unmap(process->segments, segments_end,
		mapped[1].bytes ? mapped[1].bytes : region->region_bytes - region->segments_offset);
	unmap(process->kin, page_align(nodes * SEEP_KIN_BYTES), page_align(nodes_old * SEEP_KIN_BYTES));
}

void seep_process_shrink(uint64_t bytes)
{
	struct seep_thread *thread = seep_thread_enter(SEEP_PLACE_RECORDER);

	if (!thread)
		return;
	seep_process_lock(seep_process);
	shrink(seep_process, bytes);
	seep_process_unlock(seep_process);
	seep_thread_leave();
}

/* ---- Together ---- */

bool seep_process_collector_died(const struct seep_process *process)
{
	struct seep_wire_region *region = atomic_load(&process->region);

	return atomic_load_explicit(&region->alive, memory_order_acquire) & FUTEX_OWNER_DIED;
}

void seep_process_stop(void)
{
	atomic_store(&seep_process->stopped, 1);
	atomic_store(&atomic_load(&seep_process->region)->state, SEEP_STATE_STOPPED);
}

void seep_process_lock(struct seep_process *process)
{
	uint32_t expected = 0;

	if (!atomic_compare_exchange_strong(&process->lock, &expected, 1))
		while (atomic_exchange(&process->lock, 2) != 0)
			seep_kernel_wait(&process->lock, 2, 1000);
	atomic_store_explicit(&process->lock_owner, seep_guard.thread, memory_order_relaxed);
}

void seep_process_unlock(struct seep_process *process)
{
	atomic_store_explicit(&process->lock_owner, NULL, memory_order_relaxed);
	if (atomic_exchange(&process->lock, 0) == 2)
		seep_kernel_wake(&process->lock);
}

void seep_process_unlock_left(struct seep_process *process)
{
	if (atomic_load(&process->lock_owner) == seep_guard.thread)
		seep_process_unlock(process);
}

void seep_process_silent(void)
{
	struct seep_wire_region *region = seep_process ? atomic_load(&seep_process->region) : NULL;

	if (region)
		atomic_store(&region->silent, 1);
}

void seep_process_unrecorded(void)
{
	struct seep_wire_region *region = seep_process ? atomic_load(&seep_process->region) : NULL;

	if (region)
		atomic_fetch_add_explicit(&region->unrecorded, 1, memory_order_relaxed);
}
