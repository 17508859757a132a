/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_stacks.c: stacks by what they go through: (file, offset in it) from the leaf to the root, and a tag. Names are looked up for a stack
 * that no trace has had before.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "demangle.h"
#include "gate_stacks.h"
#include "names.h"
#include "own_code.h"
#include "start_memory.h"

/* A module of the trace at hand. */
struct load {
	uint64_t identity; /* of the file that ran */
	const char *real_path;
	bool own;
	bool recorder; /* libseep.so */
};

struct frames {
	struct seep_gate_frame *gate;
	struct seep_frame *plain; /* the same, as components.h wants them */
	size_t count, gate_capacity, plain_capacity;
};

struct seep_gate_stacks {
	const struct seep_policy *policy;
	const char *root;
	struct seep_names *names;
	struct seep_wrappers *wrappers;
	struct seep_components *components;
	struct seep_map index; /* hash -> number in stacks */
	struct seep_gate_stack **stacks;
	size_t count, capacity;
	struct frames frames; /* scratch */
	XXH3_state_t *hash;
	const char **remarks;
	size_t remark_count, remark_capacity;

	/* Of the trace at hand. */
	struct seep_trace *trace;
	struct load *loads; /* as trace->modules */
	struct seep_symbols *symbols; /* NULL: not needed yet */
};

int seep_gate_stacks_open(
	struct seep_gate_stacks **stacks, const struct seep_policy *policy, const char *root, struct seep_error *error)
{
	struct seep_gate_stacks *s = calloc(1, sizeof(*s));

	*stacks = s;
	if (!s)
		return seep_error_set(error, "out of memory");
	s->policy = policy;
	s->root = root;
	s->names = seep_names_create();
	s->hash = XXH3_createState();
	if (!s->names || !s->hash)
		seep_error_set(error, "out of memory");
	else if (seep_wrappers_open(&s->wrappers, policy->naming.wrappers, error) == 0 &&
		 seep_components_open(&s->components, policy->naming.components, s->wrappers, error) == 0)
		return 0;
	seep_gate_stacks_close(s);
	*stacks = NULL;
	return -1;
}

/* ---- The trace at hand ---- */

bool seep_gate_stacks_own_path(const struct seep_gate_stacks *s, const char *path)
{
	char real[PATH_MAX];

	return seep_own_code(&s->policy->code, s->root, path) ||
	       (realpath(path, real) && seep_own_code(&s->policy->code, s->root, real));
}

static int fill_load(struct seep_gate_stacks *s, const struct seep_module *m, struct load *load)
{
	const char *slash = strrchr(m->path, '/');
	char real[PATH_MAX];

	XXH3_64bits_reset(s->hash);
	XXH3_64bits_update(s->hash, m->path, strlen(m->path) + 1);
	XXH3_64bits_update(s->hash, m->build_id, m->build_id_bytes);
	load->identity = XXH3_64bits_digest(s->hash);
	load->real_path = seep_names_keep(s->names, realpath(m->path, real) ? real : m->path);
	if (!load->real_path)
		return -1;
	load->own = seep_own_code(&s->policy->code, s->root, load->real_path) ||
		    seep_own_code(&s->policy->code, s->root, m->path);
	load->recorder = !strncmp(slash ? slash + 1 : m->path, "libseep.so", 10);
	if (load->recorder)
		load->own = false;
	return 0;
}

int seep_gate_stacks_begin(struct seep_gate_stacks *s, struct seep_trace *trace, struct seep_error *error)
{
	s->trace = trace;
	s->loads = calloc(trace->module_count + 1, sizeof(*s->loads));
	for (size_t i = 0; s->loads && i < trace->module_count; i++)
		if (fill_load(s, &trace->modules[i], &s->loads[i]) < 0) {
			free(s->loads);
			s->loads = NULL;
		}
	return s->loads ? 0 : seep_error_set(error, "%s: out of memory for its modules", trace->name);
}

bool seep_gate_stacks_own_trace(const struct seep_gate_stacks *s)
{
	for (size_t i = 0; i < s->trace->module_count; i++)
		if (s->loads[i].own)
			return true;
	return false;
}

static int keep_remarks(struct seep_gate_stacks *s)
{
	const char *const *sentences;
	size_t count = s->symbols ? seep_symbols_remarks(s->symbols, &sentences) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *kept = seep_names_keep(s->names, sentences[i]);
		size_t known = 0;

		while (known < s->remark_count && s->remarks[known] != kept)
			known++;
		if (known < s->remark_count)
			continue;
		if (!kept || seep_array_reserve(
				     &s->remarks, &s->remark_capacity, s->remark_count + 1, sizeof(*s->remarks)) < 0)
			return -1;
		s->remarks[s->remark_count++] = kept;
	}
	return 0;
}

int seep_gate_stacks_end(struct seep_gate_stacks *s)
{
	int result = keep_remarks(s);

	seep_symbols_close(s->symbols);
	free(s->loads);
	s->symbols = NULL;
	s->loads = NULL;
	s->trace = NULL;
	return result;
}

/* ---- Naming one ---- */

static int open_names(struct seep_gate_stacks *s, struct seep_error *error)
{
	const struct seep_naming_options *naming = &s->policy->naming;
	const struct seep_symbols_options options = {
		.debuginfod = naming->debuginfod,
		.search_paths = naming->search.items,
		.search_path_count = naming->search.count,
	};

	return s->symbols ? 0
			  : seep_symbols_open(&s->symbols, &options, s->trace->modules, s->trace->module_count, error);
}

static const struct load *load_of(const struct seep_gate_stacks *s, const struct seep_module *module)
{
	return module ? &s->loads[module - s->trace->modules] : NULL;
}

/* Adds the frames of one return address to the scratch. */
static int add_frames(struct seep_gate_stacks *s, const struct seep_trace_node *node)
{
	const struct seep_module *module = seep_trace_module(s->trace, node->module);
	const struct load *load = load_of(s, module);
	struct frames *f = &s->frames;
	const struct seep_frame *found;
	const char *linkage, *called = NULL;
	size_t count, first = f->count;

	if (seep_symbols_resolve(s->symbols, node->module, node->address, &found, &count) < 0 ||
		seep_array_reserve(&f->gate, &f->gate_capacity, f->count + count, sizeof(*f->gate)) < 0 ||
		seep_array_reserve(&f->plain, &f->plain_capacity, f->count + count, sizeof(*f->plain)) < 0)
		return -1;
	linkage = seep_symbols_linkage(s->symbols, node->module, node->address);
	if (!first || strcmp(f->plain[first - 1].module, found->module))
		called = seep_symbols_called(s->symbols, node->module, node->address);
	for (size_t i = 0; i < count; i++) {
		struct seep_gate_frame *g = &f->gate[f->count];

		f->plain[f->count++] = found[i];
		*g = (struct seep_gate_frame){
			.function = seep_names_keep(s->names, found[i].function),
			.linkage = linkage && !found[i].inlined ? seep_names_keep(s->names, linkage) : NULL,
			.file = found[i].file ? seep_names_keep(s->names, found[i].file) : NULL,
			.line = found[i].line,
			.module = seep_names_keep(s->names, found[i].module),
			.module_path = module ? seep_names_keep(s->names, module->path) : "",
			.module_real_path = load ? load->real_path : "",
			.inlined = found[i].inlined,
			.named = found[i].named,
			.own = load && load->own,
		};
		if (!g->function || !g->module || !g->module_path || (found[i].file && !g->file))
			return -1;
	}
	if (called)
		f->gate[first].called = seep_names_keep(s->names, called);
	return 0;
}

static bool is_recorder(const struct seep_gate_stacks *s, uint32_t number)
{
	const struct load *load = load_of(s, seep_trace_module(s->trace, number));

	return load && load->recorder;
}

static void hash_name(XXH3_state_t *hash, const char *name, size_t length)
{
	XXH3_64bits_update(hash, name, length);
	XXH3_64bits_update(hash, "", 1);
}

/* A number that stays the same in another build and on another machine: over the functions and modules of the project's own
 * code only, as what the system's libraries are called, and how far they have names, differs from machine to machine. */
static uint64_t id_of(struct seep_gate_stacks *s, const struct seep_gate_stack *stack)
{
	XXH3_64bits_reset(s->hash);
	for (size_t i = 0; i < stack->count; i++) {
		const struct seep_gate_frame *f = &stack->frames[i];
		const char *version = strstr(f->module, ".so.");

		if (stack->own && !f->own)
			continue;
		hash_name(s->hash, f->function, f->named ? strlen(f->function) : 0);
		hash_name(s->hash, f->module, version ? (size_t)(version + 3 - f->module) : strlen(f->module));
	}
	if (stack->tag)
		hash_name(s->hash, stack->tag, strlen(stack->tag));
	return XXH3_64bits_digest(s->hash);
}

/* libstdc++'s operator new[] jumps into operator new, which is in the stack then: the caller knows which it called. */
static int correct_new(struct seep_gate_stacks *s, struct seep_gate_stack *stack)
{
	const char *called = NULL;
	char *readable;
	size_t i = 1;

	while (i < stack->count && stack->frames[i].inlined && !stack->frames[i].called)
		i++;
	if (i < stack->count)
		called = stack->frames[i].called;
	if (!called || strncmp(called, "_Zna", 4) || strncmp(stack->frames[0].function, "operator new(", 13))
		return 0;
	readable = seep_demangle(called);
	stack->frames[0].linkage = called;
	stack->frames[0].function = readable ? seep_names_keep(s->names, readable) : NULL;
	free(readable);
	return stack->frames[0].function ? 0 : -1;
}

/* From the frames in the scratch. */
static struct seep_gate_stack *make_stack(struct seep_gate_stacks *s, bool whole, const char *tag)
{
	struct seep_gate_stack *stack = seep_names_memory(s->names, sizeof(*stack));
	struct frames *f = &s->frames;

	if (!stack)
		return NULL;
	stack->whole = whole;
	stack->count = f->count;
	stack->frames = seep_names_memory(s->names, (f->count + 1) * sizeof(*f->gate));
	stack->tag = tag ? seep_names_keep(s->names, tag) : NULL;
	stack->component = seep_names_keep(s->names, seep_components_of(s->components, f->plain, f->count));
	stack->at = f->count ? seep_wrappers_skip(s->wrappers, f->plain, f->count) : 0;
	if (!stack->frames || !stack->component || (tag && !stack->tag))
		return NULL;
	for (size_t i = 0; i < f->count; i++) {
		stack->frames[i] = f->gate[i];
		stack->own = stack->own || f->gate[i].own;
	}
	stack->allocator = stack->count ? stack->frames[0].called : NULL;
	if (correct_new(s, stack) < 0)
		return NULL;
	stack->id = id_of(s, stack);
	stack->start_reason = seep_start_memory_reason(stack);
	return stack;
}

static int name_stack(struct seep_gate_stacks *s, const struct seep_site *site, struct seep_gate_stack **stack,
	struct seep_error *error)
{
	const struct seep_trace *t = s->trace;
	bool whole = site->stack != 0;
	int result = 0;

	if (open_names(s, error) < 0)
		return -1;
	s->frames.count = 0;
	for (uint32_t node = site->stack; node && result == 0; node = t->nodes[node].parent) {
		if (t->nodes[node].module >= SEEP_MODULE_LOST)
			whole = false;
		else if (!is_recorder(s, t->nodes[node].module))
			result = add_frames(s, &t->nodes[node]);
	}
	*stack = result == 0 ? make_stack(s, whole, seep_trace_tag(t, site->tag)) : NULL;
	return *stack ? 0 : seep_error_set(error, "%s: out of memory for the names of a stack", t->name);
}

/* ---- Finding one again ---- */

static XXH128_hash_t hash_of(struct seep_gate_stacks *s, const struct seep_site *site)
{
	const struct seep_trace *t = s->trace;
	const char *tag = seep_trace_tag(t, site->tag);

	XXH3_128bits_reset(s->hash);
	for (uint32_t node = site->stack; node; node = t->nodes[node].parent) {
		const struct seep_module *module = seep_trace_module(t, t->nodes[node].module);
		uint64_t step[2] = {t->nodes[node].module, t->nodes[node].address};

		if (module) {
			step[0] = load_of(s, module)->identity;
			step[1] -= module->bias;
		}
		XXH3_128bits_update(s->hash, step, sizeof(step));
	}
	if (tag)
		XXH3_128bits_update(s->hash, tag, strlen(tag) + 1);
	return XXH3_128bits_digest(s->hash);
}

int seep_gate_stacks_of(struct seep_gate_stacks *s, const struct seep_site *site, struct seep_gate_stack **stack,
	struct seep_error *error)
{
	XXH128_hash_t hash = hash_of(s, site);
	uint32_t number = seep_map_find(&s->index, hash.high64, hash.low64, UINT32_MAX);
	bool added;

	if (number != UINT32_MAX) {
		*stack = s->stacks[number];
		return 0;
	}
	if (name_stack(s, site, stack, error) < 0)
		return -1;
	if (seep_array_reserve(&s->stacks, &s->capacity, s->count + 1, sizeof(struct seep_gate_stack *)) < 0 ||
		!seep_map_at(&s->index, hash.high64, hash.low64, (uint32_t)s->count, &added))
		return seep_error_set(error, "%s: out of memory for its stacks", s->trace->name);
	s->stacks[s->count++] = *stack;
	return 0;
}

size_t seep_gate_stacks_remarks(const struct seep_gate_stacks *s, const char *const **sentences)
{
	*sentences = s->remarks;
	return s->remark_count;
}

const char *seep_gate_stacks_keep(struct seep_gate_stacks *s, const char *text)
{
	return seep_names_keep(s->names, text);
}

void seep_gate_stacks_close(struct seep_gate_stacks *s)
{
	if (!s)
		return;
	if (s->trace)
		seep_gate_stacks_end(s);
	if (s->components)
		seep_components_close(s->components);
	if (s->wrappers)
		seep_wrappers_close(s->wrappers);
	if (s->names)
		seep_names_destroy(s->names);
	XXH3_freeState(s->hash);
	seep_map_clear(&s->index);
	free(s->frames.gate);
	free(s->frames.plain);
	free(s->stacks);
	free(s->remarks);
	free(s);
}
