/* SPDX-License-Identifier: Apache-2.0
 *
 * recording.h: all that belongs to the recording of one process, from its hello to the last frame of its trace. session.c says when
 * which of these steps is taken.
 */
#ifndef SEEP_COLLECTOR_RECORDING_H
#define SEEP_COLLECTOR_RECORDING_H

#include "books.h"
#include "callers.h"
#include "drain.h"
#include "durable.h"
#include "epoch.h"
#include "notes.h"
#include "process.h"
#include "region.h"
#include "session.h"
#include "tree.h"
#include "trim.h"
#include "watcher.h"
#include "writer.h"

#include "seep/trace.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct seep_recording {
	const struct seep_session_setup *setup;
	struct seep_process process;
	struct seep_region region;
	struct seep_watcher watcher;
	struct seep_books *books; /* NULL until it starts, unless they are inherited */
	struct seep_drain *drain;
	struct seep_notes notes;
	struct seep_tree tree;
	struct seep_epoch epoch;
	struct seep_trim trim;
	struct seep_preview {
		struct seep_writer_place from; /* where it stands in the file; offset 0: there is none */
		uint64_t at_ns; /* when the last one was written, or an epoch */
		uint64_t every_ns;
		uint64_t events; /* allocations and frees that it knew of */
	} preview;
	struct seep_durable durable;
	struct seep_writer *writer;
	int listener; /* where forked children ask; -1: none */
	struct seep_callers callers; /* of them those that have not said a hello yet */
	char socket_name[SEEP_WIRE_SOCKET_NAME]; /* of the listener, with its secret */
	char secret[SEEP_WIRE_SECRET]; /* that the program has to know */
	bool forked;
	bool prepared;
	void *reserve; /* memory for the end, should there be no more by then */
	uint64_t start_ns; /* seep_clock_ns of time 0 */
	bool stopped; /* it has been killed before, and time stands still in it, at stopped_ns */
	uint64_t stopped_ns;
	uint64_t patience_ns;
	uint64_t checked_ns;
	char path[PATH_MAX]; /* of the trace; empty: none */
	char message[PATH_MAX + 300]; /* what went wrong */
};

/* NULL: out of memory. */
struct seep_recording *seep_recording_new(const struct seep_session_setup *setup);

/* owner: false in a process forked off a session, where the region belongs to the other one and there is no watcher's thread. */
void seep_recording_free(struct seep_recording *r, bool owner);

/* Tells the launcher, and the broker, a line: a verb, the process, and the rest. */
void seep_recording_report(const struct seep_session_setup *setup, const char *verb, pid_t pid, const char *rest);

/* ---- start.c ---- */

/* Makes ahead what does not depend on who says hello. False: it could not, and r is to be freed; seep_recording_start says why. */
bool seep_recording_prepare(struct seep_recording *r);

/* Receives a hello and answers it. Returns 0, or -1 after having told everybody why not: it can't, or the user doesn't want it. */
int seep_recording_start(struct seep_recording *r, int connection, pid_t pid);

/* ---- recording.c ---- */

/* Sets the books' time and the region's tick. */
void seep_recording_clock(struct seep_recording *r);

/* Empties the rings once. Returns the number of units taken. */
uint64_t seep_recording_round(struct seep_recording *r);

/* Ends the epoch and writes it, with the modules and stacks that it names, and the notes. Returns 0, or -1 with errno. */
int seep_recording_epoch(struct seep_recording *r, uint64_t rss_bytes);

/* The same for an epoch that had ended before the collector was killed, with what was known of it then. */
int seep_recording_epoch_again(struct seep_recording *r, uint64_t dropped, uint64_t rss_bytes);

/* Gives up what was waited for too long (seep_books_tend). */
void seep_recording_tend(struct seep_recording *r, uint32_t patience_ms);

/* A child has asked for its own collector. */
void seep_recording_forked(struct seep_recording *r, pid_t child);

/* Writes the present epoch as it is up to now, if some time has gone by since it last was, and something has happened. It is taken back
 * when the next one, or the epoch itself, is written: so that a reader, and whoever kills the collector, finds the last seconds in the
 * trace, however long epochs are by then. Returns 0, or -1 with errno. */
int seep_recording_preview(struct seep_recording *r);

/* False: the recording can't go on, and r->message says why. status is what seep_recording_epoch or _complete returned. */
bool seep_recording_is_well(struct seep_recording *r, int status);

/* ---- finish.c ---- */

/* Takes all that the region still holds into the books, fills the rest of *end, of which how, exit_status and signal are given, and writes the last
 * epoch. Returns 0, or -1 with errno. The region is not needed afterwards. */
int seep_recording_collect(struct seep_recording *r, struct seep_trace_end *end);

/* Writes the live blocks and the END; *end tells then whether they had to be left out. Uses up the books. Returns 0, or -1 with errno. */
int seep_recording_complete(struct seep_recording *r, struct seep_trace_end *end);

#endif
