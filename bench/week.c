/* SPDX-License-Identifier: Apache-2.0
 *
 * week.c: a server's week in a minute. Plays a busy program in the shared memory and drives the real collector with it: rings, books,
 * epochs, trace. Only the time is made up. Most blocks are replaced soon; some stay, evenly over the whole time. Afterwards it prints
 * what the trace has to say, for tests, and what it all took.
 *
 * Usage: week TRACE DAYS SITES LIVE EVENTS [MAX_TRACE]     LIVE: blocks at the end; EVENTS: a second; MAX_TRACE: bytes
 * Prints a line of JSON. Exit status 1 and a line on stderr if the trace was ever larger than MAX_TRACE.
 */
#include "clock.h"
#include "output.h"
#include "recording.h"
#include "rings.h"

#include "seep/trace.h"
#include "seep/wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define DEPTH 12u
#define REPLACED 50000u /* blocks that are soon replaced by others, at most */

struct week {
	struct seep_recording *r;
	struct seep_wire_segment *segment;
	_Atomic uint64_t *shards;
	uint64_t random;
	uint64_t next_address;
	uint32_t sites, first_leaf;
	uint64_t head;
	struct block {
		uint64_t address;
		uint32_t bytes;
	} * blocks;
	uint32_t blocks_used;
	uint64_t allocations, allocated_bytes, frees, freed_bytes;
	uint64_t events;
};

static void stop(const char *what)
{
	fprintf(stderr, "week: %s\n", what);
	exit(1);
}

static uint32_t pick(struct week *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((w->random >> 32) * below >> 32);
}

/* ---- The program ---- */

static void drain(struct week *w)
{
	atomic_store(&w->segment->head, w->head);
	seep_rings_drain(w->r->drain, false);
	if (w->head - atomic_load(&w->segment->tail) > SEEP_WIRE_RING_UNITS / 2)
		stop("the collector does not empty the ring");
}

static void push(struct week *w, uint64_t a, uint64_t b)
{
	w->segment->ring[w->head++ % SEEP_WIRE_RING_UNITS] = (struct seep_wire_unit){a, b};
}

static void room(struct week *w)
{
	w->events++;
	if (w->head + 2 - atomic_load(&w->segment->tail) > SEEP_WIRE_RING_UNITS)
		drain(w);
}

static struct block allocate(struct week *w)
{
	struct block block = {w->next_address += 16 * (1 + pick(w, 8)), 1 + pick(w, 1 << pick(w, 14))};
	/* Few sites make most of the blocks, as it is. */
	uint64_t stack = w->first_leaf + pick(w, 1 + pick(w, w->sites));

	room(w);
	push(w, (uint64_t)SEEP_RECORD_ALLOC << SEEP_WIRE_KIND_SHIFT | block.address,
		atomic_load(&w->shards[seep_wire_shard(block.address)]));
	push(w, block.bytes, stack | (uint64_t)w->r->books->now_tick << 32);
	w->allocations++;
	w->allocated_bytes += block.bytes;
	return block;
}

static void release(struct week *w, struct block block)
{
	room(w);
	push(w, (uint64_t)SEEP_RECORD_FREE << SEEP_WIRE_KIND_SHIFT | block.address,
		atomic_fetch_add(&w->shards[seep_wire_shard(block.address)], 1));
	w->frees++;
	w->freed_bytes += block.bytes;
}

static void stacks_make(struct week *w, uint32_t sites)
{
	struct seep_region *region = &w->r->region;
	uint32_t used = 0;

	strcpy(region->modules[1].path, "/synthetic");
	region->modules[1].start = 0x1000;
	region->modules[1].end = 1ull << 40;
	atomic_store(&region->map->modules_used, 1);
	for (; used < DEPTH; used++)
		region->nodes[used + 1] = (struct seep_wire_node){used, 1, 0x2000 + used};
	w->sites = sites;
	w->first_leaf = used + 1;
	for (uint32_t i = 0; i < sites; i++)
		region->nodes[w->first_leaf + i] =
			(struct seep_wire_node){1 + i % DEPTH, 1, 0x100000 + 32 * (uint64_t)i};
	atomic_store(&region->map->nodes_used, used + sites);
}

/* ---- The collector ---- */

static void start(struct week *w, const struct seep_session_setup *setup, const char *path)
{
	const struct seep_trace_process process = {
		.pid = (uint32_t)getpid(), .depth_limit = 128, .tick_ns = SEEP_WIRE_TICK_NS};
	struct seep_recording *r = seep_recording_new(setup);
	uint8_t raw[sizeof(process) + sizeof("/synthetic\0/")] = {0};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (!r || fd < 0 || !(r->books = malloc(sizeof(*r->books))) || seep_books_open(r->books) < 0)
		stop("it can't be started");
	memcpy(raw, &process, sizeof(process));
	memcpy(raw + sizeof(process), "/synthetic\0/", sizeof("/synthetic\0/"));
	strcpy(r->process.executable, "/synthetic");
	snprintf(r->path, sizeof(r->path), "%s", path);
	r->epoch.first_ns = SECOND;
	r->trim.limit = setup->settings->max_trace_bytes;
	r->epoch.trim = r->trim.limit ? &r->trim : NULL;
	if (seep_writer_open(&r->writer, fd, r->message, sizeof(r->message)) < 0 ||
		seep_writer_frame(r->writer, SEEP_FRAME_PROCESS, 1, raw, sizeof(raw)) < 0 ||
		seep_region_open(&r->region, setup->settings, UINT64_MAX, "x", NULL, r->message, sizeof(r->message)) <
			0 ||
		seep_tree_open(&r->tree, &r->region) < 0)
		stop(r->message);
	seep_drain_open(r->drain, &r->region, r->books, &r->notes);
	w->r = r;
	w->segment = &r->region.segments[0];
	w->shards = (_Atomic uint64_t *)((char *)r->region.map + r->region.map->shards_offset);
	atomic_store(&r->region.map->state, SEEP_STATE_RECORDING);
	atomic_store(&r->region.map->segments_used, 1);
}

static void now_is(struct week *w, uint64_t now_ns)
{
	w->r->books->now_ns = now_ns;
	w->r->books->now_tick = (uint32_t)(now_ns / SEEP_WIRE_TICK_NS);
	atomic_store(&w->r->region.map->tick, w->r->books->now_tick);
}

static void epoch_end(struct week *w, const struct seep_settings *settings)
{
	struct stat st;

	if (seep_recording_epoch(w->r, 0) < 0 || seep_trim_keep(&w->r->trim, &w->r->writer, w->r->path) < 0) {
		seep_recording_is_well(w->r, -1);
		stop(w->r->message);
	}
	if (stat(w->r->path, &st) < 0 ||
		(settings->max_trace_bytes && (uint64_t)st.st_size > settings->max_trace_bytes))
		stop("the trace is larger than it may be");
}

static void finish(struct week *w, uint64_t now_ns)
{
	struct seep_trace_end end = {.how = SEEP_END_EXITED};

	drain(w);
	w->r->start_ns = seep_clock_ns() - now_ns;
	if (seep_recording_collect(w->r, &end) < 0)
		stop("the last epoch can't be written");
	seep_region_unmap(&w->r->region);
	if (seep_recording_complete(w->r, &end) < 0)
		stop("the end can't be written");
}

static double seconds(void)
{
	return (double)seep_clock_ns() / 1e9;
}

int main(int argc, char **argv)
{
	struct seep_settings settings = {.depth_limit = 128};
	const struct seep_session_setup setup = {.settings = &settings, .report_fds = {-1, -1}};
	struct week w = {.random = 1, .next_address = 0x100000};
	double began = seconds();
	uint64_t days, live, a_second, length, kept = 0, done = 0;
	struct rusage used;
	struct stat st;

	if (argc < 6 || argc > 7) {
		fprintf(stderr, "usage: week TRACE DAYS SITES LIVE EVENTS [MAX_TRACE]\n");
		return 2;
	}
	days = strtoull(argv[2], NULL, 10);
	live = strtoull(argv[4], NULL, 10);
	a_second = strtoull(argv[5], NULL, 10);
	settings.max_trace_bytes = argc > 6 ? strtoull(argv[6], NULL, 10) : 0;
	length = days * 86400;
	start(&w, &setup, argv[1]);
	stacks_make(&w, (uint32_t)strtoul(argv[3], NULL, 10));
	w.blocks = calloc(REPLACED, sizeof(*w.blocks));
	if (!w.blocks)
		stop("out of memory");
	for (uint64_t second = 0; second < length; second++) {
		now_is(&w, second * SECOND);
		for (; done < (second + 1) * a_second; done += 2) {
			uint32_t which = pick(&w, w.blocks_used + 1);

			/* By the end, as many stay as were asked for. */
			if (kept + w.blocks_used < live * (second + 1) / length) {
				if (w.blocks_used < REPLACED && w.blocks_used < live / 2)
					w.blocks[w.blocks_used++] = allocate(&w);
				else
					allocate(&w), kept++;
			} else if (which < w.blocks_used) {
				release(&w, w.blocks[which]);
				w.blocks[which] = allocate(&w);
			}
		}
		if ((second + 1) * SECOND >= seep_epoch_end_ns(&w.r->epoch)) {
			drain(&w);
			now_is(&w, (second + 1) * SECOND);
			epoch_end(&w, &settings);
		}
	}
	finish(&w, length * SECOND);
	stat(argv[1], &st);
	if (settings.max_trace_bytes && (uint64_t)st.st_size > settings.max_trace_bytes)
		stop("the trace is larger than it may be at the end");
	getrusage(RUSAGE_SELF, &used);
	printf("{\"allocations\": %llu, \"allocated_bytes\": %llu, \"frees\": %llu, \"freed_bytes\": %llu, "
	       "\"unfreed_count\": %llu, \"unfreed_bytes\": %llu, \"epochs\": %u, \"file_bytes\": %llu, "
	       "\"events\": %llu, \"seconds\": %.1f, \"peak_rss_mib\": %.1f}\n",
		(unsigned long long)w.allocations, (unsigned long long)w.allocated_bytes, (unsigned long long)w.frees,
		(unsigned long long)w.freed_bytes, (unsigned long long)(w.allocations - w.frees),
		(unsigned long long)(w.allocated_bytes - w.freed_bytes), w.r->epoch.number,
		(unsigned long long)st.st_size, (unsigned long long)w.events, seconds() - began,
		(double)used.ru_maxrss / 1024);
	seep_recording_free(w.r, true);
	free(w.blocks);
	return 0;
}
