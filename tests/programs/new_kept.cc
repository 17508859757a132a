/* SPDX-License-Identifier: Apache-2.0
 * flags: -Wno-unused-result
 *
 * Every form of new, each forgotten at a line of its own. An array of objects with destructors takes 8 bytes more.
 *
 * truth: 1 block of 4 at main@plain
 * truth: 1 block of 40 at main@array
 * truth: 1 block of 48 at main@objects
 * truth: 1 block of 256 at main@aligned
 * truth: 1 block of 384 at main@aligned_array
 * truth: 1 block of 41 at main@nothrow
 * truth: 1 block of 42 at main@nothrow_array
 * truth: 1 block of 128 at main@aligned_nothrow
 * truth: 1 block of 43 at main@called
 * truth: 1 block of 44 at make@make < Owner::Owner@make_owned
 */
#include <new>

struct Object {
	int number = 1;
	~Object()
	{
		number = 0;
	}
};

struct alignas(128) Aligned {
	char bytes[256];
};

static void *make(int bytes)
{
	return ::operator new(bytes); /* make */
}

struct Owner {
	void *owned;
	Owner() : owned(make(44)) /* make_owned */
	{
	}
};

int main()
{
	Owner owner;

	new int; /* plain */
	new int[10]; /* array */
	new Object[10]; /* objects */
	new Aligned; /* aligned */
	new (std::align_val_t(64)) char[384]; /* aligned_array */
	new (std::nothrow) char[41]; /* nothrow */
	new (std::nothrow) char[42]; /* nothrow_array */
	::operator new(128, std::align_val_t(64), std::nothrow); /* aligned_nothrow */
	::operator new[](43); /* called */
	return 0;
}
