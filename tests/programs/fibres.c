/* SPDX-License-Identifier: Apache-2.0
 *
 * Four fibres on stacks of their own take turns; each frees what another one allocated and forgets one block of ten.
 *
 * truth: 40 blocks of 45 at turn@block < fibre@turn
 * truth: 4 blocks of 32768 at main@stack
 */
#include <stdlib.h>
#include <ucontext.h>

static ucontext_t contexts[4], home;
static void *from_before;

static void turn(int round)
{
	if (round % 10)
		free(from_before);
	from_before = malloc(45); /* block */
}

static void fibre(int self)
{
	for (int round = 0; round < 100; round++) {
		turn(round); /* turn */
		swapcontext(&contexts[self], &contexts[(self + 1) % 4]);
	}
}

int main(void)
{
	for (int i = 0; i < 4; i++) {
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = malloc(32768); /* stack */
		contexts[i].uc_stack.ss_size = 32768;
		contexts[i].uc_link = &home;
		makecontext(&contexts[i], (void (*)(void))fibre, 1, i);
	}
	swapcontext(&home, &contexts[0]);
	return 0;
}
