/* SPDX-License-Identifier: Apache-2.0
 * flags: -pthread
 *
 * Says for each way to get a block whether the allocator that the program is linked with knows it as its own. tests/t/allocators.sh
 * links it with jemalloc, tcmalloc and mimalloc.
 *
 * truth: 3 blocks of 100 at main@malloc
 * truth: 1 block of 300 at main@calloc
 * truth: 1 block of 5000 at main@realloc
 * truth: 1 block of 64 at main@memalign
 * truth: 1 block of 70000 at main@posix_memalign
 * truth: 1 block of 4096 at main@aligned_alloc
 * truth: 1 block of 10 at main@valloc
 * truth: 1 block of 6 at main@strdup
 * truth: 400 blocks of 24 at thread@kept
 * truth: anything at main@create
 * truth: anything at main@find
 * truth: anything at show@print
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int (*jemalloc)(const char *name, void *old, size_t *old_bytes, void *new, size_t new_bytes);
static int (*tcmalloc)(const void *block);
static bool (*mimalloc)(const void *block);

static bool own(void *block)
{
	unsigned arena;
	size_t bytes = sizeof arena;

	if (jemalloc)
		return jemalloc("arenas.lookup", &arena, &bytes, &block, sizeof block) == 0;
	if (tcmalloc)
		return tcmalloc(block) == 1;
	if (mimalloc)
		return mimalloc(block);
	return false;
}

static void show(const char *name, void *block)
{
	printf("%s: %s\n", name, own(block) ? "own" : "foreign"); /* print */
}

static void *thread(void *argument)
{
	uintptr_t foreign = 0;

	(void)argument;
	for (int i = 0; i < 10000; i++) {
		void *block = malloc((size_t)i % 3000);
		foreign += !own(block);
		free(block);
		if (i % 100 == 0)
			foreign += !own(malloc(24)); /* kept */
	}
	return (void *)foreign;
}

int main(void)
{
	pthread_t threads[4];
	uintptr_t foreign = 0;
	void *block = NULL;

	*(void **)&jemalloc = dlsym(RTLD_DEFAULT, "mallctl"); /* find */
	*(void **)&tcmalloc = dlsym(RTLD_DEFAULT, "MallocExtension_GetOwnership"); /* find */
	*(void **)&mimalloc = dlsym(RTLD_DEFAULT, "mi_is_in_heap_region"); /* find */
	for (int i = 0; i < 3; i++)
		show("malloc", malloc(100)); /* malloc */
	show("calloc", calloc(3, 100)); /* calloc */
	show("realloc", realloc(malloc(10), 5000)); /* realloc */
	show("memalign", memalign(64, 64)); /* memalign */
	if (posix_memalign(&block, 4096, 70000) == 0) /* posix_memalign */
		show("posix_memalign", block);
	show("aligned_alloc", aligned_alloc(1024, 4096)); /* aligned_alloc */
	show("valloc", valloc(10)); /* valloc */
	show("strdup", strdup("hello")); /* strdup */
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread, NULL); /* create */
	for (int i = 0; i < 4; i++) {
		void *result;
		pthread_join(threads[i], &result);
		foreign += (uintptr_t)result;
	}
	if (!jemalloc && !tcmalloc && !mimalloc)
		return 77;
	printf("foreign in threads: %lu\n", (unsigned long)foreign);
	return 0;
}
