# SPDX-License-Identifier: Apache-2.0
#
# Programs of Debian, counted block by block by seep and by an independent preload in the same run; what they show stays the
# same. Those that are installed; tests/peers.sh has more of them, and docs/PEERS.md its table.
. tests/tap.sh

for name in sqlite3 perl git python3 cc1; do
	program=$name
	[ $name = cc1 ] && program=gcc
	if command -v "$program" >/dev/null; then
		try "$name: allocations and unfreed bytes as counted, output and status unchanged" timeout 200 sh tests/peers.sh $name
	else
		tap_number=$((tap_number + 1))
		echo "ok $tap_number - $name # SKIP not installed"
	fi
done
done_testing
