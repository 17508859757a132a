/* SPDX-License-Identifier: Apache-2.0
 *
 * Feeds the readers of the files that lie beside a project's sources with any text: the policy (seep-gate.ini), the rules
 * (seep.components), the baseline, and the list of wrappers. Each takes the text or says in words what is wrong with it. A baseline
 * that was read is written and read again, and has the same sites then.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baseline.h"
#include "components.h"
#include "policy.h"
#include "wrappers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void read_policy(const char *path)
{
	struct seep_error error = {.text = ""};
	struct seep_policy policy;

	seep_policy_init(&policy);
	if (seep_policy_read(&policy, path, &error) < 0 || seep_policy_finish(&policy, &error) < 0)
		require(*error.text);
	else
		require(seep_policy_budget(&policy, "net") < policy.budget_count || policy.budget_count == 0);
	seep_policy_clear(&policy);
}

static void read_rules(const char *path)
{
	struct seep_error error = {.text = ""};
	struct seep_components *components;
	struct seep_wrappers *wrappers;

	if (seep_wrappers_open(&wrappers, path, &error) < 0) {
		require(*error.text);
		require(seep_wrappers_open(&wrappers, NULL, &error) == 0);
	}
	if (seep_components_open(&components, path, wrappers, &error) < 0)
		require(*error.text);
	else
		seep_components_close(components);
	seep_wrappers_close(wrappers);
}

static void read_baseline(const char *path)
{
	static char written[64];
	struct seep_error error = {.text = ""};
	struct seep_baseline *first, *second;

	if (seep_baseline_read(&first, path, &error) < 0) {
		require(*error.text);
		return;
	}
	if (!*written)
		snprintf(written, sizeof(written), "/dev/shm/seep-fuzz-%d.json", (int)getpid());
	require(seep_baseline_write(first, written, &error) == 0);
	require(seep_baseline_read(&second, written, &error) == 0);
	require(first->count == second->count);
	for (size_t i = 0; i < first->count; i++)
		require(seep_baseline_find(second, first->sites[i].id));
	seep_baseline_free(first);
	seep_baseline_free(second);
	unlink(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	char path[64];

	if (fd < 0)
		fd = memfd_create("project-file", MFD_CLOEXEC);
	require(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_policy(path);
	read_rules(path);
	read_baseline(path);
	return 0;
}
