/* SPDX-License-Identifier: Apache-2.0
 *
 * suppressions.c: the list of entries, their comments and the choice between the two forms. Each form has a file of its own.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "printable.h"
#include "suppression_forms.h"

#define FILE_BYTES_MAX (16u << 20)
#define DATE_BYTES (sizeof("2027-03-31") - 1)

struct seep_suppressions {
	struct seep_supp_rule **rules;
	size_t count, capacity;
	char today[DATE_BYTES + 1];
	struct seep_arena arena;
};

struct seep_suppressions *seep_suppressions_create(const char *today)
{
	struct seep_suppressions *s = calloc(1, sizeof(*s));
	time_t now = time(NULL);
	struct tm day;

	if (!s)
		return NULL;
	if (today)
		snprintf(s->today, sizeof(s->today), "%s", today);
	else if (localtime_r(&now, &day))
		strftime(s->today, sizeof(s->today), "%Y-%m-%d", &day);
	return s;
}

struct seep_arena *seep_supp_arena(struct seep_suppressions *s)
{
	return &s->arena;
}

static int no_memory(struct seep_supp_lines *lines)
{
	return seep_error_set(lines->error, "%s: out of memory for its suppressions", lines->name);
}

/* ---- Lines and their comments ---- */

bool seep_suppressions_is_day(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	int month, day;

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	month = atoi(text + 5);
	day = atoi(text + 8);
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* The value of "# KEY: VALUE"; NULL if the comment is none. */
static const char *comment_value(const char *comment, const char *key)
{
	size_t length = strlen(key);

	comment += strspn(comment, "# \t");
	if (strncasecmp(comment, key, length) || comment[length] != ':')
		return NULL;
	comment += length + 1;
	return comment + strspn(comment, " \t");
}

static int take_comment(struct seep_supp_lines *lines, const char *comment)
{
	const char *owner = comment_value(comment, "owner"), *expires = comment_value(comment, "expires");

	if ((owner || expires) && !lines->block) {
		lines->owner = lines->expires = NULL;
		lines->block = true;
	}
	if (owner && *owner)
		lines->owner = owner;
	if (expires && !seep_suppressions_is_day(expires))
		return seep_error_set(lines->error,
			"%s:%u: expected a day like 2027-03-31 after \"expires:\", not '%s'", lines->name,
			lines->number, expires);
	if (expires)
		lines->expires = expires;
	return 0;
}

int seep_supp_line(struct seep_supp_lines *lines, char **line)
{
	while (*lines->next) {
		size_t length = strcspn(lines->next, "\n");
		const char *start = lines->next, *end = start + length;
		char *copy;

		lines->next = end + (*end == '\n');
		lines->number++;
		while (start < end && isspace((unsigned char)*start))
			start++;
		while (end > start && isspace((unsigned char)end[-1]))
			end--;
		if (start == end) {
			lines->owner = lines->expires = NULL;
			lines->block = false;
			continue;
		}
		copy = seep_arena_text(&lines->suppressions->arena, start, (size_t)(end - start));
		if (!copy)
			return no_memory(lines);
		*line = copy;
		if (*copy != '#') {
			lines->block = false;
			return 1;
		}
		if (take_comment(lines, copy) < 0)
			return -1;
	}
	return 0;
}

/* ---- Entries ---- */

struct seep_supp_rule *seep_supp_add(struct seep_supp_lines *lines, unsigned number, const char *name)
{
	struct seep_suppressions *s = lines->suppressions;
	struct seep_supp_rule *rule = calloc(1, sizeof(*rule));
	char origin[24];
	char *text;

	snprintf(origin, sizeof(origin), ":%u", number);
	text = seep_arena_take(&s->arena, strlen(lines->name) + sizeof(origin));
	if (rule && text) {
		sprintf(text, "%s%s", lines->name, origin);
		rule->shown = (struct seep_suppression){
			.origin = text,
			.name = seep_printable(&s->arena, name),
			.owner = lines->owner ? seep_printable(&s->arena, lines->owner) : NULL,
			.expires = lines->expires,
			.expired = lines->expires && strcmp(lines->expires, s->today) < 0,
		};
	}
	if (!rule || !text || !rule->shown.name ||
		seep_array_reserve(&s->rules, &s->capacity, s->count + 1, sizeof(struct seep_supp_rule *)) < 0) {
		free(rule);
		no_memory(lines);
		return NULL;
	}
	s->rules[s->count++] = rule;
	return rule;
}

int seep_suppressions_read_text(
	struct seep_suppressions *s, const char *name, const char *text, struct seep_error *error)
{
	struct seep_supp_lines lines = {.suppressions = s, .next = text, .error = error};
	char *line = NULL;
	int result;

	lines.name = seep_printable(&s->arena, name);
	if (!lines.name)
		return seep_error_set(error, "out of memory for suppressions");
	result = seep_supp_line(&lines, &line);
	if (result <= 0 || !line)
		return result;
	return *line == '{' ? seep_supp_valgrind_parse(&lines, line) : seep_supp_lsan_parse(&lines, line);
}

int seep_suppressions_read(struct seep_suppressions *s, const char *path, struct seep_error *error)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FILE_BYTES_MAX + 1) : NULL;
	size_t bytes = text ? fread(text, 1, FILE_BYTES_MAX, file) : 0;
	int result;

	if (!file)
		return seep_error_set(error, "%s: the suppressions can't be read: %s", path, strerror(errno));
	if (!text)
		result = seep_error_set(error, "%s: out of memory for its suppressions", path);
	else if (ferror(file))
		result = seep_error_set(error, "%s: the suppressions can't be read: %s", path, strerror(errno));
	else if (bytes == FILE_BYTES_MAX)
		result = seep_error_set(error, "%s: no suppressions, the file is larger than 16 MiB", path);
	else {
		text[bytes] = '\0';
		result = strlen(text) != bytes ? seep_error_set(error, "%s: no suppressions, it is no text", path)
					       : seep_suppressions_read_text(s, path, text, error);
	}
	free(text);
	fclose(file);
	return result;
}

struct seep_suppression *seep_suppressions_match(struct seep_suppressions *s, const struct seep_gate_stack *stack)
{
	struct seep_suppression *expired = NULL;

	for (size_t i = 0; i < s->count; i++) {
		struct seep_supp_rule *rule = s->rules[i];

		if (rule->shown.expired && expired)
			continue;
		if (!(rule->pattern ? seep_supp_lsan_match(rule, stack) : seep_supp_valgrind_match(rule, stack)))
			continue;
		if (!rule->shown.expired)
			return &rule->shown;
		expired = &rule->shown;
	}
	return expired;
}

struct seep_suppression *seep_suppressions_at(const struct seep_suppressions *s, size_t index)
{
	return index < s->count ? &s->rules[index]->shown : NULL;
}

void seep_suppressions_forget(struct seep_suppressions *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->rules[i]->shown.used = (struct seep_trace_count){0};
}

bool seep_supp_from_new(const struct seep_gate_stack *stack)
{
	const struct seep_gate_frame *leaf = stack->frames;

	if (!stack->count || (strncmp(leaf->module, "libstdc++", 9) && strncmp(leaf->module, "libc++", 6)))
		return false;
	return !strncmp(leaf->function, "operator new", 12);
}

void seep_suppressions_free(struct seep_suppressions *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		free(s->rules[i]->frames);
		free(s->rules[i]);
	}
	free(s->rules);
	seep_arena_clear(&s->arena);
	free(s);
}
