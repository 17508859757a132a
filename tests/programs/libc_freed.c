/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of the C library that allocate, each undone as its manual page says. Nothing of it remains.
 *
 * truth: no block
 */
#include <dirent.h>
#include <fts.h>
#include <glob.h>
#include <ifaddrs.h>
#include <locale.h>
#include <net/if.h>
#include <netdb.h>
#include <regex.h>
#include <search.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void nothing(void *node)
{
	(void)node;
}

static void files(void)
{
	char *text = NULL, line[] = "some lines\nin memory\n", *paths[] = {"/dev", NULL};
	size_t bytes = 0;
	FILE *file = fmemopen(line, strlen(line), "r");
	FTS *tree;
	DIR *folder = opendir("/");
	struct dirent **names;
	int count = scandir("/", &names, NULL, alphasort);

	while (getline(&text, &bytes, file) > 0)
		;
	free(text);
	fclose(file);
	file = open_memstream(&text, &bytes);
	fprintf(file, "%0*d", 20000, 7);
	fclose(file);
	free(text);
	file = fopen("/proc/self/maps", "r");
	fgetc(file);
	fclose(file);
	readdir(folder);
	closedir(folder);
	while (count-- > 0)
		free(names[count]);
	free(names);
	tree = fts_open(paths, FTS_PHYSICAL, NULL);
	fts_read(tree);
	fts_close(tree);
}

static void words(void)
{
	regex_t expression;
	glob_t paths;
	wordexp_t parts;

	regcomp(&expression, "^(a|b*)+[[:alpha:]]{2,5}$", REG_EXTENDED);
	regexec(&expression, "aabbab", 0, NULL, 0);
	regfree(&expression);
	glob("/*", 0, NULL, &paths);
	globfree(&paths);
	wordexp("one 'two three' four", &parts, WRDE_NOCMD);
	wordfree(&parts);
}

static void network(void)
{
	struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST}, *result;
	struct ifaddrs *addresses;

	if (getaddrinfo("::1", NULL, &numeric, &result) == 0)
		freeaddrinfo(result);
	if (getifaddrs(&addresses) == 0)
		freeifaddrs(addresses);
	if_freenameindex(if_nameindex());
}

static void tables(void)
{
	static int numbers[200000];
	struct hsearch_data table = {0};
	void *tree = NULL;
	posix_spawn_file_actions_t actions;

	for (int i = 0; i < 200000; i++)
		numbers[i] = i * 7919 % 200000;
	qsort(numbers, 200000, sizeof *numbers, compare);
	hcreate_r(100, &table);
	hdestroy_r(&table);
	for (int i = 0; i < 100; i++)
		tsearch(&numbers[i], &tree, compare);
	tdestroy(tree, nothing);
	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 20; i++)
		posix_spawn_file_actions_addclose(&actions, i);
	posix_spawn_file_actions_destroy(&actions);
}

int main(void)
{
	files();
	words();
	network();
	tables();
	freelocale(newlocale(LC_ALL_MASK, "C", NULL));
	return 0;
}
