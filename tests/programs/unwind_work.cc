/* SPDX-License-Identifier: Apache-2.0
 * flags: -O2 -pthread
 *
 * Work for tests/unwind/agree.sh: C++ as it is written, with templates, regular expressions, threads, and exceptions that
 * fly through many frames. The argument says how much of it.
 */
#include <cstdlib>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static int deep(int left, std::vector<std::string> &words)
{
	if (left == 0) {
		if (words.size() % 3 == 0)
			throw std::runtime_error("deep " + std::to_string(words.size()));
		return 1;
	}
	words.push_back(std::string(left * 3, 'x'));
	return deep(left - 1, words) + 1;
}

static void work(int rounds)
{
	std::map<int, std::string> caught;

	for (int i = 0; i < rounds; i++) {
		std::vector<std::string> words;

		try {
			deep(i % 40, words);
		} catch (const std::exception &error) {
			caught[i] = error.what();
		}
	}
	std::stringstream all;
	for (const auto &entry : caught)
		all << entry.second;
	std::string text = all.str().substr(0, 500);
	std::regex number("deep ([0-9]+)");
	for (std::sregex_iterator match(text.begin(), text.end(), number), end; match != end; ++match)
		caught[-1] = match->str();
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? std::atoi(argv[1]) : 10;
	std::vector<std::thread> threads;

	for (int i = 0; i < 3; i++)
		threads.emplace_back(work, rounds);
	for (auto &thread : threads)
		thread.join();
	work(rounds);
	return 0;
}
