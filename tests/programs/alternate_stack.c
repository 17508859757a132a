/* SPDX-License-Identifier: Apache-2.0
 *
 * A handler on a stack of its own allocates, in the middle of a function that allocates, too; and the stack that it is on was
 * allocated.
 *
 * truth: 200 blocks of 43 at handle@handler < main@raise
 * truth: 200 blocks of 44 at main@between
 * truth: 1 block of 65536 at main@stack
 */
#include <signal.h>
#include <stdlib.h>

static void handle(int number)
{
	(void)number;
	malloc(43); /* handler */
}

int main(void)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
	stack_t stack = {.ss_size = 65536};

	stack.ss_sp = malloc(65536); /* stack */
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 200; i++) {
		malloc(44); /* between */
		raise(SIGUSR1); /* raise */
		free(malloc(45));
	}
	return 0;
}
