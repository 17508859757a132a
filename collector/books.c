/* SPDX-License-Identifier: Apache-2.0
 *
 * books.c: which free ended which allocation. Called by rings.c, folds.c and nurseries.c with what they found;
 * by recording.c, finish.c and recover.c. One thread.
 *
 * Why the matching is exact. Along one address the numbers are s1 <= f1 < s2 <= f2 < ... (ORDER in include/seep/wire.h),
 * so the free of s is the smallest f >= s, and the allocation of f is the largest s <= f. Allocations arrive in any
 * order; frees are processed in the order of f within a shard (order.c), hence along each address.
 *   Claim: no free is ever matched to an allocation other than its own.
 *   - f is processed and takes the largest unmatched s <= f at its address. Suppose its own allocation s(f) has not
 *     arrived and it takes an earlier s' < s(f). The free f' of s' is less than s(f) <= f, so it has been processed.
 *     Then it has taken s', unless s' had not arrived; and when s' arrived later, f' was waiting, and the smallest
 *     waiting f >= s' is f' itself. So s' was not unmatched.
 *   - s arrives and takes the smallest waiting free >= s. If its own free f(s) has been processed, it waits here,
 *     since nobody else takes it, and is the smallest. If it has not, no later one has, and none is found.
 * The same reasoning finds frees that nobody told us about: once every number below s has been processed and an older
 * allocation at the same address is still unmatched, it must have been freed before s was handed out. It is
 * counted as freed, and as `unhooked`.
 *
 * A number that was given up (order.c) weakens the claim for the addresses of its shard, for as long as it is late.
 */
#include "books.h"

#include "weights.h"

#include "seep/wire.h"

#include <string.h>

#define BATCH 32u
#define WAITING_MAX_FIRST (1024u * 1024)

int seep_books_open(struct seep_books *b)
{
	memset(b, 0, sizeof(*b));
	b->waiting_max = WAITING_MAX_FIRST;
	if (seep_sites_open(&b->sites) == 0 && seep_blocks_open(&b->blocks) == 0 && seep_order_open(&b->order) == 0)
		return 0;
	seep_books_close(b);
	return -1;
}

void seep_books_close(struct seep_books *b)
{
	seep_sites_close(&b->sites);
	seep_blocks_close(&b->blocks);
	seep_order_close(&b->order);
	seep_cohorts_close(&b->cohorts);
}

static unsigned age_class(uint32_t birth, uint32_t death)
{
	uint32_t ticks = death > birth ? death - birth : 0;
	unsigned class = 0;

	while (class < SEEP_AGE_CLASSES - 1 && (uint64_t)ticks * SEEP_WIRE_TICK_NS > seep_age_bound_ns(class))
		class ++;
	return class;
}

static void count_add(struct seep_trace_count *to, struct seep_trace_count what)
{
	to->count += what.count;
	to->bytes += what.bytes;
}

static void count_take(struct seep_trace_count *from, struct seep_trace_count what)
{
	from->count -= what.count;
	from->bytes -= what.bytes;
}

static struct seep_trace_count event_weight(const struct seep_books *b, const struct seep_event *e)
{
	return seep_weights_of(b->sample_bytes, e->address, e->order, e->bytes);
}

static struct seep_trace_count block_weight(const struct seep_books *b, const struct seep_block *block)
{
	return seep_weights_of(b->sample_bytes, block->address, block->order, block->bytes);
}

static void note_allocated(struct seep_books *b, uint32_t site, struct seep_trace_count what)
{
	count_add(&b->totals.allocated, what);
	count_add(&seep_sites_change(&b->sites, site)->allocated, what);
}

static void note_freed(struct seep_books *b, uint32_t site, struct seep_trace_count what, unsigned class)
{
	count_add(&b->totals.freed, what);
	count_add(&seep_sites_change(&b->sites, site)->freed[class], what);
}

static void note_live(struct seep_books *b, uint32_t number, struct seep_trace_count what)
{
	struct seep_site *site = seep_sites_at(&b->sites, number);
	struct seep_totals *t = &b->totals;

	count_add(&site->live, what);
	if (site->live.bytes > site->peak_bytes)
		site->peak_bytes = site->live.bytes;
	count_add(&t->live, what);
	if (t->live.bytes > b->epoch_peak_bytes) {
		b->epoch_peak_bytes = t->live.bytes;
		b->epoch_peak_at_ns = b->now_ns;
		if (t->live.bytes > t->peak_bytes) {
			t->peak_bytes = t->live.bytes;
			t->peak_at_ns = b->now_ns;
		}
	}
}

/* An inherited block is older than all that this process numbers. */
static uint64_t order_of(const struct seep_books *b, const struct seep_block *block)
{
	return seep_books_inherited(b, block) ? 0 : block->order;
}

/* A block that is in the table ends. The caller removes it. */
static void block_end(struct seep_books *b, const struct seep_block *block, uint32_t death)
{
	struct seep_trace_count what = block_weight(b, block);

	if (seep_books_inherited(b, block)) {
		b->totals.inherited_frees += what.count;
		return;
	}
	note_freed(b, block->site, what, age_class(block->birth, death));
	count_take(&seep_sites_at(&b->sites, block->site)->live, what);
	count_take(&b->totals.live, what);
}

/* An allocation whose own free came first: it never was live here. */
static void waiting_end(struct seep_books *b, const struct seep_event *e, struct seep_block *waiting, uint64_t hash)
{
	struct seep_trace_count what = event_weight(b, e);
	uint32_t site = seep_sites_find(&b->sites, e->stack, e->tag);

	note_allocated(b, site, what);
	note_freed(b, site, what, age_class(e->birth, waiting->birth));
	seep_blocks_remove(&b->blocks, waiting, hash);
	b->waiting--;
}

/* Blocks at e's address that a free which we never saw has ended, or *e itself. Returns whether *e is still alive. */
static bool twins_resolve(struct seep_books *b, const struct seep_event *e, uint64_t hash)
{
	uint64_t known = b->order.shards[seep_wire_shard(e->address)].next; /* all frees below this are known */
	struct seep_block *twin = seep_blocks_find(&b->blocks, e->address, hash);
	bool alive = true;

	while (twin->address == e->address) {
		if (twin->flags & SEEP_BLOCK_WAITING) {
			twin++;
		} else if (order_of(b, twin) <= e->order && (known >= e->order || order_of(b, twin) == e->order)) {
			if (!seep_books_inherited(b, twin)) { /* those were freed before we began to look */
				b->totals.unhooked_frees++;
				block_end(b, twin, b->now_tick);
			}
			seep_blocks_remove(&b->blocks, twin, hash); /* the next one moved up to `twin` */
		} else {
			if (order_of(b, twin) > e->order && known >= twin->order)
				alive = false;
			twin++;
		}
	}
	return alive;
}

static void block_add(
	struct seep_books *b, const struct seep_event *e, struct seep_block *at, unsigned flags, uint64_t hash)
{
	struct seep_block block = {.address = e->address,
		.order = e->order,
		.bytes = e->bytes,
		.flags = flags,
		.generation = b->generation,
		.site = seep_sites_find(&b->sites, e->stack, e->tag),
		.birth = e->birth};
	struct seep_trace_count what = block_weight(b, &block);

	if (seep_blocks_insert(&b->blocks, at, &block, hash) < 0) {
		b->failed = true;
		return;
	}
	note_allocated(b, block.site, what);
	note_live(b, block.site, what);
}

static void alloc_apply(struct seep_books *b, const struct seep_event *e, uint64_t hash)
{
	struct seep_block *first = seep_blocks_find(&b->blocks, e->address, hash);
	struct seep_block *own_free = NULL;
	bool twins = false;

	for (struct seep_block *at = first; at->address == e->address; at++) {
		if (!(at->flags & SEEP_BLOCK_WAITING))
			twins = true;
		else if (at->order >= e->order && (!own_free || at->order < own_free->order))
			own_free = at;
	}
	if (own_free) {
		waiting_end(b, e, own_free, hash);
	} else if (twins && !twins_resolve(b, e, hash)) {
		struct seep_trace_count what = event_weight(b, e);
		uint32_t site = seep_sites_find(&b->sites, e->stack, e->tag);

		b->totals.unhooked_frees++;
		note_allocated(b, site, what);
		note_freed(b, site, what, age_class(e->birth, b->now_tick));
	} else {
		if (twins)
			first = seep_blocks_find(&b->blocks, e->address, hash); /* some may be gone */
		block_add(b, e, first, twins ? SEEP_BLOCK_TWIN : 0, hash);
	}
}

/* A free whose turn it is. */
static void free_apply(struct seep_books *b, uint64_t address, uint64_t f, uint64_t hash)
{
	struct seep_block *first = seep_blocks_find(&b->blocks, address, hash);
	struct seep_block *own = NULL;
	struct seep_block waiting = {.address = address,
		.order = f,
		.flags = SEEP_BLOCK_WAITING,
		.generation = b->generation,
		.birth = b->now_tick};

	for (struct seep_block *at = first; at->address == address; at++) {
		if (at->flags & SEEP_BLOCK_WAITING || order_of(b, at) > f ||
			(own && order_of(b, at) <= order_of(b, own)))
			continue;
		own = at;
		if (!(at->flags & SEEP_BLOCK_TWIN))
			break;
	}
	if (own) {
		block_end(b, own, b->now_tick);
		seep_blocks_remove(&b->blocks, own, hash);
	} else if (seep_blocks_insert(&b->blocks, first, &waiting, hash) < 0) {
		b->failed = true;
	} else {
		b->waiting++;
	}
}

static void item_process(const struct seep_order_item *item, void *context)
{
	struct seep_books *b = context;

	if (!item->hole)
		free_apply(b, item->address, item->f, seep_blocks_hash(&b->blocks, item->address));
}

static void order_apply(struct seep_books *b, const struct seep_event *e)
{
	struct seep_order_item item = {.f = e->order, .address = e->address, .hole = e->kind == SEEP_EVENT_HOLE};
	uint32_t shard = seep_wire_shard(e->address);

	if (!seep_order_take(&b->order, shard, &item, b->patience_now))
		return;
	do
		item_process(&item, b);
	while (seep_order_next(&b->order, shard, &item, b->patience_now));
}

/* Asks for what the events need from memory, all at once. */
static void batch_prefetch(struct seep_books *b, const struct seep_event *events, unsigned count, uint64_t *hashes)
{
	for (unsigned i = 0; i < count; i++) {
		hashes[i] = seep_blocks_hash(&b->blocks, events[i].address);
		seep_blocks_prefetch(&b->blocks, hashes[i]);
		seep_order_prefetch(&b->order, seep_wire_shard(events[i].address));
		if (events[i].kind == SEEP_EVENT_ALLOC)
			seep_sites_prefetch(&b->sites, events[i].stack, events[i].tag);
	}
}

static unsigned batch_apply(struct seep_books *b, const struct seep_event *events, unsigned count, bool due_only)
{
	uint64_t hashes[BATCH];
	unsigned i;

	batch_prefetch(b, events, count, hashes);
	for (i = 0; i < count; i++) {
		if (due_only && !seep_order_is_due(&b->order, seep_wire_shard(events[i].address), events[i].order))
			break;
		if (events[i].kind == SEEP_EVENT_ALLOC)
			alloc_apply(b, &events[i], hashes[i]);
		else
			order_apply(b, &events[i]);
	}
	if (b->order.crowded)
		seep_order_release(&b->order, b->patience_now, UINT32_MAX, item_process, b);
	return i;
}

static unsigned apply(struct seep_books *b, const struct seep_event *events, unsigned count, bool due_only)
{
	unsigned applied = 0;

	while (applied < count) {
		unsigned batch = count - applied < BATCH ? count - applied : BATCH;
		unsigned done = batch_apply(b, events + applied, batch, due_only);

		applied += done;
		if (done < batch)
			break;
	}
	return applied;
}

void seep_books_apply(struct seep_books *b, const struct seep_event *events, unsigned count)
{
	apply(b, events, count, false);
}

unsigned seep_books_apply_due(struct seep_books *b, const struct seep_event *events, unsigned count)
{
	return apply(b, events, count, true);
}

void seep_books_let_go(struct seep_books *b, uint32_t shard)
{
	seep_order_let_go(&b->order, shard);
}

void seep_books_apply_young(struct seep_books *b, const struct seep_event *e)
{
	uint64_t hash = seep_blocks_hash(&b->blocks, e->address);
	const struct seep_block *at = seep_blocks_find(&b->blocks, e->address, hash);

	for (; at->address == e->address; at++)
		if (!(at->flags & SEEP_BLOCK_WAITING) && !seep_books_inherited(b, at) && at->order == e->order)
			return;
	alloc_apply(b, e, hash);
}

void seep_books_fold(struct seep_books *b, uint32_t stack, uint16_t tag, uint64_t count, uint64_t bytes)
{
	struct seep_trace_count what = {count, bytes};
	uint32_t site = seep_sites_find(&b->sites, stack, tag);

	note_allocated(b, site, what);
	note_freed(b, site, what, 0);
}

/* Which waiting frees are given up: all that came at this tick or before. */
struct expiry {
	struct seep_books *books;
	uint32_t tick;
};

static bool not_expired(struct seep_block *block, void *context)
{
	const struct expiry *e = context;

	if (!(block->flags & SEEP_BLOCK_WAITING) || block->birth > e->tick)
		return true;
	e->books->waiting--;
	e->books->totals.unknown_frees++;
	e->books->totals.expired_frees++;
	e->books->epoch_unknown_frees++;
	return false;
}

void seep_books_tend(struct seep_books *b, uint32_t patience_ms)
{
	struct expiry all_but_the_last_second = {.books = b, .tick = b->now_tick > 100 ? b->now_tick - 100 : 0};
	struct expiry all = {.books = b, .tick = UINT32_MAX};

	if (b->order.used)
		seep_order_release(&b->order, b->patience_now, patience_ms, item_process, b);
	if (b->waiting > b->waiting_max)
		seep_blocks_sift(&b->blocks, not_expired, &all_but_the_last_second);
	if (b->waiting > b->waiting_max)
		seep_blocks_sift(&b->blocks, not_expired, &all);
}

/* Once no more frees come, whichever block is not the newest of its address was freed unseen. */
static void twins_mark(const struct seep_books *b, struct seep_block *first)
{
	struct seep_block *newest = NULL;
	uint64_t address = first->address;

	for (struct seep_block *at = first; at->address == address; at++)
		if (!(at->flags & SEEP_BLOCK_WAITING) && (!newest || order_of(b, at) >= order_of(b, newest)))
			newest = at;
	for (struct seep_block *at = first; at->address == address; at++)
		if (!(at->flags & SEEP_BLOCK_WAITING) && at != newest)
			at->flags |= SEEP_BLOCK_DEAD;
}

static bool settled(struct seep_block *block, void *context)
{
	struct seep_books *b = context;

	if (block->flags & SEEP_BLOCK_WAITING) {
		b->waiting--;
		b->totals.unknown_frees++;
		b->epoch_unknown_frees++;
		return false;
	}
	if (block->flags & SEEP_BLOCK_DEAD) {
		if (!seep_books_inherited(b, block)) {
			b->totals.unhooked_frees++;
			block_end(b, block, b->now_tick);
		}
		return false;
	}
	if (block->flags)
		block->flags = 0;
	return true;
}

void seep_books_settle(struct seep_books *b)
{
	seep_order_release(&b->order, b->patience_now, 0, item_process, b);
	for (unsigned i = 0; i < SEEP_BLOCKS_PARTS; i++) {
		struct seep_blocks_part *part = &b->blocks.parts[i];
		uint64_t before = 0;

		for (struct seep_block *at = part->slots; at < part->slots + part->homes + part->spare; at++) {
			if (at->address && at->address != before && at[1].address == at->address)
				twins_mark(b, at);
			before = at->address;
		}
	}
	seep_blocks_sift(&b->blocks, settled, b);
}

static bool inherited_count(struct seep_block *block, void *context)
{
	struct seep_books *b = context;

	count_add(&b->totals.inherited, block_weight(b, block));
	return true;
}

static bool generation_reset(struct seep_block *block, void *context)
{
	(void)context;
	block->generation = 0;
	return true;
}

int seep_books_inherit(struct seep_books *b)
{
	seep_books_settle(b);
	seep_sites_close(&b->sites);
	seep_order_close(&b->order);
	seep_cohorts_close(&b->cohorts);
	if (seep_sites_open(&b->sites) < 0 || seep_order_open(&b->order) < 0)
		return -1;
	memset(&b->totals, 0, sizeof(b->totals));
	b->now_ns = 0;
	b->now_tick = b->patience_now = 0;
	if (++b->generation == 0) { /* 256 forks in a row */
		seep_blocks_sift(&b->blocks, generation_reset, NULL);
		b->generation = 1;
	}
	seep_blocks_sift(&b->blocks, inherited_count, b);
	seep_books_next_epoch(b);
	return 0;
}

void seep_books_next_epoch(struct seep_books *b)
{
	seep_sites_next_epoch(&b->sites);
	seep_blocks_trim(&b->blocks);
	b->epoch_peak_bytes = b->totals.live.bytes;
	b->epoch_peak_at_ns = b->now_ns;
	b->epoch_unknown_frees = 0;
}
