/* SPDX-License-Identifier: Apache-2.0
 *
 * pack.h: payloads in the order in which they compress best (docs/FORMAT.md, "Packing"). analyzer/unpack.c undoes it. For
 * writer.c. One thread.
 */
#ifndef SEEP_COLLECTOR_PACK_H
#define SEEP_COLLECTOR_PACK_H

#include <stddef.h>
#include <stdint.h>

/* All zero is an empty one. */
struct seep_packer {
	uint8_t *bytes;
	size_t room;
	uint32_t *slots; /* hash table of places: number in this payload, 0: free */
	uint32_t slots_room;
};

/* Packs a frame's payload. Returns 0 and sets *packed, which is the payload itself where its kind is not packed, and otherwise
 * stays valid until the next call; or -1 with ENOMEM. */
int seep_pack(struct seep_packer *p, uint32_t kind, uint32_t entries, const void *payload, size_t payload_bytes,
	const void **packed, size_t *packed_bytes);

void seep_packer_close(struct seep_packer *p);

#endif
