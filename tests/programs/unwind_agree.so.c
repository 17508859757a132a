/* SPDX-License-Identifier: Apache-2.0
 * flags: -O2 -fvisibility=hidden -ftls-model=initial-exec -fasynchronous-unwind-tables -pthread
 *
 * Preloaded into real programs by tests/unwind/agree.sh. Captures the stack of every allocation as seep does, and
 * of every $UNWIND_AGREE_EVERY-th one (1) by libunwind too. Counts go to $UNWIND_AGREE/counts, shared by all
 * processes; each kind of difference is described once a process in $UNWIND_AGREE/differences. Any thread; what it
 * allocates itself is not looked at.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../preload/cfi.c"
#include "../../preload/cfi_find.c"
#include "../../preload/cfi_step.c"
#include "../../preload/kernel.c"
#include "../../preload/segments.c"
#include "../../preload/rows_x86_64.c"
#include "../../preload/detour_x86_64.c"
#include "../../preload/oracle.c"
#include "../../preload/unwind_x86_64.c"

#define EXPORT __attribute__((visibility("default")))
#define KINDS 4096u /* of differences that are remembered as described */

EXPORT void *malloc(size_t bytes);
EXPORT void *calloc(size_t count, size_t bytes);
EXPORT void *realloc(void *block, size_t bytes);

/* In the order in which agree.sh prints them. */
struct counts {
	_Atomic uint64_t captured; /* stacks */
	_Atomic uint64_t frames;
	_Atomic uint64_t reused; /* frames that counted as unchanged */
	_Atomic uint64_t wrongly_reused; /* stacks with such a frame that had changed */
	_Atomic uint64_t compared; /* stacks */
	_Atomic uint64_t compared_frames;
	_Atomic uint64_t different; /* stacks */
	_Atomic uint64_t lost; /* stacks whose outermost frame was not reached */
	_Atomic uint64_t truncated;
};

static struct counts *counts;
static int differences = -1;
static unsigned every = 1;
static unsigned depth_limit = 128;
static _Atomic uint32_t described[KINDS];

static __thread struct seep_unwinder *unwinder;
static __thread struct seep_unwind_frame *oracles;
static __thread bool inside;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);

static const char *variable(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value ? value : otherwise;
}

__attribute__((constructor)) static void set_up(void)
{
	const char *folder = getenv("UNWIND_AGREE");
	char path[512];
	int file;

	if (!folder || !seep_oracle_open())
		return;
	every = (unsigned)atoi(variable("UNWIND_AGREE_EVERY", "1"));
	depth_limit = (unsigned)atoi(variable("UNWIND_AGREE_DEPTH", "128"));
	snprintf(path, sizeof path, "%s/differences", folder);
	differences = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	snprintf(path, sizeof path, "%s/counts", folder);
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (file < 0 || ftruncate(file, sizeof *counts) != 0)
		return;
	counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (counts == MAP_FAILED)
		counts = NULL;
}

static void add(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static int place(char *text, size_t room, uintptr_t pc)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)pc, &object) != 0)
		return snprintf(text, room, "%#lx", pc);
	return snprintf(text, room, "%s+%#lx", object.dlfo_link_map->l_name[0] ? object.dlfo_link_map->l_name : "exe",
		pc - object.dlfo_link_map->l_addr);
}

/* Whether something about this address has not been said yet. */
static bool is_news(uintptr_t address)
{
	_Atomic uint32_t *kind = &described[(address >> 2) % KINDS];

	return differences >= 0 && atomic_exchange(kind, (uint32_t)address | 1) != ((uint32_t)address | 1);
}

static void say(const char *line, int bytes)
{
	if (write(differences, line, (size_t)bytes) < 0)
		differences = -1;
}

static void describe_lost(uintptr_t inner, uintptr_t outermost)
{
	char line[700];
	int used;

	if (!is_news(outermost))
		return;
	used = snprintf(line, sizeof line, "%s: lost at ", program_invocation_short_name);
	used += place(line + used, 300, outermost);
	used += snprintf(line + used, 10, " after ");
	used += place(line + used, 300, inner);
	line[used++] = '\n';
	say(line, used);
}

/* Frame i is the first that differs; the frame inside of it says where the two parted. */
static void describe(unsigned i, unsigned count, enum seep_unwind_end end, unsigned oracle_count)
{
	static const char *const ends[] = {"complete", "truncated", "lost"};
	uintptr_t at = i ? oracles[i - 1].return_address : 0;
	char line[1200];
	int used;

	if (!is_news(at))
		return;
	used = snprintf(line, sizeof line, "%s: from ", program_invocation_short_name);
	used += place(line + used, 300, at);
	used += snprintf(line + used, 40, " (frame %u) seep: ", i - 1);
	if (i < count)
		used += place(line + used, 300, unwinder->frames[i].return_address);
	else
		used += snprintf(line + used, 20, "%s", ends[end]);
	used += snprintf(line + used, 20, " libunwind: ");
	if (i < oracle_count)
		used += place(line + used, 300, oracles[i].return_address);
	else
		used += snprintf(line + used, 20, "ends");
	line[used++] = '\n';
	say(line, used);
}

/* libunwind makes no difference between the outermost frame and the last that it finds, and counts as a frame whatever stands
 * where a return address should. */
static bool is_nowhere(uintptr_t address)
{
	struct dl_find_object object;

	return _dl_find_object((void *)address, &object) != 0;
}

static void compare(const struct seep_unwind_start *start, unsigned count, enum seep_unwind_end end)
{
	static unsigned char scratch[sizeof unwinder->scratch] __attribute__((aligned(16)));
	static _Atomic bool busy; /* scratch, and libunwind is slow enough */
	enum seep_unwind_end oracle_end;
	unsigned oracle_count;
	unsigned i = 0;

	if (atomic_exchange(&busy, true))
		return;
	oracle_count = seep_oracle_walk(start, oracles, depth_limit, &oracle_end, scratch);
	while (i < count && i < oracle_count && unwinder->frames[i].return_address == oracles[i].return_address)
		i++;
	add(&counts->compared, 1);
	add(&counts->compared_frames, i);
	if (i < count || i < oracle_count || (end == SEEP_UNWIND_TRUNCATED) != (oracle_end == SEEP_UNWIND_TRUNCATED)) {
		if (i == count && end == SEEP_UNWIND_LOST && is_nowhere(oracles[i].return_address))
			goto out;
		add(&counts->different, 1);
		describe(i, count, end, oracle_count);
	}
out:
	atomic_store(&busy, false);
}

static uint32_t child(uint32_t parent, uintptr_t address)
{
	return (uint32_t)(((address ^ (uint64_t)parent << 32 ^ parent) * 0x9e3779b97f4a7c15u) >> 32) | 1;
}

/* A node is a hash of all frames from the outermost one on, so that a frame which is not what it was has another. */
static void check(const struct seep_unwind_start *start)
{
	static __thread unsigned since;
	enum seep_unwind_end end;
	enum seep_unwind_end recalled_end;
	uint32_t recalled = seep_unwind_recall(unwinder, start, depth_limit, &recalled_end);
	unsigned unchanged;
	unsigned count = seep_unwind_capture(unwinder, start, depth_limit, &unchanged, &end);
	uint32_t node = end + 1;
	bool wrong = false;

	for (unsigned i = count; i-- > 0;) {
		node = child(node, unwinder->frames[i].return_address);
		wrong |= i >= count - unchanged && unwinder->frames[i].node != node;
		unwinder->frames[i].node = node;
	}
	wrong |= recalled && (recalled != node || recalled_end != end);
	seep_unwind_remember(unwinder);
	add(&counts->captured, 1);
	add(&counts->frames, count);
	add(&counts->reused, recalled ? count : unchanged);
	add(&counts->wrongly_reused, wrong);
	add(&counts->lost, end == SEEP_UNWIND_LOST);
	if (end == SEEP_UNWIND_LOST)
		describe_lost(count > 1 ? unwinder->frames[count - 2].return_address : 0,
			unwinder->frames[count - 1].return_address);
	add(&counts->truncated, end == SEEP_UNWIND_TRUNCATED);
	if (++since >= every) {
		since = 0;
		compare(start, count, end);
	}
}

static void capture(const struct seep_unwind_start *start)
{
	if (!counts || inside)
		return;
	inside = true;
	if (!unwinder) {
		void *room = mmap(NULL, sizeof *unwinder + depth_limit * sizeof *oracles, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (room != MAP_FAILED) {
			oracles = (void *)((char *)room + sizeof *unwinder);
			unwinder = room;
		}
	}
	if (unwinder)
		check(start);
	inside = false;
}

static bool find_real(void)
{
	real_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	real_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	real_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	return real_malloc != NULL;
}

void *malloc(size_t bytes)
{
	SEEP_UNWIND_START(start);
	if (real_malloc || find_real())
		capture(&start);
	return real_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	SEEP_UNWIND_START(start);
	if (real_malloc || find_real())
		capture(&start);
	return real_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
	SEEP_UNWIND_START(start);
	if (real_malloc || find_real())
		capture(&start);
	return real_realloc(block, bytes);
}
