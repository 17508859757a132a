/* SPDX-License-Identifier: Apache-2.0
 *
 * paths.c: the report's view of the stack tree. A node of the trace is mapped once, after its parent, to a path: the pair of
 * the parent's path and the place of the node's address. So a million stacks cost a million small look-ups, and
 * symbols are asked once for each distinct address.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "paths.h"

#define OWN_LIBRARY "libseep.so"
#define UNKNOWN UINT32_MAX

enum { PLACE_TRUNCATED, PLACE_LOST, PLACE_FIRST };

struct place {
	const struct seep_frame *frames;
	size_t count;
	const char *identity; /* what goes into an id, NUL-separated; NULL: not worked out yet */
	size_t identity_bytes;
};

struct path {
	uint32_t parent;
	uint32_t place;
};

struct seep_paths {
	const struct seep_trace *trace;
	struct seep_symbols *symbols;
	uint32_t *path_of_node;
	struct seep_map place_of_address; /* (module, address) */
	struct seep_map place_of_text; /* hash of the frames */
	struct seep_map path_of_pair; /* (parent path, place) */
	struct place *places;
	size_t place_count, place_capacity;
	struct path *paths;
	size_t path_count, path_capacity;
	uint32_t walk[SEEP_DEPTH_MAX +
		      1]; /* scratch: nodes or places from a leaf on; the reader bounds the tree's depth */
	struct seep_frame *frames; /* scratch */
	size_t frame_capacity;
	XXH3_state_t *hash;
	XXH64_state_t *id_hash;
	struct seep_arena arena;
};

int seep_paths_open(struct seep_paths **paths, const struct seep_trace *trace, struct seep_symbols *symbols,
	struct seep_error *error)
{
	struct seep_paths *p = calloc(1, sizeof(*p));

	*paths = NULL;
	if (!p)
		return seep_error_set(error, "%s: out of memory", trace->name);
	p->trace = trace;
	p->symbols = symbols;
	p->hash = XXH3_createState();
	p->id_hash = XXH64_createState();
	p->path_of_node = malloc(trace->node_count * sizeof(*p->path_of_node));
	if (!p->hash || !p->id_hash || !p->path_of_node ||
		seep_array_reserve(&p->places, &p->place_capacity, PLACE_FIRST, sizeof(*p->places)) < 0 ||
		seep_array_reserve(&p->paths, &p->path_capacity, 1, sizeof(*p->paths)) < 0) {
		seep_paths_close(p);
		return seep_error_set(error, "%s: out of memory for %u stacks", trace->name, trace->node_count);
	}
	memset(p->path_of_node, 0xff, trace->node_count * sizeof(*p->path_of_node));
	p->path_of_node[0] = 0;
	memset(p->places, 0, PLACE_FIRST * sizeof(*p->places));
	p->place_count = PLACE_FIRST;
	p->paths[0] = (struct path){0, 0};
	p->path_count = 1;
	*paths = p;
	return 0;
}

static void hash_text(XXH3_state_t *hash, const char *text)
{
	XXH3_128bits_update(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* What tells one place from another: all that a reader of the report sees of it. */
static XXH128_hash_t hash_frames(struct seep_paths *p, const struct seep_frame *frames, size_t count)
{
	XXH3_128bits_reset(p->hash);
	for (size_t i = 0; i < count; i++) {
		hash_text(p->hash, frames[i].function);
		hash_text(p->hash, frames[i].file);
		hash_text(p->hash, frames[i].module);
		XXH3_128bits_update(p->hash, &frames[i].line, sizeof(frames[i].line));
		XXH3_128bits_update(p->hash, &frames[i].inlined, sizeof(frames[i].inlined));
	}
	return XXH3_128bits_digest(p->hash);
}

static int add_place(struct seep_paths *p, const struct seep_trace_node *node, uint32_t *place)
{
	const struct seep_frame *frames;
	XXH128_hash_t text;
	uint32_t *value;
	size_t count;
	bool added;

	if (seep_symbols_resolve(p->symbols, node->module, node->address, &frames, &count) < 0)
		return -1;
	text = hash_frames(p, frames, count);
	value = seep_map_at(&p->place_of_text, text.high64, text.low64, (uint32_t)p->place_count, &added);
	if (!value)
		return -1;
	*place = *value;
	if (!added)
		return 0;
	if (seep_array_reserve(&p->places, &p->place_capacity, p->place_count + 1, sizeof(*p->places)) < 0)
		return -1;
	p->places[p->place_count++] = (struct place){.frames = frames, .count = count};
	return 0;
}

static int place_of(struct seep_paths *p, const struct seep_trace_node *node, uint32_t *place)
{
	uint32_t *value;
	bool added;

	*place = node->module == SEEP_MODULE_TRUNCATED ? PLACE_TRUNCATED : PLACE_LOST;
	if (node->module >= SEEP_MODULE_LOST)
		return 0;
	value = seep_map_at(&p->place_of_address, node->module, node->address, UNKNOWN, &added);
	if (!value)
		return -1;
	if (*value == UNKNOWN && add_place(p, node, value) < 0)
		return -1;
	*place = *value;
	return 0;
}

static bool is_own(const struct seep_paths *p, uint32_t module_number)
{
	const struct seep_module *module = seep_trace_module(p->trace, module_number);
	const char *slash = module ? strrchr(module->path, '/') : NULL;
	const char *base = slash ? slash + 1 : module ? module->path : "";

	return !strncmp(base, OWN_LIBRARY, sizeof(OWN_LIBRARY) - 1);
}

/* The path of one node whose parent's path is known. */
static int add_path(struct seep_paths *p, uint32_t number)
{
	const struct seep_trace_node *node = &p->trace->nodes[number];
	uint32_t parent = p->path_of_node[node->parent], place, *value;
	bool added;

	if (node->module && is_own(p, node->module)) {
		p->path_of_node[number] = parent;
		return 0;
	}
	if (place_of(p, node, &place) < 0)
		return -1;
	value = seep_map_at(&p->path_of_pair, parent, place, (uint32_t)p->path_count, &added);
	if (!value)
		return -1;
	if (added) {
		if (seep_array_reserve(&p->paths, &p->path_capacity, p->path_count + 1, sizeof(*p->paths)) < 0)
			return -1;
		p->paths[p->path_count++] = (struct path){parent, place};
	}
	p->path_of_node[number] = *value;
	return 0;
}

int seep_paths_of(struct seep_paths *p, uint32_t stack, uint32_t *path, struct seep_error *error)
{
	size_t depth = 0;

	for (uint32_t node = stack; p->path_of_node[node] == UNKNOWN; node = p->trace->nodes[node].parent)
		p->walk[depth++] = node;
	while (depth > 0)
		if (add_path(p, p->walk[--depth]) < 0)
			return seep_error_set(error, "%s: out of memory for the names of a stack", p->trace->name);
	*path = p->path_of_node[stack];
	return 0;
}

size_t seep_paths_walk(struct seep_paths *p, uint32_t path, const uint32_t **places)
{
	size_t depth = 0;

	for (; path; path = p->paths[path].parent)
		p->walk[depth++] = p->paths[path].place;
	*places = p->walk;
	return depth;
}

size_t seep_paths_places(const struct seep_paths *p)
{
	return p->place_count;
}

const struct seep_frame *seep_paths_place(const struct seep_paths *p, uint32_t place, size_t *count)
{
	*count = p->places[place].count;
	return p->places[place].frames;
}

int64_t seep_paths_frames(struct seep_paths *p, uint32_t path, const struct seep_frame **frames)
{
	size_t count = 0;

	for (; path; path = p->paths[path].parent) {
		const struct place *place = &p->places[p->paths[path].place];

		if (seep_array_reserve(&p->frames, &p->frame_capacity, count + place->count, sizeof(*p->frames)) < 0)
			return -1;
		if (place->count)
			memcpy(p->frames + count, place->frames, place->count * sizeof(*p->frames));
		count += place->count;
	}
	*frames = p->frames;
	return (int64_t)count;
}

enum seep_path_end seep_paths_end(const struct seep_paths *p, uint32_t path)
{
	while (path && p->paths[path].parent)
		path = p->paths[path].parent;
	if (!path || p->paths[path].place >= PLACE_FIRST)
		return SEEP_PATH_WHOLE;
	return p->paths[path].place == PLACE_TRUNCATED ? SEEP_PATH_TRUNCATED : SEEP_PATH_LOST;
}

/* ---- Identity ---- */

/* Length of a function's name without what differs from build to build: the copies that optimisers make ("f.isra.0",
 * "f() [clone .cold]"), symbol versions, and the hash of a Rust symbol. */
static size_t stable_function(const char *name)
{
	static const char *const marks[] = {
		" [clone ", ".isra.", ".part.", ".constprop.", ".cold", ".lto_priv.", ".llvm.", ".localalias", "@"};
	size_t length = strlen(name), hash = sizeof("::h0123456789abcdef") - 1;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *mark = strstr(name, marks[i]);

		if (mark && mark != name && (size_t)(mark - name) < length)
			length = (size_t)(mark - name);
	}
	if (length > hash && !strncmp(name + length - hash, "::h", 3) &&
		strspn(name + length - hash + 3, "0123456789abcdef") >= hash - 3)
		length -= hash;
	return length;
}

/* Length of a library's name without the version behind ".so". */
static size_t stable_module(const char *name)
{
	const char *suffix = strstr(name, ".so");

	return suffix && (suffix[3] == '.' || suffix[3] == '\0') ? (size_t)(suffix + 3 - name) : strlen(name);
}

static int identify(struct seep_paths *p, struct place *place)
{
	size_t bytes = 0, at = 0;
	char *text;

	for (size_t i = 0; i < place->count; i++)
		bytes += strlen(place->frames[i].function) + strlen(place->frames[i].module) + 2;
	text = seep_arena_take(&p->arena, bytes + 1);
	if (!text)
		return -1;
	for (size_t i = 0; i < place->count; i++) {
		const struct seep_frame *frame = &place->frames[i];
		size_t length = frame->named ? stable_function(frame->function) : 0;

		memcpy(text + at, frame->function, length);
		at += length;
		text[at++] = '\0';
		length = stable_module(frame->module);
		memcpy(text + at, frame->module, length);
		at += length;
		text[at++] = '\n';
	}
	place->identity = text;
	place->identity_bytes = at;
	return 0;
}

uint64_t seep_paths_id(struct seep_paths *p, uint32_t path, const char *tag)
{
	XXH64_reset(p->id_hash, 0);
	for (; path; path = p->paths[path].parent) {
		struct place *place = &p->places[p->paths[path].place];

		if (!place->identity && identify(p, place) < 0)
			continue;
		XXH64_update(p->id_hash, place->identity, place->identity_bytes);
	}
	if (tag)
		XXH64_update(p->id_hash, tag, strlen(tag));
	return XXH64_digest(p->id_hash);
}

void seep_paths_close(struct seep_paths *p)
{
	if (!p)
		return;
	seep_map_clear(&p->place_of_address);
	seep_map_clear(&p->place_of_text);
	seep_map_clear(&p->path_of_pair);
	XXH3_freeState(p->hash);
	XXH64_freeState(p->id_hash);
	free(p->path_of_node);
	free(p->places);
	free(p->paths);
	free(p->frames);
	seep_arena_clear(&p->arena);
	free(p);
}
