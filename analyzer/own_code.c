/* SPDX-License-Identifier: Apache-2.0
 *
 * own_code.c: the rules of own_code.h.
 */
#include <string.h>

#include "globs.h"
#include "own_code.h"

static const char *const system_folders[] = {"/usr/", "/lib/", "/lib32/", "/lib64/", "/libx32/", "/bin/", "/sbin/",
	"/opt/", "/nix/store/", "/gnu/store/", "/snap/", "/var/lib/"};
static const char *const package_folders[] = {"/site-packages/", "/dist-packages/", "/node_modules/"};

static bool begins(const char *path, const char *start)
{
	return !strncmp(path, start, strlen(start));
}

static bool below(const char *path, const char *root)
{
	size_t length = strlen(root);

	return length > 1 && begins(path, root) && path[length] == '/';
}

/* ~/.cargo, ~/.pyenv, ~/.local and their like; ~/.cache is where Bazel builds. */
static bool in_hidden_home_folder(const char *path)
{
	const char *rest = NULL;

	if (begins(path, "/root/"))
		rest = path + 6;
	else if (begins(path, "/home/") && (rest = strchr(path + 6, '/')))
		rest++;
	return rest && *rest == '.' && !begins(rest, ".cache/");
}

bool seep_own_code(const struct seep_list *globs, const char *root, const char *path)
{
	if (*path != '/')
		return false;
	for (size_t i = 0; i < globs->count; i++)
		if (seep_glob_match_path(globs->items[i], path))
			return true;
	if (globs->count)
		return false;
	for (size_t i = 0; i < sizeof(package_folders) / sizeof(package_folders[0]); i++)
		if (strstr(path, package_folders[i]))
			return false;
	if (below(path, root) || begins(path, "/usr/src/"))
		return true;
	for (size_t i = 0; i < sizeof(system_folders) / sizeof(system_folders[0]); i++)
		if (begins(path, system_folders[i]))
			return false;
	return !in_hidden_home_folder(path);
}
