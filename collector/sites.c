/* SPDX-License-Identifier: Apache-2.0
 *
 * sites.c: the counts of each site. Called by books.c for every event and by epoch.c for every epoch. One thread.
 */
#include "sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 4096u
#define STACKS_FIRST 4096u

static uint32_t slot_of(const struct seep_sites *s, uint32_t stack, uint16_t tag)
{
	uint64_t x = ((uint64_t)tag << 32 | stack) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(x >> 32) & s->slots_mask;
}

/* Slots at twice the tagged sites. */
static bool slots_resize(struct seep_sites *s, uint32_t size)
{
	uint32_t *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return false;
	free(s->slots);
	s->slots = slots;
	s->slots_mask = size - 1;
	for (uint32_t number = 0; number < s->used; number++) {
		const struct seep_site *site = seep_sites_at(s, number);
		uint32_t slot = slot_of(s, site->stack, site->tag);

		if (!site->tag)
			continue;
		while (slots[slot])
			slot = (slot + 1) & s->slots_mask;
		slots[slot] = number + 1;
	}
	return true;
}

static bool stacks_resize(struct seep_sites *s, uint32_t stack)
{
	uint32_t size = s->stacks_size ? s->stacks_size : STACKS_FIRST;
	uint32_t *grown;

	while (size <= stack)
		size = size < UINT32_MAX / 2 ? 2 * size : UINT32_MAX;
	grown = realloc(s->stacks, size * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + s->stacks_size, 0, (size - s->stacks_size) * sizeof(*grown));
	s->stacks = grown;
	s->stacks_size = size;
	return true;
}

/* Where the number + 1 of a site stands, or will stand; NULL without memory. */
static uint32_t *place_of(struct seep_sites *s, uint32_t stack, uint16_t tag)
{
	uint32_t slot;

	if (!tag)
		return stack < s->stacks_size || stacks_resize(s, stack) ? &s->stacks[stack] : NULL;
	for (slot = slot_of(s, stack, tag); s->slots[slot]; slot = (slot + 1) & s->slots_mask) {
		const struct seep_site *site = seep_sites_at(s, s->slots[slot] - 1);

		if (site->stack == stack && site->tag == tag)
			break;
	}
	return &s->slots[slot];
}

/* Room for one more, in the list of changed sites too, so that adding to that can't fail. */
static bool site_reserve(struct seep_sites *s)
{
	struct seep_site **chunk = &s->chunks[s->used / SEEP_SITES_CHUNK];
	uint32_t *changed;

	if (s->used >= SEEP_SITES_MAX)
		return false;
	if (s->tagged >= (s->slots_mask + 1) / 2 && !slots_resize(s, 2 * (s->slots_mask + 1)))
		return false;
	if (*chunk)
		return true;
	changed = realloc(s->changed, (s->used + SEEP_SITES_CHUNK) * sizeof(*changed));
	if (!changed)
		return false;
	s->changed = changed;
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
	free(s->stacks);
	free(s->changed);
	memset(s, 0, sizeof(*s));
}

uint32_t seep_sites_find(struct seep_sites *s, uint32_t stack, uint16_t tag)
{
	uint32_t *place = place_of(s, stack, tag);

	if (place && *place)
		return *place - 1;
	/* The slots may be new ones afterwards. */
	if (!place || !site_reserve(s)) {
		s->over++;
		return 0;
	}
	place = place_of(s, stack, tag);
	if (!place) /* it was there before */
		return 0;
	*place = ++s->used;
	s->tagged += tag != 0;
	*seep_sites_at(s, s->used - 1) = (struct seep_site){.stack = stack, .tag = tag};
	return s->used - 1;
}

void seep_sites_prefetch(const struct seep_sites *s, uint32_t stack, uint16_t tag)
{
	if (tag)
		__builtin_prefetch(&s->slots[slot_of(s, stack, tag)]);
	else if (stack < s->stacks_size)
		__builtin_prefetch(&s->stacks[stack]);
}

static int by_stack_and_tag(const void *left, const void *right, void *context)
{
	const struct seep_site *a = seep_sites_at(context, *(const uint32_t *)left);
	const struct seep_site *b = seep_sites_at(context, *(const uint32_t *)right);

	return seep_sites_compare(a->stack, a->tag, b->stack, b->tag);
}

void seep_sites_sort_changed(struct seep_sites *s)
{
	uint32_t sorted = 1;

	/* As they mostly are: sites change in the order in which their stacks were first seen. */
	while (sorted < s->changed_used && by_stack_and_tag(&s->changed[sorted - 1], &s->changed[sorted], s) < 0)
		sorted++;
	if (sorted >= s->changed_used)
		return;
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
