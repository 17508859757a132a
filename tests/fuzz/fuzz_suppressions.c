/* SPDX-License-Identifier: Apache-2.0
 *
 * Feeds the reader of suppression files, and the matching, with any text. What is written for a stack has to be read again, and to
 * match it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suppressions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct seep_gate_frame frames[] = {
	{.function = "operator new(unsigned long)",
		.linkage = "_Znwm",
		.module = "libstdc++.so.6",
		.module_path = "/usr/lib/libstdc++.so.6",
		.module_real_path = "/usr/lib/libstdc++.so.6.0.30",
		.named = true},
	{.function = "net::Session::reply(char const*)",
		.linkage = "_ZN3net7Session5replyEPKc",
		.file = "/src/net/session.cc",
		.line = 66,
		.module = "server",
		.module_path = "/build/server",
		.module_real_path = "/build/server",
		.named = true,
		.own = true},
	{.function = "libthird.so+0x12",
		.module = "libthird.so",
		.module_path = "/opt/libthird.so",
		.module_real_path = "/opt/libthird.so"},
	{.function = "inlined",
		.module = "server",
		.module_path = "/build/server",
		.module_real_path = "/build/server",
		.inlined = true,
		.named = true},
	{.function = "main",
		.linkage = "main",
		.module = "server",
		.module_path = "/build/server",
		.module_real_path = "/build/server",
		.named = true,
		.own = true},
};

static void check_written(const struct seep_gate_stack *stack, enum seep_suppression_form form)
{
	struct seep_suppressions *s = seep_suppressions_create("2026-06-15");
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	seep_suppressions_write(out, form, stack);
	fclose(out);
	if (seep_suppressions_read_text(s, "written", text, NULL) < 0 || !seep_suppressions_match(s, stack))
		abort();
	free(text);
	seep_suppressions_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seep_gate_stack stacks[] = {
		{.frames = frames, .count = 5, .at = 1, .component = "net"},
		{.frames = frames + 1, .count = 4, .component = "net", .allocator = "calloc"},
		{.frames = frames, .count = 0, .component = ""},
	};
	struct seep_suppressions *s = seep_suppressions_create("2026-06-15");
	char *text = malloc(size + 1);
	struct seep_error error;

	memcpy(text, data, size);
	text[size] = '\0';
	if (seep_suppressions_read_text(s, "x.supp", text, &error) < 0 && !*error.text)
		abort();
	for (size_t i = 0; i < 3; i++)
		(void)seep_suppressions_match(s, &stacks[i]);
	seep_suppressions_free(s);
	free(text);
	for (size_t i = 0; i < 2; i++)
		for (int form = SEEP_SUPPRESSION_VALGRIND; form <= SEEP_SUPPRESSION_LSAN; form++)
			check_written(&stacks[i], (enum seep_suppression_form)form);
	return 0;
}
