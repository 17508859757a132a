/* SPDX-License-Identifier: Apache-2.0
 *
 * stacks.c: from frames to a node. Three stages, each for what the one before does not know: the node that the unwinder
 * remembers with a frame of the last stack, the thread's cache of (parent, address), the process's table.
 *
 * The table is private memory. The first children of a node are a list: most nodes have few, and a program that walks through a
 * tree of calls once more finds them in the order, and so in the cache lines, in which it made them. Children beyond LIST_MAX are in
 * an index by (parent, address): open addressing, at most half full. Readers take no lock: links and entries change by single stores,
 * from a whole node to another, and a grown index is published whole. The old ones stay (readers may be in them): together
 * they are never larger than the newest. Insertions take a lock; nothing is called under it that could take another.
 *
 * A child whose module was unloaded is not found any more: an address means what it meant when its node was made.
 */
#include "stacks.h"

#include "kernel.h"
#include "modules.h"

#define LIST_MAX 8u
#define FIRST_INDEX_ENTRIES 8192u
#define MARK_LOST 1u
#define MARK_TRUNCATED 2u

/* A node's place in the lists; 0: none. */
struct seep_kin {
	_Atomic uint32_t first_child;
	_Atomic uint32_t next_sibling;
};

_Static_assert(sizeof(struct seep_kin) == SEEP_KIN_BYTES, "as process.c counts it");

struct seep_index {
	uint32_t mask; /* entries - 1 */
	uint32_t used; /* under the lock */
	_Atomic uint32_t nodes[]; /* 0: free */
};

/* Parents are small and dense, addresses differ in few bits: a single multiplication leaves runs that probing would walk. */
static uint32_t hash(uint32_t parent, uintptr_t address)
{
	uint64_t mixed = address * 0x9e3779b97f4a7c15u + parent * UINT64_C(0xd6e8feb86659fd93);

	mixed ^= mixed >> 32;
	return (uint32_t)(mixed * 0x9e3779b97f4a7c15u >> 32);
}

static bool still_loaded(const struct seep_process *process, uint32_t module)
{
	return module == 0 || module > process->modules_max || !atomic_load(&process->modules[module].gone);
}

bool seep_stacks_start(struct seep_process *process)
{
	process->kin = seep_kernel_memory(process->nodes_max * sizeof *process->kin, SEEP_WIPED_ALL);
	return process->kin;
}

static bool is_child(const struct seep_wire_node *node, uint32_t parent, uintptr_t address)
{
	return node->address == address && node->parent == parent;
}

/* The first link after the children in the list that is 0; NULL if the list is full. */
static uint32_t search_list(
	const struct seep_process *process, uint32_t parent, uintptr_t address, _Atomic uint32_t **end)
{
	_Atomic uint32_t *link = &process->kin[parent].first_child;

	for (unsigned i = 0; i < LIST_MAX; i++) {
		uint32_t number = atomic_load_explicit(link, memory_order_acquire);
		const struct seep_wire_node *node = &process->nodes[number];

		if (!number) {
			*end = link;
			return 0;
		}
		if (node->address == address && still_loaded(process, node->module))
			return number;
		link = &process->kin[number].next_sibling;
	}
	*end = NULL;
	return 0;
}

static uint32_t search_index(const struct seep_process *process, uint32_t parent, uintptr_t address)
{
	const struct seep_index *index = atomic_load_explicit(&process->index, memory_order_acquire);
	uint32_t number;

	if (!index)
		return 0;
	for (uint32_t i = hash(parent, address);; i++) {
		number = atomic_load_explicit(&index->nodes[i & index->mask], memory_order_acquire);
		if (!number)
			return 0;
		if (is_child(&process->nodes[number], parent, address) &&
			still_loaded(process, process->nodes[number].module))
			return number;
	}
}

/* *end: where a new child is to be linked, NULL: in the index. */
static uint32_t look_up(const struct seep_process *process, uint32_t parent, uintptr_t address, _Atomic uint32_t **end)
{
	uint32_t number = search_list(process, parent, address, end);

	return number || *end ? number : search_index(process, parent, address);
}

/* Into a free entry, or that of a child whose module is gone. */
static void insert(struct seep_process *process, struct seep_index *index, uint32_t number)
{
	const struct seep_wire_node *node = &process->nodes[number];
	uint32_t i = hash(node->parent, node->address);
	uint32_t there;

	while ((there = atomic_load_explicit(&index->nodes[i & index->mask], memory_order_relaxed)) &&
		!is_child(&process->nodes[there], node->parent, node->address))
		i++;
	index->used += !there;
	atomic_store_explicit(&index->nodes[i & index->mask], number, memory_order_release);
}

/* Makes room for one more. Under the lock. */
static struct seep_index *grow(struct seep_process *process)
{
	struct seep_index *old = atomic_load(&process->index);
	uint32_t entries = old ? 2 * (old->mask + 1) : FIRST_INDEX_ENTRIES;
	struct seep_index *index;

	if (old && old->used < (old->mask + 1) / 2)
		return old;
	index = seep_kernel_memory(sizeof *index + (size_t)entries * sizeof index->nodes[0], SEEP_WIPED_ALL);
	if (!index)
		return NULL;
	index->mask = entries - 1;
	for (uint32_t i = 0; old && i <= old->mask; i++)
		if (atomic_load(&old->nodes[i]))
			insert(process, index, atomic_load(&old->nodes[i]));
	atomic_store_explicit(&process->index, index, memory_order_release);
	return index;
}

/* A child in the list whose module is gone gives its place to one with its address. */
static _Atomic uint32_t *place_of_gone(struct seep_process *process, uint32_t parent, uintptr_t address, uint32_t *rest)
{
	_Atomic uint32_t *link = &process->kin[parent].first_child;
	uint32_t number;

	for (unsigned i = 0; i < LIST_MAX && (number = atomic_load(link)); i++) {
		if (process->nodes[number].address == address) {
			*rest = atomic_load(&process->kin[number].next_sibling);
			return link;
		}
		link = &process->kin[number].next_sibling;
	}
	return NULL;
}

/* Under the lock. The address of a mark is its number, so that the table can tell the two apart. */
static uint32_t append(struct seep_process *process, uint32_t parent, uintptr_t address, _Atomic uint32_t *end)
{
	struct seep_wire_region *region = atomic_load(&process->region);
	uint32_t number = atomic_load(&region->nodes_used) + 1;
	struct seep_wire_node *node = &process->nodes[number];
	struct seep_index *index = NULL;
	uint32_t rest = 0;
	_Atomic uint32_t *link = place_of_gone(process, parent, address, &rest);

	if (!link)
		link = end;
	if (number >= process->nodes_max || (!link && !(index = grow(process)))) {
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
	atomic_store_explicit(&region->nodes_used, number, memory_order_release);
	atomic_store(&process->kin[number].next_sibling, rest);
	if (link)
		atomic_store_explicit(link, number, memory_order_release);
	else
		insert(process, index, number);
	return number;
}

/* Only the parent's part has to wait for the frame outside. */
static struct seep_node_cache *cache_entry(struct seep_thread *thread, uint32_t parent, uintptr_t address)
{
	return &thread->nodes[((uint32_t)(address * 0x9e3779b97f4a7c15u >> 32) + parent) % SEEP_NODE_CACHE];
}

uint32_t seep_stacks_child(struct seep_thread *thread, uint32_t parent, uintptr_t address)
{
	struct seep_process *process = seep_process;
	struct seep_node_cache *entry = cache_entry(thread, parent, address);
	_Atomic uint32_t *end;
	uint32_t node = look_up(process, parent, address, &end);

	if (!node) {
		seep_process_lock(process);
		node = look_up(process, parent, address, &end);
		if (!node)
			node = append(process, parent, address, end);
		seep_process_unlock(process);
	}
	*entry = (struct seep_node_cache){.address = address, .parent = parent, .node = node};
	return node;
}

/* unloaded: whether some module ever was. */
static inline uint32_t child(struct seep_thread *thread, uint32_t parent, uintptr_t address, bool unloaded)
{
	struct seep_process *process = seep_process;
	uint32_t first = atomic_load_explicit(&process->kin[parent].first_child, memory_order_acquire);
	const struct seep_node_cache *entry;

	if (process->nodes[first].address == address &&
		(!unloaded || still_loaded(process, process->nodes[first].module)))
		return first;
	entry = cache_entry(thread, parent, address);
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

static void count_incomplete(struct seep_thread *thread, enum seep_unwind_end end)
{
	if (__builtin_expect(end != SEEP_UNWIND_COMPLETE, 0))
		count(end == SEEP_UNWIND_LOST ? &thread->segment->lost_stacks : &thread->segment->truncated_stacks);
}

uint32_t seep_stacks_capture(struct seep_thread *thread, const struct seep_unwind_start *start)
{
	struct seep_process *process = seep_process;
	uint32_t generation = atomic_load_explicit(thread->modules_generation, memory_order_relaxed);
	enum seep_unwind_end end = SEEP_UNWIND_COMPLETE;
	struct seep_unwind_frame *frames;
	unsigned unchanged;
	unsigned used;
	uint32_t node;

	if (__builtin_expect(thread->generation != generation, 0))
		forget(thread, generation);
	node = seep_unwind_recall(&thread->unwinder, start, process->depth_limit, &end);
	if (node) {
		count_incomplete(thread, end);
		return node;
	}
	used = seep_unwind_capture(&thread->unwinder, start, process->depth_limit, &unchanged, &end);
	count_incomplete(thread, end);
	frames = thread->unwinder.frames;
	if (unchanged)
		node = frames[used - unchanged].node;
	else if (end != SEEP_UNWIND_COMPLETE)
		node = child(thread, 0, end == SEEP_UNWIND_LOST ? MARK_LOST : MARK_TRUNCATED, generation);
	for (unsigned i = used - unchanged; i-- > 0;) {
		node = child(thread, node, seep_unwind_after_call(&frames[i]), generation);
		frames[i].node = node;
	}
	seep_unwind_remember(&thread->unwinder);
	return node;
}
