# SPDX-License-Identifier: Apache-2.0
#
# A week of a busy server, played to the real collector (bench/week.c): what it takes, and how long the report of it does. In the root:
#   sh bench/week.sh [SITES LIVE EVENTS]      default: 5000 sites, 10 million live blocks, 1000 allocations and frees a second
# Prints a row for a trace without limit and one for --max-trace=20MiB. It takes some minutes.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make -s all
make -s -f bench/Makefile week

echo "| max-trace | events | trace, MiB | epochs | collector's peak RSS, MiB | s to record | s to report |"
echo "|---|---|---|---|---|---|---|"
for limit in none 20971520; do
	trace=$work/week.seep
	[ $limit = none ] && given= || given=$limit
	# shellcheck disable=SC2086 # nothing, or one number
	build/bench/week "$trace" 7 "${1-5000}" "${2-10000000}" "${3-1000}" $given >"$work/said"
	epochs=$(build/seep info "$trace" | sed -n 's/.* in \([0-9]*\) epochs*;.*/\1/p')
	build/seep report "$trace" >/dev/null
	began=$(date +%s%N)
	build/seep report "$trace" >/dev/null
	took=$((($(date +%s%N) - began) / 1000000))
	jq -r --arg limit "$limit" --arg epochs "$epochs" --arg took "$took" '"| \($limit) | \(.events) | \(.file_bytes / 1048576 * 10 | round / 10) | \($epochs) | \(.peak_rss_mib) | \(.seconds) | \(($took | tonumber) / 1000) |"' "$work/said"
done
