#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs clang-tidy over the given sources, or over all of the three programs; exit status 1 if it has something to say.
#   sh tests/tidy.sh [SOURCE...]
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- preload/*.c collector/*.c analyzer/*.c

printf '%s\n' "$@" | xargs -P "$(nproc)" -I {} clang-tidy --quiet {} -- -std=gnu11 -D_GNU_SOURCE -Iinclude
