/* SPDX-License-Identifier: Apache-2.0
 *
 * Containers that nobody destroys: their memory is obtained deep inside std::, and belongs to the line that filled
 * them.
 *
 * truth: 2 blocks, 1033 bytes at fill@string
 * truth: 1 block of 24 at fill@vector
 * truth: 1 block of 400 at fill@reserve
 * truth: 1 block of 48 at fill@map
 * truth: 7 blocks of 40 at fill@insert
 * truth: 1 block of 16 at fill@shared
 */
#include <map>
#include <memory>
#include <string>
#include <vector>

static void fill()
{
	new std::string(1000, 'x'); /* string */
	auto vector = new std::vector<int>; /* vector */
	vector->reserve(100); /* reserve */
	auto map = new std::map<int, int>; /* map */
	for (int i = 0; i < 7; i++)
		map->insert({i, i}); /* insert */
	new std::shared_ptr<int>; /* shared */
}

int main()
{
	fill();
	return 0;
}
