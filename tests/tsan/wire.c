/* SPDX-License-Identifier: Apache-2.0
 *
 * Both sides of the shared memory in one process, for ThreadSanitizer: threads that allocate and free through the shim's recorder
 * (preload/record.h, ring.c, nursery.c), and the collector beside them. Addresses are those of real blocks, so they are used again by
 * whoever comes, and blocks are freed by other threads, too. In the end the books have to be right to the byte.
 *
 * Usage: wire [OPERATIONS]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "nurseries.h"
#include "recording.h"
#include "shim.h"

#include "seep/trace.h"

static void unexpected(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct seep_recording *start(const struct seep_session_setup *setup, int trace)
{
	struct seep_recording *r = seep_recording_new(setup);

	if (!r || !(r->books = malloc(sizeof(*r->books))) || seep_books_open(r->books) < 0)
		unexpected("out of memory");
	r->start_ns = seep_clock_ns();
	r->epoch.first_ns = 5000000;
	if (seep_writer_open(&r->writer, trace, r->message, sizeof(r->message)) < 0 ||
		seep_region_open(&r->region, setup->settings, UINT64_MAX, "x", NULL, r->message, sizeof(r->message)) <
			0 ||
		seep_tree_open(&r->tree, &r->region) < 0)
		unexpected(r->message);
	seep_drain_open(r->drain, &r->region, r->books, &r->notes);
	for (uint32_t i = 1; i <= SHIM_STACKS; i++)
		r->region.nodes[i] = (struct seep_wire_node){.address = i};
	atomic_store(&r->region.map->nodes_used, SHIM_STACKS);
	atomic_store(&r->region.map->segments_used, SHIM_THREADS);
	return r;
}

static _Atomic bool over;

/* What a session does, and now and then what it does for a fork: a look into the nurseries. */
static void *collect(void *argument)
{
	struct seep_recording *r = argument;
	unsigned rounds = 0;

	while (!atomic_load(&over)) {
		struct seep_nurseries young;

		seep_recording_round(r);
		if (r->books->now_ns >= seep_epoch_end_ns(&r->epoch) && seep_recording_epoch(r, 0) < 0)
			unexpected("an epoch can't be written");
		if (++rounds % 50 == 0 && seep_nurseries_copy(&young, r->drain) == 0)
			seep_nurseries_close(&young);
	}
	return NULL;
}

static void equal(const char *what, uint64_t books, uint64_t program)
{
	if (books == program)
		return;
	fprintf(stderr, "%s: %llu in the books, %llu in truth\n", what, (unsigned long long)books,
		(unsigned long long)program);
	exit(1);
}

int main(int argc, char **argv)
{
	static const struct seep_settings settings = {.depth_limit = 128};
	unsigned long operations = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	struct shim_sums sum = {0};
	const struct seep_session_setup setup = {.settings = &settings, .report_fds = {-1, -1}};
	struct seep_trace_end end = {.how = SEEP_END_KILLED};
	struct seep_recording *r = start(&setup, memfd_create("trace", MFD_CLOEXEC));
	pthread_t collector;

	pthread_create(&collector, NULL, collect, r);
	shim_run(r->region.map, r->region.segments, operations, &sum);
	atomic_store(&over, true);
	pthread_join(collector, NULL);
	if (seep_recording_collect(r, &end) < 0)
		unexpected("the end can't be written");
	equal("allocations", end.allocations, sum.allocations);
	equal("bytes allocated", end.allocated_bytes, sum.allocated_bytes);
	equal("frees", end.frees, sum.frees);
	equal("bytes freed", end.freed_bytes, sum.freed_bytes);
	equal("unknown frees", end.unknown_frees, 0);
	equal("frees that never arrived", r->books->order.holes, 0);
	printf("%llu allocations, %llu unfreed\n", (unsigned long long)end.allocations,
		(unsigned long long)end.unfreed_count);
	return 0;
}
