/* SPDX-License-Identifier: Apache-2.0
 *
 * sites.c: the counts of each site. Called by books.c for every event and by epoch.c for every epoch. One thread.
 */
#include "sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 4096u

static uint32_t slot_of(const struct seep_sites *s, uint32_t stack, uint16_t tag)
{
	uint64_t x = ((uint64_t)tag << 32 | stack) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(x >> 32) & s->slots_mask;
}

/* Slots at twice the sites, and room in the list of changed sites for all of them, so that adding to it can't fail. */
static bool slots_resize(struct seep_sites *s, uint32_t size)
{
	uint32_t *slots = calloc(size, sizeof(*slots));
	uint32_t *changed = slots ? realloc(s->changed, size / 2 * sizeof(*changed)) : NULL;

	if (!changed) {
		free(slots);
		return false;
	}
	free(s->slots);
	s->changed = changed;
	s->slots = slots;
	s->slots_mask = size - 1;
	for (uint32_t number = 0; number < s->used; number++) {
		const struct seep_site *site = seep_sites_at(s, number);
		uint32_t slot = slot_of(s, site->stack, site->tag);

		while (slots[slot])
			slot = (slot + 1) & s->slots_mask;
		slots[slot] = number + 1;
	}
	return true;
}

static bool site_reserve(struct seep_sites *s)
{
	struct seep_site **chunk = &s->chunks[s->used / SEEP_SITES_CHUNK];

	if (s->used >= SEEP_SITES_MAX)
		return false;
	if (s->used >= (s->slots_mask + 1) / 2 && !slots_resize(s, 2 * (s->slots_mask + 1)))
		return false;
	if (!*chunk)
		*chunk = malloc(SEEP_SITES_CHUNK * sizeof(**chunk));
	return *chunk;
}

int seep_sites_open(struct seep_sites *s)
{
	memset(s, 0, sizeof(*s));
	if (slots_resize(s, SLOTS_FIRST) && seep_sites_find(s, 0, 0) == 0 && s->used == 1)
		return 0;
	seep_sites_close(s);
	errno = ENOMEM;
	return -1;
}

void seep_sites_close(struct seep_sites *s)
{
	for (uint32_t i = 0; i < SEEP_SITES_MAX / SEEP_SITES_CHUNK; i++)
		free(s->chunks[i]);
	free(s->slots);
	free(s->changed);
	memset(s, 0, sizeof(*s));
}

uint32_t seep_sites_find(struct seep_sites *s, uint32_t stack, uint16_t tag)
{
	struct seep_site *site;
	uint32_t slot;

	if (s->used) {
		site = seep_sites_at(s, s->last);
		if (site->stack == stack && site->tag == tag)
			return s->last;
	}
	for (slot = slot_of(s, stack, tag); s->slots[slot]; slot = (slot + 1) & s->slots_mask) {
		site = seep_sites_at(s, s->slots[slot] - 1);
		if (site->stack == stack && site->tag == tag)
			return s->last = s->slots[slot] - 1;
	}
	if (!site_reserve(s)) {
		s->over++;
		return 0;
	}
	for (slot = slot_of(s, stack, tag); s->slots[slot]; slot = (slot + 1) & s->slots_mask)
		; /* again: the slots may be new */
	s->slots[slot] = ++s->used;
	s->last = s->used - 1;
	*seep_sites_at(s, s->last) = (struct seep_site){.stack = stack, .tag = tag};
	return s->last;
}

void seep_sites_prefetch(const struct seep_sites *s, uint32_t stack, uint16_t tag)
{
	__builtin_prefetch(&s->slots[slot_of(s, stack, tag)]);
}

static int by_stack_and_tag(const void *left, const void *right, void *context)
{
	const struct seep_site *a = seep_sites_at(context, *(const uint32_t *)left);
	const struct seep_site *b = seep_sites_at(context, *(const uint32_t *)right);

	if (a->stack != b->stack)
		return a->stack < b->stack ? -1 : 1;
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}

void seep_sites_sort_changed(struct seep_sites *s)
{
	qsort_r(s->changed, s->changed_used, sizeof(*s->changed), by_stack_and_tag, s);
}

void seep_sites_next_epoch(struct seep_sites *s)
{
	for (uint32_t i = 0; i < s->changed_used; i++) {
		struct seep_site *site = seep_sites_at(s, s->changed[i]);

		site->changed = 0;
		site->allocated = (struct seep_trace_count){0};
		memset(site->freed, 0, sizeof(site->freed));
	}
	s->changed_used = 0;
}
