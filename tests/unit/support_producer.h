/* SPDX-License-Identifier: Apache-2.0
 *
 * support_producer.h: plays the shim in unit tests of the collector: says hello, maps the region, and writes what a thread would.
 * It follows include/seep/wire.h and shares no code with preload/.
 */
#ifndef SEEP_TESTS_SUPPORT_PRODUCER_H
#define SEEP_TESTS_SUPPORT_PRODUCER_H

#include "seep/wire.h"

#include <stdint.h>

struct producer {
	struct seep_wire_region *region;
	struct seep_wire_segment *segment;
	uint64_t head;
};

/* Says hello and maps the region. On failure region is NULL and the welcome's status is returned (or -1 without one). */
int producer_hello(int connection, uint32_t kind, uint64_t address_space_limit, struct seep_wire_region **region);

/* What follows the slash of a socket's name, to be said with the next hellos; NULL: nothing. */
void producer_secret(const char *name);

/* Connects to an abstract socket. */
int producer_connect(const char *name);

struct producer producer_thread(struct seep_wire_region *region);
uint32_t producer_module(struct seep_wire_region *region, const char *path, uint64_t start, uint64_t end);
uint32_t producer_node(struct seep_wire_region *region, uint32_t parent, uint32_t module, uint64_t address);

/* Writes units into the ring and waits for room if there is none. */
void producer_push(struct producer *p, const struct seep_wire_unit *units, unsigned count);

/* An allocation and a free that are sent, with the numbers that their moment gives them. */
void producer_alloc(struct producer *p, uint64_t address, uint64_t bytes, uint32_t stack);
void producer_free(struct producer *p, uint64_t address);
/* An allocation into the nursery's entry. */
void producer_young(struct producer *p, unsigned entry, uint64_t address, uint32_t bytes, uint32_t stack);
/* Folds are counted in an entry; another stack in it sends the old count first. */
void producer_fold(struct producer *p, unsigned entry, uint32_t stack, uint64_t count, uint64_t bytes);
void producer_mark(struct producer *p, const char *name);

#endif
