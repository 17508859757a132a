/* SPDX-License-Identifier: Apache-2.0
 *
 * To be preloaded: lets one call fail. FAIL_CALL names it (a function of the list below, or NAME of SYS_NAME where it is made through
 * syscall()), FAIL_AT says the how manieth of this process, FAIL_ERRNO with what; FAIL_ON=1: and all after it. A byte is added to
 * the file FAIL_TOLD whenever one has failed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic unsigned calls;

static long (*_Atomic real_syscall)(long, ...);

/* Not by way of any function here. */
static void tell(const char *path)
{
	long fd = real_syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND);

	if (fd < 0)
		return;
	real_syscall(SYS_write, fd, "x", 1);
	real_syscall(SYS_close, fd);
}

static bool fails(const char *name)
{
	const char *call = getenv("FAIL_CALL"), *at = getenv("FAIL_AT"), *code = getenv("FAIL_ERRNO");
	const char *told = getenv("FAIL_TOLD");
	unsigned number, wanted;

	if (!call || !at || strcmp(call, name) != 0)
		return false;
	number = atomic_fetch_add(&calls, 1) + 1;
	wanted = (unsigned)atoi(at);
	if (number != wanted && !(getenv("FAIL_ON") && number > wanted))
		return false;
	if (!real_syscall)
		real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (told)
		tell(told);
	errno = code ? atoi(code) : ENOMEM;
	return true;
}

#define PASS_ON(result, name, failure, types, values) \
	result name types; \
	result name types \
	{ \
		static result(*_Atomic real) types; \
		if (fails(#name)) \
			return failure; \
		if (!real) \
			real = (result(*) types)dlsym(RTLD_NEXT, #name); \
		return real values; \
	}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
PASS_ON(void *, mmap, (void *)-1, (void *a, size_t n, int p, int f, int fd, off_t o), (a, n, p, f, fd, o))
PASS_ON(ssize_t, write, -1, (int fd, const void *b, size_t n), (fd, b, n))
PASS_ON(ssize_t, read, -1, (int fd, void *b, size_t n), (fd, b, n))
PASS_ON(ssize_t, pread, -1, (int fd, void *b, size_t n, off_t o), (fd, b, n, o))
PASS_ON(ssize_t, pwrite, -1, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o))
PASS_ON(int, posix_fallocate, ENOSPC, (int fd, off_t o, off_t n), (fd, o, n))
PASS_ON(int, fclose, -1, (void *f), (f))
PASS_ON(int, ftruncate, -1, (int fd, off_t n), (fd, n))
PASS_ON(int, memfd_create, -1, (const char *s, unsigned f), (s, f))
PASS_ON(int, fork, -1, (void), ())
PASS_ON(int, epoll_create1, -1, (int f), (f))
PASS_ON(int, epoll_wait, -1, (int fd, void *e, int n, int t), (fd, e, n, t))
PASS_ON(int, poll, -1, (void *p, unsigned long n, int t), (p, n, t))
PASS_ON(int, eventfd, -1, (unsigned n, int f), (n, f))
PASS_ON(int, signalfd, -1, (int fd, const void *s, int f), (fd, s, f))
PASS_ON(int, pthread_create, EAGAIN, (void *t, const void *a, void *(*f)(void *), void *x), (t, a, f, x))
PASS_ON(ssize_t, sendmsg, -1, (int fd, const void *m, int f), (fd, m, f))
PASS_ON(ssize_t, recvmsg, -1, (int fd, void *m, int f), (fd, m, f))
PASS_ON(ssize_t, recv, -1, (int fd, void *b, size_t n, int f), (fd, b, n, f))
PASS_ON(ssize_t, readlink, -1, (const char *s, char *b, size_t n), (s, b, n))
PASS_ON(int, socket, -1, (int a, int b, int c), (a, b, c))
PASS_ON(int, accept4, -1, (int fd, void *a, void *n, int f), (fd, a, n, f))
PASS_ON(int, rename, -1, (const char *a, const char *b), (a, b))
PASS_ON(int, flock, -1, (int fd, int o), (fd, o))
PASS_ON(size_t, ZSTD_compress2, (size_t)-1, (void *c, void *d, size_t n, const void *s, size_t m), (c, d, n, s, m))
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

int open(const char *path, int flags, ...);
int open(const char *path, int flags, ...)
{
	static int (*_Atomic real)(const char *, int, ...);
	va_list list;
	int mode;

	va_start(list, flags);
	mode = va_arg(list, int);
	va_end(list);
	if (fails("open"))
		return -1;
	if (!real)
		real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	return real(path, flags, mode);
}

#define NAMED(name) \
	{ \
		name, #name \
	}

static const char *name_of(long number)
{
	static const struct {
		long number;
		const char *name;
	} names[] = {NAMED(SYS_mmap), NAMED(SYS_madvise), NAMED(SYS_futex), NAMED(SYS_socket), NAMED(SYS_socketpair),
		NAMED(SYS_connect), NAMED(SYS_sendto), NAMED(SYS_recvmsg), NAMED(SYS_ppoll), NAMED(SYS_rt_sigprocmask),
		NAMED(SYS_execve), NAMED(SYS_tgkill), NAMED(SYS_pidfd_open)};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	return "another";
}

long syscall(long number, ...)
{
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (fails(name_of(number)))
		return -1;
	if (!real_syscall)
		real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	return real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
