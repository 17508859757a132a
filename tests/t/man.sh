# SPDX-License-Identifier: Apache-2.0
#
# The man page is well-formed, and names every command, option and variable that the programs know and no others.
. tests/tap.sh

page=docs/seep.1
commands=$(build/seep help | sed -n 's/^  \([a-z]*\)  .*/\1/p')

knows_commands() {
	[ "$(echo "$commands" | wc -w)" -ge 5 ] || {
		echo "seep help lists too few commands: $commands"
		return 1
	}
	for command in $commands; do
		grep -q "^\.Cm $command\$" "$page" || {
			echo "$page lacks: $command"
			return 1
		}
	done
}

options_of_programs() {
	for command in $commands; do
		build/seep "$command" --help
	done | grep -oE -- '(^|[ ,])--[a-z][a-z-]*' | tr -d ' ,' | sort -u
}

options_of_page() {
	grep -oE '(Fl|,) -[a-z][a-z-]*' "$page" | sed 's/.* -/--/' | sort -u
}

variables_of_programs() {
	cat preload/*.c collector/*.c analyzer/*.c | grep -oE '"SEEP_[A-Z_]+[="]' | tr -d '"=' | sort -u
}

variables_of_page() {
	grep -oE '^\.(It|Pp)? ?E[nv] SEEP_[A-Z_]+|Ev SEEP_[A-Z_]+' "$page" | grep -oE 'SEEP_[A-Z_]+' | sort -u
}

same() { # FUNCTION FUNCTION
	$1 >"$scratch/one"
	$2 >"$scratch/other"
	diff "$scratch/one" "$scratch/other" | sed -n 's/^</only in the programs:/p; s/^>/only in the page:/p' | tee "$scratch/differences"
	[ -s "$scratch/one" ] && [ ! -s "$scratch/differences" ]
}

try "mandoc finds nothing wrong" mandoc -T lint -W warning "$page"
try "every command is in it" knows_commands
try "the options are those of --help" same options_of_programs options_of_page
try "the variables are those of the programs" same variables_of_programs variables_of_page
done_testing
