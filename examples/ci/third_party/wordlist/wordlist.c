/* SPDX-License-Identifier: Apache-2.0 */
#include "wordlist.h"

#include <stdlib.h>
#include <string.h>

static char *lower(const char *text)
{
	char *copy = strdup(text);

	for (char *c = copy; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	return copy;
}

int wordlist_allows(const char *name)
{
	char *word = lower(name);
	int allows = word && strcmp(word, "root") != 0 && strcmp(word, "nobody") != 0;

	free(word);
	return allows;
}
