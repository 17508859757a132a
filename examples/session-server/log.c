/* SPDX-License-Identifier: Apache-2.0
 *
 * log.c: formats into a buffer of its own and writes once, so that lines of different threads do not mix. Allocates
 * nothing: a server that is short of memory can still say so.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool log_requests;

static void write_line(const char *level, const char *format, va_list arguments)
{
	char line[512];
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);

	size_t used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &utc);
	used += (size_t)snprintf(line + used, sizeof(line) - used, "%s ", level);
	vsnprintf(line + used, sizeof(line) - used - 1, format, arguments);
	used = strlen(line);
	line[used++] = '\n';

	/* Nobody is left to tell if standard error is gone. */
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}

void log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line("info", format, arguments);
	va_end(arguments);
}

void log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line("error", format, arguments);
	va_end(arguments);
}

void log_request(const char *method, const char *path, unsigned status)
{
	if (log_requests)
		log_info("%s %s %u", method, path, status);
}
