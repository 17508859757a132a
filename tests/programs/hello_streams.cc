/* SPDX-License-Identifier: Apache-2.0 */
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>

int main(int argc, char **argv)
{
	std::ios_base::sync_with_stdio(false);
	std::ofstream file("/dev/null");
	std::wostringstream wide;
	std::string line;

	(void)argv;
	std::getline(std::cin, line);
	wide << L"hello " << std::setw(10) << 1e10;
	file << wide.str().size() << std::endl;
	std::cout << std::hex << 255 << " " << std::put_money(1000) << std::endl;
	if (argc > 1)
		new char; /* leak */
	return 0;
}
