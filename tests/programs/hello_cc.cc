/* SPDX-License-Identifier: Apache-2.0 */
#include <iostream>
#include <string>

int main(int argc, char **argv)
{
	std::string name = argc > 1 ? argv[1] : "a name that is too long for the string itself";

	std::cout << "hello " << name << " " << 3.14 << std::endl;
	if (argc > 1)
		new char; /* leak */
	return 0;
}
