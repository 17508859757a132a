#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Holds the layers: a folder includes its own headers, the system's, and of include/seep/ only what the table below
# says. Prints each breach as file:line and fails. `make layers`; tests/t/layers.sh proves that it can fail.
#   sh tests/layers.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"

find preload collector analyzer include/seep examples \( -name '*.[chS]' -o -name '*.cc' \) | sort | xargs awk '
BEGIN {
	may["preload"] = "wire.h seep.h"
	may["collector"] = "wire.h trace.h beside.h"
	may["analyzer"] = "trace.h beside.h"
	may["include/seep"] = ""
	may["examples"] = "seep.h"
	# What has no place inside the traced program.
	banned["preload"] = "stdio.h zstd.h xxhash.h"
}

function has(list, word) {
	return index(" " list " ", " " word " ")
}

function breach(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what > "/dev/stderr"
	breaches++
}

function exists(path,    line, found) {
	found = (getline line < path) >= 0
	close(path)
	return found
}

FNR == 1 {
	files++
	folder = FILENAME
	sub(/\/[^\/]*$/, "", folder)
	layer = folder
	if (layer ~ /^examples/)
		layer = "examples"
}

/^[ \t]*#[ \t]*include/ {
	name = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
	quoted = name ~ /^"/
	if (name !~ /^["<]/) {
		breach("an include that is not spelled out can not be checked")
		next
	}
	sub(/^["<]/, "", name)
	sub(/[">].*/, "", name)

	if (name ~ /^seep\//) {
		sub(/^seep\//, "", name)
		if (!has(may[layer], name))
			breach(layer "/ must not include seep/" name)
	} else if (name ~ /(^|\/)\.\.(\/|$)/ || name ~ /^(\/|include\/|preload\/|collector\/|analyzer\/|examples\/|tests\/)/) {
		breach(layer "/ must not reach into other folders: " name)
	} else if (quoted && !exists(folder "/" name)) {
		breach("no header of " folder "/: " name)
	} else if (!quoted && has(banned[layer], name)) {
		breach(layer "/ must not use <" name ">")
	}
}

END {
	if (breaches)
		exit 1
	printf "layers hold in %d files\n", files
}'
