# SPDX-License-Identifier: Apache-2.0
#
# All C looks as .clang-format says, and every source names its licence in the first lines. `make format` mends the first.
. tests/tap.sh

sources=$(find include preload collector analyzer examples bench tests -name '*.[chS]' -o -name '*.cc' -o -name '*.sh' -o -name '*.bats')

formatted() {
	printf '%s\n' "$sources" | grep -v -e '\.S$' -e '\.sh$' -e '\.bats$' | xargs clang-format --dry-run -Werror
}

licensed() {
	without=$(printf '%s\n' "$sources" Makefile | while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file"
	done)
	[ -z "$without" ] || {
		printf 'without a licence line:\n%s\n' "$without"
		return 1
	}
}

try "clang-format has nothing to change" formatted
try "every source has its licence line" licensed
done_testing
