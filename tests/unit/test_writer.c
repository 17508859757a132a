/* SPDX-License-Identifier: Apache-2.0
 *
 * The frames that collector/writer.c puts into a file, read back here with zstd and xxhash directly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "seep/trace.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

static struct seep_writer *writer_on(int fd)
{
	struct seep_writer *w;
	char message[200] = "";

	if (seep_writer_open(&w, dup(fd), message, sizeof(message)) < 0)
		fail_msg("%s", message);
	return w;
}

/* Reads the frame at offset, checks all that its head claims and returns the offset of the next one. */
static uint64_t frame_check(
	int fd, uint64_t offset, uint32_t kind, uint32_t sequence, const void *raw, size_t raw_bytes)
{
	struct seep_trace_frame frame;
	uint8_t *whole, *unpacked = malloc(raw_bytes + 1);

	assert_int_equal(pread(fd, &frame, sizeof(frame), (off_t)offset), sizeof(frame));
	assert_int_equal(frame.magic, SEEP_FRAME_MAGIC);
	assert_int_equal(frame.kind, kind);
	assert_int_equal(frame.sequence, sequence);
	assert_int_equal(frame.entries, 10 + sequence);
	assert_int_equal(frame.raw_bytes, raw_bytes);
	whole = malloc(24 + frame.stored_bytes);
	memcpy(whole, &frame, 24);
	assert_int_equal(pread(fd, whole + 24, frame.stored_bytes, (off_t)(offset + 32)), frame.stored_bytes);
	assert_int_equal(frame.checksum, XXH64(whole, 24 + frame.stored_bytes, 0));
	assert_int_equal(ZSTD_decompress(unpacked, raw_bytes + 1, whole + 24, frame.stored_bytes), raw_bytes);
	assert_memory_equal(unpacked, raw, raw_bytes);
	free(whole);
	free(unpacked);
	return offset + 32 + frame.stored_bytes;
}

static void frames_read_back(void **state)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct seep_writer *w = writer_on(fd);
	struct seep_trace_header header, expected = {.magic = SEEP_TRACE_MAGIC, .version = SEEP_TRACE_VERSION};
	size_t large = 3 * 1000 * 1000;
	uint8_t *noise = malloc(large);
	uint64_t at = sizeof(header);
	struct stat st;

	(void)state;
	for (size_t i = 0; i < large; i++)
		noise[i] = (uint8_t)(i * i >> 7);
	assert_int_equal(seep_writer_offset(w), sizeof(header));
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_NOTE, 10, "hello", 6), 0);
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_STACKS, 11, NULL, 0), 0);
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_TAGS, 12, noise, large), 0);
	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	assert_memory_equal(&header, &expected, sizeof(header));
	at = frame_check(fd, at, SEEP_FRAME_NOTE, 0, "hello", 6);
	at = frame_check(fd, at, SEEP_FRAME_STACKS, 1, "", 0);
	at = frame_check(fd, at, SEEP_FRAME_TAGS, 2, noise, large);
	assert_int_equal(seep_writer_offset(w), at);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, at);
	seep_writer_close(w);
	close(fd);
	free(noise);
}

static void a_frame_too_large_is_refused_for_good(void **state)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct seep_writer *w = writer_on(fd);
	uint8_t *raw = calloc(1, SEEP_FRAME_RAW_MAX + 1);

	(void)state;
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_LIVE, 1, raw, SEEP_FRAME_RAW_MAX), 0);
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_LIVE, 1, raw, SEEP_FRAME_RAW_MAX + 1), -1);
	assert_int_equal(errno, EMSGSIZE);
	errno = 0;
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_NOTE, 1, raw, 1), -1);
	assert_int_equal(errno, EMSGSIZE);
	seep_writer_close(w);
	close(fd);
	free(raw);
}

/* RLIMIT_FSIZE plays the full disk: write() does what fits and then fails. */
static void a_full_disk_leaves_whole_frames(void **state)
{
	char name[] = "/tmp/seep-test-XXXXXX";
	int fd = mkstemp(name);
	struct rlimit old, small;
	struct seep_writer *w;
	uint32_t noise[4096], x = 1;
	uint64_t whole;
	struct stat st;

	(void)state;
	unlink(name);
	for (size_t i = 0; i < 4096; i++)
		noise[i] = x = x * 1664525 + 1013904223;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 20000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	w = writer_on(fd);
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_NOTE, 10, noise, 8000), 0);
	whole = seep_writer_offset(w);
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_NOTE, 11, noise, sizeof(noise)), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(seep_writer_offset(w), whole);
	assert_int_equal(seep_writer_frame(w, SEEP_FRAME_NOTE, 12, noise, 8), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, whole);
	frame_check(fd, sizeof(struct seep_trace_header), SEEP_FRAME_NOTE, 0, noise, 8000);
	seep_writer_close(w);
	close(fd);
}

static void an_unwritable_file_is_named(void **state)
{
	struct seep_writer *w;
	char message[200] = "";

	(void)state;
	assert_int_equal(seep_writer_open(&w, open("/dev/full", O_WRONLY), message, sizeof(message)), -1);
	assert_null(w);
	assert_non_null(strstr(message, "No space left on device"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_read_back),
		cmocka_unit_test(a_frame_too_large_is_refused_for_good),
		cmocka_unit_test(a_full_disk_leaves_whole_frames),
		cmocka_unit_test(an_unwritable_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
