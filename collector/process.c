/* SPDX-License-Identifier: Apache-2.0
 *
 * process.c: /proc and pidfd. Called by session.c. One thread.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX (1024 * 1024) /* bytes of the command line that are kept */

/* Linux 6.13 and 6.15; <linux/pidfd.h> of older systems lacks it. */
struct pidfd_info_v0 {
	uint64_t mask;
	uint64_t cgroup_id;
	uint32_t pid, tgid, ppid;
	uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define PIDFD_GET_INFO_V0 _IOWR(0xFF, 11, struct pidfd_info_v0)
#define PIDFD_INFO_EXIT_BIT (UINT64_C(1) << 3)
_Static_assert(sizeof(struct pidfd_info_v0) == 64, "the kernel tells versions apart by size");

static int proc_open(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void link_read(pid_t pid, const char *name, char *target, size_t size)
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	length = readlink(path, target, size - 1);
	target[length > 0 ? length : 0] = 0;
}

/* Reads all of a small file, at most size - 1 bytes, and ends it with a NUL. Returns the length, or -1. */
static ssize_t file_read(int fd, char *text, size_t size)
{
	size_t length = 0;

	while (length < size - 1) {
		ssize_t part = pread(fd, text + length, size - 1 - length, (off_t)length);

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return -1;
		if (part == 0)
			break;
		length += (size_t)part;
	}
	text[length] = 0;
	return (ssize_t)length;
}

static ssize_t proc_read(pid_t pid, const char *name, char *text, size_t size)
{
	int fd = proc_open(pid, name);
	ssize_t length = fd < 0 ? -1 : file_read(fd, text, size);

	if (fd >= 0)
		close(fd);
	return length;
}

/* Field 3 and those after it, as proc(5) numbers them; the second may hold spaces and parentheses. */
static bool stat_field(const struct seep_process *p, unsigned field, char *text, size_t size)
{
	char stat[2048], *at, *rest;

	if (p->stat_fd < 0 || file_read(p->stat_fd, stat, sizeof(stat)) <= 0 || !(at = strrchr(stat, ')')))
		return false;
	at = strtok_r(at + 1, " \n", &rest);
	for (unsigned i = 3; at && i < field; i++)
		at = strtok_r(NULL, " \n", &rest);
	if (!at)
		return false;
	snprintf(text, size, "%s", at);
	return true;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t start_find(const struct seep_process *p)
{
	struct timespec step;
	char ticks[32];
	uint64_t since_boot;

	if (!stat_field(p, 22, ticks, sizeof(ticks)))
		return 0;
	since_boot = strtoull(ticks, NULL, 10) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
	/* Not later than the time of any file that the process has brought about: that clock goes in steps. */
	clock_getres(CLOCK_REALTIME_COARSE, &step);
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) + since_boot - (uint64_t)step.tv_nsec;
}

static int arguments_read(struct seep_process *p)
{
	int fd = proc_open(p->pid, "cmdline");
	ssize_t length;
	char *shorter;

	p->arguments = malloc(ARGUMENTS_MAX);
	if (!p->arguments) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	length = fd < 0 ? 0 : file_read(fd, p->arguments, ARGUMENTS_MAX);
	if (fd >= 0)
		close(fd);
	if (length > 0 && p->arguments[length - 1] != 0)
		length++; /* cut, or rewritten by the program: what file_read ended it with counts */
	p->arguments_bytes = length > 0 ? (size_t)length : 0;
	for (size_t i = 0; i < p->arguments_bytes; i++)
		p->argc += p->arguments[i] == 0;
	shorter = realloc(p->arguments, p->arguments_bytes + 1);
	if (shorter)
		p->arguments = shorter;
	return 0;
}

/* pagemap is the cheaper of the two: eight bytes, without walking all mappings. */
static int memory_open(pid_t pid)
{
	int fd = proc_open(pid, "pagemap");
	uint64_t entry;

	if (fd >= 0 && pread(fd, &entry, sizeof(entry), 0) == sizeof(entry))
		return fd;
	if (fd >= 0)
		close(fd);
	return proc_open(pid, "maps");
}

int seep_process_open(struct seep_process *p, pid_t pid, char *message, size_t message_size)
{
	char text[32];

	memset(p, 0, sizeof(*p));
	p->pid = pid;
	p->stat_fd = p->memory_fd = -1;
	p->pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : (errno = ESRCH, -1);
	if (p->pidfd < 0) {
		int error = errno;

		snprintf(message, message_size, "cannot watch the process: %s", strerror(error));
		errno = error;
		return -1;
	}
	p->stat_fd = proc_open(pid, "stat");
	p->memory_fd = memory_open(pid);
	if (stat_field(p, 4, text, sizeof(text)))
		p->ppid = (pid_t)strtol(text, NULL, 10);
	p->start_realtime_ns = start_find(p);
	link_read(pid, "exe", p->executable, sizeof(p->executable));
	link_read(pid, "cwd", p->directory, sizeof(p->directory));
	if (!p->executable[0] && proc_read(pid, "comm", p->executable, 32) > 0)
		p->executable[strcspn(p->executable, "\n")] = 0;
	if (arguments_read(p) < 0) {
		snprintf(message, message_size, "out of memory");
		seep_process_close(p);
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

void seep_process_close(struct seep_process *p)
{
	int *const all[] = {&p->pidfd, &p->stat_fd, &p->memory_fd};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
	free(p->arguments);
	p->arguments = NULL;
}

bool seep_process_ended(const struct seep_process *p)
{
	struct pollfd ended = {.fd = p->pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) > 0;
}

uint64_t seep_process_rss(const struct seep_process *p)
{
	char statm[256];
	unsigned long long size, resident;

	if (proc_read(p->pid, "statm", statm, sizeof(statm)) <= 0 || sscanf(statm, "%llu %llu", &size, &resident) != 2)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

bool seep_process_executed(const struct seep_process *p)
{
	uint64_t entry;

	/* Both files end where the memory map that they were opened for is gone. That is so after an exec, and also for a moment
	 * while a process ends; but only the former has another map then. */
	if (p->memory_fd < 0 || pread(p->memory_fd, &entry, sizeof(entry), 0) != 0)
		return false;
	return !seep_process_ended(p) && seep_process_rss(p) > 0 && !seep_process_ended(p);
}

static bool status_from_pidfd(const struct seep_process *p, int *status)
{
	struct pidfd_info_v0 info = {.mask = PIDFD_INFO_EXIT_BIT};

	if (ioctl(p->pidfd, PIDFD_GET_INFO_V0, &info) < 0 || !(info.mask & PIDFD_INFO_EXIT_BIT))
		return false;
	*status = info.exit_code;
	return true;
}

/* The kernel shows 0 to those who may not look, so a 0 counts only from somebody whose status we may see. */
static bool status_from_zombie(const struct seep_process *p, bool trust_zero, int *status)
{
	char text[32];

	if (!stat_field(p, 3, text, sizeof(text)) || (text[0] != 'Z' && text[0] != 'X') ||
		!stat_field(p, 52, text, sizeof(text)))
		return false;
	*status = (int)strtol(text, NULL, 10);
	return *status != 0 || trust_zero;
}

void seep_process_outcome(const struct seep_process *p, bool exit_called, int exit_status, struct seep_trace_end *end)
{
	int status;
	bool known = status_from_pidfd(p, &status) || status_from_zombie(p, p->memory_fd >= 0, &status) ||
		     status_from_pidfd(p, &status); /* again: it may have been reaped in between */

	end->how = SEEP_END_EXITED;
	end->exit_status = -1;
	end->signal = 0;
	if (known && WIFSIGNALED(status)) {
		end->how = SEEP_END_KILLED;
		end->signal = (uint32_t)WTERMSIG(status);
	} else if (known) {
		end->exit_status = WEXITSTATUS(status);
	} else if (exit_called) {
		end->exit_status = exit_status & 0xff;
	}
}

void seep_process_name(const struct seep_process *p, char *name, size_t size)
{
	static const char deleted[] = " (deleted)";
	const char *base = strrchr(p->executable, '/');
	size_t length;

	base = base ? base + 1 : p->executable;
	length = strlen(base);
	if (length > sizeof(deleted) - 1 && strcmp(base + length - (sizeof(deleted) - 1), deleted) == 0)
		length -= sizeof(deleted) - 1;
	if (length > size - 1)
		length = size - 1;
	memcpy(name, base, length);
	name[length] = 0;
	for (char *at = name; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '_';
	if (!name[0])
		memcpy(name, "-", 2);
}
