/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints all that a program can see of itself: children, threads, descriptors, signals, environment, limits. tests/t/unseen.sh
 * compares what it prints traced and untraced. `observer once-more` first changes what outlasts an exec, and executes itself.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void children(void)
{
	const int options[] = {0, WNOHANG, __WALL, __WALL | WNOHANG, __WCLONE | WNOHANG};
	siginfo_t found = {0};

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		int result = waitpid(-1, NULL, options[i]);
		printf("waitpid(-1, %#x): %d, %s\n", (unsigned)options[i], result, strerror(errno));
	}
	errno = 0;
	printf("waitid: %d, ", waitid(P_ALL, 0, &found, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT));
	printf("%s, %d\n", strerror(errno), found.si_pid);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static void descriptors(void)
{
	struct dirent **entries;
	int count = scandir("/proc/self/fd", &entries, NULL, by_number);

	for (int i = 0; i < count; i++) {
		char path[300], target[300] = "";
		snprintf(path, sizeof path, "/proc/self/fd/%s", entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && readlink(path, target, sizeof target - 1) > 0)
			printf("descriptor %s: %s, flags %#x\n", entries[i]->d_name, target,
				(unsigned)fcntl(atoi(entries[i]->d_name), F_GETFD));
		free(entries[i]);
	}
	free(entries);
	printf("lowest free descriptor: %d\n", open("/dev/null", O_RDONLY));
}

static void threads(void)
{
	struct dirent **entries;
	int count = scandir("/proc/self/task", &entries, NULL, NULL);

	printf("threads: %d\n", count - 2);
	while (count > 0)
		free(entries[--count]);
	free(entries);
}

static void signals(void)
{
	sigset_t mask, pending;
	stack_t stack;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigpending(&pending);
	sigaltstack(NULL, &stack);
	printf("alternate stack: %p, %zu, flags %d\n", stack.ss_sp, stack.ss_size, stack.ss_flags);
	for (int i = 1; i < 65; i++) {
		struct sigaction action;
		if (sigaction(i, NULL, &action) == 0)
			printf("signal %d: %p, flags %#x, blocked %d, pending %d\n", i, (void *)action.sa_handler,
				(unsigned)action.sa_flags, sigismember(&mask, i), sigismember(&pending, i));
	}
}

static void limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;
		getrlimit(i, &limit);
		printf("limit %d: %#llx %#llx\n", i, (unsigned long long)limit.rlim_cur,
			(unsigned long long)limit.rlim_max);
	}
}

static void attributes(char *name)
{
	struct itimerval timer;
	cpu_set_t processors;
	mode_t mask = umask(0);
	int death_signal, subreaper;

	getitimer(ITIMER_REAL, &timer);
	sched_getaffinity(0, sizeof processors, &processors);
	prctl(PR_GET_PDEATHSIG, &death_signal);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	printf("umask %o, group %d, session %d, nice %d, scheduler %d, processors %d, timer %ld, personality %#x\n",
		mask, getpgrp(), getsid(0), getpriority(PRIO_PROCESS, 0), sched_getscheduler(0), CPU_COUNT(&processors),
		timer.it_value.tv_sec, (unsigned)personality(0xffffffff));
	printf("dumpable %d, no new privileges %d, death signal %d, subreaper %d, keep capabilities %d, seccomp %d\n",
		prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), death_signal, subreaper,
		prctl(PR_GET_KEEPCAPS), prctl(PR_GET_SECCOMP));
	printf("called %s, %s, %s\n", name, program_invocation_name, program_invocation_short_name);
}

static void change_and_execute(char *name)
{
	struct rlimit limit = {100, 100};
	sigset_t some;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGCHLD);
	sigaddset(&some, SIGUSR2);
	sigprocmask(SIG_SETMASK, &some, NULL);
	raise(SIGUSR2);
	umask(027);
	setrlimit(RLIMIT_NOFILE, &limit);
	open("/dev/null", O_RDONLY);
	open("/dev/null", O_RDONLY | O_CLOEXEC);
	execl("/proc/self/exe", name, NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	int early_errno = errno;

	if (argc > 1)
		change_and_execute(argv[0]);
	printf("errno: %d\n", early_errno);
	children();
	threads();
	descriptors();
	signals();
	limits();
	attributes(argv[0]);
	for (char **variable = environ; *variable; variable++)
		if (strncmp(*variable, "LD_PRELOAD=", 11) != 0 && strncmp(*variable, "SEEP_", 5) != 0)
			puts(*variable);
	children();
	return 0;
}
