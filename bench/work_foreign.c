/* SPDX-License-Identifier: Apache-2.0
 *
 * work_foreign.c: every block is freed by another thread. Two threads each make blocks for the other and give back
 * what they are sent, 32 at a time, through a mailbox of 64 such batches each; one that has nothing to do sleeps.
 *   work_foreign [BLOCKS]
 * BLOCKS is the number of both threads together.
 */
#include "work.h"

#include <pthread.h>
#include <stdbool.h>

enum { BATCH = 32, MAILBOX = 64 };

struct worker {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	void *mail[MAILBOX][BATCH];
	uint64_t sent, read; /* batches; both under the lock */
	_Alignas(64) struct worker *other;
	pthread_t thread;
	unsigned core;
	uint64_t batches;
	uint64_t random;
};

static FRAME void *make(uint64_t random)
{
	size_t size = work_size(random);

	return memset(work_check(malloc(size)), (int)size, size);
}

static FRAME void fill(void **batch, uint64_t *random)
{
	for (int i = 0; i < BATCH; i++)
		batch[i] = make(work_random(random));
}

static FRAME void empty(void *const *batch)
{
	for (int i = 0; i < BATCH; i++)
		free(batch[i]);
}

static FRAME bool send_batch(struct worker *receiver, void *const *batch, bool wait)
{
	bool sent = false;

	pthread_mutex_lock(&receiver->lock);
	while (wait && receiver->sent - receiver->read == MAILBOX)
		pthread_cond_wait(&receiver->moved, &receiver->lock);
	if (receiver->sent - receiver->read < MAILBOX) {
		memcpy(receiver->mail[receiver->sent % MAILBOX], batch, sizeof(receiver->mail[0]));
		if (receiver->sent++ == receiver->read)
			pthread_cond_signal(&receiver->moved);
		sent = true;
	}
	pthread_mutex_unlock(&receiver->lock);
	return sent;
}

static FRAME bool read_batch(struct worker *worker, bool wait)
{
	void *batch[BATCH];
	bool received = false;

	pthread_mutex_lock(&worker->lock);
	while (wait && worker->sent == worker->read)
		pthread_cond_wait(&worker->moved, &worker->lock);
	if (worker->sent != worker->read) {
		memcpy(batch, worker->mail[worker->read % MAILBOX], sizeof(batch));
		if (worker->sent - worker->read++ == MAILBOX)
			pthread_cond_signal(&worker->moved);
		received = true;
	}
	pthread_mutex_unlock(&worker->lock);
	if (received)
		empty(batch);
	return received;
}

/* One waits for room only with its own mailbox empty: then the other has work, and never do both sleep. */
static void deliver(struct worker *worker, void *const *batch, uint64_t *received)
{
	while (!send_batch(worker->other, batch, false)) {
		if (!read_batch(worker, false)) {
			send_batch(worker->other, batch, true);
			return;
		}
		++*received;
	}
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	void *batch[BATCH];
	uint64_t received = 0;

	work_pin(worker->core);
	for (uint64_t i = 0; i < worker->batches; i++) {
		fill(batch, &worker->random);
		deliver(worker, batch, &received);
		received += read_batch(worker, false);
	}
	while (received < worker->batches)
		received += read_batch(worker, true);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[2];
	uint64_t batches = work_argument(argc, argv, 1, 1000000) / BATCH / 2;

	for (int i = 0; i < 2; i++) {
		workers[i] = (struct worker){
			.other = &workers[!i], .core = (unsigned)i, .batches = batches, .random = 0x5ee9 + (uint64_t)i};
		pthread_mutex_init(&workers[i].lock, NULL);
		pthread_cond_init(&workers[i].moved, NULL);
	}
	for (int i = 0; i < 2; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			return 1;
	for (int i = 0; i < 2; i++)
		pthread_join(workers[i].thread, NULL);
	work_print("allocations", 2 * batches * BATCH);
	return 0;
}
