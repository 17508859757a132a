/* SPDX-License-Identifier: Apache-2.0
 *
 * The plugin of hello_dlopen.c. It forgets its byte itself.
 */
#include <stdlib.h>

const char *say(int leak);

const char *say(int leak)
{
	if (leak)
		malloc(1); /* leak */
	return "hello";
}
