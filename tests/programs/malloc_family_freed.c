/* SPDX-License-Identifier: Apache-2.0
 *
 * Gives everything back: blocks of every function of the malloc family, by every function that frees. Some of those are
 * not in this C library; then free() does it.
 *
 * truth: total 108 blocks, 218052 bytes
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

static void *obtain(int how, size_t bytes)
{
	void *block = NULL;

	switch (how) {
	case 0:
		return malloc(bytes);
	case 1:
		return calloc(bytes / 3, 3);
	case 2:
		return realloc(NULL, bytes);
	case 3:
		return reallocarray(NULL, bytes / 3, 3);
	case 4:
		return memalign(64, bytes);
	case 5:
		return aligned_alloc(64, bytes);
	case 6:
		return posix_memalign(&block, 256, bytes) ? NULL : block;
	case 7:
		return valloc(bytes);
	}
	return pvalloc(bytes);
}

static void give_back(int how, void *block, size_t bytes)
{
	void (*c_free)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
	void (*sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
	void (*aligned)(void *, size_t, size_t) =
		(void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");

	if (how == 1 && c_free)
		c_free(block);
	else if (how == 2 && sized)
		sized(block, bytes);
	else if (how == 3 && aligned)
		aligned(block, 64, bytes);
	else
		free(block);
}

int main(void)
{
	size_t sizes[] = {66, 999, 4992};

	for (int from = 0; from < 9; from++)
		for (int to = 0; to < 4; to++)
			for (int i = 0; i < 3; i++)
				give_back(to, obtain(from, sizes[i]), sizes[i]);
	return 0;
}
