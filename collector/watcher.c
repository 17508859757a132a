/* SPDX-License-Identifier: Apache-2.0
 *
 * watcher.c: the session's second thread, and how the session starts and stops it.
 */
#include "watcher.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define STACK_BYTES (64 * 1024)

static void *watch(void *context)
{
	struct seep_watcher *w = context;
	struct epoll_event events[4];

	for (;;) {
		int count = epoll_wait(w->epoll, events, 4, -1);
		uint32_t seen = 0;

		if (count < 0 && errno != EINTR)
			return NULL;
		for (int i = 0; i < count; i++)
			seen |= events[i].data.u32;
		if (seen & SEEP_WATCHER_STOP)
			return NULL;
		if (seen) {
			atomic_fetch_or(&w->seen, seen);
			seep_region_ring(w->region);
		}
	}
}

static int watch_add(struct seep_watcher *w, int fd, uint32_t meaning)
{
	/* Edge-triggered: told once, so that the thread does not spin until the session has come to it. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = meaning};

	return fd < 0 ? 0 : epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int thread_start(struct seep_watcher *w)
{
	pthread_attr_t attributes;
	int error = pthread_attr_init(&attributes);

	if (error)
		return error;
	pthread_attr_setstacksize(&attributes, STACK_BYTES > PTHREAD_STACK_MIN ? STACK_BYTES : PTHREAD_STACK_MIN);
	error = pthread_create(&w->thread, &attributes, watch, w);
	pthread_attr_destroy(&attributes);
	return error;
}

int seep_watcher_start(struct seep_watcher *w, struct seep_region *region, int listener, int exec_signal)
{
	sigset_t told;
	int error;

	sigemptyset(&told);
	sigaddset(&told, exec_signal);
	sigprocmask(SIG_BLOCK, &told, NULL);

	w->region = region;
	w->seen = 0;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->stop = eventfd(0, EFD_CLOEXEC);
	w->told = signalfd(-1, &told, SFD_CLOEXEC);
	if (w->epoll < 0 || w->stop < 0 || w->told < 0 || watch_add(w, listener, SEEP_WATCHER_ASKED) < 0 ||
		watch_add(w, w->told, SEEP_WATCHER_EXECUTED) < 0 || watch_add(w, w->stop, SEEP_WATCHER_STOP) < 0)
		error = errno;
	else
		error = thread_start(w);
	if (!error)
		return 0;
	seep_watcher_forget(w);
	errno = error;
	return -1;
}

int seep_watcher_add(struct seep_watcher *w, int pidfd)
{
	return watch_add(w, pidfd, SEEP_WATCHER_ENDED);
}

int seep_watcher_add_caller(struct seep_watcher *w, int fd)
{
	return watch_add(w, fd, SEEP_WATCHER_ASKED);
}

void seep_watcher_again(struct seep_watcher *w, uint32_t seen)
{
	atomic_fetch_or(&w->seen, seen);
}

uint32_t seep_watcher_take(struct seep_watcher *w)
{
	return atomic_load_explicit(&w->seen, memory_order_relaxed) ? atomic_exchange(&w->seen, 0) : 0;
}

void seep_watcher_stop(struct seep_watcher *w)
{
	uint64_t one = 1;

	if (w->epoll < 0)
		return;
	/* It must not outlive the region, whatever fails. */
	if (write(w->stop, &one, sizeof(one)) != sizeof(one))
		pthread_cancel(w->thread);
	pthread_join(w->thread, NULL);
	seep_watcher_forget(w);
}

void seep_watcher_forget(struct seep_watcher *w)
{
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->stop >= 0)
		close(w->stop);
	if (w->told >= 0)
		close(w->told);
	w->epoll = w->stop = w->told = -1;
}
