/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of the C library that allocate for their caller, who forgets what he got. Each block is the line's
 * that called; sizes that do not follow from the arguments are those of Debian 12's C library on 64-bit machines.
 *
 * truth: 1 block of 14 at main@strdup
 * truth: 1 block of 6 at main@strndup
 * truth: 1 block of 56 at main@wcsdup
 * truth: 1 block of 17 at main@asprintf
 * truth: 1 block of 120 at main@getline
 * truth: 1 block of 120 at main@getdelim
 * truth: 1 block of 2 at main@getcwd
 * truth: 1 block of 2 at main@realpath
 * truth: 1 block of 32816 at main@opendir
 * truth: 1 block of 472 at main@fopen
 * truth: 1 block of 64 at main@getaddrinfo
 * truth: 3 blocks of 24 at main@tsearch
 * truth: 1 block of 128 at main@cpu_set
 * truth: 1 block of 21 at main@memstream
 * truth: anything at main@file
 */
#include <dirent.h>
#include <netdb.h>
#include <sched.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int main(void)
{
	char *got = NULL;
	size_t bytes = 0;
	void *tree = NULL;
	FILE *file = tmpfile(); /* file */
	struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *result;

	fputs("one line;and another\nlast\n", file); /* file */
	rewind(file);
	strdup("thirteen char"); /* strdup */
	strndup("eleven characters", 5); /* strndup */
	wcsdup(L"thirteen char"); /* wcsdup */
	if (asprintf(&got, "%s: %d", "fourteen", 123456) < 0) /* asprintf */
		return 1;
	got = NULL;
	if (getline(&got, &bytes, file) < 0) /* getline */
		return 1;
	got = NULL;
	bytes = 0;
	if (getdelim(&got, &bytes, ';', file) < 0) /* getdelim */
		return 1;
	if (chdir("/") || !getcwd(NULL, 0)) /* getcwd */
		return 1;
	got = realpath("/usr/..", NULL); /* realpath */
	opendir("/"); /* opendir */
	fopen("/dev/null", "r"); /* fopen */
	if (getaddrinfo("127.0.0.1", "80", &numeric, &result)) /* getaddrinfo */
		return 1;
	tsearch("a", &tree, compare); /* tsearch */
	tsearch("b", &tree, compare); /* tsearch */
	tsearch("c", &tree, compare); /* tsearch */
	CPU_ALLOC(1024); /* cpu_set */
	file = open_memstream(&got, &bytes); /* memstream */
	fputs("twenty characters...", file); /* memstream */
	fclose(file); /* memstream */
	return 0;
}
