/* SPDX-License-Identifier: Apache-2.0
 *
 * sites.h: what is counted for each site, that is for each stack with its tag.
 *
 * A site has a number that never changes, so that a block can name its site in four bytes. Number 0 is the site of stack
 * 0 without a tag; it also takes what has no place elsewhere once SEEP_SITES_MAX is reached.
 */
#ifndef SEEP_COLLECTOR_SITES_H
#define SEEP_COLLECTOR_SITES_H

#include "seep/trace.h"

#include <stdbool.h>
#include <stdint.h>

#define SEEP_SITES_MAX (4u * 1024 * 1024)
#define SEEP_SITES_CHUNK 1024u /* sites are allocated so many at a time, and never move */

struct seep_site {
	uint32_t stack;
	uint16_t tag;
	uint16_t changed; /* 1: is in the list of those to which something happened in this epoch */
	struct seep_trace_count live;
	uint64_t peak_bytes;
	/* Within this epoch: */
	struct seep_trace_count allocated;
	struct seep_trace_count freed[SEEP_AGE_CLASSES];
};

struct seep_sites {
	struct seep_site *chunks[SEEP_SITES_MAX / SEEP_SITES_CHUNK];
	uint32_t used;
	uint32_t *
		stacks; /* by stack: number + 1 of the site without a tag, 0: none. Stacks are dense and come in order */
	uint32_t stacks_size;
	uint32_t *slots; /* hash table of numbers + 1 of sites with a tag */
	uint32_t slots_mask;
	uint32_t tagged;
	uint32_t *changed; /* numbers */
	uint32_t changed_used;
	uint64_t over; /* times that site 0 had to stand in for another */
};

int seep_sites_open(struct seep_sites *s); /* 0, or -1 with ENOMEM */
void seep_sites_close(struct seep_sites *s);

/* The number of a site, which is made if it does not exist. */
uint32_t seep_sites_find(struct seep_sites *s, uint32_t stack, uint16_t tag);

/* Asks the processor for the memory that seep_sites_find is about to need. */
void seep_sites_prefetch(const struct seep_sites *s, uint32_t stack, uint16_t tag);

static inline struct seep_site *seep_sites_at(const struct seep_sites *s, uint32_t number)
{
	return &s->chunks[number / SEEP_SITES_CHUNK][number % SEEP_SITES_CHUNK];
}

/* The same, and the site will be part of the epoch. */
static inline struct seep_site *seep_sites_change(struct seep_sites *s, uint32_t number)
{
	struct seep_site *site = seep_sites_at(s, number);

	if (!site->changed) {
		site->changed = 1;
		s->changed[s->changed_used++] = number;
	}
	return site;
}

/* The order in which the trace lists sites: less than 0, 0, or more, as strcmp. */
static inline int seep_sites_compare(uint32_t stack, uint32_t tag, uint32_t other_stack, uint32_t other_tag)
{
	if (stack != other_stack)
		return stack < other_stack ? -1 : 1;
	return tag < other_tag ? -1 : tag > other_tag;
}

/* Sorts the list of changed sites by stack, tag. */
void seep_sites_sort_changed(struct seep_sites *s);

/* The epoch has been written: empties the list of changed sites and their counts of the epoch. */
void seep_sites_next_epoch(struct seep_sites *s);

#endif
