/* SPDX-License-Identifier: Apache-2.0
 *
 * What else of the C library keeps memory: messages, converters, the system's log, tables that it reads.
 */
#include <iconv.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <wchar.h>

int main(int argc, char **argv)
{
	char in[] = "hello", out[100], *from = in, *to = out;
	size_t in_left = sizeof(in), out_left = sizeof(out);
	iconv_t converter = iconv_open("UTF-16", "ISO-8859-1");
	FILE *mounts = setmntent("/proc/mounts", "r");
	wchar_t wide[10];

	(void)argv;
	if (converter == (iconv_t)-1)
		return 77;
	iconv(converter, &from, &in_left, &to, &out_left);
	iconv_close(converter);
	openlog("hello", LOG_NDELAY, LOG_USER);
	closelog();
	if (mounts) {
		getmntent(mounts);
		endmntent(mounts);
	}
	mbstowcs(wide, "hello", 10);
	fprintf(stderr, "%s %s\n", strsignal(70), strerror(12345));
	perror("hello");
	ttyname(0);
	fgets(out, sizeof(out), stdin);
	fgetwc(stdin);
	wprintf(L"%ls\n", wide);
	if (argc > 1)
		malloc(1); /* leak */
	return 0;
}
