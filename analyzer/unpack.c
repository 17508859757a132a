/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack.c: see unpack.h. A column of n values of so many bytes each stands as planes: n lowest bytes, n second bytes, and so on. All
 * sizes were claimed by a file that may lie, and are compared with what is there before anything is read.
 */
#include "unpack.h"

#include <stdlib.h>
#include <string.h>

#include "seep/trace.h"

#define TILE 64u /* records at a time: as many as stay in the first cache */
#define NODE_PACKED 8u /* bytes of a node */
#define PLACE_PACKED 12u

/* Where the values of a column go. */
struct column {
	uint8_t *first;
	size_t stride;
	unsigned width; /* 4 or 8 */
	bool differences; /* the file has each value's difference to the one before */
};

/* Values i .. end of a column of n, whose planes begin at `from`. */
static inline void tile_read(
	const struct column *c, size_t i, size_t end, size_t n, const uint8_t *from, unsigned width)
{
	uint64_t before = 0;

	if (c->differences && i)
		memcpy(&before, c->first + (i - 1) * c->stride, width);
	for (; i < end; i++) {
		uint64_t value = before;

		for (unsigned plane = 0; plane < width; plane++)
			value += (uint64_t)from[plane * n + i] << 8 * plane;
		memcpy(c->first + i * c->stride, &value, width);
		if (c->differences)
			before = value;
	}
}

/* Returns what follows the columns. */
static const uint8_t *columns_read(const struct column *columns, unsigned count, size_t n, const uint8_t *from)
{
	const uint8_t *place = from;

	for (size_t i = 0; i < n; i += TILE) {
		place = from;
		for (unsigned c = 0; c < count; c++) {
			size_t end = i + TILE < n ? i + TILE : n;

			if (columns[c].width == 4)
				tile_read(&columns[c], i, end, n, place, 4);
			else
				tile_read(&columns[c], i, end, n, place, 8);
			place += columns[c].width * n;
		}
	}
	return place;
}

/* How many of the claimed records are there. */
static size_t records(uint32_t entries, size_t bytes, size_t head, size_t record)
{
	size_t there = bytes > head ? (bytes - head) / record : 0;

	return entries < there ? entries : there;
}

static const uint8_t *epoch_unpack(const uint8_t *packed, size_t n, uint8_t *payload)
{
	enum { WORDS = sizeof(struct seep_trace_site) / 4 };
	struct column columns[WORDS];

	for (unsigned i = 0; i < WORDS; i++)
		columns[i] = (struct column){payload + sizeof(struct seep_trace_epoch) + 4 * (size_t)i,
			sizeof(struct seep_trace_site), 4, i == 0};
	memcpy(payload, packed, sizeof(struct seep_trace_epoch));
	return columns_read(columns, WORDS, n, packed + sizeof(struct seep_trace_epoch));
}

static const uint8_t *live_unpack(const uint8_t *packed, size_t n, uint8_t *payload)
{
	static const uint8_t widths[] = {8, 8, 4, 4, 4}; /* count, bytes, stack, tag, birth */
	uint8_t *column = payload + sizeof(struct seep_trace_live);
	const uint8_t *place = packed + sizeof(struct seep_trace_live);

	memcpy(payload, packed, sizeof(struct seep_trace_live));
	for (unsigned i = 0; i < sizeof(widths); i++) {
		struct column c = {column, widths[i], widths[i], i == 2};

		place = columns_read(&c, 1, n, place);
		column += n * widths[i];
	}
	return place;
}

/* Nodes name places by number, from 1 on; 0 is the next that no node before has named. */
static int stacks_unpack(const uint8_t *packed, size_t n, uint8_t *payload)
{
	struct seep_trace_stacks head;
	struct seep_trace_node *nodes = (void *)(payload + sizeof(head)), *places;
	const uint8_t *from = packed + sizeof(head);
	uint32_t count, used = 0;
	size_t i;

	memcpy(&head, packed, sizeof(head));
	count = head.places;
	places = malloc(((size_t)count + 1) * sizeof(*places));
	if (!places)
		return -1;
	head.places = 0;
	memcpy(payload, &head, sizeof(head));
	from = columns_read(&(struct column){(uint8_t *)&nodes->parent, sizeof(*nodes), 4, false}, 1, n, from);
	from = columns_read(&(struct column){(uint8_t *)&nodes->module, sizeof(*nodes), 4, false}, 1, n, from);
	from = columns_read(&(struct column){(uint8_t *)&places->module, sizeof(*places), 4, false}, 1, count, from);
	columns_read(&(struct column){(uint8_t *)&places->address, sizeof(*places), 8, true}, 1, count, from);
	for (i = 0; i < n; i++) {
		uint32_t number = nodes[i].module ? nodes[i].module : used + 1;

		if (number > count || number > used + 1)
			break;
		used += number == used + 1;
		nodes[i].parent = head.first + (uint32_t)i - nodes[i].parent;
		nodes[i].module = places[number - 1].module;
		nodes[i].address = places[number - 1].address;
	}
	free(places);
	return i == n;
}

/* ---- All kinds ---- */

bool seep_is_packed(uint32_t version, uint32_t kind)
{
	return version >= 2 && (kind == SEEP_FRAME_STACKS || kind == SEEP_FRAME_EPOCH || kind == SEEP_FRAME_LIVE);
}

/* What a packed payload consists of. */
struct layout {
	size_t records;
	size_t rest; /* bytes behind the records, which stay as they are */
	size_t payload_bytes;
};

static bool layout_of(uint32_t kind, uint32_t entries, const uint8_t *packed, size_t bytes, struct layout *l)
{
	static const size_t heads[] = {[SEEP_FRAME_STACKS] = sizeof(struct seep_trace_stacks),
		[SEEP_FRAME_EPOCH] = sizeof(struct seep_trace_epoch),
		[SEEP_FRAME_LIVE] = sizeof(struct seep_trace_live)};
	static const size_t record_bytes[] = {[SEEP_FRAME_STACKS] = sizeof(struct seep_trace_node),
		[SEEP_FRAME_EPOCH] = sizeof(struct seep_trace_site),
		[SEEP_FRAME_LIVE] = SEEP_LIVE_ENTRY_BYTES};
	size_t head = heads[kind], packed_record = record_bytes[kind], places = 0;

	if (bytes >= head && kind == SEEP_FRAME_STACKS) {
		struct seep_trace_stacks stacks;

		memcpy(&stacks, packed, sizeof(stacks));
		places = stacks.places * (size_t)PLACE_PACKED;
		packed_record = NODE_PACKED;
		if (places > bytes - head)
			return false;
	}
	*l = (struct layout){.payload_bytes = bytes};
	if (bytes < head)
		return true;
	l->records = records(entries, bytes - places, head, packed_record);
	l->rest = bytes - places - head - l->records * packed_record;
	l->payload_bytes = head + l->records * record_bytes[kind] + l->rest;
	return true;
}

size_t seep_unpacked_bytes(uint32_t kind, uint32_t entries, const uint8_t *packed, size_t packed_bytes)
{
	struct layout l;

	return layout_of(kind, entries, packed, packed_bytes, &l) ? l.payload_bytes : SIZE_MAX;
}

int seep_unpack(uint32_t kind, uint32_t entries, const uint8_t *packed, size_t packed_bytes, uint8_t *payload)
{
	struct layout l;
	int whole = 1;

	if (!layout_of(kind, entries, packed, packed_bytes, &l))
		return 0;
	if (!l.payload_bytes)
		return 1; /* and payload may be NULL */
	if (!l.records)
		memcpy(payload, packed, packed_bytes < l.payload_bytes ? packed_bytes : l.payload_bytes);
	else if (kind == SEEP_FRAME_EPOCH)
		epoch_unpack(packed, l.records, payload);
	else if (kind == SEEP_FRAME_LIVE)
		live_unpack(packed, l.records, payload);
	else
		whole = stacks_unpack(packed, l.records, payload);
	memcpy(payload + l.payload_bytes - l.rest, packed + packed_bytes - l.rest, l.rest);
	return whole;
}
