/* SPDX-License-Identifier: Apache-2.0
 *
 * sources.c: names of source files, and their lines. A file is read when one of its lines is asked for, and only if it is a
 * regular one.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "map.h"
#include "memory.h"
#include "names.h"
#include "printable.h"
#include "sources.h"

#define FILE_BYTES_MAX (16u << 20)
#define LINE_BYTES_MAX 400

struct seep_sources {
	char *root;
	const struct seep_list *maps;
	struct seep_names *names;
	struct seep_map known; /* hash of a file -> number in answers */
	struct answer {
		const char *name;
		bool below;
	} * answers;
	size_t answer_count, answer_capacity;
	struct seep_arena lines; /* of the last answer */
};

/* The folder with .git in it, upwards from the working directory. */
static char *find_root(void)
{
	char *here = getcwd(NULL, 0), *folder = here ? strdup(here) : NULL, path[PATH_MAX];

	while (folder && *folder) {
		if (snprintf(path, sizeof(path), "%s/.git", folder) < (int)sizeof(path) && access(path, F_OK) == 0) {
			free(here);
			return folder;
		}
		*strrchr(folder, '/') = '\0';
	}
	free(folder);
	return here;
}

int seep_sources_open(
	struct seep_sources **sources, const char *root, const struct seep_list *maps, struct seep_error *error)
{
	struct seep_sources *s = calloc(1, sizeof(*s));

	if (!s || !(s->names = seep_names_create())) {
		free(s);
		return seep_error_set(error, "out of memory");
	}
	s->maps = maps;
	s->root = root ? realpath(root, NULL) : find_root();
	if (!s->root) {
		seep_sources_close(s);
		return seep_error_set(error, "%s is no folder that can be used as the root: %m",
			root ? root : "the working directory");
	}
	*sources = s;
	return 0;
}

const char *seep_sources_root(const struct seep_sources *s)
{
	return s->root;
}

/* What is behind "FOLDER/" in a path; NULL if it is not below the folder. */
static const char *behind(const char *path, const char *folder, size_t length)
{
	while (length && folder[length - 1] == '/')
		length--;
	if (strncmp(path, folder, length) || path[length] != '/')
		return NULL;
	return path + length + strspn(path + length, "/");
}

/* The path after the first map that fits; in `to`, or as it was. */
static const char *mapped(const struct seep_sources *s, const char *file, char to[PATH_MAX])
{
	for (size_t i = 0; i < s->maps->count; i++) {
		const char *map = s->maps->items[i], *equals = strchrnul(map, '='), *target = equals + 1;
		const char *rest = *equals ? behind(file, map, (size_t)(equals - map)) : NULL;
		const char *before;

		if (!rest)
			continue;
		before = *target == '/' ? "" : s->root;
		if (snprintf(to, PATH_MAX, "%s%s%s%s%s", before, *before ? "/" : "", target,
			    *target && target[strlen(target) - 1] != '/' ? "/" : "", rest) < PATH_MAX)
			return to;
	}
	return file;
}

static const char *find_name(struct seep_sources *s, const char *file, bool *below)
{
	char map[PATH_MAX], real[PATH_MAX];
	const char *path = mapped(s, file, map), *rest;

	if (*path != '/') { /* the debug information of the system's libraries names files so, too */
		path += !strncmp(path, "./", 2) ? 2 : 0;
		*below = snprintf(real, sizeof(real), "%s/%s", s->root, path) < (int)sizeof(real) &&
			 access(real, F_OK) == 0;
		return seep_names_keep(s->names, path);
	}
	rest = behind(path, s->root, strlen(s->root));
	if (!rest && realpath(path, real))
		rest = behind(real, s->root, strlen(s->root));
	*below = rest != NULL;
	while (rest && !strncmp(rest, "./", 2))
		rest += 2;
	return seep_names_keep(s->names, rest ? rest : path);
}

const char *seep_sources_name(struct seep_sources *s, const char *file, bool *below)
{
	XXH128_hash_t hash = XXH3_128bits(file, strlen(file));
	uint32_t number = seep_map_find(&s->known, hash.high64, hash.low64, UINT32_MAX);
	struct answer answer;
	bool added;

	if (number != UINT32_MAX) {
		*below = s->answers[number].below;
		return s->answers[number].name;
	}
	answer.name = find_name(s, file, below);
	answer.below = *below;
	if (!answer.name ||
		seep_array_reserve(&s->answers, &s->answer_capacity, s->answer_count + 1, sizeof(answer)) < 0 ||
		!seep_map_at(&s->known, hash.high64, hash.low64, (uint32_t)s->answer_count, &added))
		return NULL;
	s->answers[s->answer_count++] = answer;
	return answer.name;
}

/* ---- Lines ---- */

static FILE *open_regular(const struct seep_sources *s, const char *name)
{
	char path[PATH_MAX];
	struct stat status;
	FILE *file;
	int fd;

	if (snprintf(path, sizeof(path), "%s%s%s", *name == '/' ? "" : s->root, *name == '/' ? "" : "/", name) >=
		(int)sizeof(path))
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= FILE_BYTES_MAX ? fdopen(fd, "r")
												      : NULL;
	if (!file)
		close(fd);
	return file;
}

static const char *readable_line(struct seep_sources *s, const char *text, size_t bytes)
{
	char wide[8 * LINE_BYTES_MAX + 1];
	size_t at = 0;

	while (bytes && (text[bytes - 1] == '\n' || text[bytes - 1] == '\r'))
		bytes--;
	for (size_t i = 0; i < bytes && i < LINE_BYTES_MAX; i++) {
		if (text[i] != '\t')
			wide[at++] = text[i];
		else
			do
				wide[at++] = ' ';
			while (at % 8);
	}
	wide[at] = '\0';
	return seep_printable(&s->lines, wide);
}

size_t seep_sources_around(
	struct seep_sources *s, const char *name, unsigned line, struct seep_source_line lines[SEEP_SOURCE_LINES])
{
	unsigned around = SEEP_SOURCE_LINES / 2, first = line > around ? line - around : 1;
	FILE *file = line ? open_regular(s, name) : NULL;
	size_t count = 0, capacity = 0;
	char *text = NULL;
	bool found = false;
	ssize_t bytes;

	seep_arena_clear(&s->lines);
	for (unsigned number = 1; file && count < SEEP_SOURCE_LINES && (bytes = getline(&text, &capacity, file)) >= 0;
		number++) {
		if (number < first)
			continue;
		if (number > line + around)
			break;
		found = found || number == line;
		lines[count].number = number;
		lines[count].text = readable_line(s, text, (size_t)bytes);
		count += lines[count].text != NULL;
	}
	free(text);
	if (file)
		fclose(file);
	return found ? count : 0;
}

void seep_sources_close(struct seep_sources *s)
{
	if (!s)
		return;
	seep_names_destroy(s->names);
	seep_map_clear(&s->known);
	free(s->answers);
	seep_arena_clear(&s->lines);
	free(s->root);
	free(s);
}
