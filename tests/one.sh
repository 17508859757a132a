# SPDX-License-Identifier: Apache-2.0
#
# Runs one test file for `prove`, whatever its kind, so that TAP comes out and a crash is a status that `prove` counts as
# a failure. Called in the root of the repository by tests/run.sh. What a test says that fails goes to standard error as well, since
# `prove` keeps it to itself.
file=$1
case $file in
*.bats) set -- bats --tap "$file" ;;
*.sh) set -- sh "$file" ;;
*)
	CMOCKA_MESSAGE_OUTPUT=TAP
	export CMOCKA_MESSAGE_OUTPUT
	set -- "$file"
	;;
esac
said=$(mktemp)
trap 'rm -f "$said" "$said.status"' EXIT
{
	"$@"
	echo $? >"$said.status"
} | tee "$said"
status=$(cat "$said.status")
if [ "$status" != 0 ] || grep -q '^not ok' "$said"; then
	{
		echo "$file says (status $status):"
		sed -n '/^ok /d; s/^/  /p' "$said" | tail -n 100
	} >&2
fi
exit "$status"
