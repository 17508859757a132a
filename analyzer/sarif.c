/* SPDX-License-Identifier: Apache-2.0
 *
 * sarif.c: SARIF 2.1.0 (OASIS standard, 27 March 2020). What leaks is a result of level error; what the baseline knows, the budget allows or a
 * suppression covers is there too, marked as such, so that a viewer can show what changed.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "gate_outputs.h"
#include "gate_view.h"

#define RULE "memory-leak"
#define FRAMES_MAX 128

/* A path as the path of a URI (RFC 3986). */
static const char *uri_of(struct seep_verdict *v, const char *before, const char *path, const char *after)
{
	char *uri = seep_arena_take(&v->arena, strlen(before) + 3 * strlen(path) + strlen(after) + 1), *to = uri;

	if (!uri)
		return "";
	to = stpcpy(to, before);
	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("/-._~", *path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned)(unsigned char)*path);
	}
	stpcpy(to, after);
	return uri;
}

static json_t *artifact_of(struct seep_verdict *v, const char *file, bool below_root)
{
	if (below_root)
		return json_pack("{ss ss}", "uri", uri_of(v, "", file, ""), "uriBaseId", "SRCROOT");
	return json_pack("{ss}", "uri", uri_of(v, *file == '/' ? "file://" : "", file, ""));
}

/* A place in a file; NULL (which json_pack leaves out) where none is known. */
static json_t *physical_location(struct seep_verdict *v, const char *file, unsigned line, bool below_root)
{
	if (!file)
		return NULL;
	if (!line)
		return json_pack("{so}", "artifactLocation", artifact_of(v, file, below_root));
	return json_pack(
		"{so s{si}}", "artifactLocation", artifact_of(v, file, below_root), "region", "startLine", (int)line);
}

static json_t *frame_location(struct seep_verdict *v, const struct seep_gate_frame *f)
{
	bool below = false;
	const char *name = f->file ? seep_sources_name(v->sources, f->file, &below) : NULL;

	return json_pack("{so* s[{ss ss}] s{ss}}", "physicalLocation", physical_location(v, name, f->line, below),
		"logicalLocations", "fullyQualifiedName", f->function, "kind", "function", "message", "text",
		*f->module ? seep_gate_text(v, "%s in %s", f->function, f->module) : f->function);
}

/* The way to the allocation, from the outermost caller on. */
static json_t *flow_of(struct seep_verdict *v, const struct seep_gate_stack *stack)
{
	size_t depth = seep_gate_depth(stack), count = depth < FRAMES_MAX ? depth : FRAMES_MAX;
	json_t *steps = json_array();

	for (size_t i = count; steps && i-- > 0;)
		json_array_append_new(steps, json_pack("{so si}", "location", frame_location(v, &stack->frames[i]),
						     "nestingLevel", (int)(count - 1 - i)));
	return json_pack("[{s[{so}]}]", "threadFlows", "locations", steps);
}

static const char *baseline_state(const struct seep_verdict *v, const struct seep_gate_site *site)
{
	if (!v->has_baseline)
		return NULL;
	switch (site->change) {
	case SEEP_GATE_SAME:
		return "unchanged";
	case SEEP_GATE_GREW:
	case SEEP_GATE_SHRANK:
		return "updated";
	default:
		return "new";
	}
}

static json_t *suppressions_of(struct seep_verdict *v, const struct seep_gate_site *site)
{
	const struct seep_suppression *s = site->suppression;

	if (site->fate != SEEP_GATE_SUPPRESSED)
		return NULL;
	return json_pack("[{ss ss ss}]", "kind", "external", "status", "accepted", "justification",
		seep_gate_text(v, "%s at %s%s%s%s%s", s->name, s->origin, s->owner ? ", owner " : "",
			s->owner ? s->owner : "", s->expires ? ", until " : "", s->expires ? s->expires : ""));
}

static json_t *fingerprints_of(struct seep_verdict *v, const char *name, uint64_t id, unsigned ordinal)
{
	return json_pack("{ss}", name, seep_gate_text(v, "%016llx:%u", (unsigned long long)id, ordinal));
}

static json_t *result_of(struct seep_verdict *v, const struct seep_gate_site *site)
{
	bool leaks = site->fate == SEEP_GATE_FAILS;
	const char *change = seep_gate_change(v, site), *known = *change ? "; " : "";
	json_t *place = physical_location(v, site->file, site->line, site->below_root);
	json_t *location = json_pack("{so* s[{ss ss}]}", "physicalLocation", place, "logicalLocations",
		"fullyQualifiedName", site->function, "kind", "function");

	return json_pack("{ss si ss ss s{ss} s[o] so so ss* so* so* s{sI sI sI ss}}", "ruleId", RULE, "ruleIndex", 0,
		"kind", leaks || site->fate == SEEP_GATE_SUPPRESSED ? "fail" : "informational", "level",
		leaks || site->fate == SEEP_GATE_SUPPRESSED ? "error" : "none", "message", "text",
		seep_gate_text(v, "%s%s%s.", seep_gate_sentence(v, site), known, change), "locations", location,
		"fingerprints", fingerprints_of(v, "seepSite/v1", site->id, site->ordinal), "partialFingerprints",
		fingerprints_of(v, "primaryLocationLineHash", site->id, site->ordinal), "baselineState",
		baseline_state(v, site), "suppressions", suppressions_of(v, site), "codeFlows",
		site->stack->count ? flow_of(v, site->stack) : NULL, "properties", "bytes",
		(json_int_t)site->unfreed.bytes, "blocks", (json_int_t)site->unfreed.count, "processes",
		(json_int_t)site->processes, "component", site->stack->component);
}

/* What is in the baseline and nowhere else. */
static json_t *absent_result(struct seep_verdict *v, const struct seep_baseline_site *gone)
{
	json_t *location = json_pack("{so* s[{ss ss}]}", "physicalLocation",
		physical_location(v, gone->file, 0, gone->file && *gone->file != '/'), "logicalLocations",
		"fullyQualifiedName", gone->function, "kind", "function");

	return json_pack("{ss si ss ss s{ss} s[o] so so ss}", "ruleId", RULE, "ruleIndex", 0, "kind", "informational",
		"level", "none", "message", "text",
		seep_gate_text(v, "%s, allocated by %s, are not there any more.", seep_gate_amount(v, &gone->unfreed),
			gone->function),
		"locations", location, "fingerprints", fingerprints_of(v, "seepSite/v1", gone->id, 1),
		"partialFingerprints", fingerprints_of(v, "primaryLocationLineHash", gone->id, 1), "baselineState",
		"absent");
}

static json_t *results_of(struct seep_verdict *v)
{
	json_t *results = json_array();

	for (size_t i = 0; i < v->site_count; i++)
		if (v->sites[i].fate < SEEP_GATE_START_MEMORY && v->sites[i].fate != SEEP_GATE_ONCE)
			json_array_append_new(results, result_of(v, &v->sites[i]));
	for (size_t i = 0; i < v->gone_count; i++)
		json_array_append_new(results, absent_result(v, &v->gone[i]));
	return results;
}

static json_t *tool_of(void)
{
	return json_pack("{s{ss ss ss s[{ss ss s{ss} s{ss} s{ss} s{ss}}]}}", "driver", "name", "seep", "version",
		SEEP_VERSION, "semanticVersion", SEEP_VERSION, "rules", "id", RULE, "name", "MemoryLeak",
		"shortDescription", "text", "Memory that is never freed", "fullDescription", "text",
		"Blocks that were allocated here had not been freed when the process ended, and neither the policy, "
		"nor "
		"the baseline, nor a suppression allows for them.",
		"help", "text",
		"Free the blocks, or hand them to somebody who does. docs/GATE.md of seep says how to accept a leak "
		"for a "
		"time.",
		"defaultConfiguration", "level", "error");
}

/* Why it is inconclusive, if it is, as what the tool ran into. */
static json_t *invocation_of(struct seep_verdict *v)
{
	json_t *notifications = json_array();

	for (size_t i = 0; i < v->reason_count; i++)
		json_array_append_new(
			notifications, json_pack("{ss s{ss}}", "level", "error", "message", "text", v->reasons[i]));
	for (size_t i = 0; i < v->note_count; i++)
		json_array_append_new(
			notifications, json_pack("{ss s{ss}}", "level", "note", "message", "text", v->notes[i]));
	return json_pack("{sb si so}", "executionSuccessful", v->reason_count == 0, "exitCode", v->exit_code,
		"toolExecutionNotifications", notifications);
}

int seep_sarif_write(FILE *out, struct seep_verdict *v)
{
	const char *root = seep_sources_root(v->sources);
	json_t *log = json_pack("{ss ss s[{so s[o] s{s{ss}} so}]}", "$schema",
		"https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json", "version", "2.1.0",
		"runs", "tool", tool_of(), "invocations", invocation_of(v), "originalUriBaseIds", "SRCROOT", "uri",
		uri_of(v, "file://", root, strcmp(root, "/") ? "/" : ""), "results", results_of(v));
	char *text = log ? json_dumps(log, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;

	json_decref(log);
	if (!text)
		return -1;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}
