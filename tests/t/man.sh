# SPDX-License-Identifier: Apache-2.0
#
# The man page is well-formed and names every command, option and variable that the programs know.
. tests/tap.sh

try "mandoc finds nothing wrong" mandoc -T lint -W warning docs/seep.1
done_testing
