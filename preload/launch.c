/* SPDX-License-Identifier: Apache-2.0
 *
 * launch.c: the shim's side of the hand-over. Every descriptor opened here is closed again before it returns, so the program
 * never sees one; every wait has a limit, so a collector that hangs costs the program time once, not its life.
 */
#include "launch.h"

#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "kernel.h"
#include "modules.h"

#define ANSWER_LIMIT_MS 10000
#define STACK_BYTES 65536
#define PATH_BYTES 4096

/* Returns a connected socket, or -errno. */
static int connect_to(const char *abstract_name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strcspn(abstract_name, "/");
	long fd = seep_kernel(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	long result;

	if (fd < 0)
		return (int)fd;
	if (length >= sizeof address.sun_path)
		length = sizeof address.sun_path - 1;
	memcpy(address.sun_path + 1, abstract_name, length); /* the first byte stays 0: abstract */
	do
		result = seep_kernel(connect, fd, &address, offsetof(struct sockaddr_un, sun_path) + 1 + length);
	while (result == -EINTR);
	if (result < 0) {
		seep_kernel(close, fd);
		return (int)result;
	}
	return (int)fd;
}

static struct seep_wire_region *map_region(int fd, uint64_t bytes)
{
	long address = seep_kernel(mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0L);

	if (address < 0 && address > -4096)
		return NULL;
	seep_kernel(madvise, address, bytes, MADV_DONTDUMP);
	return (struct seep_wire_region *)address;
}

/* Waits for the welcome. Returns its memfd, or -1. */
static int receive_welcome(int socket, struct seep_wire_welcome *welcome)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {welcome, sizeof *welcome};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	struct pollfd ready = {.fd = socket, .events = POLLIN};
	struct timespec limit = {ANSWER_LIMIT_MS / 1000, 0};
	struct cmsghdr *head;
	long result;
	int fd;

	/* ppoll writes the time that is left into limit, so interrupted waits add up to one limit. */
	do
		result = seep_kernel(ppoll, &ready, 1, &limit, NULL, 0);
	while (result == -EINTR);
	if (result != 1)
		return -1;
	do
		result = seep_kernel(recvmsg, socket, &message, MSG_CMSG_CLOEXEC);
	while (result == -EINTR);
	head = CMSG_FIRSTHDR(&message);
	if (result < 0 || !head || head->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(head), sizeof fd);
	if (result != sizeof *welcome || welcome->magic != SEEP_WIRE_MAGIC || welcome->status) {
		seep_kernel(close, fd);
		return -1;
	}
	return fd;
}

/* Says hello over the socket, maps what comes back and closes the socket. */
static struct seep_wire_region *say_hello(
	int socket, const char *name, enum seep_wire_hello_kind kind, struct seep_wire_region *parents)
{
	struct seep_wire_hello hello = {.magic = SEEP_WIRE_MAGIC, .kind = kind, .address_space_limit = UINT64_MAX};
	struct seep_wire_welcome welcome;
	struct seep_wire_region *region = NULL;
	struct rlimit limit;
	int fd;

	const char *secret = name ? strchr(name, '/') : NULL;

	if (secret)
		memcpy(hello.secret, secret + 1, strnlen(secret + 1, sizeof hello.secret));
	hello.pid = (uint32_t)seep_kernel(getpid);
	if (seep_kernel(prlimit64, 0, RLIMIT_AS, NULL, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		hello.address_space_limit = limit.rlim_cur;
	if (seep_kernel(sendto, socket, &hello, sizeof hello, MSG_NOSIGNAL, NULL, 0) == sizeof hello) {
		if (parents) { /* its collector may be asleep */
			atomic_fetch_add(&parents->doorbell, 1);
			seep_kernel_wake(&parents->doorbell);
		}
		fd = receive_welcome(socket, &welcome);
		if (fd >= 0) {
			region = map_region(fd, welcome.region_bytes);
			seep_kernel(close, fd);
		}
	}
	seep_kernel(close, socket);
	if (region && region->magic != SEEP_WIRE_MAGIC) {
		seep_kernel(munmap, region, welcome.region_bytes);
		region = NULL;
	}
	return region;
}

/* ---- A collector of our own ---- */

struct launch {
	char path[PATH_BYTES];
	char descriptor[12];
	char *arguments[4];
	char **environment;
	int socket;
	char *stack; /* of the grandchild */
};

/* Writes the text at a position of the path; false where it does not fit. */
static bool append(char path[PATH_BYTES], size_t at, const char *text)
{
	size_t bytes = strlen(text) + 1;

	if (at + bytes > PATH_BYTES)
		return false;
	memcpy(path + at, text, bytes);
	return true;
}

/* The collector lies beside libseep.so, unless the user says otherwise. */
static bool find_collector(struct launch *launch, char **envp)
{
	const char *own;
	char *slash;

	for (; *envp; envp++)
		if (strncmp(*envp, "SEEP_COLLECTOR=", 15) == 0)
			return append(launch->path, 0, *envp + 15);
	own = seep_modules_own_path();
	if (!own || !append(launch->path, 0, own))
		return false;
	slash = strrchr(launch->path, '/');
	return append(launch->path, slash ? (size_t)(slash + 1 - launch->path) : 0, "seep-collector");
}

/* Runs on the program's memory while the program waits (CLONE_VFORK), so it calls nothing but the kernel. */
static int become_collector(void *argument)
{
	struct launch *launch = argument;
	uint64_t no_signals = 0;

	seep_kernel(setsid);
	seep_kernel(fcntl, launch->socket, F_SETFD, 0);
	seep_kernel(rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, sizeof no_signals);
	seep_kernel(execve, launch->path, launch->arguments, launch->environment);
	seep_kernel(exit_group, 127);
	return 127;
}

/* The child in between ends at once, so that the collector is nobody's child that anybody waits for. */
static int step_aside(void *argument)
{
	struct launch *launch = argument;

	clone(become_collector, launch->stack + STACK_BYTES, CLONE_VM | CLONE_VFORK, launch);
	seep_kernel(exit_group, 0);
	return 0;
}

/* The environment without LD_PRELOAD: the collector must not be traced itself. */
static bool copy_environment(struct launch *launch, char **envp, size_t count)
{
	char **out = seep_kernel_memory((count + 1) * sizeof *out, 0);

	if (!out)
		return false;
	launch->environment = out;
	for (; *envp; envp++)
		if (strncmp(*envp, "LD_PRELOAD=", 11) != 0)
			*out++ = *envp;
	return true;
}

static void run_detached(struct launch *launch, char *stacks)
{
	uint64_t all_signals = ~UINT64_C(0);
	uint64_t saved;
	int saved_errno = errno;
	int reaper = 0;
	int child;

	launch->stack = stacks + STACK_BYTES;
	/* A subreaper, or who was one before this exec, would get the collector for a child, and wait for it. */
	seep_kernel(prctl, PR_GET_CHILD_SUBREAPER, &reaper, 0, 0, 0);
	if (reaper)
		seep_kernel(prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	seep_kernel(rt_sigprocmask, SIG_SETMASK, &all_signals, &saved, sizeof saved);
	/* Exit signal 0: the parent gets no SIGCHLD, and wait() without __WCLONE does not see the child. */
	child = clone(step_aside, stacks + STACK_BYTES, CLONE_VM | CLONE_VFORK, launch);
	if (child > 0)
		while (seep_kernel(wait4, child, NULL, __WCLONE, NULL) == -EINTR)
			;
	if (reaper)
		seep_kernel(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	seep_kernel(rt_sigprocmask, SIG_SETMASK, &saved, NULL, sizeof saved);
	errno = saved_errno;
}

/* Writes the digits of a number so that they end, with their NUL, at `end`. */
static void write_decimal(char *end, int number, char **start)
{
	*--end = 0;
	do
		*--end = (char)('0' + number % 10);
	while (number /= 10);
	*start = end;
}

/* In a program that was started with one of its first three descriptors closed, ours would get its number. */
static void keep_off_standard_streams(int *fd)
{
	long moved = *fd > 2 ? -1 : seep_kernel(fcntl, *fd, F_DUPFD_CLOEXEC, 3);

	if (moved < 0)
		return;
	seep_kernel(close, *fd);
	*fd = (int)moved;
}

/* Returns a connected socket, or -errno. */
static int start_collector(char **envp)
{
	size_t stacks_bytes = 2 * STACK_BYTES;
	size_t count = 0;
	struct launch *launch = seep_kernel_memory(sizeof *launch, 0);
	char *stacks = seep_kernel_memory(stacks_bytes, 0);
	int sockets[2] = {-1, -1};

	while (envp[count])
		count++;
	if (launch && stacks && find_collector(launch, envp) && copy_environment(launch, envp, count) &&
		seep_kernel(socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0) {
		keep_off_standard_streams(&sockets[1]);
		launch->socket = sockets[1];
		write_decimal(launch->descriptor + sizeof launch->descriptor, sockets[1], &launch->arguments[2]);
		launch->arguments[0] = launch->path;
		launch->arguments[1] = "session";
		run_detached(launch, stacks);
		seep_kernel(close, sockets[1]);
	}
	if (launch && launch->environment)
		seep_kernel(munmap, launch->environment, (count + 1) * sizeof(char *));
	if (launch)
		seep_kernel(munmap, launch, sizeof *launch);
	if (stacks)
		seep_kernel(munmap, stacks, stacks_bytes);
	return sockets[0];
}

/* ---- Either of them ---- */

struct question {
	const struct seep_launch *launch;
	struct seep_wire_region *answer;
};

static void ask(struct question *question)
{
	const struct seep_launch *launch = question->launch;
	int socket = launch->name ? connect_to(launch->name) : start_collector(launch->environment);

	if (socket >= 0)
		question->answer = say_hello(socket, launch->name, launch->kind, launch->parents);
}

/* A socket and what comes over it take two descriptors. */
static bool has_no_descriptors(void)
{
	long first = seep_kernel(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	long second = first < 0 ? first : seep_kernel(fcntl, first, F_DUPFD_CLOEXEC, 0);

	if (first >= 0)
		seep_kernel(close, first);
	if (second >= 0)
		seep_kernel(close, second);
	return second == -EMFILE;
}

/* In a thread for this alone, whose table of descriptors is a copy: what it closes stays open in the program. */
static int ask_with_copies(void *argument)
{
	seep_kernel(close, 0);
	seep_kernel(close, 1);
	ask(argument);
	return 0;
}

/* A thread, not a process: the collector takes the number of the process from the socket. All signals wait meanwhile. */
static void ask_in_thread(struct question *question)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID |
		    CLONE_CHILD_CLEARTID;
	char *stack = seep_kernel_memory(STACK_BYTES, 0);
	uint64_t all_signals = ~UINT64_C(0), saved;
	_Atomic uint32_t running = 1;
	int saved_errno = errno;
	uint32_t now;

	if (!stack)
		return;
	seep_kernel(rt_sigprocmask, SIG_SETMASK, &all_signals, &saved, sizeof saved);
	if (seep_kernel_may(SEEP_KERNEL_BIT(clone)) &&
		clone(ask_with_copies, stack + STACK_BYTES, flags, question, &running, NULL, &running) > 0)
		while ((now = atomic_load(&running)) != 0)
			seep_kernel_wait(&running, now, 1000);
	seep_kernel(rt_sigprocmask, SIG_SETMASK, &saved, NULL, sizeof saved);
	errno = saved_errno;
	seep_kernel(munmap, stack, STACK_BYTES);
}

struct seep_wire_region *seep_launch(const struct seep_launch *launch)
{
	struct question question = {launch, NULL};

	/* Half of them would leave something open. */
	if (!seep_kernel_may(SEEP_KERNEL_TO_START)) {
		if (launch->parents)
			atomic_fetch_add(&launch->parents->children_lost, 1);
		return NULL;
	}
	if (has_no_descriptors())
		ask_in_thread(&question);
	else
		ask(&question);
	return question.answer;
}
