/* SPDX-License-Identifier: Apache-2.0
 *
 * naming.c: opens and closes symbols, wrappers and components in the order in which they depend on each other.
 */
#include "naming.h"

int seep_naming_open(struct seep_naming *naming, const struct seep_naming_options *options,
	const struct seep_trace *trace, struct seep_error *error)
{
	const struct seep_symbols_options symbols = {
		.debuginfod = options->debuginfod,
		.search_paths = options->search.items,
		.search_path_count = options->search.count,
	};

	*naming = (struct seep_naming){0};
	if (seep_wrappers_open(&naming->wrappers, options->wrappers, error) < 0 ||
		seep_components_open(&naming->components, options->components, naming->wrappers, error) < 0 ||
		seep_symbols_open(&naming->symbols, &symbols, trace->modules, trace->module_count, error) < 0) {
		seep_naming_close(naming);
		return -1;
	}
	return 0;
}

void seep_naming_close(struct seep_naming *naming)
{
	if (naming->symbols)
		seep_symbols_close(naming->symbols);
	if (naming->components)
		seep_components_close(naming->components);
	if (naming->wrappers)
		seep_wrappers_close(naming->wrappers);
	*naming = (struct seep_naming){0};
}
