/* SPDX-License-Identifier: Apache-2.0
 *
 * stacks.c: from frames to a node. Three stages, each for what the one before does not know: the node that the unwinder
 * remembers with a frame of the last stack, the thread's cache of (parent, address), the process's table.
 *
 * The table maps (parent, address) to a node. It is private memory, open addressing, at most half full; readers take
 * no lock, since entries are written once and a grown table is published whole. The old tables stay (readers may be in them):
 * together they are never larger than the newest. Insertions take a lock; nothing is called under it that could take another.
 *
 * A child whose module was unloaded is not found any more: an address means what it meant when its node was made.
 */
#include "stacks.h"

#include "kernel.h"
#include "modules.h"

#define FIRST_INDEX_ENTRIES 8192u
#define MARK_LOST 1u
#define MARK_TRUNCATED 2u

struct seep_index {
	uint32_t mask; /* entries - 1 */
	_Atomic uint32_t nodes[]; /* 0: free */
};

static uint32_t hash(uint32_t parent, uintptr_t address)
{
	uint64_t mixed = (address ^ (uint64_t)parent << 32 ^ parent) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(mixed >> 32);
}

static bool still_loaded(const struct seep_process *process, uint32_t module)
{
	return module == 0 || module > process->modules_max || !atomic_load(&process->modules[module].gone);
}

static uint32_t look_up(struct seep_process *process, uint32_t parent, uintptr_t address)
{
	struct seep_index *index = atomic_load_explicit(&process->index, memory_order_acquire);
	uint32_t node;

	if (!index)
		return 0;
	for (uint32_t i = hash(parent, address);; i++) {
		node = atomic_load_explicit(&index->nodes[i & index->mask], memory_order_acquire);
		if (!node)
			return 0;
		if (process->nodes[node].address == address && process->nodes[node].parent == parent &&
			still_loaded(process, process->nodes[node].module))
			return node;
	}
}

static void insert(struct seep_index *index, const struct seep_wire_node *node, uint32_t number)
{
	uint32_t i = hash(node->parent, node->address);

	while (atomic_load_explicit(&index->nodes[i & index->mask], memory_order_relaxed))
		i++;
	atomic_store_explicit(&index->nodes[i & index->mask], number, memory_order_release);
}

/* Makes room for one more node. Under the lock. */
static struct seep_index *grow(struct seep_process *process, uint32_t used)
{
	struct seep_index *old = atomic_load(&process->index);
	uint32_t entries = old ? old->mask + 1 : FIRST_INDEX_ENTRIES / 2;
	struct seep_index *index;

	if (old && used < entries / 2)
		return old;
	entries *= 2;
	index = seep_kernel_memory(sizeof *index + (size_t)entries * sizeof index->nodes[0], 1);
	if (!index)
		return NULL;
	index->mask = entries - 1;
	for (uint32_t number = 1; number <= used; number++)
		insert(index, &process->nodes[number], number);
	atomic_store_explicit(&process->index, index, memory_order_release);
	return index;
}

/* Under the lock. The address of a mark is its number, so that the table can tell the two apart; the node says 0. */
static uint32_t append(struct seep_process *process, uint32_t parent, uintptr_t address)
{
	struct seep_wire_region *region = atomic_load(&process->region);
	uint32_t used = atomic_load(&region->nodes_used);
	struct seep_index *index = grow(process, used);
	struct seep_wire_node *node = &process->nodes[used + 1];

	if (!index || used + 1 >= process->nodes_max) {
		atomic_fetch_add(&region->nodes_over, 1);
		return parent;
	}
	node->parent = parent;
	node->address = address;
	if (address == MARK_LOST)
		node->module = SEEP_WIRE_LOST;
	else if (address == MARK_TRUNCATED)
		node->module = SEEP_WIRE_TRUNCATED;
	else
		node->module = seep_modules_find(process, address);
	atomic_store_explicit(&region->nodes_used, used + 1, memory_order_release);
	insert(index, node, used + 1);
	return used + 1;
}

static struct seep_node_cache *cache_entry(struct seep_thread *thread, uint32_t parent, uintptr_t address)
{
	return &thread->nodes[hash(parent, address) % SEEP_NODE_CACHE];
}

uint32_t seep_stacks_child(struct seep_thread *thread, uint32_t parent, uintptr_t address)
{
	struct seep_process *process = seep_process;
	struct seep_node_cache *entry = cache_entry(thread, parent, address);
	uint32_t node = look_up(process, parent, address);

	if (!node) {
		seep_process_lock(process);
		node = look_up(process, parent, address);
		if (!node)
			node = append(process, parent, address);
		seep_process_unlock(process);
	}
	*entry = (struct seep_node_cache){.address = address, .parent = parent, .node = node};
	return node;
}

static uint32_t child(struct seep_thread *thread, uint32_t parent, uintptr_t address)
{
	struct seep_node_cache *entry = cache_entry(thread, parent, address);

	if (entry->address == address && entry->parent == parent)
		return entry->node;
	return seep_stacks_child(thread, parent, address);
}

/* A module went: addresses may mean something else now. */
static void forget(struct seep_thread *thread, uint32_t generation)
{
	seep_unwind_forget(&thread->unwinder);
	for (unsigned i = 0; i < SEEP_NODE_CACHE; i++)
		thread->nodes[i].address = 0;
	thread->generation = generation;
}

static void count(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_relaxed);
}

uint32_t seep_stacks_capture(struct seep_thread *thread, const struct seep_unwind_start *start)
{
	struct seep_process *process = seep_process;
	uint32_t generation = atomic_load_explicit(thread->modules_generation, memory_order_relaxed);
	enum seep_unwind_end end;
	struct seep_unwind_frame *frames;
	unsigned unchanged;
	unsigned used;
	uint32_t node = 0;

	if (__builtin_expect(thread->generation != generation, 0))
		forget(thread, generation);
	used = seep_unwind_capture(&thread->unwinder, start, process->depth_limit, &unchanged, &end);
	frames = thread->unwinder.frames;
	if (end == SEEP_UNWIND_LOST) {
		count(&thread->segment->lost_stacks);
		node = child(thread, 0, MARK_LOST);
	} else if (end == SEEP_UNWIND_TRUNCATED) {
		count(&thread->segment->truncated_stacks);
		node = child(thread, 0, MARK_TRUNCATED);
	}
	if (unchanged)
		node = frames[used - unchanged].node;
	for (unsigned i = used - unchanged; i-- > 0;) {
		node = child(thread, node, seep_unwind_after_call(&frames[i]));
		frames[i].node = node;
	}
	return node;
}
