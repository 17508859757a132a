/* SPDX-License-Identifier: Apache-2.0
 *
 * A handler called in the middle of a function, on the same stack and on another one: the stack leads from the handler
 * through the interrupted function to main. Nobody called the handler, so its frame is told by no call.
 *
 * truth: 3 blocks of 140 at handle@forgotten < interrupted@raise < main@same < _start
 * truth: 3 blocks of 140 at handle@forgotten < interrupted@raise < main@other < _start
 */
#include <signal.h>
#include <stdlib.h>

static char other_stack[65536];

static void handle(int number)
{
	(void)number;
	malloc(140); /* forgotten */
}

static void interrupted(int number)
{
	raise(number); /* raise */
}

int main(void)
{
	stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
	struct sigaction same = {.sa_handler = handle}, other = {.sa_handler = handle, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &same, NULL);
	sigaction(SIGUSR2, &other, NULL);
	for (int i = 0; i < 3; i++) {
		interrupted(SIGUSR1); /* same */
		interrupted(SIGUSR2); /* other */
	}
	return 0;
}
