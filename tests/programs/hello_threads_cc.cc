/* SPDX-License-Identifier: Apache-2.0
 * flags: -pthread
 */
#include <future>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

static thread_local std::string local = "a text that is too long for the string itself";

int main(int argc, char **argv)
{
	(void)argv;
	std::thread thread([] { std::cout << "hello " << local << std::endl; });
	thread.join();
	std::future<int> answer = std::async(std::launch::async, [] {
		try {
			throw std::runtime_error("thrown");
		} catch (const std::exception &e) {
			return (int)std::string(e.what()).size();
		}
	});
	std::cout << answer.get() << " " << local << std::endl;
	if (argc > 1)
		new char; /* leak */
	return 0;
}
