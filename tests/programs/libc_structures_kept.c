/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of the C library that build whole structures, which nobody takes down: how many blocks that is, is
 * their own affair, but all belong to the line that called.
 *
 * truth: some blocks at main@regcomp
 * truth: some blocks at main@scandir
 * truth: some blocks at main@glob
 * truth: some blocks at main@wordexp
 * truth: some blocks at main@setlocale
 * truth: some blocks at main@newlocale
 * truth: some blocks at main@setenv
 * truth: some blocks at main@hcreate
 * truth: some blocks at main@fts
 * truth: some blocks at main@actions
 * truth: some blocks at main@memory
 * truth: some blocks at main@interfaces
 */
#include <dirent.h>
#include <fts.h>
#include <glob.h>
#include <ifaddrs.h>
#include <locale.h>
#include <regex.h>
#include <search.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <wordexp.h>

int main(void)
{
	regex_t expression;
	struct dirent **names;
	struct ifaddrs *interfaces;
	glob_t paths;
	wordexp_t words;
	char *roots[] = {"/", NULL}, buffer[10];
	posix_spawn_file_actions_t actions;

	regcomp(&expression, "^(a|b*)+[[:alpha:]]{2,5}$", REG_EXTENDED); /* regcomp */
	scandir("/", &names, NULL, alphasort); /* scandir */
	glob("/*", 0, NULL, &paths); /* glob */
	wordexp("one 'two three' four", &words, WRDE_NOCMD); /* wordexp */
	setlocale(LC_ALL, "C.UTF-8"); /* setlocale */
	newlocale(LC_ALL_MASK, "C.UTF-8", NULL); /* newlocale */
	setenv("A_NAME_THAT_NOBODY_HAS", "a value", 1); /* setenv */
	hcreate(100); /* hcreate */
	fts_open(roots, FTS_PHYSICAL, NULL); /* fts */
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, 3); /* actions */
	fmemopen(buffer, sizeof buffer, "r"); /* memory */
	getifaddrs(&interfaces); /* interfaces */
	return 0;
}
