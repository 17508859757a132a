/* SPDX-License-Identifier: Apache-2.0
 *
 * support_producer.c: see support_producer.h.
 */
#include "support_producer.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int welcome_receive(int connection, struct seep_wire_welcome *welcome)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {.iov_base = welcome, .iov_len = sizeof(*welcome)};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) != sizeof(*welcome))
		return -1;
	if (CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static char secret[SEEP_WIRE_SECRET];

void producer_secret(const char *name)
{
	const char *slash = name ? strchr(name, '/') : NULL;

	memset(secret, 0, sizeof(secret));
	if (slash)
		memcpy(secret, slash + 1, strnlen(slash + 1, sizeof(secret)));
}

int producer_hello(int connection, uint32_t kind, uint64_t address_space_limit, struct seep_wire_region **region)
{
	struct seep_wire_hello hello = {.magic = SEEP_WIRE_MAGIC,
		.kind = kind,
		.pid = (uint32_t)getpid(),
		.address_space_limit = address_space_limit};
	struct seep_wire_welcome welcome = {.status = -1};
	int fd;

	memcpy(hello.secret, secret, sizeof(secret));
	*region = NULL;
	if (send(connection, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello))
		return -1;
	fd = welcome_receive(connection, &welcome);
	if (fd < 0)
		return welcome.status;
	*region = mmap(NULL, welcome.region_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	close(fd);
	if (*region == MAP_FAILED)
		*region = NULL;
	else
		atomic_store(&(*region)->state, SEEP_STATE_RECORDING);
	return welcome.status;
}

int producer_connect(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	size_t length = strcspn(name, "/");

	memcpy(address.sun_path + 1, name, length);
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) == 0)
		return fd;
	close(fd);
	return -1;
}

struct producer producer_thread(struct seep_wire_region *region)
{
	uint32_t number = atomic_fetch_add(&region->segments_used, 1);
	struct seep_wire_segment *segments = (struct seep_wire_segment *)((char *)region + region->segments_offset);

	atomic_store(&segments[number].owner, (uint32_t)syscall(SYS_gettid));
	return (struct producer){.region = region, .segment = &segments[number]};
}

uint32_t producer_module(struct seep_wire_region *region, const char *path, uint64_t start, uint64_t end)
{
	uint32_t number = atomic_load(&region->modules_used) + 1;
	struct seep_wire_module *module = (struct seep_wire_module *)((char *)region + region->modules_offset) + number;

	module->start = start;
	module->end = end;
	module->bias = start;
	module->build_id_bytes = 4;
	memcpy(module->build_id, "\1\2\3\4", 4);
	snprintf(module->path, sizeof(module->path), "%s", path);
	atomic_store(&region->modules_used, number);
	return number;
}

uint32_t producer_node(struct seep_wire_region *region, uint32_t parent, uint32_t module, uint64_t address)
{
	uint32_t number = atomic_load(&region->nodes_used) + 1;
	struct seep_wire_node *node = (struct seep_wire_node *)((char *)region + region->nodes_offset) + number;

	*node = (struct seep_wire_node){.parent = parent, .module = module, .address = address};
	atomic_store(&region->nodes_used, number);
	return number;
}

static void wait_for_room(struct producer *p, unsigned count)
{
	struct timespec limit = {.tv_nsec = 50000000};

	while (p->head + count - atomic_load(&p->segment->tail) > SEEP_WIRE_RING_UNITS) {
		atomic_store(&p->segment->waiting, 1);
		if (atomic_load(&p->region->sleeping)) {
			atomic_fetch_add(&p->region->doorbell, 1);
			syscall(SYS_futex, &p->region->doorbell, FUTEX_WAKE, 1, NULL, NULL, 0);
		}
		if (p->head + count - atomic_load(&p->segment->tail) > SEEP_WIRE_RING_UNITS)
			syscall(SYS_futex, &p->segment->waiting, FUTEX_WAIT, 1, &limit, NULL, 0);
	}
}

void producer_push(struct producer *p, const struct seep_wire_unit *units, unsigned count)
{
	wait_for_room(p, count);
	for (unsigned i = 0; i < count; i++)
		p->segment->ring[(p->head + i) % SEEP_WIRE_RING_UNITS] = units[i];
	p->head += count;
	atomic_store_explicit(&p->segment->head, p->head, memory_order_release);
}

static _Atomic uint64_t *shard_of(struct producer *p, uint64_t address)
{
	_Atomic uint64_t *shards = (_Atomic uint64_t *)((char *)p->region + p->region->shards_offset);

	return &shards[seep_wire_shard(address)];
}

static uint64_t word(uint64_t kind, uint64_t low)
{
	return kind << SEEP_WIRE_KIND_SHIFT | low;
}

void producer_alloc(struct producer *p, uint64_t address, uint64_t bytes, uint32_t stack)
{
	uint64_t s = atomic_load(shard_of(p, address)), birth = atomic_load(&p->region->tick);
	struct seep_wire_unit units[2] = {{word(SEEP_RECORD_ALLOC, address), s}, {bytes, stack | birth << 32}};

	producer_push(p, units, 2);
}

void producer_free(struct producer *p, uint64_t address)
{
	struct seep_wire_unit unit = {word(SEEP_RECORD_FREE, address), atomic_fetch_add(shard_of(p, address), 1)};

	producer_push(p, &unit, 1);
}

void producer_young(struct producer *p, unsigned entry, uint64_t address, uint32_t bytes, uint32_t stack)
{
	struct seep_wire_young *young = &p->segment->nursery[entry];

	young->s = atomic_load(shard_of(p, address));
	young->stack = stack;
	young->birth = atomic_load(&p->region->tick);
	young->bytes = bytes;
	young->tag = 0;
	atomic_store_explicit(&young->address, address, memory_order_release);
}

void producer_fold(struct producer *p, unsigned entry, uint32_t stack, uint64_t count, uint64_t bytes)
{
	struct seep_wire_fold *fold = &p->segment->folds[entry];
	uint32_t version = atomic_load(&fold->version);

	if (atomic_load(&fold->stack) != stack) {
		struct seep_wire_unit units[2] = {
			{word(SEEP_RECORD_FOLDS, (uint64_t)entry << 32 | version), atomic_load(&fold->count)},
			{atomic_load(&fold->bytes), atomic_load(&fold->stack) | (uint64_t)fold->tag << 32}};

		if (atomic_load(&fold->stack))
			producer_push(p, units, 2);
		atomic_store(&fold->version, version + 1);
		atomic_store(&fold->count, 0);
		atomic_store(&fold->bytes, 0);
		atomic_store(&fold->stack, stack);
		atomic_store(&fold->version, version + 2);
	}
	atomic_fetch_add(&fold->count, count);
	atomic_fetch_add(&fold->bytes, bytes);
}

void producer_mark(struct producer *p, const char *name)
{
	struct seep_wire_unit units[1 + SEEP_WIRE_MARK_BYTES / sizeof(struct seep_wire_unit)] = {0};
	size_t length = strlen(name);

	units[0] = (struct seep_wire_unit){
		word(SEEP_RECORD_MARK, length), atomic_fetch_add(&p->region->tick, 1) + UINT64_C(1)};
	memcpy(&units[1], name, length);
	producer_push(p, units, 1 + (unsigned)((length + sizeof(units[0]) - 1) / sizeof(units[0])));
}
