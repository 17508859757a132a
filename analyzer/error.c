/* SPDX-License-Identifier: Apache-2.0
 *
 * error.c: the one place where the analyzer's error sentences are put together.
 */
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

int seep_error_set(struct seep_error *error, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return -1;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return -1;
}
