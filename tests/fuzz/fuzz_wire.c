/* SPDX-License-Identifier: Apache-2.0
 *
 * Plays a hostile traced program. An input is a list of steps, each of which writes something into the shared memory, honest or
 * forged, or lets the collector take a round or end an epoch. Then the recording is finished as it always is. Whatever was
 * written, the collector comes to an end, and all frames of the trace are whole up to the last.
 */
#include "hostile_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct seep_settings settings = {.depth_limit = 128};
	const struct seep_session_setup setup = {.settings = &settings, .report_fds = {-1, -1}};
	struct input in = {.at = data, .left = size};
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct seep_recording *r;

	require(fd >= 0);
	r = start(&setup, dup(fd), NULL);
	while (in.left) {
		uint8_t step;

		take(&in, &step, 1);
		step_take(r, &in, (enum step)(step % STEPS));
	}
	finish(r);
	(void)read_back(fd);
	close(fd);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	if (size < 8 && max_size >= 64)
		return honest_program(data, max_size, seed);
	return LLVMFuzzerMutate(data, size, max_size);
}
