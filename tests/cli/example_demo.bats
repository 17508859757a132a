# SPDX-License-Identifier: Apache-2.0
#
# examples/demo.sh, as the README tells people to call it: the report's first sentence names the session handler's line, and
# its figures are those that the driver knows.
load support
source_folder=$repository/examples/session-server

# The value of a line of what the driver knows.
known() {
	sed -n "s/^$1 //p" kept/driver.txt
}

# FILE:LINE of the one line of a source of the server that contains this text
line_of() {
	local line

	line=$(grep -nF "$2" "$source_folder/$1" | cut -d: -f1)
	[[ $line =~ ^[0-9]+$ ]] || return
	echo "$1:$line"
}

# Of all sites whose innermost function within the server is called that: "unfreed blocks, unfreed bytes, component, file:line"
# a line, added up by the last two.
unfreed_by() {
	"$seep" report --json --components "$source_folder/seep.components" kept/*.seep | perl -MJSON::PP -e '
		local $/;
		for my $site (@{decode_json(<STDIN>)->{sites}}) {
			my ($own) = grep { ($_->{file} // "") =~ m{session-server/[^/]*$} } @{$site->{stack}};
			next unless $own && $own->{function} eq $ARGV[0] && $site->{unfreed_count};
			my $where = "$site->{component} " . $own->{file} =~ s{.*/}{}r . ":$own->{line}";
			$count{$where} += $site->{unfreed_count};
			$bytes{$where} += $site->{unfreed_bytes};
		}
		print "$count{$_} $bytes{$_} $_\n" for sort keys %count' "$1"
}

@test "the demonstration names the session handler's line first, and counts what the driver drove" {
	mkdir tmp
	TMPDIR=$PWD/tmp try sh "$repository/examples/demo.sh" --keep kept
	exits 0
	same "$(ls tmp)" ""

	leak=$(line_of session_handler.c 'calloc(1, sizeof(*data))')
	answer=$(sed -n '/^demo: .*seep report/,$p' <<<"$out" | sed -n 3p)
	[[ $answer == *session_handle_login*"$leak"* ]]

	expired=$(known sessions_expired) refused=$(known logins_refused)
	same "$expired $refused" "1000 100"
	same "$(unfreed_by session_handle_login)" "$expired $((expired * 4200)) session-handling $leak"
	same "$(unfreed_by grow_cart)" \
		"$expired $((expired * 8 * 60)) session-handling $(line_of user_data.c 'reallocarray(')"
	same "$(unfreed_by default_preferences)" \
		"$expired $((expired * 72)) session-handling $(line_of user_data.c 'calloc(1, sizeof(*preferences))')"
	same "$(unfreed_by form_parse)" \
		"$refused $((refused * 272)) session-handling $(line_of form.c 'calloc(1, sizeof(*form))')
$refused $((refused * 37)) session-handling $(line_of form.c 'malloc(size + 1)')"

	# The story that is told with these figures shows the lines as they are.
	grep -qF "session_handle_login (examples/session-server/$leak)" "$repository/examples/README.md"
}

@test "the repaired twin holds nothing of its users, and without --keep no file and no process is left behind" {
	mkdir tmp
	TMPDIR=$PWD/tmp try sh "$repository/examples/demo.sh" --fixed
	exits 0
	[[ $out == *"sessions_expired 1000"* ]]

	# What is left is some glibc's, of threads and time zones: a few blocks, none of them by way of a user.
	answer=$(sed -n '/^demo: .*seep report/,$p' <<<"$out" | sed -n 3p)
	[[ $answer =~ ^[0-9]+\ B\ unfreed\ in\ [0-9]+\ blocks || $answer == "Nothing is unfreed"* ]]
	same "$(grep -c 'session_handler.c\|user_data.c\|form.c' <<<"$out")" 0

	same "$(ls tmp)" ""
	echo "$PWD/tmp/tmp." >pattern
	same "$(grep -lsFf pattern /proc/[0-9]*/cmdline)" ""
}

@test "an unknown option is answered with the usage" {
	try sh "$repository/examples/demo.sh" --what
	exits 2
	[[ $err == "usage: sh examples/demo.sh"* ]]
	try sh "$repository/examples/demo.sh" --keep
	exits 2
}
