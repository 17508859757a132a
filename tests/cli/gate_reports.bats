# SPDX-License-Identifier: Apache-2.0
#
# examples/ci: a clean branch passes the gate, one that leaks in the session handler fails, one that leaks in suppressed third-party code
# passes; and every report points to the right file and line.
load support

branch() {
	mkdir project
	cp -r "$repository"/examples/ci/. project
	cd project || return
	mkdir .git
	[ -z "$1" ] || patch -s -p1 <"branches/$1.patch"
	make -s 2>&1
}

gate() {
	export GITHUB_STEP_SUMMARY=summary.md
	try "$seep" gate --junit junit.xml --sarif out.sarif --gitlab gitlab.json --markdown out.md --json gate.json --github -- make -s check
}

# The line of the leak in the session handler.
leak_line() {
	grep -n 'session->user = strdup(user);' src/session.c | cut -d: -f1
}

# All that SARIF 2.1.0 requires of what is in this log, and more that viewers rely on.
check_sarif() {
	jq -e '
		def uri: type == "string" and (test("^[A-Za-z0-9/._~:%-]+$"));
		def physical: (.artifactLocation.uri | uri) and (if .region then .region.startLine >= 1 else true end);
		def location: (if .physicalLocation then .physicalLocation | physical else true end)
			and ([.logicalLocations[]? | .fullyQualifiedName | type == "string"] | all);
		(."$schema" | test("sarif-schema-2.1.0")) and .version == "2.1.0" and (.runs | length) == 1
		and (.runs[0]
			| (.tool.driver | .name == "seep" and (.version | type) == "string"
				and ([.rules[] | (.id | type) == "string" and (.shortDescription.text | length) > 0] | all))
			and ([.invocations[] | (.executionSuccessful | type) == "boolean"
				and ([.toolExecutionNotifications[] | .message.text | type == "string"] | all)] | all)
			and (.originalUriBaseIds.SRCROOT.uri | test("^file:///.*/$"))
			and (.tool.driver.rules as $rules | [.results[]
				| .ruleId == $rules[.ruleIndex].id and (.message.text | length) > 0
				and (.level | IN("none", "note", "warning", "error")) and (.kind | IN("pass", "fail", "informational"))
				and (if .kind == "fail" then .level == "error" else .level == "none" end)
				and (.locations | length) == 1 and ([.locations[] | location] | all)
				and ([.fingerprints[]] | length) == 1 and ([.partialFingerprints[]] | length) == 1
				and (if .baselineState then .baselineState | IN("new", "unchanged", "updated", "absent") else true end)
				and ([.suppressions[]? | (.kind | IN("inSource", "external")) and .status == "accepted"] | all)
				and ([.codeFlows[]?.threadFlows[] | (.locations | length) >= 1
					and ([.locations[] | (.nestingLevel >= 0) and (.location | location) and (.location.message.text | length) > 0] | all)] | all)
				] | all)
			and ([.results[].fingerprints | tostring] | length == (unique | length)))' "$1" >/dev/null || {
		cat "$1"
		return 1
	}
}

@test "a clean branch passes, with nothing to tell" {
	branch ""
	gate
	exits 0
	same "$out" "sessions: ok
names: ok"
	[[ $err == "seep gate: pass: nothing leaked, in 2 processes with "* ]]
	check_sarif out.sarif
	same "$(jq '.runs[0].results | length' out.sarif)" 0
	same "$(jq -c . gitlab.json)" "[]"
	grep -q '<testsuite name="seep gate" tests="4" failures="0" errors="0" skipped="0"' junit.xml
	grep -q 'classname="session handling" name="memory budget of component session handling" time="0"/>' junit.xml
}

@test "a leak in the session handler fails, and all reports point to its file and line" {
	branch leak-in-session-handler
	line=$(leak_line)
	gate
	exits 1
	[[ $err == "seep gate: leak: 40 bytes in 10 blocks at 1 site"* ]]
	[[ $err == *"1. 40 bytes in 10 blocks: session_login, src/session.c:$line"* ]]
	[[ $err == *"component session handling"* ]]
	[[ $err == *"Budget of component session handling: 40 bytes in 10 blocks, of at most 0 bytes"* ]]
	[[ $err == *">"*"$line |         session->user = strdup(user);"* ]]

	xmllint --noout junit.xml
	same "$(xmllint --xpath 'string(//testcase[failure/@type="leak"]/@file)' junit.xml)" src/session.c
	same "$(xmllint --xpath 'string(//testcase[failure/@type="leak"]/@line)' junit.xml)" "$line"
	same "$(xmllint --xpath 'string(//testcase[failure/@type="leak"]/@classname)' junit.xml)" "session handling"
	same "$(xmllint --xpath 'count(//testcase)' junit.xml)" "$(xmllint --xpath 'string(/testsuites/@tests)' junit.xml)"
	same "$(xmllint --xpath 'count(//failure)' junit.xml)" "$(xmllint --xpath 'string(/testsuites/@failures)' junit.xml)"

	check_sarif out.sarif
	same "$(jq -r '.runs[0].results[] | "\(.level) \(.locations[0].physicalLocation | "\(.artifactLocation.uriBaseId) \(.artifactLocation.uri) \(.region.startLine)")"' out.sarif)" \
		"error SRCROOT src/session.c $line"
	same "$(jq -r '.runs[0].originalUriBaseIds.SRCROOT.uri' out.sarif)" "file://$(pwd -P)/"
	# the way to the allocation, from main on
	same "$(jq -r '[.runs[0].results[0].codeFlows[0].threadFlows[0].locations[].location.logicalLocations[0].fullyQualifiedName
		| select(test("main|test_logout|session_login"))] | unique | join(" ")' out.sarif)" "main session_login test_logout"

	same "$(jq -r '.[] | "\(.location.path) \(.location.lines.begin) \(.severity) \(.check_name)"' gitlab.json)" \
		"src/session.c $line major memory-leak"
	same "$(jq -r '.[].fingerprint | test("^[0-9a-f]{16}:1$")' gitlab.json)" true

	[[ $out == *"::error file=src/session.c,line=$line,title=Memory leak::40 bytes in 10 blocks, allocated by session_login at src/session.c:$line, are never freed"* ]]
	grep -q "| 40 bytes in 10 blocks | session\\\\_login | src/session.c:$line | session handling |" summary.md
	cmp summary.md out.md
	same "$(jq -r '.schema, .verdict, .exit_code, .sites[0].file, .sites[0].line' gate.json)" "seep-gate/1
leak
1
src/session.c
$line"
}

@test "a leak in third-party code that is suppressed passes, and the reports say that it is suppressed" {
	branch leak-in-third-party
	gate
	exits 0
	[[ $err == *"Suppressed: "*"leak:libwordlist.so at third-party.supp:"*", until 2099-12-31"* ]]
	check_sarif out.sarif
	same "$(jq -r '.runs[0].results[] | .suppressions[0].kind' out.sarif)" external
	[[ $(jq -r '.runs[0].results[0].suppressions[0].justification' out.sarif) == "leak:libwordlist.so at third-party.supp:"*", owner platform team, until 2099-12-31" ]]
	same "$(jq -r '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri' out.sarif)" third_party/wordlist/wordlist.c
	same "$(jq -c . gitlab.json)" "[]"
	same "$(xmllint --xpath 'string(//skipped/@message)' junit.xml | cut -d' ' -f1-3)" "suppressed by leak:libwordlist.so"
	[[ $out != *"::error"* ]]
}

@test "against a baseline the reports say what is new, what is there still, and what is gone" {
	branch leak-in-session-handler
	try "$seep" gate --baseline known.json --update-baseline -- make -s check
	exits 0
	try "$seep" gate --baseline known.json --sarif out.sarif -- make -s check
	exits 0
	check_sarif out.sarif
	same "$(jq -r '.runs[0].results[] | "\(.baselineState) \(.level)"' out.sarif)" "unchanged none"

	patch -s -p1 -R <branches/leak-in-session-handler.patch
	make -s
	try "$seep" gate --baseline known.json --sarif out.sarif --markdown out.md -- make -s check
	exits 0
	check_sarif out.sarif
	same "$(jq -r '.runs[0].results[] | "\(.baselineState) \(.locations[0].physicalLocation.artifactLocation.uri)"' out.sarif)" "absent src/session.c"
	grep -q "gone, and can be taken out of the baseline: 40 bytes in 10 blocks, session" out.md

	echo '{"schema": "seep-gate-baseline/1", "sites": []}' >known.json
	patch -s -p1 <branches/leak-in-session-handler.patch
	make -s
	try "$seep" gate --baseline known.json --sarif out.sarif -- make -s check
	exits 1
	same "$(jq -r '.runs[0].results[] | "\(.baselineState) \(.level)"' out.sarif)" "new error"
}

@test "a project built elsewhere: --path-map" {
	branch leak-in-session-handler
	line=$(leak_line)
	"$seep" run -o "$BATS_TEST_TMPDIR/traces/%p.seep" -- true || :
	mkdir ../traces ../elsewhere
	"$seep" run -o "$BATS_TEST_TMPDIR/traces/%e.%p.seep" -- build/test_session
	here=$PWD
	cp -r src third_party seep.components third-party.supp ../elsewhere
	cd ../elsewhere
	try "$seep" gate --components seep.components --root . --path-map "$here=." --gitlab gitlab.json ../traces
	exits 1
	same "$(jq -r '.[0].location | "\(.path) \(.lines.begin)"' gitlab.json)" "src/session.c $line"
	[[ $out == *"$line |         session->user = strdup(user);"* ]]
}

@test "the workflow files name only options that there are" {
	cd "$repository/examples/ci"
	known=$("$seep" gate --help | grep -oE -- '--[a-z][a-z-]*' | sort -u)
	for option in $(grep -hE '^ *(- )?(run: )?seep gate' .gitlab-ci.yml .github/workflows/leak-gate.yml | grep -oE -- '--[a-z][a-z-]*'); do
		grep -qx -- "$option" <<<"$known" || { echo "$option"; return 1; }
	done
	same "$(grep -c 'seep gate.* -- make check' .gitlab-ci.yml .github/workflows/leak-gate.yml | tr '\n' ' ')" ".gitlab-ci.yml:1 .github/workflows/leak-gate.yml:1 "
}
