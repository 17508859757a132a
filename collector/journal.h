/* SPDX-License-Identifier: Apache-2.0
 *
 * journal.h: a file with all that has changed the books since the last checkpoint (durable.h), in the order in which it did. What is
 * taken out of the region is written here before its room is given back, so that a killed collector leaves it in one of the two.
 *
 *   struct seep_journal_header, then records of units of 16 bytes (struct seep_wire_unit), the kind in the top byte of the first word
 *
 * The header is written after the records: what it does not count was never finished, and is still in the region. Words are the machine's own: the
 * file is read on the machine that wrote it.
 */
#ifndef SEEP_COLLECTOR_JOURNAL_H
#define SEEP_COLLECTOR_JOURNAL_H

#include "seep/beside.h"
#include "seep/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SEEP_JOURNAL_VERSION 2u

struct seep_journal_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t generation; /* of the checkpoint that it follows */
	uint64_t trace_checksum; /* struct seep_beside_head */
	uint64_t bytes; /* of the file that count: behind them there may be older records */
	uint64_t sum; /* of the records that count: seep_journal_sum */
	uint64_t reserved;
};

/* The sum with some units more: those of a record's first unit, or all that follow it. 0: of nothing. */
uint64_t seep_journal_sum(uint64_t sum, const struct seep_wire_unit *units, uint32_t count);

enum seep_journal_kind {
	SEEP_JOURNAL_TIME = 1, /* kind|books' patience_now, now_ns: of the records up to the next such */
	SEEP_JOURNAL_UNITS = 2, /* kind|count << 32|segment, first unit's number; `count` units of its ring */
	SEEP_JOURNAL_ASIDES = 3, /* the same, but only the asides among them were taken; they come again */
	SEEP_JOURNAL_ABANDONED = 4, /* kind|segment, tail: its ring is not read any further */
	SEEP_JOURNAL_FOLD = 5, /* kind|entry << 32|segment, version << 32|stack; count, bytes; tag, 0 */
	SEEP_JOURNAL_TEND = 6, /* kind|patience in ms, waiting_max: seep_books_tend was called */
	SEEP_JOURNAL_FORK = 7, /* kind|child's pid, 0 */
	SEEP_JOURNAL_GONE = 9, /* kind|module's number, 0: its note was made */
	SEEP_JOURNAL_EPOCH = 8, /* kind, 0; dropped events in all, rss in bytes: an epoch has ended */
};

struct seep_journal {
	int fd; /* -1: there is none */
	int error; /* errno of the first failure, after which nothing is written; 0: none */
	uint32_t generation;
	uint64_t trace_checksum;
	uint64_t bytes; /* in the file */
	uint64_t sum; /* of what is in the file and in the buffer */
	uint64_t sum_before_time; /* where it ends with a TIME */
	uint64_t now_ns;
	uint32_t patience;
	uint64_t told_ns; /* of the last TIME */
	uint32_t told_patience;
	bool ends_with_time;
	uint32_t used; /* of buffer: what is not in the file yet */
	uint8_t buffer[16384];
};

/* Begins the file anew. It keeps its pages, which are dear to get. Returns 0, or -1 with errno. */
int seep_journal_begin(struct seep_journal *j, uint32_t generation, uint64_t trace_checksum);
void seep_journal_close(struct seep_journal *j);

/* Puts into the file what was written. The room of units is given back to the program only afterwards. */
void seep_journal_flush(struct seep_journal *j);

/* Sets the time of what follows. */
void seep_journal_clock(struct seep_journal *j, uint64_t now_ns, uint32_t patience);

/* Writes the time though nothing follows yet. Times in a row take the room of one. */
void seep_journal_time(struct seep_journal *j);

/* count is at most SEEP_DRAIN_COPY_UNITS. */
void seep_journal_units(struct seep_journal *j, enum seep_journal_kind kind, uint32_t segment, uint64_t from,
	const struct seep_wire_unit *units, uint32_t count);

/* A record without units of a ring: `rest` are those behind the first, at most two. */
void seep_journal_record(struct seep_journal *j, enum seep_journal_kind kind, uint64_t low, uint64_t second,
	const struct seep_wire_unit *rest, uint32_t rest_count);

#endif
