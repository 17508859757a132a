# SPDX-License-Identifier: Apache-2.0
#
# Compares what seep reports with the truth that stands in a program's own source. Called by tests/truth.sh:
#   jq -R -r -n --arg program NAME --arg mode MODE --slurpfile reports REPORTS -f tests/truth.jq SOURCE...
# Prints a line for each difference, and nothing if there is none. docs/HOWTO_TEST.md describes the lines that it reads.

# ---- The sources: their lines `truth:`, and the names that lines bear in a comment at their end ----

def base: sub("^.*/"; "");

def read_sources:
	reduce (inputs | {file: (input_filename | base), text: .}) as $line ({lines: {}, marks: {}, truth: []};
		.lines[$line.file] += 1
		| .lines[$line.file] as $number
		| ([$line.text | match("^ \\* truth: (.*)$") | .captures[0].string] | first) as $truth
		| ([$line.text | match("/\\* (\\w+) \\*/$") | .captures[0].string] | first) as $mark
		| if $truth then .truth += [$truth] else . end
		| if $mark then .marks["\($line.file):\($number)"] = $mark else . end);

# "leaf@line (inlined) < caller@other < _start"
def read_chain:
	split(" < ") | map({name: sub(" \\(inlined\\)$"; ""), inlined: (if test(" \\(inlined\\)$") then true else null end)});

def read_process:
	{ends: "exit 0", times: 1, sites: [], anything: [], marks: [], truncated: 0, lost: 0, unknown: 0};

def read_line($text):
	def take($pattern): [$text | match("^" + $pattern + "$") | .captures | map(.string)] | first;
	take("(\\d+) blocks? of (\\d+) at (.+)") as $equal
	| take("(\\d+) blocks?, (\\d+) bytes at (.+)") as $sum
	| take("some blocks at (.+)") as $some
	| take("anything at (.+)") as $anything
	| take("total (\\d+) blocks?(?:, (\\d+) bytes)?") as $total
	| take("inherited (\\d+) blocks?, (\\d+) bytes(?:, (\\d+) freed)?") as $inherited
	| take("ends (exec|exit \\d+|signal \\d+)") as $ends
	| take("mark (.+)") as $mark
	| take("truncated (\\d+)") as $truncated
	| take("lost (\\d+)") as $lost
	| take("unknown (\\d+)") as $unknown
	| if $equal then
		.sites += [{count: ($equal[0] | tonumber), chain: ($equal[2] | read_chain)}
			| .bytes = .count * ($equal[1] | tonumber)]
	elif $sum then
		.sites += [{count: ($sum[0] | tonumber), bytes: ($sum[1] | tonumber), chain: ($sum[2] | read_chain)}]
	elif $some then .sites += [{count: null, bytes: null, chain: ($some[0] | read_chain)}]
	elif $anything then .anything += $anything
	elif $total then .total = ($total | map((. // "-1") | tonumber))
	elif $inherited then .inherited = ($inherited | map((. // "0") | tonumber))
	elif $ends then .ends = $ends[0]
	elif $mark then .marks += $mark
	elif $truncated then .truncated = ($truncated[0] | tonumber)
	elif $lost then .lost = ($lost[0] | tonumber)
	elif $unknown then .unknown = ($unknown[0] | tonumber)
	elif $text == "no block" then .
	else error("not understood: truth: \($text)")
	end;

def read_truth:
	reduce .[] as $text ([read_process];
		([$text | match("^process [^(]+(?: \\((\\d+) times\\))?$") | .captures[0].string] | first) as $times
		| if $text | startswith("process ") then . + [read_process | .times = (($times // "1") | tonumber)]
		else .[-1] |= read_line($text)
		end);

# ---- A report: its sites by the program's own frames ----

# Frames in the sources, as function@mark (or function@line where a line has no name), and those without any source.
def own_frames($program; $sources):
	map(select((.module // "") | base | startswith($program))
		| select(.file == null or $sources.lines[.file | base] or .function == "_start")
		| {inlined, name: ((.function | sub("\\(.*"; "")) as $function
			| if .file and $sources.lines[.file | base] then
				$function + "@" + ($sources.marks["\(.file | base):\(.line)"] // (.line | tostring))
			else $function
			end)});

def shown: if length == 0 then "(no frame of the program)" else map(.name) | join(" < ") end;

# A wanted frame without a mark is met on any line.
def frame_met($wanted):
	(.name == $wanted.name or ((.name | sub("@.*"; "")) == $wanted.name))
	and ($wanted.inlined == null or .inlined == $wanted.inlined);

def chain_met($wanted):
	. as $frames | all(range($wanted | length); . as $i | $i < ($frames | length) and ($frames[$i] | frame_met($wanted[$i])));

# The frame that gives a site its name: the first one, but an operator new of the program's own is a way to allocate, too.
def naming($wanted): [$wanted[] | select(.name | startswith("operator new") | not)] | first;

def differences($truth; $program; $mode; $sources):
	def differs($what; $actual; $wanted):
		if $actual == $wanted then empty else "\($what): \($actual) instead of \($wanted)" end;
	. as $report
	| [.sites[] | .frames = (.stack | own_frames($program; $sources))
		| .name = ([{function, file, line, "module": .module, inlined: null}] | own_frames($program; $sources) | first)] as $sites

	# What was forgotten where.
	| ($truth.sites[] | . as $wanted
		| [$sites[] | select(.frames | chain_met($wanted.chain))] as $met
		| ([$met[].unfreed_count] | add // 0) as $count
		| ([$met[].unfreed_bytes] | add // 0) as $bytes
		| if $wanted.count then
			differs("blocks at \($wanted.chain | shown)"; $count; $wanted.count),
			differs("bytes at \($wanted.chain | shown)"; $bytes; $wanted.bytes)
		else differs("blocks at \($wanted.chain | shown)"; $count > 0; true)
		end,
		($met[] | select(.unfreed_count > 0)
			| select((.name == null) or (.name | frame_met(naming($wanted.chain) | .inlined = null) | not))
			| "the site at \($wanted.chain | shown) is named \(.function) at \(.file):\(.line)")),
	($sites[] | select(.unfreed_count > 0 and (.frames | length) > 0) | . as $site
		| select(any($truth.sites[]; . as $wanted | $site.frames | chain_met($wanted.chain)) | not)
		| select(any($truth.anything[]; . as $name | $site.frames | any(.name == $name)) | not)
		| "\(.unfreed_count) blocks, \(.unfreed_bytes) bytes at \(.frames | shown): not expected"),

	# The whole process.
	(if $truth.total then
		differs("allocations"; .totals.allocations; $truth.total[0]),
		if $truth.total[1] >= 0 then differs("allocated bytes"; .totals.allocated_bytes; $truth.total[1]) else empty end
	else empty end),
	(if $truth.inherited then
		differs("inherited blocks"; .trace.inherited_count; $truth.inherited[0]),
		differs("inherited bytes"; .trace.inherited_bytes; $truth.inherited[1]),
		differs("inherited blocks freed"; .trace.inherited_frees; $truth.inherited[2])
	else empty end),
	differs("truncated stacks"; .trace.truncated_stacks; $truth.truncated),
	differs("stacks without an end"; .trace.lost_stacks; $truth.lost),
	differs("marks"; .marks; $truth.marks),
	differs("not recorded"; .trace.unrecorded; 0),
	differs("dropped events"; .trace.dropped_events; 0),
	differs("unknown frees"; .totals.unknown_frees; $truth.unknown),
	differs("complete"; .trace.complete; true),

	# Under plain LD_PRELOAD the collector is nobody's parent, so it may not be told the status of _exit, and each program
	# has a collector of its own, which does not see an exec whose program ends within a tenth of a second.
	differs("end";
		if .trace.how == "exit" then "exit \(.trace.exit_status)"
		elif .trace.how == "signal" then "signal \(.trace.signal)"
		else .trace.how
		end
		| if $mode == "preload" and (. == "exit null" or $truth.ends == "exec") then $truth.ends else . end;
		$truth.ends),

	# The figures agree with each other.
	(.totals
		| differs("unfreed blocks"; .unfreed_count; .allocations - .frees),
		differs("unfreed bytes"; .unfreed_bytes; .allocated_bytes - .freed_bytes),
		differs("unfreed blocks of all sites"; [$sites[].unfreed_count] | add // 0; .unfreed_count),
		differs("unfreed bytes of all sites"; [$sites[].unfreed_bytes] | add // 0; .unfreed_bytes),
		differs("allocations of all sites"; [$sites[].allocations] | add // 0; .allocations),
		differs("allocated bytes of all sites"; [$sites[].allocated_bytes] | add // 0; .allocated_bytes),
		(if .peak_live_bytes < .unfreed_bytes then "peak is lower than what was live at the end" else empty end));

# Each process of the truth takes the first report that it does not differ from.
read_sources as $sources
| ($sources.truth | read_truth) as $truth
| [$truth[] | . as $process | range($process.times) | $process] as $processes
| if ($reports | length) != ($processes | length) then
	"\($reports | length) traces instead of \($processes | length)"
else
	reduce $processes[] as $process ({left: $reports, differences: []};
		. as $state
		| [.left[] | [differences($process; $program; $mode; $sources)]] as $found
		| ([$found | to_entries[] | select(.value == []) | .key] | first) as $met
		| if $met != null then .left |= (.[:$met] + .[$met + 1:])
		else .differences += [$found | min_by(length)]
		end)
	| .differences[] | .[]
end
