/* SPDX-License-Identifier: Apache-2.0
 * flags: -Wno-unused-result
 *
 * Every form of new with the delete that belongs to it, plain, sized and aligned; and what is asked for in vain.
 *
 * truth: no block
 */
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

struct alignas(128) Aligned {
	char bytes[256];
	virtual ~Aligned()
	{
	}
};

static volatile std::size_t too_much = PTRDIFF_MAX;

int main()
{
	int refused = 0;

	for (int i = 0; i < 1000; i++) {
		delete new int;
		delete[] new std::string[5];
		delete new Aligned;
		delete[] new Aligned[3];
		::operator delete(::operator new(10), std::size_t(10));
		::operator delete(::operator new(10, std::align_val_t(64)), std::align_val_t(64));
		std::map<int, std::string> names{{1, std::string(100, 'x')}, {2, std::string(5000, 'y')}};
		std::vector<std::unique_ptr<int>> numbers;
		for (int j = 0; j < 5; j++)
			numbers.push_back(std::make_unique<int>(j));
	}
	refused += !::operator new(too_much, std::nothrow);
	try {
		::operator new(too_much);
	} catch (const std::bad_alloc &) {
		refused++;
	}
	return refused != 2;
}
