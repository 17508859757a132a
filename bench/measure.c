/* SPDX-License-Identifier: Apache-2.0
 *
 * measure.c: runs a command and writes what it cost: wall time, CPU time and peak RSS, as name=value lines. The bench
 * runner puts one around a tool (`seep run`, heaptrack) and one inside, around the traced program, so that the two
 * can be told apart. Linked statically: it takes no preload, and passes LD_PRELOAD on untouched. Small, because a
 * process inherits the peak RSS of what forked it.
 *   measure [-a] [-p PIDFILE] -o FILE COMMAND [ARGUMENT...]
 *   -a  waits for everything that the command leaves behind, orphans too, and counts its CPU time
 *   -p  writes the command's process id at once, for who has to end it
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
	const char *output;
	const char *pid_file;
	bool all;
};

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double cpu_seconds(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1e-6;
}

/* Counts the CPU time of all that this process starts from now on, at any distance. Unlike rusage it also has those
 * whose parent ignores SIGCHLD, as a collector's may. Returns a descriptor, or -1: without root,
 * kernel.perf_event_paranoid may forbid it. */
static int open_task_clock(void)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.inherit = 1,
		.exclude_kernel = 1, /* asked for without root; this clock runs in the kernel all the same */
	};

	return (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static double read_task_clock(int clock)
{
	uint64_t nanoseconds;

	return clock >= 0 && read(clock, &nanoseconds, sizeof(nanoseconds)) == sizeof(nanoseconds)
		       ? (double)nanoseconds * 1e-9
		       : -1;
}

/* Whole or not at all: the runner waits for the file to appear. */
static void write_file(const char *path, const char *text)
{
	char part[4096];
	FILE *file;

	snprintf(part, sizeof(part), "%s.part", path);
	file = fopen(part, "w");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0 || rename(part, path) != 0) {
		fprintf(stderr, "measure: can't write %s: %s\n", path, strerror(errno));
		exit(125);
	}
}

static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int measure(const struct options *options, char **command)
{
	extern char **environ;
	struct rusage usage;
	double begin, wall, settled, cpu;
	char text[512];
	int status, clock = open_task_clock();
	pid_t child;

	if (options->all)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	begin = now_seconds();
	errno = posix_spawnp(&child, command[0], NULL, NULL, command, environ);
	if (errno) {
		fprintf(stderr, "measure: can't run %s: %s\n", command[0], strerror(errno));
		return 127;
	}
	/* A terminal's interrupt is for the command; this process lives on to tell. */
	signal(SIGINT, SIG_IGN);
	if (options->pid_file) {
		snprintf(text, sizeof(text), "%d\n", (int)child);
		write_file(options->pid_file, text);
	}
	for (;;) {
		pid_t ended = wait4(-1, &status, 0, &usage);

		if (ended == child)
			break;
		if (ended < 0 && errno != EINTR)
			return 125;
	}
	wall = now_seconds() - begin;
	if (options->all) {
		while (wait(NULL) > 0 || errno == EINTR)
			;
		getrusage(RUSAGE_CHILDREN, &usage);
	}
	cpu = clock >= 0 ? read_task_clock(clock) : cpu_seconds(&usage);
	settled = now_seconds() - begin;
	snprintf(text, sizeof(text),
		"wall_seconds=%.6f\nsettled_seconds=%.6f\ncpu_seconds=%.6f\npeak_rss_kib=%ld\nstatus=%d\n"
		"cpu_whole=%d\n",
		wall, settled, cpu, usage.ru_maxrss, shell_status(status), clock >= 0);
	write_file(options->output, text);
	return shell_status(status);
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int option;

	while ((option = getopt(argc, argv, "+ao:p:")) != -1) {
		switch (option) {
		case 'a':
			options.all = true;
			break;
		case 'o':
			options.output = optarg;
			break;
		case 'p':
			options.pid_file = optarg;
			break;
		default:
			return 125;
		}
	}
	if (!options.output || optind == argc) {
		fprintf(stderr, "usage: measure [-a] [-p PIDFILE] -o FILE COMMAND [ARGUMENT...]\n");
		return 125;
	}
	return measure(&options, argv + optind);
}
