# SPDX-License-Identifier: Apache-2.0
#
# The unit tests again, under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer.
. tests/tap.sh

try "make asan" make asan
for source in tests/unit/test_*.c; do
	name=$(basename "$source" .c)
	try "$name" "build/asan/tests/unit/$name"
done
done_testing
