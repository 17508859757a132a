/* SPDX-License-Identifier: Apache-2.0
 *
 * watcher.h: rings the region's doorbell when the kernel has something to tell.
 *
 * The session sleeps on a futex in shared memory, where producers reach it without a system call as long as it is awake. A
 * futex can't be waited for together with descriptors; so a second thread sleeps on those. It touches nothing but its own
 * struct and the doorbell, so that the session may fork at any time: the child simply has no watcher.
 */
#ifndef SEEP_COLLECTOR_WATCHER_H
#define SEEP_COLLECTOR_WATCHER_H

#include "region.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum seep_watcher_seen {
	SEEP_WATCHER_ENDED = 1, /* the process */
	SEEP_WATCHER_ASKED = 2, /* somebody connects to the session, or speaks */
	SEEP_WATCHER_EXECUTED = 4, /* the process, another program: the broker says so */
	SEEP_WATCHER_STOP = 8,
};

struct seep_watcher {
	struct seep_region *region;
	pthread_t thread;
	int epoll; /* -1: not started */
	int stop; /* an eventfd */
	int told; /* a signalfd */
	_Atomic uint32_t seen;
};

/* Watches descriptors, and exec_signal, which is blocked from then on. Returns 0, or -1 with errno. The region must stay mapped
 * until seep_watcher_stop. */
int seep_watcher_start(struct seep_watcher *w, struct seep_region *region, int listener, int exec_signal);

/* Watches the process as well; -1: there is nothing to watch it by. Returns 0, or -1 with errno. */
int seep_watcher_add(struct seep_watcher *w, int pidfd);

/* Watches somebody who has connected, as it does the listener; until the descriptor is closed, also in processes forked
 * meanwhile. Returns 0, or -1 with errno. */
int seep_watcher_add_caller(struct seep_watcher *w, int fd);

/* What was seen since the last call, a set of enum seep_watcher_seen. A connection is told once: accept until there is none, or
 * have it told again. */
uint32_t seep_watcher_take(struct seep_watcher *w);
void seep_watcher_again(struct seep_watcher *w, uint32_t seen);

void seep_watcher_stop(struct seep_watcher *w);

/* Instead of seep_watcher_stop in a forked child, which has the descriptors but not the thread. */
void seep_watcher_forget(struct seep_watcher *w);

#endif
