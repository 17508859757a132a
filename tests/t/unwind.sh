# SPDX-License-Identifier: Apache-2.0
#
# The unwinder against libunwind, in those of the programs that are installed. `sh tests/unwind/agree.sh long` is the same
# with more than a million stacks.
. tests/tap.sh

try "every frame is the one that libunwind finds" sh tests/unwind/agree.sh quick
done_testing
