#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Proves the README's two commands where they matter: on a Debian 12 that has no compiler and no make. As root:
#   sh tests/bare.sh [COMMAND...]     default: sh tests/run.sh; the other one is: sh examples/demo.sh
# Takes what is committed (HEAD) into a fresh chroot below TMPDIR, runs the command there and removes the folder again.
# BARE_BASE=FOLDER copies a minbase tree that is there already, instead of calling debootstrap.
# BARE_MOUNT= (empty) leaves /proc, /sys and /dev as debootstrap made them.
# Not part of the suite: it needs root, a Debian mirror and some minutes.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- sh tests/run.sh
[ "$(id -u)" = 0 ] || {
	echo "a chroot needs root" >&2
	exit 2
}

bare=$(mktemp -d "${TMPDIR:-/tmp}/seep-bare.XXXXXX")
mounts=${BARE_MOUNT-proc sys dev}
cleanup() {
	for folder in proc sys dev; do
		mountpoint -q "$bare/$folder" && umount -R "$bare/$folder"
	done
	# Never cross into something that is still mounted.
	rm -rf --one-file-system "$bare"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "${BARE_BASE-}" ]; then
	cp -a "$BARE_BASE/." "$bare"
else
	debootstrap --variant=minbase bookworm "$bare"
fi
chmod 755 "$bare"
mkdir "$bare/seep"
git archive HEAD | tar -x -C "$bare/seep"

for folder in $mounts; do
	case $folder in
	proc) mount -t proc proc "$bare/proc" ;;
	*) mount --rbind "/$folder" "$bare/$folder" && mount --make-rslave "$bare/$folder" ;;
	esac
done

# The environment is as bare as the system.
chroot "$bare" /usr/bin/env -i HOME=/root TERM="${TERM-dumb}" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	sh -c 'cd /seep && exec "$@"' sh "$@"
