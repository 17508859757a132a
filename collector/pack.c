/* SPDX-License-Identifier: Apache-2.0
 *
 * pack.c: see pack.h. Records become columns, columns become planes: the lowest bytes of all values, then their second bytes, and so on.
 * Most planes are zeros, and what repeats stands together.
 */
#include "pack.h"

#include "seep/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TILE 64u /* records at a time: as many as stay in the first cache */

/* Where the values of a column stand, and what of them is written. */
struct column {
	const uint8_t *first;
	size_t stride; /* bytes from one value to the next */
	unsigned width; /* bytes of a value: 4 or 8 */
	bool differences; /* each value as its difference to the one before; the first one as it is */
};

static inline uint64_t value_at(const struct column *c, size_t i, unsigned width)
{
	uint64_t value = 0;

	memcpy(&value, c->first + i * c->stride, width);
	return value;
}

/* Values i .. end of a column of n into its planes, which begin at `to`. */
static inline void tile_write(const struct column *c, size_t i, size_t end, size_t n, uint8_t *to, unsigned width)
{
	uint64_t before = c->differences && i ? value_at(c, i - 1, width) : 0;

	for (; i < end; i++) {
		uint64_t value = value_at(c, i, width);
		uint64_t written = value - before;

		if (c->differences)
			before = value;
		for (unsigned plane = 0; plane < width; plane++)
			to[plane * n + i] = (uint8_t)(written >> 8 * plane);
	}
}

/* Returns what follows the columns. */
static uint8_t *columns_write(const struct column *columns, unsigned count, size_t n, uint8_t *to)
{
	uint8_t *place = to;

	for (size_t i = 0; i < n; i += TILE) {
		place = to;
		for (unsigned c = 0; c < count; c++) {
			if (columns[c].width == 4)
				tile_write(&columns[c], i, i + TILE < n ? i + TILE : n, n, place, 4);
			else
				tile_write(&columns[c], i, i + TILE < n ? i + TILE : n, n, place, 8);
			place += columns[c].width * n;
		}
	}
	return place;
}

static bool reserve(struct seep_packer *p, size_t bytes)
{
	uint8_t *larger;

	if (bytes <= p->room)
		return true;
	larger = realloc(p->bytes, bytes);
	if (!larger)
		return false;
	p->bytes = larger;
	p->room = bytes;
	return true;
}

/* How many of the claimed records are there. */
static size_t records(uint32_t entries, size_t bytes, size_t head, size_t record)
{
	size_t there = bytes > head ? (bytes - head) / record : 0;

	return entries < there ? entries : there;
}

static uint8_t *epoch_pack(const uint8_t *payload, size_t n, uint8_t *to)
{
	enum { WORDS = sizeof(struct seep_trace_site) / 4 };
	struct column columns[WORDS];

	for (unsigned i = 0; i < WORDS; i++)
		columns[i] = (struct column){.first = payload + sizeof(struct seep_trace_epoch) + 4 * i,
			.stride = sizeof(struct seep_trace_site),
			.width = 4,
			.differences = i == 0};
	memcpy(to, payload, sizeof(struct seep_trace_epoch));
	return columns_write(columns, WORDS, n, to + sizeof(struct seep_trace_epoch));
}

static uint8_t *live_pack(const uint8_t *payload, size_t n, uint8_t *to)
{
	static const uint8_t widths[] = {8, 8, 4, 4, 4}; /* count, bytes, stack, tag, birth */
	const uint8_t *column = payload + sizeof(struct seep_trace_live);
	uint8_t *place = to + sizeof(struct seep_trace_live);

	memcpy(to, payload, sizeof(struct seep_trace_live));
	for (unsigned i = 0; i < sizeof(widths); i++) {
		struct column c = {.first = column, .stride = widths[i], .width = widths[i], .differences = i == 2};

		place = columns_write(&c, 1, n, place);
		column += n * widths[i];
	}
	return place;
}

/* ---- Stacks ---- */

static uint32_t hash(const struct seep_trace_node *node)
{
	return (uint32_t)((node->address + node->module * UINT64_C(0xd6e8feb86659fd93)) * 0x9e3779b97f4a7c15u >> 32);
}

static bool same_place(const struct seep_trace_node *left, const struct seep_trace_node *right)
{
	return left->address == right->address && left->module == right->module;
}

/* Makes an empty table for the places of n nodes. *mask: its size - 1. */
static bool slots_clear(struct seep_packer *p, size_t n, uint32_t *mask)
{
	uint32_t room = 64;

	while (room < 2 * n)
		room *= 2;
	if (room > p->slots_room) {
		free(p->slots);
		p->slots = malloc(room * sizeof(*p->slots));
		p->slots_room = p->slots ? room : 0;
		if (!p->slots)
			return false;
	}
	memset(p->slots, 0, room * sizeof(*p->slots));
	*mask = room - 1;
	return true;
}

/* The places of nodes, each once: where the first node of each stands goes into firsts[]. Each node's place, counted from 1, or 0 for the
 * next new one, goes into numbers[]. Returns how many there are. */
static uint32_t places_find(struct seep_packer *p, uint32_t mask, const struct seep_trace_node *nodes, size_t n,
	uint32_t *numbers, uint32_t *firsts)
{
	uint32_t used = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t slot = hash(&nodes[i]) & mask;

		while (p->slots[slot] && !same_place(&nodes[firsts[p->slots[slot] - 1]], &nodes[i]))
			slot = (slot + 1) & mask;
		numbers[i] = p->slots[slot];
		if (!p->slots[slot]) {
			firsts[used++] = (uint32_t)i;
			p->slots[slot] = used;
		}
	}
	return used;
}

static int stacks_pack(struct seep_packer *p, const uint8_t *payload, size_t n, uint8_t **end)
{
	struct seep_trace_stacks head;
	const struct seep_trace_node *nodes = (const void *)(payload + sizeof(head));
	uint32_t *ups = malloc((3 * n + 1) * sizeof(*ups)), *numbers = ups + n, *firsts = numbers + n;
	struct seep_trace_node *places;
	uint32_t mask;
	uint8_t *place;

	if (!ups || !slots_clear(p, n, &mask)) {
		free(ups);
		return -1;
	}
	memcpy(&head, payload, sizeof(head));
	for (size_t i = 0; i < n; i++)
		ups[i] = head.first + (uint32_t)i - nodes[i].parent;
	head.places = places_find(p, mask, nodes, n, numbers, firsts);
	places = malloc((head.places + 1) * sizeof(*places));
	if (!places) {
		free(ups);
		return -1;
	}
	for (uint32_t i = 0; i < head.places; i++)
		places[i] = nodes[firsts[i]];
	memcpy(p->bytes, &head, sizeof(head));
	place = p->bytes + sizeof(head);
	place = columns_write(&(struct column){(const void *)ups, 4, 4, false}, 1, n, place);
	place = columns_write(&(struct column){(const void *)numbers, 4, 4, false}, 1, n, place);
	place = columns_write(
		&(struct column){(const void *)&places->module, sizeof(*places), 4, false}, 1, head.places, place);
	*end = columns_write(
		&(struct column){(const void *)&places->address, sizeof(*places), 8, true}, 1, head.places, place);
	free(places);
	free(ups);
	return 0;
}

/* ---- All kinds ---- */

int seep_pack(struct seep_packer *p, uint32_t kind, uint32_t entries, const void *payload, size_t payload_bytes,
	const void **packed, size_t *packed_bytes)
{
	size_t head, record, n, rest;
	uint8_t *end;

	switch (kind) {
	case SEEP_FRAME_STACKS:
		head = sizeof(struct seep_trace_stacks);
		record = sizeof(struct seep_trace_node);
		break;
	case SEEP_FRAME_EPOCH:
		head = sizeof(struct seep_trace_epoch);
		record = sizeof(struct seep_trace_site);
		break;
	case SEEP_FRAME_LIVE:
		head = sizeof(struct seep_trace_live);
		record = SEEP_LIVE_ENTRY_BYTES;
		break;
	default:
		head = record = 0;
	}
	*packed = payload;
	*packed_bytes = payload_bytes;
	if (!record || payload_bytes < head)
		return 0;
	n = records(entries, payload_bytes, head, record);
	/* A node packs into 20 bytes at most. */
	if (!reserve(p, payload_bytes + n * 4)) {
		errno = ENOMEM;
		return -1;
	}
	if (kind == SEEP_FRAME_EPOCH) {
		end = epoch_pack(payload, n, p->bytes);
	} else if (kind == SEEP_FRAME_LIVE) {
		end = live_pack(payload, n, p->bytes);
	} else if (stacks_pack(p, payload, n, &end) < 0) {
		errno = ENOMEM;
		return -1;
	}
	rest = n < entries ? 0 : payload_bytes - head - n * record; /* of a record that is not whole nothing is kept */
	memcpy(end, (const uint8_t *)payload + payload_bytes - rest, rest);
	*packed = p->bytes;
	*packed_bytes = (size_t)(end - p->bytes) + rest;
	return 0;
}

void seep_packer_close(struct seep_packer *p)
{
	free(p->bytes);
	free(p->slots);
	memset(p, 0, sizeof(*p));
}
