/* SPDX-License-Identifier: Apache-2.0
 *
 * checkpoint.c: a recording's state to a file and back. Called by durable.c and recover.c. One thread; the program may go on meanwhile.
 *
 *   struct names, struct head, then records: executable, notes, modules that are gone, sites, blocks, shards, held frees, borders of
 *   cohorts, segments with their folds; XXH64 of all that
 */
#include "checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define VERSION 1u
#define BUFFER_BYTES (256u * 1024)

struct names {
	uint8_t magic[8];
	uint32_t version;
	uint32_t generation;
	uint64_t trace_checksum;
	uint64_t offset;
	uint32_t sequence;
	uint32_t modules_max;
	uint32_t nodes_max;
	uint32_t segments_max;
};

struct head {
	uint64_t patience_ns;
	/* The books. */
	uint64_t now_ns;
	uint32_t now_tick;
	uint32_t patience_now;
	uint64_t waiting_max;
	uint64_t sample_bytes;
	struct seep_totals totals;
	uint64_t epoch_peak_bytes;
	uint64_t epoch_peak_at_ns;
	uint64_t epoch_unknown_frees;
	uint64_t sites_over;
	uint64_t order_holes;
	uint64_t order_late;
	uint32_t generation; /* of blocks */
	uint32_t marks;
	/* The epoch. */
	uint64_t first_ns;
	uint64_t start_ns;
	uint64_t epoch_dropped;
	uint32_t epoch_number;
	uint32_t drops_seen;
	/* The drain, the tree and the notes. */
	uint64_t dropped;
	uint64_t dropped_noted;
	uint32_t modules_written;
	uint32_t nodes_written;
	uint32_t notes_total;
	uint32_t notes_faults;
	uint64_t notes_lost;
	uint32_t notes_entries;
	/* How many records follow. */
	uint32_t executable_bytes;
	uint64_t notes_bytes;
	uint64_t blocks;
	uint32_t sites;
	uint32_t shards;
	uint32_t items;
	uint32_t borders;
	uint32_t segments;
	uint32_t reserved;
};

struct shard {
	uint64_t number;
	struct seep_order_shard state;
};

struct segment {
	uint64_t tail;
	uint64_t asides_done;
	uint64_t dropped;
	uint32_t abandoned;
	uint32_t recent_next;
	uint64_t recent[SEEP_DRAIN_RECENT][2];
	uint32_t folds; /* of these records follow */
	uint32_t reserved;
};

struct fold {
	uint32_t entry;
	uint32_t version;
	uint64_t count;
	uint64_t bytes;
};

struct stream {
	FILE *file;
	XXH64_state_t *sum;
	uint64_t bytes;
	bool failed;
};

/* ---- Writing ---- */

static void put(struct stream *s, const void *record, size_t bytes)
{
	s->failed = s->failed || fwrite_unlocked(record, 1, bytes, s->file) != bytes;
	XXH64_update(s->sum, record, bytes);
	s->bytes += bytes;
}

static uint32_t shards_count(const struct seep_order *o)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SEEP_WIRE_SHARDS; i++)
		count += o->shards[i].next || o->shards[i].let_go;
	return count;
}

static struct head head_of(const struct seep_recording *r)
{
	const struct seep_books *b = r->books;

	return (struct head){.patience_ns = r->patience_ns,
		.now_ns = b->now_ns,
		.now_tick = b->now_tick,
		.patience_now = b->patience_now,
		.waiting_max = b->waiting_max,
		.sample_bytes = b->sample_bytes,
		.totals = b->totals,
		.epoch_peak_bytes = b->epoch_peak_bytes,
		.epoch_peak_at_ns = b->epoch_peak_at_ns,
		.epoch_unknown_frees = b->epoch_unknown_frees,
		.sites_over = b->sites.over,
		.order_holes = b->order.holes,
		.order_late = b->order.late,
		.generation = b->generation,
		.marks = b->cohorts.marks,
		.first_ns = r->epoch.first_ns,
		.start_ns = r->epoch.start_ns,
		.epoch_dropped = r->epoch.dropped,
		.epoch_number = r->epoch.number,
		.drops_seen = r->drain->drops_seen,
		.dropped = r->drain->dropped,
		.dropped_noted = r->drain->dropped_noted,
		.modules_written = r->tree.modules_written,
		.nodes_written = r->tree.nodes_written,
		.notes_total = r->notes.total,
		.notes_faults = r->notes.faults,
		.notes_lost = r->notes.lost,
		.notes_entries = r->notes.entries,
		.executable_bytes = (uint32_t)strlen(r->process.executable),
		.notes_bytes = r->notes.bytes_used,
		.blocks = b->blocks.used,
		.sites = b->sites.used,
		.shards = shards_count(&b->order),
		.items = b->order.used,
		.borders = b->cohorts.used,
		.segments = r->drain->segments_known};
}

/* From the last to the first: each goes back in front of those with its address, which is where it stood. */
static void blocks_put(struct stream *s, const struct seep_blocks *blocks)
{
	for (unsigned i = 0; i < SEEP_BLOCKS_PARTS; i++) {
		const struct seep_blocks_part *part = &blocks->parts[i];

		for (uint32_t j = part->homes + part->spare; j-- > 0;)
			if (part->slots[j].address)
				put(s, &part->slots[j], sizeof(part->slots[j]));
	}
}

static void order_put(struct stream *s, const struct seep_order *o)
{
	for (uint32_t i = 0; i < SEEP_WIRE_SHARDS; i++) {
		struct shard shard = {.number = i, .state = o->shards[i]};

		if (shard.state.next || shard.state.let_go)
			put(s, &shard, sizeof(shard));
	}
	for (uint32_t i = 0; i <= o->slots_mask; i++)
		if (o->slots[i].address)
			put(s, &o->slots[i], sizeof(o->slots[i]));
}

static void segment_put(struct stream *s, const struct seep_drain_segment *from)
{
	struct segment segment = {.tail = from->tail,
		.asides_done = from->asides_done,
		.dropped = from->dropped,
		.abandoned = from->abandoned,
		.recent_next = from->recent_next};

	for (unsigned i = 0; i < SEEP_DRAIN_RECENT; i++) {
		segment.recent[i][0] = from->recent[i].address;
		segment.recent[i][1] = from->recent[i].s;
	}
	for (uint32_t i = 0; from->folds && i < SEEP_WIRE_FOLDS; i++)
		segment.folds += from->folds[i].version || from->folds[i].count;
	put(s, &segment, sizeof(segment));
	for (uint32_t i = 0; segment.folds && i < SEEP_WIRE_FOLDS; i++) {
		struct fold fold = {i, from->folds[i].version, from->folds[i].count, from->folds[i].bytes};

		if (fold.version || fold.count)
			put(s, &fold, sizeof(fold));
	}
}

static void state_put(struct stream *s, const struct seep_recording *r)
{
	struct head head = head_of(r);

	put(s, &head, sizeof(head));
	put(s, r->process.executable, head.executable_bytes);
	if (head.notes_bytes)
		put(s, r->notes.bytes, head.notes_bytes);
	put(s, r->tree.gone, head.modules_written + UINT64_C(1));
	for (uint32_t i = 0; i < head.sites; i++)
		put(s, seep_sites_at(&r->books->sites, i), sizeof(struct seep_site));
	blocks_put(s, &r->books->blocks);
	order_put(s, &r->books->order);
	if (head.borders)
		put(s, r->books->cohorts.borders, head.borders * sizeof(*r->books->cohorts.borders));
	for (uint32_t i = 0; i < head.segments; i++)
		segment_put(s, &r->drain->segments[i]);
}

static bool stream_open(struct stream *s, int fd, const char *mode)
{
	int own = dup(fd);

	*s = (struct stream){.sum = XXH64_createState()};
	if (own >= 0)
		s->file = fdopen(own, mode);
	if (!s->file && own >= 0)
		close(own);
	if (!s->file || !s->sum) {
		XXH64_freeState(s->sum);
		if (s->file)
			fclose(s->file);
		errno = ENOMEM;
		return false;
	}
	XXH64_reset(s->sum, 0);
	setvbuf(s->file, NULL, _IOFBF, BUFFER_BYTES);
	return true;
}

static int stream_close(struct stream *s)
{
	int status = fclose(s->file);

	XXH64_freeState(s->sum);
	return status == 0 && !s->failed ? 0 : -1;
}

int seep_checkpoint_write(
	const struct seep_recording *r, const struct seep_checkpoint_names *names, int fd, uint64_t *bytes)
{
	struct names first = {.version = VERSION,
		.generation = names->generation,
		.trace_checksum = names->trace_checksum,
		.offset = names->place.offset,
		.sequence = names->place.sequence,
		.modules_max = names->modules_max,
		.nodes_max = names->nodes_max,
		.segments_max = names->segments_max};
	struct stream s;
	uint64_t sum;

	if (!stream_open(&s, fd, "w"))
		return -1;
	memcpy(first.magic, SEEP_BOOKS_MAGIC, sizeof(first.magic));
	put(&s, &first, sizeof(first));
	state_put(&s, r);
	sum = XXH64_digest(s.sum);
	put(&s, &sum, sizeof(sum));
	*bytes = s.bytes;
	errno = 0;
	if (stream_close(&s) == 0)
		return 0;
	if (!errno)
		errno = ENOSPC;
	return -1;
}

/* ---- Reading ---- */

static bool get(struct stream *s, void *record, size_t bytes)
{
	if (fread_unlocked(record, 1, bytes, s->file) != bytes)
		return false;
	XXH64_update(s->sum, record, bytes);
	s->bytes += bytes;
	return true;
}

static bool head_get(struct stream *s, struct seep_recording *r, struct head *head)
{
	struct seep_books *b = r->books;

	if (!get(s, head, sizeof(*head)) || head->executable_bytes >= sizeof(r->process.executable) ||
		head->notes_bytes > SEEP_FRAME_RAW_MAX || head->modules_written > r->region.modules_max ||
		head->nodes_written > seep_region_nodes_used(&r->region) || head->segments > r->region.segments_max ||
		head->generation > UINT8_MAX)
		return false;
	r->patience_ns = head->patience_ns;
	b->now_ns = head->now_ns;
	b->now_tick = head->now_tick;
	b->patience_now = head->patience_now;
	b->waiting_max = head->waiting_max;
	b->sample_bytes = head->sample_bytes;
	b->totals = head->totals;
	b->epoch_peak_bytes = head->epoch_peak_bytes;
	b->epoch_peak_at_ns = head->epoch_peak_at_ns;
	b->epoch_unknown_frees = head->epoch_unknown_frees;
	b->sites.over = head->sites_over;
	b->order.holes = head->order_holes;
	b->order.late = head->order_late;
	b->generation = (uint8_t)head->generation;
	r->epoch.first_ns = head->first_ns;
	r->epoch.start_ns = head->start_ns;
	r->epoch.dropped = head->epoch_dropped;
	r->epoch.number = head->epoch_number;
	r->drain->drops_seen = head->drops_seen;
	r->drain->dropped = head->dropped;
	r->drain->dropped_noted = head->dropped_noted;
	r->tree.modules_written = head->modules_written;
	r->tree.nodes_written = head->nodes_written;
	return true;
}

static bool notes_get(struct stream *s, struct seep_notes *notes, const struct head *head)
{
	notes->total = head->notes_total;
	notes->faults = head->notes_faults;
	notes->lost = head->notes_lost;
	notes->entries = head->notes_entries;
	if (!head->notes_bytes)
		return true;
	notes->bytes = malloc(head->notes_bytes);
	if (!notes->bytes)
		return false;
	notes->bytes_used = notes->bytes_size = head->notes_bytes;
	return get(s, notes->bytes, head->notes_bytes);
}

static bool sites_get(struct stream *s, struct seep_recording *r, uint32_t count)
{
	struct seep_sites *sites = &r->books->sites;

	for (uint32_t i = 0; i < count; i++) {
		struct seep_site site;
		bool changed;

		/* In their own order, so that each gets the number that it had. */
		if (!get(s, &site, sizeof(site)) || !seep_drain_stack_exists(r->drain, site.stack) ||
			seep_sites_find(sites, site.stack, site.tag) != i || sites->used != i + 1)
			return false;
		changed = site.changed;
		site.changed = 0;
		*seep_sites_at(sites, i) = site;
		if (changed)
			seep_sites_change(sites, i);
	}
	return count > 0;
}

static bool blocks_get(struct stream *s, struct seep_books *b, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct seep_block block;
		uint64_t hash;

		if (!get(s, &block, sizeof(block)) || !block.address || block.address > SEEP_WIRE_ADDRESS_MASK ||
			block.order >= SEEP_ORDER_NUMBER_MAX || block.flags & ~(SEEP_BLOCK_TWIN | SEEP_BLOCK_WAITING) ||
			(block.site >= b->sites.used && !seep_books_inherited(b, &block)))
			return false;
		hash = seep_blocks_hash(&b->blocks, block.address);
		if (seep_blocks_insert(&b->blocks, seep_blocks_find(&b->blocks, block.address, hash), &block, hash) < 0)
			return false;
		b->waiting += (block.flags & SEEP_BLOCK_WAITING) != 0;
	}
	return true;
}

static bool order_get(struct stream *s, struct seep_order *o, const struct head *head)
{
	for (uint32_t i = 0; i < head->shards; i++) {
		struct shard shard;

		if (!get(s, &shard, sizeof(shard)) || shard.number >= SEEP_WIRE_SHARDS ||
			shard.state.next > SEEP_ORDER_NUMBER_MAX)
			return false;
		seep_order_restore_shard(o, (uint32_t)shard.number, &shard.state);
	}
	for (uint32_t i = 0; i < head->items; i++) {
		struct seep_order_item item;

		if (!get(s, &item, sizeof(item)) || !seep_order_restore_item(o, &item))
			return false;
	}
	return true;
}

static bool cohorts_get(struct stream *s, struct seep_cohorts *cohorts, const struct head *head)
{
	for (uint32_t i = 0; i < head->borders; i++) {
		uint32_t tick;

		if (!get(s, &tick, sizeof(tick)))
			return false;
		seep_cohorts_add_epoch(cohorts, tick);
	}
	cohorts->marks = head->marks;
	return true;
}

static bool segment_get(struct stream *s, struct seep_drain_segment *to)
{
	struct segment segment;

	if (!get(s, &segment, sizeof(segment)) || segment.folds > SEEP_WIRE_FOLDS)
		return false;
	to->tail = segment.tail;
	to->asides_done = segment.asides_done;
	to->dropped = segment.dropped;
	to->abandoned = segment.abandoned;
	to->recent_next = segment.recent_next;
	for (unsigned i = 0; i < SEEP_DRAIN_RECENT; i++) {
		to->recent[i].address = segment.recent[i][0];
		to->recent[i].s = segment.recent[i][1];
	}
	if (segment.folds)
		to->folds = calloc(SEEP_WIRE_FOLDS, sizeof(*to->folds));
	if (segment.folds && !to->folds)
		return false;
	for (uint32_t i = 0; i < segment.folds; i++) {
		struct fold fold;

		if (!get(s, &fold, sizeof(fold)) || fold.entry >= SEEP_WIRE_FOLDS)
			return false;
		to->folds[fold.entry] = (struct seep_drain_fold){fold.version, fold.count, fold.bytes};
	}
	return true;
}

static bool segments_get(struct stream *s, struct seep_drain *d, uint32_t count)
{
	seep_drain_learn(d);
	if (count > d->segments_known)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!segment_get(s, &d->segments[i]))
			return false;
	return true;
}

static bool state_get(struct stream *s, struct seep_recording *r)
{
	struct head head;
	uint64_t sum, wanted;

	if (!head_get(s, r, &head) || !get(s, r->process.executable, head.executable_bytes))
		return false;
	r->process.executable[head.executable_bytes] = 0;
	if (!notes_get(s, &r->notes, &head))
		return false;
	for (uint32_t i = 0; i <= head.modules_written; i++) {
		uint8_t gone;

		if (!get(s, &gone, sizeof(gone)))
			return false;
		r->tree.gone[i] = gone != 0;
	}
	if (!sites_get(s, r, head.sites) || !blocks_get(s, r->books, head.blocks) ||
		!order_get(s, &r->books->order, &head) || !cohorts_get(s, &r->books->cohorts, &head) ||
		!segments_get(s, r->drain, head.segments))
		return false;
	sum = XXH64_digest(s->sum);
	return get(s, &wanted, sizeof(wanted)) && sum == wanted;
}

static int names_get(struct stream *s, struct names *names, char *message, size_t message_size)
{
	if (!get(s, names, sizeof(*names)) || memcmp(names->magic, SEEP_BOOKS_MAGIC, sizeof(names->magic)) != 0)
		snprintf(message, message_size, "this is no checkpoint of a recording");
	else if (names->version != VERSION)
		snprintf(message, message_size,
			"a checkpoint of version %u, and this seep reads version %u: use the seep that recorded it",
			names->version, VERSION);
	else
		return 0;
	return -1;
}

int seep_checkpoint_names_read(int fd, struct seep_checkpoint_names *names, char *message, size_t message_size)
{
	struct names first;
	struct stream s;
	int status;

	if (lseek(fd, 0, SEEK_SET) < 0 || !stream_open(&s, fd, "r")) {
		snprintf(message, message_size, "%s", strerror(errno));
		return -1;
	}
	status = names_get(&s, &first, message, message_size);
	(void)stream_close(&s);
	if (status == 0)
		*names = (struct seep_checkpoint_names){.generation = first.generation,
			.trace_checksum = first.trace_checksum,
			.place = {first.offset, first.sequence},
			.modules_max = first.modules_max,
			.nodes_max = first.nodes_max,
			.segments_max = first.segments_max};
	return status;
}

int seep_checkpoint_read(struct seep_recording *r, int fd, char *message, size_t message_size)
{
	struct names first;
	struct stream s;
	int status = -1;

	if (lseek(fd, 0, SEEK_SET) < 0 || !stream_open(&s, fd, "r")) {
		snprintf(message, message_size, "%s", strerror(errno));
		return -1;
	}
	if (names_get(&s, &first, message, message_size) == 0) {
		if (state_get(&s, r))
			status = 0;
		else
			snprintf(message, message_size, "the checkpoint makes no sense at offset %llu",
				(unsigned long long)s.bytes);
	}
	(void)stream_close(&s);
	return status;
}
