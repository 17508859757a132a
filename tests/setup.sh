# SPDX-License-Identifier: Apache-2.0
#
# The set-up that tests/run.sh and examples/demo.sh share. To be sourced in the root of the repository, by sh:
#   . tests/setup.sh
#   setup build test      # sections of tests/packages.txt
# On Debian it installs what is missing, as root or by sudo. Where it can't, it says what to do and exits with 2.

setup_stop() {
	echo "$*" >&2
	exit 2
}

# Programs are traced through /proc, and a fresh chroot has none. What is mounted here is unmounted at the end: a script
# with an EXIT trap of its own calls setup_undo in it.
setup_undo() {
	[ -z "$setup_mounted" ] || umount /proc 2>/dev/null || umount -l /proc
	setup_mounted=
}

setup_mounted=
setup_proc() {
	[ -r /proc/self/maps ] && return
	if [ "$(id -u)" = 0 ] && mount -t proc proc /proc 2>/dev/null; then
		echo "set-up: /proc was missing; mounted until the end of this script"
		setup_mounted=1
		trap setup_undo EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM
	else
		setup_stop "/proc is not mounted here, and nothing can be traced without it." \
			"As root, outside of a chroot: mount -t proc proc FOLDER/proc"
	fi
}

setup_packages_missing() {
	for section in "$@"; do
		sed -n "s/^${section}[[:space:]][[:space:]]*\([^[:space:]]*\).*/\1/p" tests/packages.txt
	done | sort -u | while read -r package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf ' %s' "$package"
	done
}

setup() {
	[ -r tests/packages.txt ] || setup_stop "tests/packages.txt is not here: run this in the root of the repository"
	PATH=$PATH:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export PATH
	setup_proc

	if ! command -v dpkg-query >/dev/null; then
		echo "set-up: this is not Debian; what is needed is listed in tests/packages.txt"
		return
	fi
	missing=$(setup_packages_missing "$@")
	[ -n "$missing" ] || return 0

	if [ "$(id -u)" = 0 ]; then
		as_root=
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		as_root=sudo
	else
		setup_stop "Packages are missing, and this is neither root nor sudo. As root: apt-get install --no-install-recommends$missing"
	fi

	echo "set-up: installing$missing"
	# RUNLEVEL=1: servers that the tests use are installed, not started.
	apt="$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y -o Dpkg::Use-Pty=0"
	if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
		$apt update || setup_stop "apt-get update failed; see above"
	fi
	# Only the second attempt, with new lists, shows all that apt-get says.
	# shellcheck disable=SC2086 # one word a package
	$apt install --no-install-recommends $missing </dev/null >/dev/null 2>&1 || {
		$apt update && $apt install --no-install-recommends $missing </dev/null
	} || setup_stop "apt-get could not install them; see above"
}
