/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.c: the SEEP_ variables. `seep run` sets them from its options; with plain LD_PRELOAD the user does.
 */
#include "settings.h"

#include "seep/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TRACE_LEAST 65536u

/* A decimal number; whatever follows it is left at *rest. */
static bool number_parse(const char *text, uint64_t *value, const char **rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	*rest = end;
	return errno == 0;
}

static bool number_within(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
	const char *rest;

	return number_parse(text, value, &rest) && *rest == 0 && *value >= low && *value <= high;
}

static bool bytes_parse(const char *text, uint64_t *value)
{
	static const struct {
		const char *suffix;
		unsigned shift;
	} units[] = {{"", 0}, {"K", 10}, {"KiB", 10}, {"M", 20}, {"MiB", 20}, {"G", 30}, {"GiB", 30}};
	const char *rest;

	if (!number_parse(text, value, &rest) || *value > UINT32_MAX)
		return false;
	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(rest, units[i].suffix) == 0) {
			*value <<= units[i].shift;
			return true;
		}
	}
	return false;
}

static const char *variable(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value && *value ? value : fallback;
}

static int refuse(char *message, size_t size, const char *name, const char *value, const char *allowed)
{
	snprintf(message, size, "%s is \"%.100s\", which is not %s", name, value, allowed);
	return -1;
}

static int output_read(struct seep_settings *settings, char *message, size_t size)
{
	const char *pattern = variable("SEEP_OUTPUT", "%e.%p.seep");
	char directory[PATH_MAX] = "";
	int length;

	for (const char *at = pattern; (at = strchr(at, '%')); at += 2)
		if (at[1] != 'e' && at[1] != 'p' && at[1] != '%')
			return refuse(message, size, "SEEP_OUTPUT", pattern,
				"a file name with %e (executable), %p (process id) and %% (percent sign)");
	if (*pattern != '/' && !getcwd(directory, sizeof(directory))) {
		snprintf(message, size, "the working directory is not known: %s", strerror(errno));
		return -1;
	}
	length = snprintf(settings->output, sizeof(settings->output), "%s%s%s", directory,
		*pattern == '/' || strcmp(directory, "/") == 0 ? "" : "/", pattern);
	if (length < 0 || (size_t)length >= sizeof(settings->output))
		return refuse(message, size, "SEEP_OUTPUT", pattern, "short enough for a path");
	return 0;
}

int seep_settings_read(struct seep_settings *settings, char *message, size_t size)
{
	const char *depth = variable("SEEP_DEPTH", "128");
	const char *on_full = variable("SEEP_ON_FULL", "wait");
	const char *sample = variable("SEEP_SAMPLE", "0");
	const char *seed = variable("SEEP_SEED", "");
	const char *epoch = variable("SEEP_EPOCH", "1000");
	const char *max_trace = variable("SEEP_MAX_TRACE", "0");
	const char *follow = variable("SEEP_FOLLOW", "yes");
	const char *durable = variable("SEEP_DURABLE", "no");
	uint64_t value;

	memset(settings, 0, sizeof(*settings));
	if (output_read(settings, message, size) < 0)
		return -1;
	if (!number_within(depth, 1, SEEP_WIRE_DEPTH_MAX, &value))
		return refuse(message, size, "SEEP_DEPTH", depth, "a number of frames from 1 to 1024");
	settings->depth_limit = (uint32_t)value;
	if (strcmp(on_full, "drop") == 0)
		settings->on_full = 1;
	else if (strcmp(on_full, "wait") != 0)
		return refuse(message, size, "SEEP_ON_FULL", on_full, "wait or drop");
	if (!bytes_parse(sample, &settings->sample_bytes))
		return refuse(message, size, "SEEP_SAMPLE", sample, "a number of bytes such as 524288 or 512KiB");
	settings->seed_given = *seed;
	if (*seed && !number_within(seed, 0, UINT64_MAX, &settings->sample_seed))
		return refuse(message, size, "SEEP_SEED", seed, "a decimal number below 2^64");
	if (!number_within(epoch, 1, 3600000, &value))
		return refuse(message, size, "SEEP_EPOCH", epoch, "a number of milliseconds from 1 to 3600000");
	settings->first_epoch_ns = value * 1000000;
	if (!bytes_parse(max_trace, &value) || (value && value < MAX_TRACE_LEAST))
		return refuse(message, size, "SEEP_MAX_TRACE", max_trace, "a size of at least 64KiB, such as 100MiB");
	settings->max_trace_bytes = value;
	settings->only = variable("SEEP_ONLY", NULL);
	settings->no_follow = strcmp(follow, "no") == 0;
	if (!settings->no_follow && strcmp(follow, "yes") != 0)
		return refuse(message, size, "SEEP_FOLLOW", follow, "yes or no");
	settings->durable = strcmp(durable, "yes") == 0;
	if (!settings->durable && strcmp(durable, "no") != 0)
		return refuse(message, size, "SEEP_DURABLE", durable, "yes or no");
	/* A trace that is written anew has no place up to which it is certain to stay. */
	if (settings->durable && settings->max_trace_bytes)
		return refuse(message, size, "SEEP_DURABLE", durable, "possible together with SEEP_MAX_TRACE");
	return 0;
}
