/* SPDX-License-Identifier: Apache-2.0
 *
 * What static initialisers allocate is recorded, though they run before main; what the static objects own is given
 * back after it.
 *
 * truth: 1 block of 1003 at make@make < __static_initialization_and_destruction_0@kept
 * truth: 1 block of 1024 at local@local < main@main
 */
#include <string>
#include <vector>

static char *make()
{
	return new char[1003]; /* make */
}

static char *kept = make(); /* kept */
static std::string given_back(5000, 'x');
static std::vector<std::string> list{std::string(100, 'a'), std::string(2000, 'b')};

static std::string &local()
{
	static char *block = new char[1024]; /* local */

	return *block ? list[0] : given_back;
}

int main()
{
	return local().empty() && kept; /* main */
}
