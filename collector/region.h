/* SPDX-License-Identifier: Apache-2.0
 *
 * region.h: the shared memory of one traced process (include/seep/wire.h), seen from the collector.
 *
 * The traced program can write all of it. So what the layout is stands here, and is never read back from there.
 */
#ifndef SEEP_COLLECTOR_REGION_H
#define SEEP_COLLECTOR_REGION_H

#include "settings.h"

#include "seep/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_region {
	int memfd; /* what the program is given; -1: none */
	int file; /* our own descriptor of a region that is a file; -1: it is in memory only */
	uint64_t bytes;
	struct seep_wire_region *map; /* NULL: not mapped */
	struct seep_wire_module *modules;
	struct seep_wire_node *nodes;
	struct seep_wire_segment *segments;
	uint32_t modules_max;
	uint32_t nodes_max;
	uint32_t segments_max;
};

/* Beside a trace (beside.h). */
struct seep_region_place {
	const char *trace;
	uint64_t trace_checksum;
};

/* Makes a region, as large as address_space_limit (bytes; UINT64_MAX: none) of the program allows, whose robust futex the calling
 * thread holds; it holds one at a time. With a place it is a new file there, smaller, and its room on the disk is reserved.
 * Returns 0, or -1 with errno and a message. */
int seep_region_open(struct seep_region *r, const struct seep_settings *settings, uint64_t address_space_limit,
	const char *socket_name, const struct seep_region_place *place, char *message, size_t message_size);

/* Maps a private copy of a region that another collector left behind, laid out for so many modules, nodes and segments. Takes fd.
 * Returns 0, or -1 with errno (EINVAL: the file has another size). */
int seep_region_adopt(struct seep_region *r, int fd, uint32_t modules_max, uint32_t nodes_max, uint32_t segments_max);

/* After the region was handed over: only mappings keep it in use from now on. */
void seep_region_handed(struct seep_region *r);

/* Lets the futex go and unmaps, but keeps the memfd. */
void seep_region_unmap(struct seep_region *r);
/* Closes what is still open. In a forked collector, whose region is still its parent's, the futex is left alone. */
void seep_region_close(struct seep_region *r, bool owner);

/* Whether any process still maps the region. To be asked only once it is unmapped here, or mapped as a private copy; after a "no" no program
 * can map it again. */
bool seep_region_mapped_elsewhere(const struct seep_region *r);

/* Numbers from shared memory, within their limits. */
uint32_t seep_region_modules_used(const struct seep_region *r);
uint32_t seep_region_nodes_used(const struct seep_region *r);
uint32_t seep_region_segments_used(const struct seep_region *r);

/* Sleeps until somebody rings the doorbell, at most so long. Rings that fill meanwhile count as such. Wakes early, too. */
void seep_region_sleep(struct seep_region *r, bool (*nothing_to_do)(void *context), void *context, unsigned timeout_ms);
/* Rings the doorbell; from any thread. */
void seep_region_ring(struct seep_region *r);

/* Says that a segment's ring has been read up to tail. */
void seep_region_consume(struct seep_wire_segment *segment, uint64_t tail);
/* Wakes a segment's producer if it waits for room. */
void seep_region_wake(struct seep_wire_segment *segment);

#endif
