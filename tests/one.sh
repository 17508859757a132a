# SPDX-License-Identifier: Apache-2.0
#
# Runs one test file for `prove`, whatever its kind, so that TAP comes out and a crash is a status that `prove` counts as
# a failure. Called in the root of the repository by tests/run.sh.
case $1 in
*.bats) exec bats --tap "$1" ;;
*.sh) exec sh "$1" ;;
*) CMOCKA_MESSAGE_OUTPUT=TAP exec "$1" ;;
esac
