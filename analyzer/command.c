/* SPDX-License-Identifier: Apache-2.0
 *
 * command.c: how commands complain. Apart from main.c, so that tests can link it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "command.h"

int seep_command_fail(const struct seep_command *command, const char *format, ...)
{
	va_list arguments;

	if (command)
		fprintf(stderr, "seep %s: ", command->name);
	else
		fputs("seep: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return SEEP_EXIT_USAGE;
}
