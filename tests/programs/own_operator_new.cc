/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that brings its own operator new and delete, made of malloc and free.
 *
 * truth: 1 block of 1008 at operator new@own < main@main
 */
#include <cstdlib>
#include <new>

void *operator new(std::size_t bytes)
{
	return std::malloc(bytes + 8); /* own */
}

void operator delete(void *block) noexcept
{
	std::free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
	std::free(block);
}

struct Thousand {
	char bytes[1000];
};

int main()
{
	delete new Thousand;
	new Thousand; /* main */
	return 0;
}
