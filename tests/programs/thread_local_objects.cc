/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects that are local to a thread give back what they own at the thread's end, and each forgets a block while
 * it does.
 *
 * truth: 12 blocks of 321 at Holder::~Holder@forgotten
 * truth: anything at main@thread
 */
#include <string>
#include <thread>

struct Holder {
	std::string text;
	~Holder()
	{
		new char[321]; /* forgotten */
	}
};

static thread_local Holder holder;

int main()
{
	for (int i = 0; i < 12; i++)
		std::thread([i] { holder.text.assign(100 * i, 'x'); }).join(); /* thread */
	return 0;
}
