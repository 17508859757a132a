/* SPDX-License-Identifier: Apache-2.0 */
#include <codecvt>
#include <iostream>
#include <locale>

int main(int argc, char **argv)
{
	(void)argv;
	std::locale::global(std::locale("C.UTF-8"));
	std::cout.imbue(std::locale());
	std::wcout.imbue(std::locale(std::locale(), std::locale::classic(), std::locale::numeric));
	std::cout << std::use_facet<std::ctype<char>>(std::locale()).toupper('h') << "ello " << 1234567.5 << std::endl;
	std::wcerr << L"hello" << std::endl;
	if (argc > 1)
		new char; /* leak */
	return 0;
}
