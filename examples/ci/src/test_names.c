/* SPDX-License-Identifier: Apache-2.0 */
#include <wordlist.h>

#include <assert.h>
#include <stdio.h>

int main(void)
{
	assert(wordlist_allows("ada"));
	assert(!wordlist_allows("Root"));
	assert(!wordlist_allows("nobody"));
	puts("names: ok");
	return 0;
}
