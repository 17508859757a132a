/* SPDX-License-Identifier: Apache-2.0
 *
 * durable.h: --durable: nothing that was recorded is lost with the collector. Beside a TRACE, as long as it is being written, stand
 *   TRACE.ring      the region itself: what was not taken yet
 *   TRACE.journal   what was taken since the last checkpoint (journal.h)
 *   TRACE.books     that checkpoint (checkpoint.h); TRACE.books.new while it is being written
 * recover.h makes a whole trace of them, once nobody writes them any more. They are in the system's memory like any file: they outlive
 * every process, but not the system.
 *
 * A checkpoint is due when the journal is twice as long as the last one was, or JOURNAL_LEAST: so all checkpoints together take half of what
 * the journal takes.
 */
#ifndef SEEP_COLLECTOR_DURABLE_H
#define SEEP_COLLECTOR_DURABLE_H

#include "journal.h"

#include <stdint.h>

struct seep_recording;

struct seep_durable {
	uint32_t generation;
	uint64_t trace_checksum;
	uint64_t checkpoint_bytes;
	int books; /* the last checkpoint; -1: none */
	struct seep_journal journal;
};

/* The trace has its first frame, whose checksum the files bear. Returns 0, or -1 with errno and r->message. */
int seep_durable_begin(struct seep_recording *r);

/* Begins, with a first checkpoint. Returns 0, or -1 with errno and r->message. */
int seep_durable_start(struct seep_recording *r);

/* Writes a checkpoint in the place of the last one, and begins the journal anew. Between two rounds. Returns 0, or -1 with errno. */
int seep_durable_checkpoint(struct seep_recording *r);

/* To be called between two rounds: a checkpoint when it is time for one. If it can't go on, the recording does without, and a note says so. */
void seep_durable_keep(struct seep_recording *r);

/* The trace is whole: removes the files, if they are still in their places. Also where seep_durable_start was never called, or failed. */
void seep_durable_end(struct seep_recording *r);

/* Closes the files and leaves them where they are. */
void seep_durable_close(struct seep_durable *d);

#endif
