# SPDX-License-Identifier: Apache-2.0
#
# Programs that only say hello pass a gate with nothing configured, however many libraries keep memory for them; and the
# same programs with one byte forgotten fail, with its line.
load support

hellos="hello hello_cc hello_streams hello_threads hello_threads_cc hello_locale hello_locale_cc hello_getaddrinfo hello_dlopen hello_messages"

# The program was built for another system, or a converter is missing.
can_run() {
	local status=0

	"$programs/$1" >/dev/null 2>&1 </dev/null || status=$?
	[ "$status" != 77 ]
}

# FILE:LINE of the comment in the program's sources, as seen from the root of the repository.
line_of() {
	grep -Hn "/\* $2 \*/" "$repository"/tests/programs/"$1"*.c* | head -1 | sed "s|^$repository/||" | cut -d: -f1,2
}

leaks() {
	jq -r '.sites[] | select(.fate == "leak") | "\(.file):\(.line) \(.unfreed.blocks)*\(.unfreed.bytes)"' "$BATS_TEST_TMPDIR/gate.json"
}

gate() {
	(cd "$repository" && exec "$seep" gate --json "$BATS_TEST_TMPDIR/gate.json" "$@")
}

check_hellos() {
	local name plugin

	for name in $hellos; do
		can_run "$name" || continue
		try gate -- "$programs/$name"
		exits 0 || { echo "$name"; return 1; }
		try gate -- "$programs/$name" leak
		exits 1 || { echo "$name leak"; return 1; }
		plugin=$name
		[ "$name" != hello_dlopen ] || plugin=hello_plugin
		same "$(leaks)" "$(line_of "$plugin" leak) 1*1" || { echo "$name"; return 1; }
	done
}

@test "hello worlds pass with nothing configured, and fail with one byte forgotten, at its line" {
	check_hellos
}

@test "the same where no debug information of the system's libraries is installed" {
	unshare -m true 2>/dev/null || skip "no mount namespaces here"
	[ -d /usr/lib/debug ] || skip "there is none"
	if [ -z "${SEEP_TEST_UNSHARED-}" ]; then
		SEEP_TEST_UNSHARED=yes unshare -m bash -c '
			mount -t tmpfs none /usr/lib/debug && exec bats -f "hello worlds pass" "$1"' bash "$BATS_TEST_FILENAME"
	fi
}

@test "what the C library hands out is the program's to give back" {
	local kind

	for kind in strdup wcsdup asprintf getaddrinfo newlocale duplocale iconv_open fopen opendir getcwd realpath; do
		try gate -- "$programs/handed_out" "$kind"
		exits 1 || { echo "$kind"; return 1; }
		[ "$(leaks | cut -d' ' -f1 | sort -u)" = "$(line_of handed_out "$kind")" ] || {
			echo "$kind: $(leaks)"
			return 1
		}
	done
}

@test "--no-builtin judges start-up memory too, and --verbose says why it is not judged otherwise" {
	try gate --no-builtin -- "$programs/hello_cc"
	exits 1
	try gate --verbose -- "$programs/hello_cc"
	exits 0
	[[ $err == *"72,704 bytes in 1 block"*"start and end of the C and C++ libraries themselves"* ]]
}
