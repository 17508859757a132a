/* SPDX-License-Identifier: Apache-2.0
 * flags: -O2 -pthread
 *
 * Work for tests/unwind/agree.sh: what compilers do rarely and programs do seldom. Realigned frames, variable arrays, a
 * library that calls back, contexts on stacks of their own, signals on two stacks, threads. The argument says how much of it.
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static volatile void *sink;
static ucontext_t home, first, second;
static char first_stack[65536], second_stack[65536];
static int rounds = 10;

__attribute__((noinline)) static void leaf(int bytes)
{
	free(malloc((size_t)bytes));
	__asm__ volatile("");
}

__attribute__((noinline)) static int realigned(int n, int a, int b, int c, int d, int e, int f, int g)
{
	_Alignas(64) char room[256];
	char *more = alloca((size_t)(n * 16 + 16));

	memset(room, n, sizeof room);
	__asm__ volatile("" : : "r"(room), "r"(more) : "memory");
	leaf(n + a + b + c + d + e + f + g);
	return room[3];
}

__attribute__((noinline)) static void variable(int n)
{
	volatile char room[n * 100 + 1];

	room[0] = 1;
	__asm__ volatile("" : : "r"(room) : "memory");
	leaf(n);
	if (n > 0)
		variable(n - 1);
	__asm__ volatile("");
}

static void run_first(void)
{
	for (int i = 0; i < rounds; i++) {
		leaf(i);
		realigned(i % 5, 1, 2, 3, 4, 5, 6, 7);
		swapcontext(&first, &second);
	}
}

static void run_second(void)
{
	for (int i = 0; i < rounds; i++) {
		variable(i % 10);
		swapcontext(&second, &first);
	}
}

static void contexts(void)
{
	getcontext(&first);
	first.uc_stack.ss_sp = first_stack;
	first.uc_stack.ss_size = sizeof first_stack;
	first.uc_link = &home;
	makecontext(&first, run_first, 0);
	getcontext(&second);
	second.uc_stack.ss_sp = second_stack;
	second.uc_stack.ss_size = sizeof second_stack;
	second.uc_link = &home;
	makecontext(&second, run_second, 0);
	swapcontext(&home, &first);
}

static void handler(int number)
{
	leaf(number);
	realigned(3, 1, 2, 3, 4, 5, 6, 7);
}

static void signals(void)
{
	stack_t alternate = {.ss_sp = malloc(65536), .ss_size = 65536};
	struct sigaction action = {.sa_handler = handler};

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR2, &action, NULL);
	for (int i = 0; i < rounds; i++) {
		raise(SIGUSR1);
		raise(SIGUSR2);
	}
	sink = alternate.ss_sp;
}

static int compare(const void *left, const void *right)
{
	leaf(8);
	return *(const int *)left - *(const int *)right;
}

static void sort(void)
{
	int numbers[100];

	for (int i = 0; i < 100; i++)
		numbers[i] = i * 37 % 100;
	qsort(numbers, 100, sizeof numbers[0], compare);
}

static void *thread(void *unused)
{
	for (int i = 0; i < rounds; i++) {
		leaf(i);
		realigned(i % 7, 1, 2, 3, 4, 5, 6, 7);
	}
	return unused;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = atoi(argv[1]);
	for (int i = 0; i < rounds; i++) {
		realigned(i % 20, 1, 2, 3, 4, 5, 6, 7);
		variable(i % 30);
	}
	contexts();
	for (int i = 0; i < 3; i++) {
		pthread_t id;

		pthread_create(&id, NULL, thread, NULL);
		pthread_join(id, NULL);
		sort();
	}
	signals();
	return 0;
}
