# SPDX-License-Identifier: Apache-2.0
#
# Shell scripts run under a plain sh; shellcheck finds nothing to say about any script.
. tests/tap.sh

for script in $(find .ci tests examples bench completion -type f ! -name '*.[ch]*' | sort); do
	case $script in
	*.bats) dialect=bats ;;
	*.bash) dialect=bash ;;
	*.sh) dialect='sh' ;;
	*)
		case $(head -c 9 "$script" | tr -d '\0') in
		'#!/bin/sh') dialect='sh' ;;
		'#!/bin/ba') dialect=bash ;;
		*) continue ;;
		esac
		;;
	esac
	try "$script" shellcheck -S warning --exclude=SC1091,SC2034,SC2046,SC2154 -s "$dialect" "$script"
done
done_testing
