/* SPDX-License-Identifier: Apache-2.0 */
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <wchar.h>

int main(int argc, char **argv)
{
	char text[100];
	wchar_t wide[100];
	time_t now = 1000000000;
	locale_t locale;

	(void)argv;
	setlocale(LC_ALL, "C.UTF-8");
	setlocale(LC_NUMERIC, "C");
	bindtextdomain("hello", "/usr/share/locale");
	textdomain("hello");
	setenv("LANGUAGE", "de", 1);
	setenv("TZ", "Europe/Berlin", 1);
	putenv("HELLO=yes");
	unsetenv("HELLO");
	locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
	uselocale(locale);
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(locale);
	strftime(text, sizeof(text), "%c %Z", localtime(&now));
	mbstowcs(wide, gettext("hello"), 100);
	printf("%s %ls %s", text, wide, ctime(&now));
	fwprintf(stderr, L"hello %ls\n", wide);
	if (argc > 1)
		malloc(1); /* leak */
	return 0;
}
