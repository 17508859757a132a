/* SPDX-License-Identifier: Apache-2.0
 *
 * wire.h: the shared memory between preload/ (the producers, inside the traced program) and collector/ (outside it), and
 * the two messages with which the one gets it from the other. It is the only file those two share.
 *
 * The collector makes one memfd for each traced process ("region"), sealed against shrinking, and hands it over a socket;
 * the shim maps it and closes every descriptor. All that the recording knows is in the region at any moment, so a
 * process that dies in whatever way has nothing left to flush.
 *
 *   0                  struct seep_wire_region       settings, counters, doorbell
 *   shards_offset      _Atomic uint64_t [SHARDS]     the order of events, see below
 *   modules_offset     struct seep_wire_module []    append-only
 *   nodes_offset       struct seep_wire_node []      append-only: the stack tree
 *   segments_offset    struct seep_wire_segment []   one a thread
 *
 * The region is sparse: what nobody touched takes no memory.
 *
 * ORDER. Only events on the same address need one. Each address belongs to a shard, a counter in the region.
 *   - An allocation reads its shard after the real call returned: s.
 *   - A free that is sent takes f = fetch_add(shard, 1) before the real call.
 *   - realloc takes f before the real call and reads s after it; if it failed, f is sent as a HOLE.
 * An address can't be handed out again before its free has begun, so along one address s1 <= f1 < s2 <= f2 < s3 ...:
 * the free of an allocation s is the smallest f >= s at that address, whatever the order of arrival. The values f of one
 * shard are dense (0, 1, 2, ...; holes are sent), so the collector knows when it has seen all frees before some f.
 * A free that folds sends nothing and takes no f.
 *
 * RINGS. Single producer, single consumer, units of 16 bytes; a record takes one or more consecutive units and may
 * wrap around the end. `head` and `tail` count units since the start and never wrap. The producer writes units, then stores head
 * (release); the consumer reads head (acquire), copies units, then stores tail (release).
 *
 * NURSERY. Blocks that the owner of the segment allocated and that nobody has sent yet. An entry with address 0 is empty.
 * A writer puts the occupant into the ring first and then overwrites it: a process killed in between leaves one allocation in both
 * places, equal in address and s; that pair (address, s) is unique among sent allocations, so readers can tell.
 *
 * FOLDS. Blocks that were allocated and freed within a nursery: counted here by stack, never sent. `version` is odd
 * while an entry changes its stack. Before that, the owner sends the old entry as a FOLDS record with its version; counts only grow
 * while the version stays. So a reader that remembers (version, count, bytes) of each entry counts every fold exactly once.
 *
 * SAMPLING. With sample_bytes = R, points lie on the line of all allocated bytes at exponential distances of mean R, and a block is
 * recorded if a point lies in it: with probability p = 1 - exp(-bytes / R), a block of 0 bytes counting as one. Whoever sums weights
 * each recorded block with 1 / p. No nursery is used then: what is recorded is sent, and nothing else.
 *
 * SOCKET NAMES. "NAME/SECRET": a collector listens on the abstract name NAME, which anybody may look up and connect to. The secret
 * stands only in the environment of the traced programs and in their regions, and comes with each hello.
 *
 * TRUST. The collector treats everything in the region as written by an enemy: it copies before it checks, and no index or
 * length from here is used unchecked. The shim trusts the region.
 */
#ifndef SEEP_WIRE_H
#define SEEP_WIRE_H

#include <stdatomic.h>
#include <stdint.h>

#define SEEP_WIRE_MAGIC 0x33657269776c6565u /* changes with every incompatible change of this file */

/* ---- Messages: each one packet on a SOCK_SEQPACKET socket. ---- */

#define SEEP_WIRE_SOCKET_NAME 96u
#define SEEP_WIRE_SECRET 32u

enum seep_wire_hello_kind {
	SEEP_HELLO_IMAGE = 1, /* a program that was just executed */
	SEEP_HELLO_FORK = 2, /* the child of a fork, which asks its parent's collector */
};

struct seep_wire_hello {
	uint64_t magic;
	uint32_t kind;
	uint32_t pid; /* as the program sees itself; the collector takes the real one from SO_PEERCRED */
	uint64_t address_space_limit; /* RLIMIT_AS in bytes, UINT64_MAX: none */
	char secret[SEEP_WIRE_SECRET]; /* see SOCKET NAMES; zeros where there is none */
};

/* The answer. With status 0 the memfd comes along (SCM_RIGHTS). */
struct seep_wire_welcome {
	uint64_t magic;
	int32_t status; /* 0, or an errno: the program goes on untraced */
	uint32_t reserved;
	uint64_t region_bytes; /* map all of it, MAP_SHARED | MAP_NORESERVE, read and write */
};

/* ---- Sizes ---- */

#define SEEP_WIRE_SHARD_BITS 14
#define SEEP_WIRE_SHARDS (1u << SEEP_WIRE_SHARD_BITS)
#define SEEP_WIRE_NURSERY_BITS 12
#define SEEP_WIRE_NURSERY (1u << SEEP_WIRE_NURSERY_BITS)
#define SEEP_WIRE_NURSERY_BYTES 1024 /* blocks of this size and more are sent at once, so that peaks stay true */
#define SEEP_WIRE_FOLDS 1024u
#define SEEP_WIRE_RING_UNITS 4096u
#define SEEP_WIRE_TICK_NS 10000000u /* births are counted in these */
#define SEEP_WIRE_FOLD_TICKS 100u /* older blocks don't fold: they are sent, so that their age is known (one second) */
#define SEEP_WIRE_DEPTH_MAX 1024u
#define SEEP_WIRE_MARK_BYTES 256u

static inline uint32_t seep_wire_shard(uint64_t address)
{
	return (uint32_t)((address >> 4) * 0x9e3779b97f4a7c15u >> (64 - SEEP_WIRE_SHARD_BITS));
}

/* ---- The region ---- */

enum seep_wire_state {
	SEEP_STATE_NEW = 0, /* mapped by nobody yet */
	SEEP_STATE_RECORDING = 1,
	SEEP_STATE_STOPPED = 2, /* the shim gave up (the collector died) and passes everything through */
};

struct seep_wire_region {
	/* Written by the collector before it hands the region over; constant afterwards. */
	uint64_t magic;
	uint64_t region_bytes;
	uint64_t trace_checksum; /* struct seep_beside_head of beside.h, for a region that is a file */
	uint64_t shards_offset;
	uint64_t modules_offset;
	uint64_t nodes_offset;
	uint64_t segments_offset;
	uint32_t modules_max;
	uint32_t nodes_max;
	uint32_t segments_max;
	uint32_t depth_limit; /* frames, at most SEEP_WIRE_DEPTH_MAX */
	uint32_t on_full; /* 0: wait, 1: drop and count */
	uint32_t reserved;
	uint64_t sample_bytes; /* mean bytes between samples; 0: record every block */
	uint64_t sample_seed; /* of the random numbers that choose the samples */
	char socket_name[SEEP_WIRE_SOCKET_NAME]; /* where forked children ask */

	/* Written by the shim. */
	_Alignas(64) _Atomic uint32_t state;
	_Atomic uint32_t
		modules_used; /* numbers 1 .. modules_used are whole (release store); number 0 does not exist */
	_Atomic uint32_t nodes_used; /* node numbers 1 .. nodes_used are whole (release store) */
	_Atomic uint32_t segments_used; /* segments 0 .. segments_used-1 may hold something */
	_Atomic uint32_t exit_called; /* 1: the program called exit() or returned from main, with exit_status */
	_Atomic int32_t exit_status;
	_Atomic uint64_t unrecorded; /* allocations and frees without a segment (over a limit, or nested in a hook) */
	_Atomic uint64_t nodes_over; /* allocations whose stack found no place in the tree and was cut */
	_Atomic uint32_t children_lost; /* forked children who must not ask for a region (seccomp) */
	_Atomic uint32_t silent; /* 1: there are producers that can't ring the doorbell (seccomp): look more often */

	/* The time of births, in ticks since the start. The collector sets it to the time, so that it is at most a tenth of a second
	 * old, but never back: each mark adds one, so it may be ahead by as many ticks as marks were set of late. */
	_Alignas(64) _Atomic uint32_t tick;

	/* The doorbell: a producer that finds `sleeping` set adds one to `doorbell` and wakes it (FUTEX_WAKE). */
	_Alignas(64) _Atomic uint32_t sleeping;
	_Atomic uint32_t doorbell;

	/* A robust futex that the collector holds as long as it lives: when it dies the kernel sets FUTEX_OWNER_DIED in it, whoever
	 * killed it and in whichever pid namespace. */
	_Alignas(64) _Atomic uint32_t alive;
};

/* One load of one file. The path is cut to fit. */
struct seep_wire_module {
	uint64_t start;
	uint64_t end;
	uint64_t bias;
	_Atomic uint32_t gone; /* 1: was unloaded since */
	uint32_t build_id_bytes;
	uint8_t build_id[24]; /* at most 20 used */
	char path[456]; /* NUL-terminated; empty: the executable itself (ask /proc) */
};

struct seep_wire_node {
	uint32_t parent; /* lower than the own number; 0: the root */
	uint32_t module; /* a module's number, 0: in none, or one of the two marks below, always children of the root */
	uint64_t address; /* return address; of a mark: means nothing */
};

#define SEEP_WIRE_TRUNCATED 0xffffffffu /* the frames outside of this were cut by depth_limit */
#define SEEP_WIRE_LOST 0xfffffffeu /* the unwinder found no way outwards from here */

struct seep_wire_fold {
	_Atomic uint32_t version;
	_Atomic uint32_t stack; /* 0: never used */
	_Atomic uint64_t count;
	_Atomic uint64_t bytes;
	_Atomic uint32_t tag;
	uint32_t reserved;
};

struct seep_wire_young {
	_Atomic uint64_t address; /* 0: empty */
	_Atomic uint64_t s;
	_Atomic uint32_t stack;
	_Atomic uint32_t birth; /* tick */
	_Atomic uint32_t bytes; /* less than SEEP_WIRE_NURSERY_BYTES */
	_Atomic uint32_t tag;
};

struct seep_wire_unit {
	uint64_t a;
	uint64_t b;
};

/* Records. The kind is in the top byte of the first word; an address takes the 56 bits below. */
enum seep_wire_kind {
	/* 2 units: kind|address, s; bytes in 48 bits|tag in the top 16, stack in the low half|birth in the high half */
	SEEP_RECORD_ALLOC = 1,
	/* 1 unit: kind|address, f */
	SEEP_RECORD_FREE = 2,
	/* 1 unit: kind|address, f. This f ends nothing. */
	SEEP_RECORD_HOLE = 3,
	/* 2 units: kind|entry << 32 (16 bits)|version (32 bits), count; bytes, stack in the low half|tag in the high half */
	SEEP_RECORD_FOLDS = 4,
	/* 1 unit and the text's: kind|length in bytes (at most SEEP_WIRE_MARK_BYTES), tick; text, 16 bytes a unit. The tick is
	 * fetch_add(tick, 1) + 1: what the thread allocated before was born earlier, what it allocates afterwards at this tick or
	 * later, however short the time between. */
	SEEP_RECORD_MARK = 5,
	/* 1 unit: kind, count. So many records were dropped before this one (on_full = 1), among them FREEs: f has holes. */
	SEEP_RECORD_DROPPED = 6,
};

#define SEEP_WIRE_KIND_SHIFT 56
#define SEEP_WIRE_ADDRESS_MASK ((UINT64_C(1) << SEEP_WIRE_KIND_SHIFT) - 1)
#define SEEP_WIRE_SIZE_BITS 48
#define SEEP_WIRE_SIZE_MASK ((UINT64_C(1) << SEEP_WIRE_SIZE_BITS) - 1)

/* What one thread knows. A segment outlives its thread: a later thread takes it over as it is, nursery and all. */
struct seep_wire_segment {
	_Atomic uint32_t owner; /* thread id in the program's pid namespace; 0: never used */
	uint32_t reserved;
	/* Counted by the owner, read by the collector. */
	_Atomic uint64_t truncated_stacks;
	_Atomic uint64_t lost_stacks;
	_Atomic uint64_t dropped; /* records, total */

	_Alignas(64) _Atomic uint64_t head; /* units; stored by the producer */

	/* Stored by the consumer. A producer that finds the ring full sets `waiting`, looks again and sleeps on it with a
	 * time limit; the consumer that made half a ring of room, or all that it can, and finds it set clears it and wakes. */
	_Alignas(64) _Atomic uint64_t tail;
	_Atomic uint32_t waiting;

	_Alignas(4096) struct seep_wire_fold folds[SEEP_WIRE_FOLDS];
	struct seep_wire_young nursery[SEEP_WIRE_NURSERY];
	struct seep_wire_unit ring[SEEP_WIRE_RING_UNITS];
};

_Static_assert(sizeof(struct seep_wire_region) <= 4096, "the header is one page");
_Static_assert(sizeof(struct seep_wire_module) == 512, "layout in shared memory");
_Static_assert(sizeof(struct seep_wire_node) == 16, "layout in shared memory");
_Static_assert(sizeof(struct seep_wire_fold) == 32, "layout in shared memory");
_Static_assert(sizeof(struct seep_wire_young) == 32, "layout in shared memory");
_Static_assert(sizeof(struct seep_wire_segment) == 4096 + 32768 + 131072 + 65536, "layout in shared memory");

#endif
