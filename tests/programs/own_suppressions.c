/* SPDX-License-Identifier: Apache-2.0
 *
 * Forgets a block in a function that its own suppressions name, as LeakSanitizer wants them, and with an argument one elsewhere.
 */
#include <stdlib.h>

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "# known\nleak:^known_leak$\n";
}

static __attribute__((noinline)) void known_leak(void)
{
	malloc(12);
}

int main(int argc, char **argv)
{
	(void)argv;
	known_leak();
	if (argc > 1)
		malloc(34); /* leak */
	return 0;
}
