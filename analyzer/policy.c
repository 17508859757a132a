/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.c: the keys, the file, and what they come to together. Options win over the file; lists of both add up, and of two
 * budgets for one component the last counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ini_file.h"
#include "policy.h"

#define COMPONENT_SECTION "component "

void seep_policy_init(struct seep_policy *p)
{
	*p = (struct seep_policy){.max_peak = SEEP_POLICY_UNSET, .error_exitcode = SEEP_POLICY_UNSET};
}

size_t seep_policy_options(struct seep_policy *p, struct seep_option *rows)
{
	const struct seep_option table[] = {
		{"max-unfreed", 0, SEEP_OPTION_LIST, &p->max_unfreed, "[COMPONENT=]SIZE",
			"bytes that a process may leave unfreed, in all or in a component (default: 0)", NULL},
		{"max-blocks", 0, SEEP_OPTION_LIST, &p->max_blocks, "[COMPONENT=]N", "the same in blocks", NULL},
		{"max-peak", 0, SEEP_OPTION_BYTES, &p->max_peak, "SIZE",
			"bytes that a process may hold at any time (default: any)", NULL},
		{"since", 0, SEEP_OPTION_TEXT, &p->since, "MARK",
			"only blocks born after the first seep_mark(\"MARK\")", NULL},
		{"until", 0, SEEP_OPTION_TEXT, &p->until, "MARK", "only blocks born before the last such mark", NULL},
		{"scale", 0, SEEP_OPTION_TEXT, &p->scale, "N,M",
			"run the command with N and with M in the place of {}, and fail only what grows\n"
			"with it; N,M,L: what grew is confirmed with L (default: N + 3 (M - N))",
			NULL},
		{"baseline", 0, SEEP_OPTION_TEXT, &p->baseline, "FILE",
			"leaks that are known: they may not grow, and others may not come", NULL},
		{"suppressions", 0, SEEP_OPTION_LIST, &p->suppressions, "FILE",
			"leaks that are accepted, in LeakSanitizer's or Valgrind's format (repeatable)", NULL},
		{"no-builtin", 0, SEEP_OPTION_FLAG, &p->no_builtin, NULL,
			"judge the start-up memory of the C and C++ libraries too", NULL},
		{"code", 0, SEEP_OPTION_LIST, &p->code, "GLOB",
			"executables and libraries that are judged, by path (repeatable; default: those\n"
			"that are below the root, or not in /usr, /lib, /bin, /opt and the like)",
			NULL},
		{"error-exitcode", 0, SEEP_OPTION_NUMBER, &p->error_exitcode, "N",
			"exit code when there is a leak (default: 1)", NULL},
		{"root", 0, SEEP_OPTION_TEXT, &p->root, "DIR",
			"reports name files from here (default: the folder above with .git in it)", NULL},
		{"path-map", 0, SEEP_OPTION_LIST, &p->path_maps, "FROM=TO",
			"source files below FROM are below TO, for what was built elsewhere (repeatable)", NULL},
		{"junit", 0, SEEP_OPTION_TEXT, &p->junit, "FILE", "write a JUnit report", NULL},
		{"sarif", 0, SEEP_OPTION_TEXT, &p->sarif, "FILE", "write SARIF 2.1.0", NULL},
		{"github", 0, SEEP_OPTION_FLAG, &p->github, NULL,
			"annotate for GitHub Actions, and add to its job summary", NULL},
		{"gitlab", 0, SEEP_OPTION_TEXT, &p->gitlab, "FILE", "write a code quality report for GitLab", NULL},
		{"markdown", 0, SEEP_OPTION_TEXT, &p->markdown, "FILE", "write Markdown, for comments and chats", NULL},
		{"json", 0, SEEP_OPTION_TEXT, &p->json, "FILE", "write everything, for programs (schema seep-gate/1)",
			NULL},
		SEEP_NAMING_OPTIONS(&p->naming),
	};

	_Static_assert(sizeof(table) / sizeof(table[0]) <= SEEP_POLICY_KEYS, "room for all keys");
	memcpy(rows, table, sizeof(table));
	return sizeof(table) / sizeof(table[0]);
}

/* ---- Values ---- */

static int add_item(struct seep_list *list, const char *item)
{
	const char **grown = realloc(list->items, (list->count + 1) * sizeof(*grown));

	if (!grown)
		return -1;
	list->items = grown;
	list->items[list->count++] = item;
	return 0;
}

static int parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno ? 0 : -1;
}

static int parse_flag(const char *text, bool *flag)
{
	static const char *const words[] = {"no", "false", "off", "0", "yes", "true", "on", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(text, words[i])) {
			*flag = i >= 4;
			return 0;
		}
	return -1;
}

static struct seep_budget *budget_of(struct seep_policy *p, const char *component)
{
	for (size_t i = 0; i < p->budget_count; i++) {
		struct seep_budget *b = &p->budgets[i];

		if (b->component == component || (b->component && component && !strcmp(b->component, component)))
			return b;
	}
	if (seep_array_reserve(&p->budgets, &p->budget_capacity, p->budget_count + 1, sizeof(*p->budgets)) < 0)
		return NULL;
	p->budgets[p->budget_count] = (struct seep_budget){
		.component = component, .max_bytes = SEEP_POLICY_UNSET, .max_blocks = SEEP_POLICY_UNSET};
	return &p->budgets[p->budget_count++];
}

/* "4K" or "session handling=4K", into the budget. */
static int take_limit(struct seep_policy *p, const char *item, bool blocks, struct seep_error *error)
{
	const char *equals = strrchr(item, '='), *text = equals ? equals + 1 : item, *component = NULL;
	struct seep_budget *budget;
	uint64_t limit;

	if (equals)
		component = seep_arena_text(&p->arena, item, (size_t)(equals - item));
	budget = equals && !component ? NULL : budget_of(p, component);
	if (!budget)
		return seep_error_set(error, "out of memory for the policy");
	if (blocks ? parse_number(text, &limit) : seep_options_bytes(text, &limit))
		return seep_error_set(error,
			blocks ? "max-blocks: '%s' is no number of blocks"
			       : "max-unfreed: '%s' is no size; expected something like 1500, 64K or 2MiB",
			text);
	*(blocks ? &budget->max_blocks : &budget->max_bytes) = limit;
	return 0;
}

/* ---- The file ---- */

struct reading {
	struct seep_policy *policy; /* what the file says */
	struct seep_option rows[SEEP_POLICY_KEYS];
	size_t row_count;
	const char *folder; /* "" or with a slash at its end */
};

static const char *keep(struct seep_policy *p, const char *before, const char *between, const char *text)
{
	char *copy = seep_arena_take(&p->arena, strlen(before) + strlen(between) + strlen(text) + 1);

	if (copy)
		stpcpy(stpcpy(stpcpy(copy, before), between), text);
	return copy;
}

/* In a component's section there are only its limits. */
static int set_in_component(
	struct reading *r, const char *component, const char *key, const char *value, struct seep_error *error)
{
	bool blocks = !strcmp(key, "max-blocks");
	struct seep_policy *p = r->policy;
	const char *item = keep(p, component, "=", value);

	if (!blocks && strcmp(key, "max-unfreed"))
		return seep_error_set(
			error, "expected max-unfreed or max-blocks in a component's section, not '%s'", key);
	if (!item || add_item(blocks ? &p->max_blocks : &p->max_unfreed, item) < 0)
		return seep_error_set(error, "out of memory for the policy");
	return take_limit(p, item, blocks, error);
}

/* FILE and DIR count from the policy's own folder. */
static const char *resolved(struct reading *r, const struct seep_option *row, const char *value)
{
	bool path = row->argument && (!strcmp(row->argument, "FILE") || !strcmp(row->argument, "DIR"));

	return keep(r->policy, path && *value != '/' ? r->folder : "", "", value);
}

static int set(struct reading *r, const struct seep_option *row, const char *value, struct seep_error *error)
{
	const char *text = resolved(r, row, value);

	if (!text)
		return seep_error_set(error, "out of memory for the policy");
	if (!*value)
		return seep_error_set(error, "expected a value behind '%s ='", row->name);
	switch (row->kind) {
	case SEEP_OPTION_FLAG:
		if (parse_flag(value, row->target) < 0)
			return seep_error_set(error, "%s: expected yes or no, not '%s'", row->name, value);
		return 0;
	case SEEP_OPTION_TEXT:
		*(const char **)row->target = text;
		return 0;
	case SEEP_OPTION_NUMBER:
		if (parse_number(value, row->target) < 0)
			return seep_error_set(error, "%s: '%s' is no number", row->name, value);
		return 0;
	case SEEP_OPTION_BYTES:
		if (seep_options_bytes(value, row->target) < 0)
			return seep_error_set(error, "%s: '%s' is no size; expected something like 1500, 64K or 2MiB",
				row->name, value);
		return 0;
	default:
		if (add_item(row->target, text) < 0)
			return seep_error_set(error, "out of memory for the policy");
		if (row->target == &r->policy->max_unfreed || row->target == &r->policy->max_blocks)
			return take_limit(r->policy, text, row->target == &r->policy->max_blocks, error);
		return 0;
	}
}

static int fail_unknown(struct reading *r, const char *key, struct seep_error *error)
{
	const char *names[SEEP_POLICY_KEYS + 1], *nearest;

	for (size_t i = 0; i < r->row_count; i++)
		names[i] = r->rows[i].name;
	names[r->row_count] = NULL;
	nearest = seep_options_nearest(key, names);
	return seep_error_set(error, "'%s' is no key of a policy%s%s%s", key, nearest ? ". Did you mean " : "",
		nearest ? nearest : "", nearest ? "?" : "");
}

static int take_value(void *context, const char *section, const char *key, const char *value, struct seep_error *error)
{
	struct reading *r = context;
	bool component = !strncmp(section, COMPONENT_SECTION, sizeof(COMPONENT_SECTION) - 1);
	const char *name = component ? section + sizeof(COMPONENT_SECTION) - 1 : "";

	name += strspn(name, " ");
	if (*section && (!component || !*name))
		return seep_error_set(error, "expected [component NAME], not [%s]", section);
	if (!key) {
		name = keep(r->policy, name, "", "");
		return name && budget_of(r->policy, name) ? 0 : seep_error_set(error, "out of memory for the policy");
	}
	if (component)
		return set_in_component(r, name, key, value, error);
	for (size_t i = 0; i < r->row_count; i++)
		if (!strcmp(key, r->rows[i].name))
			return set(r, &r->rows[i], value, error);
	return fail_unknown(r, key, error);
}

static int prepend(struct seep_list *list, const struct seep_list *before)
{
	const char **grown;

	if (!before->count)
		return 0;
	grown = realloc(list->items, (list->count + before->count) * sizeof(*grown));
	if (!grown)
		return -1;
	memmove(grown + before->count, grown, list->count * sizeof(*grown));
	memcpy(grown, before->items, before->count * sizeof(*grown));
	list->items = grown;
	list->count += before->count;
	return 0;
}

/* One key of the file, where the options did not say otherwise. */
static int merge(const struct seep_option *to, const struct seep_option *from)
{
	switch (from->kind) {
	case SEEP_OPTION_FLAG:
		*(bool *)to->target |= *(bool *)from->target;
		return 0;
	case SEEP_OPTION_TEXT:
		if (!*(const char **)to->target)
			*(const char **)to->target = *(const char **)from->target;
		return 0;
	case SEEP_OPTION_LIST:
		return prepend(to->target, from->target);
	default:
		if (*(uint64_t *)to->target == SEEP_POLICY_UNSET)
			*(uint64_t *)to->target = *(uint64_t *)from->target;
		return 0;
	}
}

static void clear_lists(struct seep_policy *p)
{
	seep_list_clear(&p->max_unfreed);
	seep_list_clear(&p->max_blocks);
	seep_list_clear(&p->suppressions);
	seep_list_clear(&p->code);
	seep_list_clear(&p->path_maps);
	seep_list_clear(&p->naming.search);
}

/* Takes the file's arena over, in which its strings are. */
static int merge_all(struct seep_policy *p, struct reading *r)
{
	struct seep_option rows[SEEP_POLICY_KEYS];
	int result = 0;

	seep_policy_options(p, rows);
	for (size_t i = 0; i < r->row_count && result == 0; i++)
		result = merge(&rows[i], &r->rows[i]);
	/* The file's sections come first, as they stand there. */
	free(p->budgets);
	p->budgets = r->policy->budgets;
	p->budget_count = r->policy->budget_count;
	p->budget_capacity = r->policy->budget_capacity;
	p->arena = r->policy->arena;
	return result;
}

int seep_policy_read(struct seep_policy *p, const char *path, struct seep_error *error)
{
	struct seep_policy own;
	struct reading r = {.policy = &own};
	const char *slash;

	if (!path && access(SEEP_POLICY_FILE, F_OK) != 0)
		return 0;
	path = path ? path : SEEP_POLICY_FILE;
	slash = strrchr(path, '/');
	seep_policy_init(&own);
	r.row_count = seep_policy_options(&own, r.rows);
	r.folder = seep_arena_text(&own.arena, path, slash ? (size_t)(slash + 1 - path) : 0);
	p->file = path;
	if (!r.folder || seep_ini_read(path, take_value, &r, error) < 0) {
		free(own.budgets);
		seep_arena_clear(&own.arena);
		clear_lists(&own);
		return r.folder ? -1 : seep_error_set(error, "out of memory for the policy");
	}
	if (merge_all(p, &r) < 0) {
		clear_lists(&own);
		return seep_error_set(error, "out of memory for the policy");
	}
	clear_lists(&own);
	return 0;
}

/* ---- What it comes to ---- */

static int finish_scale(struct seep_policy *p, struct seep_error *error)
{
	uint64_t *n = p->iterations;
	const char *at = p->scale;
	unsigned count = 0;

	if (!at)
		return 0;
	for (; count < 3; at++) {
		char *end;

		errno = 0;
		n[count++] = strtoull(at, &end, 10);
		if (*at < '0' || *at > '9' || errno || (*end && *end != ','))
			count = 0;
		at = end;
		if (!count || !*end)
			break;
	}
	if (count < 2 || *at || n[0] >= n[1] || (count == 3 && n[1] >= n[2]) || n[count - 1] > (UINT64_C(1) << 48))
		return seep_error_set(error,
			"--scale: '%s' are no two numbers of iterations, the lower one first, as in 100,200", p->scale);
	p->scales = true;
	return 0;
}

/* The whole's budget comes first. What nobody limited may not leave anything; one limit alone leaves the other open. */
static int finish_budgets(struct seep_policy *p)
{
	struct seep_budget *whole = budget_of(p, NULL);

	if (!whole)
		return -1;
	whole->rest = whole->max_bytes == SEEP_POLICY_UNSET && whole->max_blocks == SEEP_POLICY_UNSET;
	if (whole != p->budgets) {
		struct seep_budget moved = *whole;

		memmove(p->budgets + 1, p->budgets, (size_t)(whole - p->budgets) * sizeof(moved));
		p->budgets[0] = moved;
	}
	for (size_t i = 0; i < p->budget_count; i++)
		if (p->budgets[i].max_bytes == SEEP_POLICY_UNSET && p->budgets[i].max_blocks == SEEP_POLICY_UNSET)
			p->budgets[i].max_bytes = p->budgets[i].max_blocks = 0;
	return 0;
}

int seep_policy_finish(struct seep_policy *p, struct seep_error *error)
{
	for (size_t i = 0; i < p->max_unfreed.count; i++)
		if (take_limit(p, p->max_unfreed.items[i], false, error) < 0)
			return -1;
	for (size_t i = 0; i < p->max_blocks.count; i++)
		if (take_limit(p, p->max_blocks.items[i], true, error) < 0)
			return -1;
	for (size_t i = 0; i < p->path_maps.count; i++)
		if (!strchr(p->path_maps.items[i], '='))
			return seep_error_set(
				error, "--path-map: '%s' is not of the form FROM=TO", p->path_maps.items[i]);
	if (p->error_exitcode != SEEP_POLICY_UNSET && p->error_exitcode > 255)
		return seep_error_set(error, "--error-exitcode: expected a number from 0 to 255");
	if (finish_budgets(p) < 0)
		return seep_error_set(error, "out of memory for the policy");
	return finish_scale(p, error);
}

size_t seep_policy_budget(const struct seep_policy *p, const char *component)
{
	for (size_t i = 1; i < p->budget_count; i++)
		if (!strcmp(p->budgets[i].component, component))
			return i;
	return 0;
}

void seep_policy_clear(struct seep_policy *p)
{
	clear_lists(p);
	free(p->budgets);
	seep_arena_clear(&p->arena);
}
