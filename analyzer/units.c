/* SPDX-License-Identifier: Apache-2.0
 *
 * units.c: three digits are enough for a person; who needs all of them takes the JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

#define NS_PER_S 1000000000u

const char *seep_unit_bytes(struct seep_unit *u, uint64_t bytes)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 10000) {
		snprintf(u->text, sizeof(u->text), "%" PRIu64 " B", bytes);
		return u->text;
	}
	while (value >= 1023.95 && unit + 1 < sizeof(names) / sizeof(names[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(u->text, sizeof(u->text), "%.1f %s", value, names[unit]);
	return u->text;
}

const char *seep_unit_count(struct seep_unit *u, uint64_t count)
{
	char digits[24];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count), at = 0;

	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			u->text[at++] = ',';
		u->text[at++] = digits[i];
	}
	u->text[at] = '\0';
	return u->text;
}

const char *seep_unit_duration(struct seep_unit *u, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (ns < NS_PER_S)
		snprintf(u->text, sizeof(u->text), "%" PRIu64 " ms", ns / 1000000);
	else if (s < 60)
		snprintf(u->text, sizeof(u->text), "%" PRIu64 ".%" PRIu64 " s", s, ns % NS_PER_S / 100000000);
	else if (s < 3600)
		snprintf(u->text, sizeof(u->text), "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(u->text, sizeof(u->text), "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
	else
		snprintf(u->text, sizeof(u->text), "%" PRIu64 " d %" PRIu64 " h", s / 86400, s % 86400 / 3600);
	return u->text;
}

const char *seep_unit_share(struct seep_unit *u, uint64_t part, uint64_t whole)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;

	if (!whole)
		snprintf(u->text, sizeof(u->text), "-");
	else if (part && share < 0.05)
		snprintf(u->text, sizeof(u->text), "<0.1 %%");
	else if (share < 9.95 || (share > 99 && part != whole))
		snprintf(u->text, sizeof(u->text), "%.1f %%", share >= 99.95 && part < whole ? 99.9 : share);
	else
		snprintf(u->text, sizeof(u->text), "%.0f %%", share);
	return u->text;
}
