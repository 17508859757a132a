/* SPDX-License-Identifier: Apache-2.0
 *
 * Forgets what the C library hands out and its caller has to give back, each kind by its name: for tests/cli/gate_start.bats.
 */
#include <dirent.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct addrinfo *found;
	char *text;

	if (!strcmp(what, "strdup"))
		strdup("text"); /* strdup */
	else if (!strcmp(what, "wcsdup"))
		wcsdup(L"text"); /* wcsdup */
	else if (!strcmp(what, "asprintf"))
		asprintf(&text, "%d", argc); /* asprintf */
	else if (!strcmp(what, "getaddrinfo"))
		getaddrinfo("127.0.0.1", "80", NULL, &found); /* getaddrinfo */
	else if (!strcmp(what, "newlocale"))
		newlocale(LC_ALL_MASK, "C.UTF-8", NULL); /* newlocale */
	else if (!strcmp(what, "duplocale"))
		duplocale(uselocale(0)); /* duplocale */
	else if (!strcmp(what, "iconv_open"))
		iconv_open("UTF-16", "UTF-8"); /* iconv_open */
	else if (!strcmp(what, "fopen"))
		fputc('x', fopen("/dev/null", "w")); /* fopen */
	else if (!strcmp(what, "opendir"))
		readdir(opendir("/")); /* opendir */
	else if (!strcmp(what, "getcwd"))
		getcwd(NULL, 0); /* getcwd */
	else if (!strcmp(what, "realpath"))
		realpath("/", NULL); /* realpath */
	else
		return 1;
	return 0;
}
