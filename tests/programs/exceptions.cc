/* SPDX-License-Identifier: Apache-2.0
 *
 * Exceptions fly through functions that own blocks: what objects own is given back on the way, what a plain
 * pointer holds is lost. The exceptions themselves are blocks too; the last one is kept for ever.
 *
 * truth: 100 blocks of 500 at thrower@lost
 * truth: 1 block of 136 at main@kept
 * truth: 1 block of 8 at main@pointer
 */
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

static void thrower(int depth)
{
	std::string own(100, 'x');

	if (depth > 0)
		return thrower(depth - 1);
	new char[500]; /* lost */
	throw std::runtime_error(own + "a long text that does not fit into the object itself");
}

static void middle(int depth)
{
	auto owned = std::make_unique<char[]>(2000);

	try {
		thrower(depth); /* call */
	} catch (const std::logic_error &) {
		return;
	}
}

int main()
{
	int caught = 0;

	for (int i = 0; i < 100; i++) {
		try {
			middle(i % 10);
		} catch (const std::exception &) {
			caught++;
		}
	}
	try {
		throw std::exception(); /* kept */
	} catch (...) {
		new std::exception_ptr(std::current_exception()); /* pointer */
	}
	return caught != 100;
}
