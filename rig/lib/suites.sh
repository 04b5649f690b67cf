# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For rig/blktests and rig/xfstests, on the host: boots, and what came of them.
# A result is a line of $OUT/results, with tabs between: on what the test ran, its
# name, one word, and what there is to say. The words: pass, fail and notrun are
# the suite's; hang is a test that took too long, died one that took the kernel
# with it; log is a line that may not be in the kernel's log; left a test that
# there was no time for. And "bios" is how many bios BIOSAN saw in a boot.
# shellcheck source=rig/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# shellcheck disable=SC2034 # for those who include this
kernel=series cpus=1 mem=3G limit=300 budget=0 compare='' more=biosan.mode=full

number() { [[ $2 =~ ^[0-9]+$ ]] || die "-$1 takes a number, and not \"$2\""; }

# one_of OPTION GIVEN WORD...
one_of()
{
	local o=$1 given=$2
	shift 2

	[[ " $* " = *" $given "* ]] || die "-$o takes one of $*, and not \"$given\""
}

# suite_start NAME DIR FILE: the checkout is there and FILE of it is built, and
# so is a place for what comes of it
suite_start()
{
	[ -d "$2" ] || die "$2 is not a directory"
	SUITE=$(realpath "$2")
	[ -x "$SUITE/check" ] && [ -d "$SUITE/tests" ] ||
		die "$2 is not a checkout of $1"
	[ -x "$SUITE/$3" ] || die "$2 is not built, $3 is missing: run make there"
	OUT=$BUILD/suites/$1
	[ "$kernel" != base ] || OUT+=-base
	mkdir -p "$BUILD/suites"
	exec 9>"$OUT.lock"
	flock -n 9 || die "another rig/$1 is at work here"
	rm -rf "$OUT"
	mkdir -p "$OUT"
	: >"$OUT/results"
	END=$((budget > 0 ? $(date +%s) + budget : 0))
}

in_time() { [ "$END" = 0 ] || [ "$(date +%s)" -lt "$END" ]; }

# suite_boot FILE SECONDS COMMAND: from within the checkout, to FILE.out, FILE.log
suite_boot()
{
	(cd "$SUITE" && exec "$TOP/rig/boot" -k "$kernel" -c "$cpus" -m "$mem" \
		-t "$2" -l "$1.log" -a "$more" "$3") >"$1.out" 2>"$1.err" \
		</dev/null 9>&-
}

# result ON TEST WORD [WHAT]
result()
{
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" >>"$OUT/results"
	[[ $3 =~ ^(bios|left)$ ]] || say "$1 $2: $3${4:+, $4}"
}

# after ON FILE: what may not be in FILE.log, by test: both suites write there
# which test begins. And that the checker has been at work.
after()
{
	local test what

	result "$1" - bios "$(tr -d '\r' <"$2.out" |
		sed -n 's/^submitted: //p' | tail -n1)"
	while IFS=$'\t' read -r test what; do
		result "$1" "$test" log "$what"
	done < <(tr -d '\r' <"$2.log" | awk -v splat="$SPLAT" '
		BEGIN { test = "-" }
		{ sub(/^\[[ 0-9.]*\] /, "") }
		match($0, /run (blktests|fstests) [^ ]+ at /) {
			split(substr($0, RSTART), w, " ")
			test = w[3]
		}
		$0 ~ splat { print test "\t" $0 }')
}

# suite_compare COMMAND...: run again on the base what did not pass, and say of
# each result whether the base has it as well. Times and addresses differ.
suite_compare()
{
	local -a again

	mapfile -t again < <(awk -F'\t' '$3 ~ /^(fail|hang|died|log)$/ && $2 != "-" {
		print $2 }' "$OUT/results" | sort -u)
	[ ${#again[@]} -gt 0 ] || return 0
	say "on the base: ${again[*]}"
	"$@" "${again[@]}" >"$OUT/base.out" || true
	awk -F'\t' '
	{ what = $3 == "log" ? $4 : "" }
	{ gsub(/[0-9a-f]{16}|[0-9]+/, "N", what); key = $1 FS $2 FS $3 FS what }
	NR == FNR { base[key] = 1; next }
	{ print $0 "\t" ($3 ~ /^(fail|hang|died|log)$/ && key in base ? "base" : "") }' \
		"$OUT-base/results" "$OUT/results" >"$OUT/compared"
	mv "$OUT/compared" "$OUT/results"
}

# suite_table: how many of each, and what did not pass. Status 1 if the kernel is
# to blame: for a line in the log, or a test that hung or died.
suite_table()
{
	awk -F'\t' -v compared="$compare" '
	BEGIN { n = split("pass fail notrun left hang died log", word, " ") }
	!seen[$1]++ { on[++rows] = $1 }
	$3 == "bios" { bios[$1] += $4; next }
	{ count[$1, $3]++ }
	$3 !~ /^(fail|hang|died|log)$/ { next }
	$5 == "base" { both++; next }
	{
		bad = bad sprintf("%-16s %-14s %-6s %s\n", $1, $2, $3, $4)
		if ($3 != "fail")
			rc = 1
	}
	END {
		printf "%-16s", "ON"
		for (i = 1; i <= n; i++)
			printf " %6s", toupper(word[i])
		printf " %10s\n", "BIOS"
		for (r = 1; r <= rows; r++) {
			printf "%-16s", on[r]
			for (i = 1; i <= n; i++)
				printf " %6d", count[on[r], word[i]]
			printf " %10d\n", bios[on[r]]
		}
		if (bad)
			printf "\n%s", bad
		if (compared)
			printf "\nthe same on the base: %d\n", both
		exit rc
	}' "$OUT/results"
}
