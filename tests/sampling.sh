# SPDX-License-Identifier: Apache-2.0
#
# Is sampling unbiased? Records tests/programs/sampled.c with one seed after the other and compares the mean of the estimates with
# the truth, in standard errors that are worked out here from what the program does, and the errors that seep tells with
# these. Called in the root of the repository by tests/t/sampling.sh, or by hand with more runs and a narrower bound:
#   sh tests/sampling.sh 200 2
set -u
runs=$1
bound=$2
rate=8192
. tests/tap.sh
# shellcheck disable=SC3045 # dash has it
ulimit -c 0

# The weights' rounding depends on addresses: where they may be fixed, a seed gives the same figures at each run.
fixed=
setarch -R true 2>/dev/null && fixed="setarch -R"

# A line for each run and site into $scratch/sites: its name, unfreed blocks, bytes, their errors, allocations, bytes, frees, bytes.
record() {
	for seed in $(seq "$runs"); do
		SEEP_SEED=$seed $fixed build/seep run --sample $rate -o "$scratch/t.seep" -- build/tests/programs/sampled || return
		build/seep report --json "$scratch/t.seep" | jq -r '
			if (.trace.complete | not) or .totals.allocations - .totals.frees != .totals.unfreed_count
				or .totals.allocated_bytes - .totals.freed_bytes != .totals.unfreed_bytes
				or .totals.unknown_frees != 0 then error("the totals contradict each other") else . end
			| .sites[] | "\(.function) \(.unfreed_count) \(.unfreed_bytes) \(.unfreed_count_error) \(.unfreed_bytes_error) \(
				.allocations) \(.allocated_bytes) \(.frees) \(.freed_bytes)"' || return
		rm "$scratch/t.seep"
	done >"$scratch/sites"
}

# unbiased NAME BLOCKS SIZE live|freed: fails, and says by how much, where a mean is off.
unbiased() {
	awk -v name="$1" -v blocks="$2" -v n="$3" -v kind="$4" -v rate=$rate -v runs="$runs" -v bound="$bound" '
	function check(what, mean, truth, variance) {
		error = sqrt(variance / runs)
		printf "%s: mean %.1f, truth %d, %.2f standard errors off\n", what, mean, truth, (mean - truth) / error
		if (mean - truth > bound * error || truth - mean > bound * error)
			failed = 1
	}
	function near(what, told, variance) {
		printf "%s: told variance %.4g, true %.4g\n", what, told, variance
		if (told < 0.7 * variance || told > 1.4 * variance)
			failed = 1
	}
	$1 == name {
		count += kind == "live" ? $2 : $6
		bytes += kind == "live" ? $3 : $7
		count_variance += $4 * $4
		bytes_variance += $5 * $5
		if (kind == "freed" && ($2 || $3 || $6 != $8 || $7 != $9))
			failed = 1
	}
	END {
		w = 1 / (1 - exp(-n / rate))
		f = w - int(w)
		of_count = blocks * (w - 1 + f * (1 - f) / w)
		of_bytes = blocks * n * n * (w - 1)
		check("blocks", count / runs, blocks, of_count)
		check("bytes", bytes / runs, blocks * n, of_bytes)
		if (kind == "live") {
			near("blocks", count_variance / runs, of_count)
			near("bytes", bytes_variance / runs, of_bytes)
		}
		exit failed
	}' "$scratch/sites"
}

# What people read says that the figures are estimates and how good; without sampling nothing of the kind is said.
reports_say_so() {
	for option in "--sample $rate" ""; do
		# shellcheck disable=SC2086 # two words
		build/seep run $option -o "$scratch/t.seep" -- build/tests/programs/sampled || return
		build/seep report "$scratch/t.seep" >"$scratch/text" || return
		cat "$scratch/text"
		build/seep report --json "$scratch/t.seep" | jq -e --arg option "$option" '
			[.totals, .sites[]] | all((.unfreed_count_error == null) == ($option == "")
				and (.unfreed_bytes_error == null) == ($option == ""))' || return
		if [ "$option" ]; then
			head -n 1 "$scratch/text" | grep -q '^[0-9.]* MiB +/- [0-9.]* KiB unfreed in [0-9,]* +/- [0-9,]* blocks at 2 sites; ' || return
			grep -q '^Mind: The figures are estimates: one block was recorded for every 8192 B' "$scratch/text" || return
			grep -q 'UNFREED  *+/-  BLOCKS  *+/-  SHARE' "$scratch/text" || return
		else
			! grep -e '+/-' -e estimate "$scratch/text" || return
		fi
		rm "$scratch/t.seep"
	done
}

try "$runs runs" record
try "the estimates of many small blocks are unbiased" unbiased small 20000 48 live
[ "$runs" -le 20 ] || sed 's/^/# /' "$scratch/try.log"
try "the estimates of a few large blocks are unbiased" unbiased large 200 20000 live
[ "$runs" -le 20 ] || sed 's/^/# /' "$scratch/try.log"
try "blocks that are freed count as they did when they were allocated" unbiased churn 5000 300 freed
[ "$runs" -le 20 ] || sed 's/^/# /' "$scratch/try.log"
try "reports say what is an estimate" reports_say_so
done_testing
