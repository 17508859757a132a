# SPDX-License-Identifier: Apache-2.0
#
# bash completion for seep. It asks seep itself for commands, options and their choices, so it can't get out of date.

_seep_options() { # COMMAND: its long options
	"${COMP_WORDS[0]}" "$1" --help 2>/dev/null | grep -oE -- '(^|[ ,])--[a-z][a-z-]*' | tr -d ' ,' | sort -u
}

_seep_choices() { # COMMAND OPTION: a|b|c after the option in the help text
	"${COMP_WORDS[0]}" "$1" --help 2>/dev/null |
		sed -nE "s/^.*$2[ =]([a-z-]+(\|[a-z-]+)+).*/\1/p" | tr '|' '\n'
}

_seep() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
	local choices i

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" help 2>/dev/null |
			sed -nE 's/^  ([a-z]+)  .*/\1/p')" -- "$word")
		return
	fi

	# What stands after -- is another command's.
	if [ "$command" = run ] || [ "$command" = gate ]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			if [ "${COMP_WORDS[i]}" = -- ]; then
				if declare -F _command_offset >/dev/null; then
					_command_offset $((i + 1))
				elif [ $((i + 1)) = "$COMP_CWORD" ]; then
					mapfile -t COMPREPLY < <(compgen -c -- "$word")
				else
					mapfile -t COMPREPLY < <(compgen -f -- "$word")
				fi
				return
			fi
		done
	fi

	# bash makes a word of its own of the = in --by=site.
	if [ "$word" = = ]; then
		word=
	elif [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $previous == --* ]]; then
		choices=$(_seep_choices "$command" "$previous")
		if [ -n "$choices" ]; then
			mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
			return
		fi
	fi
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_seep_options "$command")" -- "$word")
	elif [ "$command" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" help | sed -nE 's/^  ([a-z]+)  .*/\1/p')" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		compopt -o filenames 2>/dev/null
	fi
}

complete -F _seep seep
